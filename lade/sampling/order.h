// SPDX-License-Identifier: Apache-2.0
// Which samples make step t of epoch e: pure functions, no state beyond one epoch's
// plan.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lade/core/matrix.h"
#include "lade/core/random.h"

namespace lade {

/// Ascending ids, or an ascending subset of them.
struct SequentialSampler {
  Index samples = 0;                                 // N
  std::shared_ptr<const std::vector<Index>> subset;  // nullptr = 0..samples-1
};

/// A permutation of the samples, one per epoch.
struct ShuffleSampler {
  enum class Shuffle : std::uint8_t { global } shuffle = Shuffle::global;
  Index samples = 0;
  std::uint64_t seed = 0;
  std::shared_ptr<const std::vector<Index>> subset;
};

/// Explicit ids in a given order, the same in every epoch (torch's `sampler`).
struct IndexSampler {
  std::shared_ptr<const std::vector<Index>> ids;
};

/// Values, never virtual. Later samplers join this list.
using Sampler = std::variant<SequentialSampler, ShuffleSampler, IndexSampler>;

/// How an epoch is cut into steps and ranks (loading.md 3.4).
struct Shard {
  Index batch_size = 1;  // b, per rank
  Index rank = 0;
  Index world_size = 1;  // W
  bool drop_last = false;
  bool pad_last = false;  // the last batch has b rows too
};

/// Samples of one step of one rank.
struct BatchPlan {
  Index epoch = 0;
  Index step = 0;
  std::vector<Index> sample_id;
  Index padded = 0;  // the last `padded` ids repeat others; sample_mask is false
};

/// Samples an epoch holds.
Index sample_count(const Sampler& sampler);
/// Steps of an epoch; equal on every rank.
/// Errors: ArgumentError if batch_size < 1 or rank is not in 0..world_size-1.
Index steps(const Sampler& sampler, const Shard& shard, Index epoch);
/// Pure.  Errors: ArgumentError if step is not in 0..steps-1; a sampler's id outside
/// [0, N).
BatchPlan plan(const Sampler& sampler, const Shard& shard, Index epoch, Index step);

/// Where a sample is seen in an epoch: all (step, rank, row).
struct Seen {
  Index step = 0, rank = 0, row = 0;
  bool operator==(const Seen&) const = default;
};
std::vector<Seen> where_seen(const Sampler& sampler, const Shard& shard, Index epoch,
                             Index sample_id);

/// The subset of `sample_fraction`: m = floor(f * n + 1e-6), at least 1 if n > 0,
/// ascending.
std::vector<Index> fraction_subset(Index n, double fraction, std::uint64_t seed);

/// Canonical text of a sampler for hashes: kind and parameters.
std::string describe(const Sampler& sampler);

/// The uniform number that decides the part of an entity (loading.md 3.1 `split`).
double split_unit(std::uint64_t seed, std::int64_t entity) noexcept;
double split_unit(std::uint64_t seed, std::string_view entity) noexcept;

}  // namespace lade
