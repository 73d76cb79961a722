// SPDX-License-Identifier: Apache-2.0
#include "lade/targets/compute.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "bank_users.h"

namespace lade {
namespace {

constexpr Index kUsers = 32;  // 4 MB of columns: more than a second-level cache
constexpr std::int64_t kDayUs = 86'400'000'000;

void run(benchmark::State& state, Sharing sharing) {
  const auto users = bench::bank_users(kUsers);
  const TargetPlan plan(bench::bank_schema(), 0, bench::bank_targets(state.range(0)),
                        {}, 0, sharing);
  std::vector<Chunk> chunks;
  for (const auto& user : users) chunks.push_back(user.chunk());
  TargetScratch scratch;
  SequenceTargets out;
  for (auto _ : state) {
    for (const Chunk& chunk : chunks) {
      compute_targets(plan, {0, &chunk, 0, chunk.rows}, chunk.rows, scratch, out);
      benchmark::DoNotOptimize(out.value.front().data());
      benchmark::ClobberMemory();
    }
  }
  // One item = one row with all its targets.
  state.SetItemsProcessed(state.iterations() * kUsers * bench::kUserRows);
}

/// Target 1 as one writes it: a day at a time, every code of the set compared.
void reference(benchmark::State& state) {
  const auto users = bench::bank_users(kUsers);
  std::vector<float> out(bench::kUserRows);
  for (auto _ : state) {
    for (const auto& user : users) {
      std::size_t days = 0;
      double sum = 0.0;
      const std::size_t n = user.time.size();
      for (std::size_t r = 0; r < n; ++r) {
        const auto mcc = user.mcc[r];
        if (mcc == 0 || mcc == 20 || mcc == 40 || mcc == 60 || mcc == 80)
          sum += user.amount[r];
        if (r + 1 < n && user.time[r] / kDayUs == user.time[r + 1] / kDayUs) continue;
        out[days++] = static_cast<float>(sum);
        sum = 0.0;
      }
      benchmark::DoNotOptimize(out.data());
      benchmark::ClobberMemory();
    }
  }
  state.SetItemsProcessed(state.iterations() * kUsers * bench::kUserRows);
}

BENCHMARK_CAPTURE(run, shared, Sharing::on)
    ->Name("targets/compute_targets")
    ->ArgName("targets")
    ->Arg(1)
    ->Arg(20);
BENCHMARK_CAPTURE(run, unshared, Sharing::off)
    ->Name("targets/compute_targets_unshared")
    ->ArgName("targets")
    ->Arg(20);
BENCHMARK(reference)->Name("targets/compute_targets_reference/targets:1");

}  // namespace
}  // namespace lade
