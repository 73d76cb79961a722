// SPDX-License-Identifier: Apache-2.0
#include "lade/core/random.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace lade {
namespace {

void fill(benchmark::State& state) {
  const random::Permutation permutation(state.range(0), random::key(7));
  std::vector<Index> out(4096);
  Index first = 0;
  for (auto _ : state) {
    permutation.fill(first, 4096, out.data());
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
    first = (first + 4096) % (state.range(0) - 4096);
  }
  state.SetItemsProcessed(state.iterations() * 4096);  // positions
}

/// A shuffled list, which needs all of it in memory.
void shuffle_reference(benchmark::State& state) {
  std::vector<Index> out(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    std::iota(out.begin(), out.end(), Index{0});
    const std::uint64_t k = random::key(7);
    for (std::size_t i = out.size(); i-- > 1;) {
      std::swap(out[i], out[random::below(k, i, i + 1)]);
    }
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void draws(benchmark::State& state) {
  const std::uint64_t k = random::key(7);
  std::uint64_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(random::draw(k, i++));
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(fill)
    ->Name("core/permutation_fill")
    ->ArgName("n")
    ->Arg(1 << 16)
    ->Arg(1'000'003);
BENCHMARK(shuffle_reference)
    ->Name("core/permutation_fill_reference")
    ->ArgName("n")
    ->Arg(1 << 16)
    ->Arg(1'000'003);
BENCHMARK(draws)->Name("core/draw");

}  // namespace
}  // namespace lade
