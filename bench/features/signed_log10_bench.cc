// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "lade/core/random.h"
#include "lade/features/columns.h"

namespace lade {
namespace {

void reference(const double* x, Index count, double shift, float* out) {
  for (Index i = 0; i < count; ++i) {
    const double y = std::log10(std::fabs(x[i]) + shift);
    out[i] = static_cast<float>(x[i] == 0.0 ? 0.0 : std::copysign(y, x[i]));
  }
}

template <class Function>
void run(benchmark::State& state, Function function) {
  const Index n = state.range(0);
  std::vector<double> x;
  for (Index i = 0; i < n; ++i) {
    x.push_back(random::unit(random::draw(3, static_cast<std::uint64_t>(i))) * 1e5 -
                1e3);
  }
  std::vector<float> out(x.size());
  for (auto _ : state) {
    function(x.data(), n, 1.0, out.data());
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * n);  // values
  state.SetBytesProcessed(state.iterations() * n * 12);
}

void lade_log10(benchmark::State& state) { run(state, signed_log10); }
void std_log10(benchmark::State& state) { run(state, reference); }

BENCHMARK(lade_log10)
    ->Name("features/signed_log10")
    ->ArgName("rows")
    ->Arg(4096)
    ->Arg(1 << 20);
BENCHMARK(std_log10)
    ->Name("features/signed_log10_reference")
    ->ArgName("rows")
    ->Arg(4096)
    ->Arg(1 << 20);

}  // namespace
}  // namespace lade
