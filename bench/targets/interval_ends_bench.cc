// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <vector>

#include "bank_users.h"
#include "lade/core/calendar.h"
#include "lade/targets/compute.h"

namespace lade {
namespace {

void run(benchmark::State& state, Every every) {
  const auto users = bench::bank_users(8, state.range(0));
  const auto n = static_cast<std::size_t>(state.range(0));
  std::vector<std::int32_t> ends(n);
  std::vector<std::int64_t> keys(n);
  const Boundary boundary{.every = every};
  for (auto _ : state) {
    for (const auto& user : users) {
      benchmark::DoNotOptimize(interval_ends(user.time, boundary, ends, keys));
      benchmark::ClobberMemory();
    }
  }
  state.SetItemsProcessed(state.iterations() * 8 * state.range(0));  // rows
}

void reference(benchmark::State& state) {
  const auto users = bench::bank_users(8, state.range(0));
  std::vector<std::int32_t> ends(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    for (const auto& user : users) {
      std::size_t days = 0;
      const std::size_t n = user.time.size();
      for (std::size_t r = 0; r < n; ++r) {
        const bool last = r + 1 == n || floor_div(user.time[r], 86'400'000'000) !=
                                            floor_div(user.time[r + 1], 86'400'000'000);
        if (last) ends[days++] = static_cast<std::int32_t>(r);
      }
      benchmark::DoNotOptimize(days);
      benchmark::ClobberMemory();
    }
  }
  state.SetItemsProcessed(state.iterations() * 8 * state.range(0));
}

BENCHMARK_CAPTURE(run, day, Every::day)
    ->Name("targets/interval_ends/day")
    ->ArgName("rows")
    ->Arg(4096)
    ->Arg(999);
BENCHMARK_CAPTURE(run, month, Every::month)
    ->Name("targets/interval_ends/month")
    ->ArgName("rows")
    ->Arg(4096);
BENCHMARK(reference)
    ->Name("targets/interval_ends_reference/day")
    ->ArgName("rows")
    ->Arg(4096)
    ->Arg(999);

}  // namespace
}  // namespace lade
