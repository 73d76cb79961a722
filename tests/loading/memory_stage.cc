// SPDX-License-Identifier: Apache-2.0
#include "tests/loading/memory_stage.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "lade/core/hash.h"

namespace lade::testing {

struct MemoryStage::Build {
  BatchPlan batch;
  std::shared_ptr<Slab> slab;
  Plan::Shape shape;
  std::vector<Index> offset;
};

MemoryStage::MemoryStage(Index samples, Hooks hooks, Index width)
    : samples_(samples), hooks_(std::move(hooks)), width_(width) {
  specs_ = {{"numerical", DType::f32, ArraySpec::Middle::events, 0, width},
            {"lengths", DType::i32, ArraySpec::Middle::none, 0, 0},
            {"sample_id", DType::i64, ArraySpec::Middle::none, 0, 0},
            {"sample_mask", DType::boolean, ArraySpec::Middle::none, 0, 0}};
}

std::vector<Index> MemoryStage::offsets(Index rows, Index padded) const {
  std::vector<Index> out{0};
  for (const Index bytes : {rows * padded * width_ * 4, rows * 4, rows * 8, rows}) {
    out.push_back((out.back() + bytes + 255) / 256 * 256);
  }
  return out;
}

Plan::Shape MemoryStage::shape(const BatchPlan& batch) const {
  Plan::Shape out;
  for (const Index id : batch.sample_id) {
    out.length.push_back(length(id));
    out.events += out.length.back();
    out.padded = std::max(out.padded, out.length.back());
  }
  out.bytes_bound = std::max<Index>(
      256, offsets(static_cast<Index>(batch.sample_id.size()), out.padded).back());
  return out;
}

Plan::Shape MemoryStage::worst(Index rows, Index /*most*/) const {
  Index longest = 0;
  for (Index id = 0; id < std::min<Index>(samples_, 13); ++id) {
    if (length(id) > length(longest)) longest = id;
  }
  BatchPlan batch;
  batch.sample_id.assign(static_cast<std::size_t>(rows), longest);
  return shape(batch);
}

std::shared_ptr<void> MemoryStage::begin(const BatchPlan& batch,
                                         std::shared_ptr<Slab> slab,
                                         Plan::Shape shape) const {
  auto offset = offsets(static_cast<Index>(batch.sample_id.size()), shape.padded);
  return std::make_shared<Build>(
      Build{batch, std::move(slab), std::move(shape), std::move(offset)});
}

void MemoryStage::build_rows(void* build, Index first, Index last, BuildScratch&,
                             BuildCounts& counts) const {
  auto& b = *static_cast<Build*>(build);
  const auto rows = static_cast<Index>(b.batch.sample_id.size());
  std::byte* const slab = b.slab->data();
  for (Index row = first; row < last; ++row) {
    const Index id = b.batch.sample_id[static_cast<std::size_t>(row)];
    if (hooks_.decode) hooks_.decode(id / 4);
    if (hooks_.build) hooks_.build(id);
    const Index events = length(id);
    auto* const out = reinterpret_cast<float*>(slab) + row * b.shape.padded * width_;
    for (Index e = 0; e < events; ++e) {
      for (Index f = 0; f < width_; ++f) out[e * width_ + f] = value(id, e, f);
    }
    std::fill(out + events * width_, out + b.shape.padded * width_, 0.0F);
    const auto put = [&](int array, auto v) {
      std::memcpy(slab + b.offset[static_cast<std::size_t>(array)] +
                      row * static_cast<Index>(sizeof(v)),
                  &v, sizeof(v));
    };
    put(1, static_cast<std::int32_t>(events));
    put(2, id);
    put(3, static_cast<std::uint8_t>(row < rows - b.batch.padded));
    ++counts.samples;
    counts.events += events;
  }
}

std::vector<Plan::Placed> MemoryStage::finish(void* build) const {
  auto& b = *static_cast<Build*>(build);
  const auto rows = static_cast<Index>(b.batch.sample_id.size());
  if (hooks_.finish) hooks_.finish(b.batch.step);
  std::vector<Plan::Placed> out;
  for (std::size_t a = 0; a < specs_.size(); ++a) {
    std::vector<Index> shape{rows};
    if (a == 0) shape.insert(shape.end(), {b.shape.padded, width_});
    out.push_back({&specs_[a], b.offset[a], std::move(shape)});
  }
  return out;
}

void MemoryStage::reads_of(std::span<const Index> sample_id,
                           std::vector<Index>& out) const {
  out.clear();
  if (!hooks_.decode) return;
  for (const Index id : sample_id) {
    if (std::find(out.begin(), out.end(), id / 4) == out.end()) out.push_back(id / 4);
  }
}

void MemoryStage::read(Index row_group) const {
  if (hooks_.decode) hooks_.decode(row_group);
}

Loader make_memory_loader(const LoaderSpec& spec) {
  LoaderOptions options;
  options.shard = spec.shard;
  options.shard.batch_size = spec.batch_size;
  options.seed = spec.seed;
  options.num_workers = spec.workers;
  options.prefetch_factor = spec.prefetch;
  options.digest = spec.digest;
  options.memory_budget = spec.budget;
  options.timeout = spec.timeout;
  Sampler sampler = SequentialSampler{.samples = spec.samples, .subset = nullptr};
  if (spec.shuffle) {
    ShuffleSampler shuffle;
    shuffle.samples = spec.samples;
    shuffle.seed = spec.seed;
    sampler = shuffle;
  }
  const auto maker = [samples = spec.samples, hooks = spec.hooks,
                      width = spec.width](std::shared_ptr<Ledger>) {
    return std::make_shared<MemoryStage>(samples, hooks, width);
  };
  return make_loader(maker, sampler, options);
}

std::string bytes_of(const Batch& batch) {
  std::string out = std::to_string(batch.epoch()) + "/" + std::to_string(batch.step());
  for (const auto& array : batch.arrays()) {
    out += array.name;
    for (const Index extent : array.shape) out += " " + std::to_string(extent);
    out.append(static_cast<const char*>(array.data),
               static_cast<std::size_t>(array.bytes()));
  }
  return out;
}

std::uint64_t drain(LoaderIterator& iterator) {
  std::string all;
  while (auto batch = iterator.next()) all += bytes_of(*batch);
  return xxh3_64(all);
}

std::uint64_t drain_epochs(Loader& loader, int epochs) {
  std::uint64_t sum = 0;
  for (int e = 0; e < epochs; ++e) {
    auto iterator = loader.begin_epoch();
    sum = sum * 31 + drain(iterator);
  }
  return sum;
}

}  // namespace lade::testing
