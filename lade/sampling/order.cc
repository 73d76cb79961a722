// SPDX-License-Identifier: Apache-2.0
#include "lade/sampling/order.h"

#include <algorithm>
#include <limits>

#include "lade/core/error.h"
#include "lade/core/hash.h"
#include "lade/sampling/order_internal.h"

namespace lade {
namespace {

void check_shard(const Shard& shard) {
  require(shard.batch_size >= 1,
          "batch_size: must be >= 1, got " + std::to_string(shard.batch_size));
  require(shard.world_size >= 1,
          "world_size: must be >= 1, got " + std::to_string(shard.world_size));
  require(shard.rank >= 0 && shard.rank < shard.world_size,
          "rank: must be in 0.." + std::to_string(shard.world_size - 1) + ", got " +
              std::to_string(shard.rank));
  require(shard.batch_size <= std::numeric_limits<Index>::max() / shard.world_size,
          "batch_size: times world_size must fit 63 bits, got " +
              std::to_string(shard.batch_size));
}

/// How many positions an epoch's steps own, by the rules of ranks and tails.
struct Cut {
  Index samples = 0;  // N
  Index global = 1;   // G = W b
  Index full = 0;     // q = floor(N / G)
  Index last = 0;  // rows per rank of the step after the full ones; 0 = there is none

  Cut(Index n, const Shard& shard)
      : samples(n), global(shard.batch_size * shard.world_size), full(n / global) {
    const Index rest = n - full * global;
    if (shard.drop_last || rest == 0) return;
    last = shard.pad_last ? shard.batch_size
                          : (rest + shard.world_size - 1) / shard.world_size;
  }
  Index steps() const { return full + (last > 0 ? 1 : 0); }
};

}  // namespace

Index sample_count(const Sampler& sampler) { return count_of(order_of(sampler)); }

Index steps(const Sampler& sampler, const Shard& shard, Index /*epoch*/) {
  check_shard(shard);
  return Cut(sample_count(sampler), shard).steps();
}

EpochPlanner::EpochPlanner(const Sampler& sampler, const Shard& shard, Index epoch)
    : sampler_(sampler),
      order_(order_of(sampler)),
      shard_(shard),
      epoch_(epoch),
      steps_(lade::steps(sampler, shard, epoch)) {}

BatchPlan EpochPlanner::plan_samples(Index step) {
  const Cut cut(count_of(order_), shard_);
  require(step >= 0 && step < steps_, "step: must be in 0.." +
                                          std::to_string(steps_ - 1) + ", got " +
                                          std::to_string(step));
  const Index rows = step < cut.full ? shard_.batch_size : cut.last;
  const Index first = step * cut.global + shard_.rank * rows;
  const Index own = std::clamp<Index>(cut.samples - first, 0, rows);
  BatchPlan result;
  result.epoch = epoch_;
  result.step = step;
  result.padded = rows - own;
  result.sample_id.resize(static_cast<std::size_t>(rows));
  const std::span<Index> ids(result.sample_id);
  const auto* const buckets = std::get_if<BucketSampler>(&sampler_);
  if (buckets != nullptr && step < cut.full) {
    const Index size = window_positions(*buckets, cut.global);
    if (const Index number = first / size; window_.number != number) {
      window_ =
          bucket_window(*buckets, cut.global, cut.full * cut.global, epoch_, number);
    }
    std::copy_n(window_.sample_id.begin() + first % size, rows, ids.begin());
    return result;
  }
  samples_at(order_, epoch_, first, ids.first(static_cast<std::size_t>(own)));
  // What is missing repeats positions 0, 1, ... of the order, counted over all ranks.
  for (Index row = own; row < rows; ++row) {
    const Index repeat = (first + row - cut.samples) % cut.samples;
    samples_at(order_, epoch_, repeat, ids.subspan(static_cast<std::size_t>(row), 1));
  }
  return result;
}

namespace {

/// Each sample becomes its slices, one row after the other.
void cut_slices(const WindowSampler& sampler, BatchPlan& batch) {
  std::vector<Index> rows;
  rows.reserve(batch.sample_id.size() * static_cast<std::size_t>(sampler.split_count));
  for (const Index id : batch.sample_id) {
    const Index length = sampler.length(id);
    for (Index split = 0; split < sampler.split_count; ++split) {
      rows.push_back(id);
      batch.slice.push_back(slice_of(sampler, batch.epoch, id, length, split));
    }
  }
  batch.sample_id = std::move(rows);
  batch.padded *= sampler.split_count;
}

}  // namespace

BatchPlan EpochPlanner::plan(Index step) {
  BatchPlan batch = plan_samples(step);
  if (const auto* const slices = std::get_if<WindowSampler>(&sampler_)) {
    cut_slices(*slices, batch);
  }
  return batch;
}

BatchPlan plan(const Sampler& sampler, const Shard& shard, Index epoch, Index step) {
  return EpochPlanner(sampler, shard, epoch).plan(step);
}

namespace {

/// Where a position of the order is served: buckets move it within its window.
Index delivered_at(const Sampler& sampler, const Cut& cut, Index epoch,
                   Index position) {
  const Index full = cut.full * cut.global;
  const auto* const buckets = std::get_if<BucketSampler>(&sampler);
  if (buckets == nullptr || position >= full) return position;
  const Index size = window_positions(*buckets, cut.global);
  const BucketWindow window =
      bucket_window(*buckets, cut.global, full, epoch, position / size);
  const auto found =
      std::find(window.position.begin(), window.position.end(), position);
  return window.number * size + (found - window.position.begin());
}

}  // namespace

std::vector<Seen> where_seen(const Sampler& sampler, const Shard& shard, Index epoch,
                             Index sample_id) {
  check_shard(shard);
  const Order order = order_of(sampler);
  const Cut cut(count_of(order), shard);
  std::vector<Seen> seen;
  const Index full_positions = cut.full * cut.global;
  const Index last_positions = cut.last * shard.world_size;
  const auto add = [&](Index position) {
    const bool in_full = position < full_positions;
    const Index rows = in_full ? shard.batch_size : cut.last;
    const Index step = in_full ? position / cut.global : cut.full;
    const Index within = position - step * cut.global;
    seen.push_back({step, within / rows, within % rows * rows_per_sample(sampler)});
  };
  for (const Index position : positions_of(order, epoch, sample_id)) {
    if (position < full_positions + last_positions)
      add(delivered_at(sampler, cut, epoch, position));
    for (Index again = position + cut.samples; again < full_positions + last_positions;
         again += cut.samples) {
      add(again);
    }
  }
  std::sort(seen.begin(), seen.end(), [](const Seen& a, const Seen& b) {
    return std::tie(a.step, a.rank, a.row) < std::tie(b.step, b.rank, b.row);
  });
  return seen;
}

std::vector<Index> fraction_subset(Index n, double fraction, std::uint64_t seed) {
  require(fraction > 0.0 && fraction <= 1.0,
          "sample_fraction: must be in (0, 1], got " + std::to_string(fraction));
  auto count = static_cast<Index>(fraction * static_cast<double>(n) + 1e-6);
  count = std::clamp<Index>(count, n > 0 ? 1 : 0, n);
  std::vector<Index> ids(static_cast<std::size_t>(count));
  random::Permutation(n, random::key(seed, std::uint64_t{random::fraction}))
      .fill(0, count, ids.data());
  std::sort(ids.begin(), ids.end());
  return ids;
}

double split_unit(std::uint64_t seed, std::int64_t entity) noexcept {
  const std::uint64_t part = random::key(seed, std::uint64_t{random::split});
  return random::unit(random::mix64(part ^ random::key(entity)));
}

double split_unit(std::uint64_t seed, std::string_view entity) noexcept {
  const std::uint64_t part = random::key(seed, std::uint64_t{random::split});
  return random::unit(random::mix64(part ^ xxh3_64(entity)));
}

}  // namespace lade
