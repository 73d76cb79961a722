// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <string>
#include <unordered_map>
#include <vector>

#include "lade/loading/loader_internal.h"
#include "lade/loading/reading.h"

namespace lade {
namespace {

constexpr Index kPairs = 10'000;     // neighbours that the mixing score looks at
constexpr Index kHomes = 4'000'000;  // samples whose homes are worth counting
constexpr double kDecodeRate = 1e9;  // decoded bytes a second of one thread, zstd
constexpr double kBuildRate = 4e9;   // bytes of a batch a second of one thread

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3g", value);
  return text;
}

std::string line(std::string_view name, const std::string& value) {
  std::string out(name);
  out.resize(std::max<std::size_t>(out.size() + 1, 24), ' ');
  return out + value + "\n";
}

struct Expected {
  Index events = 0, cells = 0, bytes = 0, batches = 0;
};

Expected expect(const Loader::State& state, const Stage& stage, Index epoch) {
  Expected sum;
  sum.batches = std::min(kPlans, state.steps(epoch));
  EpochPlanner planner(state.sampler, state.options.shard, epoch);
  for (Index step = 0; step < sum.batches; ++step) {
    const auto batch = planner.plan(step);
    const auto shape = stage.shape(batch);
    sum.events += shape.events;
    sum.cells += shape.cells();
    sum.bytes += shape.bytes_bound;
  }
  return sum;
}

// 1 - (s - s0) / (1 - s0): s = share of neighbours with the same home, s0 = that of a
// uniform order. 1 is a perfect shuffle, 0 the order of storage.
std::string mixing(const Loader::State& state, const Plan& bound, Index epoch) {
  const Index n = bound.samples();
  if (n < 2 || n > kHomes) return {};
  std::unordered_map<Index, Index> homes;
  for (Index id = 0; id < n; ++id) ++homes[bound.home(id)];
  double uniform = 0;
  for (const auto& [home, count] : homes) {
    uniform += static_cast<double>(count) * static_cast<double>(count - 1);
  }
  uniform /= static_cast<double>(n) * static_cast<double>(n - 1);
  if (uniform >= 1) return "one row group: nothing to mix";
  Index pairs = 0;
  Index together = 0;
  EpochPlanner planner(state.sampler, state.options.shard, epoch);
  for (Index step = 0; step < planner.steps() && pairs < kPairs; ++step) {
    const auto batch = planner.plan(step);
    for (std::size_t row = 1; row < batch.sample_id.size(); ++row, ++pairs) {
      together +=
          bound.home(batch.sample_id[row - 1]) == bound.home(batch.sample_id[row]);
    }
  }
  if (pairs == 0) return {};
  const double share = static_cast<double>(together) / static_cast<double>(pairs);
  return number(1 - (share - uniform) / (1 - uniform));
}

std::string reading_lines(const Loader::State& state, const Reading& read,
                          double batch_bytes) {
  const double decoded = read.groups(static_cast<double>(read.first), read.decoded);
  const int threads = std::max(1, state.workers);
  const double seconds =
      (decoded / kDecodeRate + batch_bytes / kBuildRate) / static_cast<double>(threads);
  std::string out;
  out += line("stored bytes", std::to_string(read.stored));
  out += line("bytes of an epoch", number(read.groups(read.epoch, read.stored)));
  out += line("read amplification", number(read.amplification()));
  out += line("first batch", "reads " + std::to_string(read.first) + " row groups, " +
                                 number(decoded) + " bytes decoded, about " +
                                 number(seconds) + " s");
  if (read.amplification() > 2) {
    out += "warning: an epoch reads each row group " + number(read.amplification()) +
           " times; memory_budget=" + std::to_string(read.decoded * 2 + (1 << 26)) +
           " reads it once, `lade convert --row-group-rows 8192` makes each reading "
           "smaller\n";
  }
  return out;
}

std::string troubles(const Loader::State& state, const Expected& first,
                     double batch_bytes, Index epoch) {
  std::string out;
  if (static_cast<double>(state.depth()) * batch_bytes >
      static_cast<double>(state.budget) / 2) {
    out +=
        "warning: the budget holds fewer batches than prefetch_factor asks for; raise "
        "memory_budget or lower prefetch_factor\n";
  }
  if (state.samples > 0 && state.steps(epoch) == 0) {
    out += "warning: drop_last drops every sample; lower batch_size to " +
           std::to_string(
               std::max<Index>(1, state.samples / state.options.shard.world_size)) +
           " or less\n";
  }
  if (first.cells > 0 && first.events * 4 < first.cells) {
    out +=
        "warning: three quarters and more of each batch are padding; max_length cuts "
        "the longest sequences\n";
  }
  return out;
}

}  // namespace

std::string Loader::explain() const {
  Live& live = state_->live();
  const Stage& stage = *live.engine->core()->stage;
  const Index epoch = next_epoch();
  const Expected first = expect(*state_, stage, epoch);
  const auto batches = static_cast<double>(std::max<Index>(first.batches, 1));
  const double batch_bytes = static_cast<double>(first.bytes) / batches;
  std::string out;
  const std::optional<Plan>& plan = state_->plan;
  const std::optional<io::Dataset>& dataset = state_->dataset;
  if (plan.has_value() && dataset.has_value()) {  // never one alone
    const io::Dataset& data = *dataset;
    out += line("layout", "flat");  // the one there is: a row is an event
    out += line("sequences", std::to_string(data.sequences()));
    out += line("events", std::to_string(data.events()));
    out += line("row groups", std::to_string(data.row_groups()));
    out += line("data", data.in_memory() ? "in memory" : "read from files");
    out += line("decoded bytes", std::to_string(data.decoded_bytes(plan->columns())));
  }
  out += line("samples", std::to_string(state_->samples));
  out += line("steps", std::to_string(state_->steps(epoch)));
  out += line("bytes of a batch", number(batch_bytes));
  if (first.cells > 0) {
    out += line("fill", number(static_cast<double>(first.events) /
                               static_cast<double>(first.cells)));
  }
  out += line("workers", std::to_string(state_->workers));
  out += line("batches ahead", std::to_string(state_->depth()));
  out += line("memory budget", std::to_string(state_->budget));
  out += line("smallest budget", std::to_string(state_->smallest_budget(stage)));
  const auto& ledger = *live.engine->core()->ledger;
  for (int a = 0; a < kAccounts; ++a) {
    const auto account = static_cast<Account>(a);
    if (ledger.used(account) == 0) continue;
    out +=
        line("  " + std::string(name(account)), std::to_string(ledger.used(account)));
  }
  if (plan.has_value()) {
    const std::string score = mixing(*state_, *plan, epoch);
    if (!score.empty()) out += line("mixing", score);
  }
  if (plan.has_value() && dataset.has_value() && !dataset->in_memory()) {
    out += reading_lines(*state_, reading_of(*state_, stage, epoch), batch_bytes);
  }
  out += troubles(*state_, first, batch_bytes, epoch);
  if (plan.has_value()) out += plan->describe();
  return out;
}

}  // namespace lade
