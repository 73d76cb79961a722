// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>
#include <utility>

#include "lade/sampling/order_internal.h"

namespace lade {

Index window_positions(const BucketSampler& sampler, Index global) noexcept {
  constexpr Index kLeast = 8192;
  constexpr Index kBatches = 32;
  const Index wanted =
      sampler.window > 0 ? sampler.window : std::max(kLeast, kBatches * global);
  return std::max<Index>(wanted / global, 1) * global;
}

BucketWindow bucket_window(const BucketSampler& sampler, Index global, Index full,
                           Index epoch, Index number) {
  const Index size = window_positions(sampler, global);
  const Index begin = number * size;
  const auto count = static_cast<std::size_t>(std::min(size, full - begin));
  std::vector<Index> ids(count);
  samples_at(sampler.order, epoch, begin, ids);
  std::vector<std::pair<Index, Index>> sorted(count);  // length, place in the window
  for (std::size_t i = 0; i < count; ++i) {
    sorted[i] = {sampler.length(ids[i]), static_cast<Index>(i)};
  }
  std::sort(sorted.begin(), sorted.end());
  const Index batches = static_cast<Index>(count) / global;
  const random::Permutation order(
      batches, random::key(sampler.seed, epoch, std::uint64_t{random::bucket}, number));
  BucketWindow window{number, {}, {}};
  window.position.reserve(count);
  window.sample_id.reserve(count);
  for (Index batch = 0; batch < batches; ++batch) {
    const Index from = order(batch) * global;
    for (Index row = from; row < from + global; ++row) {
      const Index place = sorted[static_cast<std::size_t>(row)].second;
      window.position.push_back(begin + place);
      window.sample_id.push_back(ids[static_cast<std::size_t>(place)]);
    }
  }
  return window;
}

std::string describe(const Sampler& sampler, const Shard& shard) {
  if (const auto* const slices = std::get_if<WindowSampler>(&sampler)) {
    return "slices=" + std::to_string(slices->split_count) + " of " +
           std::to_string(slices->min_length) + ".." +
           std::to_string(slices->max_length) +
           " seed=" + std::to_string(slices->seed) + " of " + describe(slices->order);
  }
  const auto* const buckets = std::get_if<BucketSampler>(&sampler);
  if (buckets == nullptr) return describe(order_of(sampler));
  const Index global = shard.batch_size * shard.world_size;
  return "bucket window=" + std::to_string(window_positions(*buckets, global)) +
         " global_batch=" + std::to_string(global) +
         " seed=" + std::to_string(buckets->seed) + " of " + describe(buckets->order);
}

}  // namespace lade
