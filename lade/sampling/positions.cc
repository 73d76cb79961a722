// SPDX-License-Identifier: Apache-2.0
// Which sample stands at which position of an epoch, before it is cut into steps.
#include <algorithm>

#include "lade/core/hash.h"
#include "lade/sampling/order_internal.h"

namespace lade {
namespace {

Index count_of(const std::shared_ptr<const std::vector<Index>>& subset, Index samples) {
  return subset ? static_cast<Index>(subset->size()) : samples;
}

/// The sample at each position of an epoch's order, positions taken as a run.
void fill_at(const SequentialSampler& sampler, Index /*epoch*/, Index first,
             std::span<Index> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Index position = first + static_cast<Index>(i);
    out[i] = sampler.subset ? (*sampler.subset)[static_cast<std::size_t>(position)]
                            : position;
  }
}

random::Permutation permutation(const ShuffleSampler& sampler, Index epoch) {
  return {count_of(sampler.subset, sampler.samples),
          random::key(sampler.seed, epoch, std::uint64_t{random::order})};
}

void fill_at(const ShuffleSampler& sampler, Index epoch, Index first,
             std::span<Index> out) {
  permutation(sampler, epoch).fill(first, static_cast<Index>(out.size()), out.data());
  if (!sampler.subset) return;
  for (Index& id : out) id = (*sampler.subset)[static_cast<std::size_t>(id)];
}

void fill_at(const IndexSampler& sampler, Index /*epoch*/, Index first,
             std::span<Index> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = (*sampler.ids)[static_cast<std::size_t>(first) + i];
  }
}

/// Positions of the order at which a sample stands.
std::vector<Index> places_of(const SequentialSampler& sampler, Index /*epoch*/,
                             Index id) {
  if (!sampler.subset) {
    return id >= 0 && id < sampler.samples ? std::vector<Index>{id}
                                           : std::vector<Index>{};
  }
  const auto found =
      std::lower_bound(sampler.subset->begin(), sampler.subset->end(), id);
  if (found == sampler.subset->end() || *found != id) return {};
  return {found - sampler.subset->begin()};
}

std::vector<Index> places_of(const ShuffleSampler& sampler, Index epoch, Index id) {
  const SequentialSampler ascending{sampler.samples, sampler.subset};
  std::vector<Index> found = places_of(ascending, epoch, id);
  for (Index& position : found)
    position = permutation(sampler, epoch).inverse(position);
  return found;
}

std::vector<Index> places_of(const IndexSampler& sampler, Index /*epoch*/, Index id) {
  std::vector<Index> found;
  for (std::size_t i = 0; i < sampler.ids->size(); ++i) {
    if ((*sampler.ids)[i] == id) found.push_back(static_cast<Index>(i));
  }
  return found;
}

}  // namespace

Index count_of(const Order& order) {
  struct Count {
    Index operator()(const SequentialSampler& s) const {
      return count_of(s.subset, s.samples);
    }
    Index operator()(const ShuffleSampler& s) const {
      return count_of(s.subset, s.samples);
    }
    Index operator()(const IndexSampler& s) const {
      return static_cast<Index>(s.ids->size());
    }
  };
  return std::visit(Count{}, order);
}

void samples_at(const Order& order, Index epoch, Index first, std::span<Index> out) {
  std::visit([&](const auto& s) { fill_at(s, epoch, first, out); }, order);
}

std::vector<Index> positions_of(const Order& order, Index epoch, Index sample_id) {
  return std::visit([&](const auto& s) { return places_of(s, epoch, sample_id); },
                    order);
}

std::string describe(const Order& order) {
  struct Describe {
    static std::string ids(const std::shared_ptr<const std::vector<Index>>& list) {
      if (!list) return "all";
      const auto bytes = std::as_bytes(std::span<const Index>(*list));
      return hex(xxh3_128(bytes));
    }
    std::string operator()(const SequentialSampler& s) const {
      return "sequential samples=" + std::to_string(s.samples) +
             " subset=" + ids(s.subset);
    }
    std::string operator()(const ShuffleSampler& s) const {
      return "shuffle=global samples=" + std::to_string(s.samples) +
             " seed=" + std::to_string(s.seed) + " subset=" + ids(s.subset);
    }
    std::string operator()(const IndexSampler& s) const {
      return "index ids=" + ids(s.ids);
    }
  };
  return std::visit(Describe{}, order);
}

Order order_of(const Sampler& sampler) {
  struct Base {
    Order operator()(const BucketSampler& s) const { return s.order; }
    Order operator()(const WindowSampler& s) const { return s.order; }
    Order operator()(const SequentialSampler& s) const { return s; }
    Order operator()(const ShuffleSampler& s) const { return s; }
    Order operator()(const IndexSampler& s) const { return s; }
  };
  return std::visit(Base{}, sampler);
}

}  // namespace lade
