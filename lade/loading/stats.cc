// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "lade/loading/loader_internal.h"

namespace lade {
namespace {

constexpr unsigned kStepsLog2 = 3;  // eight steps for each doubling

std::size_t bin_of(std::int64_t ns) noexcept {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0));
  if (value < 1U << kStepsLog2) return value;
  const auto top = static_cast<unsigned>(std::bit_width(value)) - 1;
  const std::uint64_t within = (value >> (top - kStepsLog2)) & ((1U << kStepsLog2) - 1);
  return ((top - kStepsLog2 + 1) << kStepsLog2) + within;
}

// Middle of a bin, in ns.
double middle_of(std::size_t bin) noexcept {
  const auto steps = std::size_t{1} << kStepsLog2;
  if (bin < steps) return static_cast<double>(bin);
  const auto doubling = static_cast<int>(bin / steps) - 1;
  return std::ldexp(static_cast<double>(steps + bin % steps) + 0.5, doubling);
}

}  // namespace

void WaitTimes::add(std::int64_t ns) noexcept {
  ++counts_[std::min(bin_of(ns), counts_.size() - 1)];
  ++total_;
  sum_ns_ += std::max<std::int64_t>(ns, 0);
}

double WaitTimes::quantile_s(double q) const noexcept {
  const auto wanted = static_cast<Index>(std::ceil(q * static_cast<double>(total_)));
  Index seen = 0;
  for (std::size_t bin = 0; bin < counts_.size(); ++bin) {
    seen += counts_[bin];
    if (seen >= wanted && seen > 0) return middle_of(bin) * 1e-9;
  }
  return 0;
}

LoaderStats Loader::stats() const {
  Live& live = state_->live();
  const auto& core = *live.engine->core();
  LoaderStats out;
  {
    const std::lock_guard lock(live.mutex);
    const Delivery& all = live.delivery;
    out.batches = all.batches;
    out.samples = all.samples;
    out.events = all.events;
    out.bytes_delivered = all.bytes;
    out.fill = all.cells > 0
                   ? static_cast<double>(all.events) / static_cast<double>(all.cells)
                   : 0;
    out.first_batch_s = static_cast<double>(all.first_batch_ns) * 1e-9;
    out.wait_s = all.waits.sum_s();
    out.wait_p50_s = all.waits.quantile_s(0.50);
    out.wait_p95_s = all.waits.quantile_s(0.95);
    out.wait_p99_s = all.waits.quantile_s(0.99);
    out.ready_occupancy =
        all.batches > 0 ? all.ready_share / static_cast<double>(all.batches) : 0;
    out.counts = all.counts;
  }
  out.stages = state_->recorder->stages();
  const auto reader = core.stage->reader_stats();
  out.bytes_read = reader.bytes_read;
  out.read_amplification = reader.stored_bytes > 0
                               ? static_cast<double>(reader.bytes_read) /
                                     static_cast<double>(reader.stored_bytes)
                               : 0;
  out.cache_hits = reader.cache_hits;
  out.workers = state_->workers;
  out.lent_bytes = core.ledger->lent();
  out.abandoned_threads = live.engine->abandoned();
  for (int a = 0; a < kAccounts; ++a) {
    const auto account = static_cast<Account>(a);
    out.ledger_now.emplace_back(name(account), core.ledger->used(account));
    out.ledger_peak.emplace_back(name(account), core.ledger->peak(account));
  }
  out.ledger_now.emplace_back("total", core.ledger->used());
  out.ledger_peak.emplace_back("total", core.ledger->peak());
  if (const std::optional<Plan>& plan = state_->plan; plan.has_value()) {
    out.sequences_without_sample = plan->sequences_without_sample();
    out.sequences_empty = plan->sequences_empty();
    out.targets = plan->tally(out.counts.targets);
  }
  if (const auto* const slices = std::get_if<WindowSampler>(&state_->sampler)) {
    out.sequences_without_sample += slices->too_short;
  }
  const std::optional<io::Dataset>& dataset = state_->dataset;
  if (dataset.has_value()) out.report = dataset->report();
  return out;
}

}  // namespace lade
