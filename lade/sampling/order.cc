// SPDX-License-Identifier: Apache-2.0
#include "lade/sampling/order.h"

#include <algorithm>
#include <limits>

#include "lade/core/error.h"
#include "lade/core/hash.h"

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

Index count_of(const std::shared_ptr<const std::vector<Index>>& subset, Index samples) {
  return subset ? static_cast<Index>(subset->size()) : samples;
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

/// The sample at each position of an epoch's order, positions taken as a run.
void samples_at(const SequentialSampler& sampler, Index /*epoch*/, Index first,
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

void samples_at(const ShuffleSampler& sampler, Index epoch, Index first,
                std::span<Index> out) {
  permutation(sampler, epoch).fill(first, static_cast<Index>(out.size()), out.data());
  if (!sampler.subset) return;
  for (Index& id : out) id = (*sampler.subset)[static_cast<std::size_t>(id)];
}

void samples_at(const IndexSampler& sampler, Index /*epoch*/, Index first,
                std::span<Index> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = (*sampler.ids)[static_cast<std::size_t>(first) + i];
  }
}

/// Positions of the order at which a sample stands.
std::vector<Index> positions_of(const SequentialSampler& sampler, Index /*epoch*/,
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

std::vector<Index> positions_of(const ShuffleSampler& sampler, Index epoch, Index id) {
  const SequentialSampler ascending{sampler.samples, sampler.subset};
  std::vector<Index> found = positions_of(ascending, epoch, id);
  for (Index& position : found)
    position = permutation(sampler, epoch).inverse(position);
  return found;
}

std::vector<Index> positions_of(const IndexSampler& sampler, Index /*epoch*/,
                                Index id) {
  std::vector<Index> found;
  for (std::size_t i = 0; i < sampler.ids->size(); ++i) {
    if ((*sampler.ids)[i] == id) found.push_back(static_cast<Index>(i));
  }
  return found;
}

}  // namespace

Index sample_count(const Sampler& sampler) {
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
  return std::visit(Count{}, sampler);
}

Index steps(const Sampler& sampler, const Shard& shard, Index /*epoch*/) {
  check_shard(shard);
  return Cut(sample_count(sampler), shard).steps();
}

BatchPlan plan(const Sampler& sampler, const Shard& shard, Index epoch, Index step) {
  check_shard(shard);
  const Cut cut(sample_count(sampler), shard);
  require(step >= 0 && step < cut.steps(), "step: must be in 0.." +
                                               std::to_string(cut.steps() - 1) +
                                               ", got " + std::to_string(step));
  const Index rows = step < cut.full ? shard.batch_size : cut.last;
  const Index first = step * cut.global + shard.rank * rows;
  const Index own = std::clamp<Index>(cut.samples - first, 0, rows);
  BatchPlan result;
  result.epoch = epoch;
  result.step = step;
  result.padded = rows - own;
  result.sample_id.resize(static_cast<std::size_t>(rows));
  const std::span<Index> ids(result.sample_id);
  const auto at = [&](Index position, std::span<Index> out) {
    std::visit([&](const auto& s) { samples_at(s, epoch, position, out); }, sampler);
  };
  at(first, ids.first(static_cast<std::size_t>(own)));
  // What is missing repeats positions 0, 1, ... of the epoch, counted over all ranks.
  for (Index row = own; row < rows; ++row) {
    const Index repeat = (first + row - cut.samples) % cut.samples;
    at(repeat, ids.subspan(static_cast<std::size_t>(row), 1));
  }
  return result;
}

std::vector<Seen> where_seen(const Sampler& sampler, const Shard& shard, Index epoch,
                             Index sample_id) {
  check_shard(shard);
  const Cut cut(sample_count(sampler), shard);
  std::vector<Seen> seen;
  const Index full_positions = cut.full * cut.global;
  const Index last_positions = cut.last * shard.world_size;
  const auto add = [&](Index position) {
    const bool in_full = position < full_positions;
    const Index rows = in_full ? shard.batch_size : cut.last;
    const Index step = in_full ? position / cut.global : cut.full;
    const Index within = position - step * cut.global;
    seen.push_back({step, within / rows, within % rows});
  };
  for (const Index position : std::visit(
           [&](const auto& s) { return positions_of(s, epoch, sample_id); }, sampler)) {
    if (position < full_positions + last_positions) add(position);
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

std::string describe(const Sampler& sampler) {
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
  return std::visit(Describe{}, sampler);
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
