// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "lade/core/rows.h"

namespace lade {
namespace {

void reference(const float* in, Index stride, Index columns, Index rows, float* out) {
  for (Index r = 0; r < rows; ++r) {
    for (Index c = 0; c < columns; ++c) out[r * columns + c] = in[c * stride + r];
  }
}

template <class Function>
void run(benchmark::State& state, Function function) {
  const Index columns = state.range(0);
  const Index rows = state.range(1);
  std::vector<float> in(static_cast<std::size_t>(columns * rows), 1.5F);
  std::vector<float> out(in.size());
  for (auto _ : state) {
    function(in.data(), rows, columns, rows, out.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * columns * rows);  // values
}

void lade_interleave(benchmark::State& state) {
  std::vector<const float*> columns;
  run(state, [&](const float* in, Index stride, Index count, Index rows, float* out) {
    columns.clear();
    for (Index c = 0; c < count; ++c) columns.push_back(in + c * stride);
    interleave(columns, rows, out);
  });
}
void plain_interleave(benchmark::State& state) { run(state, reference); }

void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"columns", "rows"});
  for (const Index columns : {2, 3, 5, 16, 27}) bench->Args({columns, 123});
}

BENCHMARK(lade_interleave)->Name("core/interleave")->Apply(shapes);
BENCHMARK(plain_interleave)->Name("core/interleave_reference")->Apply(shapes);

constexpr std::size_t kBytes = std::size_t{16} << 20;  // beyond the caches in turn

void lade_clear(benchmark::State& state) {
  std::vector<std::byte> out(kBytes);
  std::size_t at = 0;
  for (auto _ : state) {
    clear(out.data() + at, 18'000);
    at = (at + 20'480) % (kBytes - 20'480);
  }
  settle();
  state.SetBytesProcessed(state.iterations() * 18'000);
}

void plain_clear(benchmark::State& state) {
  std::vector<std::byte> out(kBytes);
  std::size_t at = 0;
  for (auto _ : state) {
    std::memset(out.data() + at, 0, 18'000);
    benchmark::ClobberMemory();
    at = (at + 20'480) % (kBytes - 20'480);
  }
  state.SetBytesProcessed(state.iterations() * 18'000);
}

BENCHMARK(lade_clear)->Name("core/clear");
BENCHMARK(plain_clear)->Name("core/clear_reference");

}  // namespace
}  // namespace lade
