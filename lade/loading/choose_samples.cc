// SPDX-License-Identifier: Apache-2.0
#include "lade/loading/choose_samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <utility>

namespace lade {
namespace {

using Ids = std::vector<Index>;

void check_ascending(const Ids& ids, Index n, std::string_view what) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    require(
        ids[i] >= 0 && ids[i] < n,
        fmt::format("{}: ids must be in 0..{}, got {} at {}", what, n - 1, ids[i], i));
    require(i == 0 || ids[i] > ids[i - 1],
            fmt::format("{}: ids must ascend, got {} after {} at {}", what, ids[i],
                        i == 0 ? 0 : ids[i - 1], i));
  }
}

void check_shuffle(const std::string& shuffle) {
  constexpr std::array<std::string_view, 2> kNotBuilt{"block", "window"};
  for (const std::string_view word : kNotBuilt) {
    require(
        shuffle != word,
        fmt::format("shuffle: '{}' is not built yet; there are none and global", word));
  }
  require(
      shuffle == "none" || shuffle == "global",
      fmt::format("shuffle: must be none or global, got '{}'", escape_text(shuffle)));
}

/// The chosen ids, ascending; nullptr for all.
std::shared_ptr<const Ids> subset(const Plan& plan, const SampleChoice& choice) {
  std::optional<Ids> ids;
  if (choice.sequences) ids = plan.samples_of(*choice.sequences);
  if (choice.samples) {
    check_ascending(*choice.samples, plan.samples(), "samples");
    if (!ids) {
      ids = choice.samples;
    } else {
      Ids both;
      std::set_intersection(ids->begin(), ids->end(), choice.samples->begin(),
                            choice.samples->end(), std::back_inserter(both));
      ids = std::move(both);
    }
  }
  if (choice.fraction < 1) {
    const Index n = ids ? static_cast<Index>(ids->size()) : plan.samples();
    Ids chosen = fraction_subset(n, choice.fraction, choice.seed);
    if (ids) {
      for (Index& i : chosen) i = (*ids)[static_cast<std::size_t>(i)];
    }
    ids = std::move(chosen);
  }
  return ids ? std::make_shared<const Ids>(std::move(*ids)) : nullptr;
}

Order order_of(const Plan& plan, const SampleChoice& choice) {
  check_shuffle(choice.shuffle);
  require(choice.fraction > 0 && choice.fraction <= 1,
          fmt::format("sample_fraction: must be in (0, 1], got {}", choice.fraction));
  if (choice.order) {
    require(choice.shuffle == "none", "sampler: excludes shuffle");
    return IndexSampler{.ids = std::make_shared<const Ids>(*choice.order)};
  }
  const Index n = plan.samples();
  if (choice.shuffle == "none") {
    return SequentialSampler{.samples = n, .subset = subset(plan, choice)};
  }
  return ShuffleSampler{
      .samples = n, .seed = choice.seed, .subset = subset(plan, choice)};
}

/// Whether samples are whole sequences or windows, with a length of their own.
bool has_lengths(const Plan& plan) {
  const auto& arrays = plan.arrays();
  return std::any_of(arrays.begin(), arrays.end(),
                     [](const ArraySpec& array) { return array.name == "lengths"; });
}

std::function<Index(Index)> lengths_of(const Plan& plan) {
  return [plan](Index id) { return plan.events(id); };
}

void check_slices(const SampleChoice::Slices& slices) {
  require(slices.split_count >= 1,
          fmt::format("sampler: split_count must be >= 1, got {}", slices.split_count));
  require(slices.min_length >= 1 && slices.min_length <= slices.max_length,
          fmt::format("sampler: lengths must be 1 <= min_length <= max_length, got {} "
                      "and {}",
                      slices.min_length, slices.max_length));
}

/// The ids of an order that are long enough to be sliced.
std::shared_ptr<const Ids> long_enough(const Plan& plan, const Ids* subset,
                                       Index shortest) {
  Ids ids;
  const Index n =
      subset == nullptr ? plan.samples() : static_cast<Index>(subset->size());
  for (Index i = 0; i < n; ++i) {
    const Index id = subset == nullptr ? i : (*subset)[static_cast<std::size_t>(i)];
    if (plan.events(id) >= shortest) ids.push_back(id);
  }
  return std::make_shared<const Ids>(std::move(ids));
}

WindowSampler slices_of(const Plan& plan, const SampleChoice& choice, Order order) {
  const SampleChoice::Slices& slices = *choice.slices;
  check_slices(slices);
  require(choice.bucket_window == 0, "bucket_window: excludes a sampler of slices");
  require(has_lengths(plan),
          "sampler: slices need sequences, samples of this recipe are single rows");
  WindowSampler sampler{.order = std::move(order),
                        .split_count = slices.split_count,
                        .min_length = slices.min_length,
                        .max_length = slices.max_length,
                        .seed = choice.seed,
                        .length = lengths_of(plan)};
  if (slices.short_ones) return sampler;
  const auto keep = [&](std::shared_ptr<const Ids>& ids) {
    const auto kept = long_enough(plan, ids.get(), slices.min_length);
    const auto all = ids ? static_cast<Index>(ids->size()) : plan.samples();
    sampler.too_short = all - static_cast<Index>(kept->size());
    ids = kept;
  };
  if (auto* const given = std::get_if<IndexSampler>(&sampler.order)) {
    keep(given->ids);
  } else if (auto* const ascending = std::get_if<SequentialSampler>(&sampler.order)) {
    keep(ascending->subset);
  } else {
    keep(std::get<ShuffleSampler>(sampler.order).subset);
  }
  return sampler;
}

}  // namespace

Sampler choose_samples(const Plan& plan, const SampleChoice& choice) {
  Order order = order_of(plan, choice);
  if (choice.slices) return slices_of(plan, choice, std::move(order));
  if (choice.bucket_window == 0) {
    return std::visit([](auto& base) { return Sampler(std::move(base)); }, order);
  }
  require(choice.bucket_window >= -1,
          fmt::format("bucket_window: must be \"auto\" or >= 0, got {}",
                      choice.bucket_window));
  require(has_lengths(plan),
          "bucket_window: needs sequences, samples of this recipe are single rows");
  return BucketSampler{.order = std::move(order),
                       .window = std::max<Index>(choice.bucket_window, 0),
                       .seed = choice.seed,
                       .length = lengths_of(plan)};
}

}  // namespace lade
