// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lade/recipe/plan.h"
#include "lade/sampling/order.h"

namespace lade {

/// Which samples an epoch holds and in which order, in the words of a loader's
/// arguments.
struct SampleChoice {
  std::string shuffle = "none";  // none | global
  std::uint64_t seed = 0;
  double fraction = 1.0;                        // sample_fraction, in (0, 1]
  std::optional<std::vector<Index>> samples;    // ascending ids: a subset
  std::optional<std::vector<Index>> sequences;  // ascending: samples of these alone
  std::optional<std::vector<Index>> order;      // explicit ids, the same in every epoch
  Index bucket_window = 0;  // positions sorted by length; 0 = none, -1 = auto
  /// Random slices instead of whole samples; PlanOptions::group tells them apart.
  struct Slices {
    Index split_count = 5, min_length = 25, max_length = 100;
    bool short_ones = false;  // samples below min_length: whole; else left out, counted
  };
  std::optional<Slices> slices = {};
};

/// The sampler of a choice.
///
/// Errors: ArgumentError for a shuffle that is not built, a fraction outside (0, 1],
/// ids
///         that do not ascend or lie outside [0, N), `order` beside a shuffle, a
///         bucket window or slices where samples have no length, slices beside a
///         bucket window, split_count < 1, lengths that are not 1 <= min <= max.
Sampler choose_samples(const Plan& plan, const SampleChoice& choice);

}  // namespace lade
