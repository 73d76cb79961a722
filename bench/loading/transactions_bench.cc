// SPDX-License-Identifier: Apache-2.0
// Batches of whole histories with 27 numbers and a category an event, from memory.
#include <arrow/record_batch.h>
#include <benchmark/benchmark.h>

#include <string>

#include "bench/targets/bank_users.h"
#include "epochs.h"
#include "lade/loading/loader.h"
#include "lade/recipe/fit.h"
#include "lade/synth/transactions.h"

namespace lade {
namespace {

constexpr Index kUsers = 1000;
constexpr Index kBatch = 64;
constexpr Index kExtra = 25;

const io::Dataset& users() {
  static const io::Dataset data = [] {
    TransactionsSpec spec;
    spec.users = kUsers;
    spec.extra = kExtra;
    spec.seed = 7;
    io::OpenOptions options;
    options.entity = "user_id";
    options.time = "time";
    return io::from_batches({transactions(spec, 0, kUsers, 2)}, options);
  }();
  return data;
}

std::string input(const std::string& column, const std::string& more = "") {
  return "[[input]]\ncolumn = \"" + column + "\"\n" + more;
}

/// The first `count` of the twenty.
std::string targets(std::size_t count) {
  std::string text;
  std::size_t number = 0;
  for (const bench::BankTarget& target : bench::bank_target_texts()) {
    if (++number > count) break;
    text += "[[target]]\nname = \"t" + std::to_string(number) + "\"\naggregate = \"" +
            target.aggregate + "\"\nevery = \"" + target.every +
            "\"\nlook_back = " + std::to_string(target.look_back) +
            (target.where.empty() ? "" : "\nwhere = \"" + target.where + "\"") + "\n";
  }
  return text;
}

enum Part { kColumns = 1, kLog = 2, kCodes = 4, kTarget = 8, kTwenty = 16 };

Recipe recipe(int parts) {
  std::string text = "[sequence]\nentity = \"user_id\"\ntime = \"time\"\n";
  if (parts & kLog)
    text += input("amount", "name = \"size\"\ntransform = \"log10(shift = 1)\"\n");
  if (parts & kColumns) {
    text += input("amount");
    for (Index i = 0; i < kExtra; ++i) text += input("x" + std::to_string(i));
  }
  if (parts & kCodes) text += input("mcc", "kind = \"category\"\n");
  if (parts & kTarget) text += targets(1);
  if (parts & kTwenty) text += targets(20);
  text += "[output]\nmask = true\n";
  return fit(Recipe::from_toml(text, "bench.toml"), users());
}

// One item = one user; bytes = those of the arrays.
void histories(benchmark::State& state, int parts) {
  LoaderOptions options;
  options.shard = {.batch_size = kBatch};
  options.num_workers = 0;
  options.memory_budget = Index{1} << 30;
  SequentialSampler sampler;
  sampler.samples = users().sequences();
  Loader loader(users(), recipe(parts), sampler, options);
  const Index bytes = bench::run_epochs(state, loader);
  state.SetItemsProcessed(state.iterations() * kBatch);
  state.SetBytesProcessed(bytes);
}

BENCHMARK_CAPTURE(histories, columns, kColumns)->Name("loading/histories/columns");
BENCHMARK_CAPTURE(histories, log, kLog)->Name("loading/histories/log");
BENCHMARK_CAPTURE(histories, codes, kCodes)->Name("loading/histories/codes");
BENCHMARK_CAPTURE(histories, target, kTarget)->Name("loading/histories/target");
BENCHMARK_CAPTURE(histories, twenty, kTwenty)->Name("loading/histories/twenty_targets");
BENCHMARK_CAPTURE(histories, all, kColumns | kLog | kCodes | kTarget)
    ->Name("loading/histories/all");

}  // namespace
}  // namespace lade
