// SPDX-License-Identifier: Apache-2.0
// Which samples make step t of epoch e: pure functions, no state beyond one epoch's
// plan.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lade/core/matrix.h"
#include "lade/core/random.h"
#include "lade/sampling/windows.h"

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

/// A sample for every position of an epoch.
using Order = std::variant<SequentialSampler, ShuffleSampler, IndexSampler>;

/// Batches of like lengths: windows of an order are sorted by length and cut into
/// global batches, which are served in a random order of their own
/// (docs/formats/random.md).
struct BucketSampler {
  Order order;
  /// Positions, rounded down to whole global batches of G samples, at least one;
  /// 0 = max(8192, 32 G).
  Index window = 0;
  std::uint64_t seed = 0;
  std::function<Index(Index)> length;  // of a sample in events; pure, from any thread
};

/// Random slices of each sample, other ones in each epoch; their rows are adjacent
/// (docs/formats/random.md).
struct WindowSampler {
  Order order;                              // of the samples that are sliced
  Index split_count = 5;                    // slices of a sample
  Index min_length = 25, max_length = 100;  // events of a slice, both included
  std::uint64_t seed = 0;
  std::function<Index(Index)> length;  // of a sample in events; pure, from any thread
  Index too_short = 0;                 // samples left out of `order`, for counting
};

/// Values, never virtual. Later samplers join this list.
using Sampler = std::variant<SequentialSampler, ShuffleSampler, IndexSampler,
                             BucketSampler, WindowSampler>;

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
  std::vector<Slice> slice;  // of each row; empty: whole samples
};

/// Samples an epoch holds.
Index sample_count(const Sampler& sampler);
/// Rows of a batch that one sample makes.
Index rows_per_sample(const Sampler& sampler);
/// Slice number `split` of a sample of `length` events in an epoch; the whole sample if
/// it is shorter than min_length.
Slice slice_of(const WindowSampler& sampler, Index epoch, Index sample_id, Index length,
               Index split);
/// Steps of an epoch; equal on every rank.
/// Errors: ArgumentError if batch_size < 1 or rank is not in 0..world_size-1.
Index steps(const Sampler& sampler, const Shard& shard, Index epoch);
/// Pure.  Errors: ArgumentError if step is not in 0..steps-1; a sampler's id outside
/// [0, N).
BatchPlan plan(const Sampler& sampler, const Shard& shard, Index epoch, Index step);

/// One window of a BucketSampler: its positions in the order of delivery.
struct BucketWindow {
  Index number = -1;
  std::vector<Index> position;   // of the order
  std::vector<Index> sample_id;  // at these positions
};

/// Plans the steps of one epoch as `plan` does, and keeps the window of a BucketSampler
/// that it sorted last: steps in turn sort each window once.
///
/// Threads: one at a time.
class EpochPlanner {
 public:
  EpochPlanner(const Sampler& sampler, const Shard& shard, Index epoch);
  Index steps() const { return steps_; }
  /// Errors: as `plan`.
  BatchPlan plan(Index step);

 private:
  BatchPlan plan_samples(Index step);

  Sampler sampler_;
  Order order_;  // below its buckets or slices
  Shard shard_;
  Index epoch_, steps_;
  BucketWindow window_;
};

/// Where a sample is seen in an epoch: all (step, rank, row); of slices the first row.
struct Seen {
  Index step = 0, rank = 0, row = 0;
  bool operator==(const Seen&) const = default;
};
std::vector<Seen> where_seen(const Sampler& sampler, const Shard& shard, Index epoch,
                             Index sample_id);

/// The subset of `sample_fraction`: m = floor(f * n + 1e-6), at least 1 if n > 0,
/// ascending.
std::vector<Index> fraction_subset(Index n, double fraction, std::uint64_t seed);

/// Canonical text of a sampler for hashes: kind and parameters, of buckets the global
/// batch too, without which their windows mean nothing.
std::string describe(const Sampler& sampler, const Shard& shard);

/// The uniform number that decides the part of an entity (loading.md 3.1 `split`).
double split_unit(std::uint64_t seed, std::int64_t entity) noexcept;
double split_unit(std::uint64_t seed, std::string_view entity) noexcept;

}  // namespace lade
