// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "lade/sampling/order.h"

namespace lade {

Index rows_per_sample(const Sampler& sampler) {
  const auto* const slices = std::get_if<WindowSampler>(&sampler);
  return slices == nullptr ? 1 : slices->split_count;
}

Slice slice_of(const WindowSampler& sampler, Index epoch, Index sample_id, Index length,
               Index split) {
  if (length < sampler.min_length) return {0, length};
  const std::uint64_t k =
      random::key(sampler.seed, epoch, std::uint64_t{random::slice}, sample_id);
  const auto j = static_cast<std::uint64_t>(split);
  const auto below = [&](std::uint64_t i, Index n) {
    return static_cast<Index>(random::below(k, i, static_cast<std::uint64_t>(n)));
  };
  const Index most = std::min(sampler.max_length, length);
  const Index events = sampler.min_length + below(2 * j, most - sampler.min_length + 1);
  return {below(2 * j + 1, length - events + 1), events};
}

}  // namespace lade
