// SPDX-License-Identifier: Apache-2.0
// Padded batches of whole sequences from memory: what one epoch costs, beside a copy of
// the same slabs.
#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "epochs.h"
#include "lade/core/random.h"
#include "lade/loading/loader.h"

namespace lade {
namespace {

constexpr Index kSequences = 50'000;
constexpr Index kBatch = 256;
constexpr Index kColumns = 5;

double unit(std::uint64_t stream, Index i) {
  return random::unit(random::draw(stream, static_cast<std::uint64_t>(i)));
}

template <class T, class F>
std::shared_ptr<arrow::Array> column(const std::shared_ptr<arrow::DataType>& type,
                                     Index rows, F value) {
  std::vector<T> values;
  for (Index r = 0; r < rows; ++r) values.push_back(static_cast<T>(value(r)));
  auto data = arrow::ArrayData::Make(
      type, rows,
      {nullptr, std::shared_ptr<arrow::Buffer>(arrow::Buffer::FromVector(values))});
  return arrow::MakeArray(data);
}

// round(exp(N(ln 123 - 1/2, 1))) clipped to [1, 1024]: mean about 123, fill about 0.12.
Index length(Index sequence) {
  const double radius = std::sqrt(-2 * std::log(1 - unit(1, sequence)));
  const double normal = radius * std::cos(6.283185307179586 * unit(2, sequence));
  const double drawn = std::round(std::exp(std::log(123.0) - 0.5 + normal));
  return static_cast<Index>(std::clamp(drawn, 1.0, 1024.0));
}

io::Dataset events() {
  std::vector<Index> entity;
  for (Index s = 0; s < kSequences; ++s) {
    entity.insert(entity.end(), static_cast<std::size_t>(length(s)), s);
  }
  const auto rows = static_cast<Index>(entity.size());
  const auto drawn = [](std::uint64_t stream, double scale) {
    return [=](Index r) { return unit(stream, r) * scale; };
  };
  const auto entity_of = [&](Index r) { return entity[static_cast<std::size_t>(r)]; };
  const auto schema = arrow::schema(
      {arrow::field("entity", arrow::int64()), arrow::field("time", arrow::int64()),
       arrow::field("a", arrow::float64()), arrow::field("b", arrow::float64()),
       arrow::field("c", arrow::int32()), arrow::field("d", arrow::int32()),
       arrow::field("e", arrow::int16())});
  io::OpenOptions options;
  options.entity = "entity";
  options.time = "time";
  return io::from_batches(
      {arrow::RecordBatch::Make(
          schema, rows,
          {column<std::int64_t>(arrow::int64(), rows, entity_of),
           column<std::int64_t>(arrow::int64(), rows, [](Index r) { return r; }),
           column<double>(arrow::float64(), rows, drawn(3, 1)),
           column<double>(arrow::float64(), rows, drawn(4, 1)),
           column<std::int32_t>(arrow::int32(), rows, drawn(5, 1000)),
           column<std::int32_t>(arrow::int32(), rows, drawn(6, 50)),
           column<std::int16_t>(arrow::int16(), rows, drawn(7, 9))})},
      options);
}

const io::Dataset& shared_events() {
  static const io::Dataset data = events();
  return data;
}

Loader loader_of(const io::Dataset& data, int workers) {
  const auto recipe = Recipe::from_toml(R"toml(
[sequence]
entity = "entity"
time = "time"
[[input]]
column = "a"
[[input]]
column = "b"
[[input]]
column = "c"
[[input]]
column = "d"
[[input]]
column = "e"
)toml",
                                        "bench.toml");
  LoaderOptions options;
  options.shard = {.batch_size = kBatch};
  options.seed = 7;
  options.num_workers = workers;
  options.memory_budget = Index{1} << 30;
  ShuffleSampler sampler;
  sampler.samples = data.sequences();
  sampler.seed = 7;
  return {data, recipe, sampler, options};
}

// One item = one batch; bytes = those of its arrays.
void padded(benchmark::State& state) {
  Loader loader = loader_of(shared_events(), static_cast<int>(state.range(0)));
  const Index bytes = bench::run_epochs(state, loader);
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(bytes);
}

// A copy of slabs that size, one thread, from memory that no cache holds.
void padded_reference(benchmark::State& state) {
  constexpr std::size_t kSlab = 1024 * kBatch * kColumns * sizeof(float);
  constexpr std::size_t kSlabs = 48;
  std::vector<std::byte> from(kSlab * kSlabs, std::byte{1});
  std::vector<std::byte> to(kSlab * kSlabs, std::byte{2});
  std::size_t at = 0;
  for (auto _ : state) {
    std::memcpy(to.data() + at * kSlab, from.data() + at * kSlab, kSlab);
    at = (at + 1) % kSlabs;
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<Index>(kSlab));
}

BENCHMARK(padded)
    ->Name("loading/padded")
    ->ArgName("workers")
    ->Arg(0)
    ->Arg(2)
    ->UseRealTime()
    ->MeasureProcessCPUTime();
BENCHMARK(padded_reference)->Name("loading/padded_reference");

}  // namespace
}  // namespace lade
