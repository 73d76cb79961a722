// SPDX-License-Identifier: Apache-2.0
// A recipe bound to a dataset: which columns are read, which arrays come out, and how
// the rows of a batch are built. Immutable and shared by all threads.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lade/core/convert.h"
#include "lade/core/hash.h"
#include "lade/core/memory.h"
#include "lade/io/dataset.h"
#include "lade/recipe/spec.h"
#include "lade/targets/compute.h"

namespace lade {

/// One array of a batch, row-major. Its shape is [B], then the middle axis, then
/// `inner`; of packed ones [E], then `inner`.
struct ArraySpec {
  /// Names with a slash are members of a mapping: "targets/spent_7d",
  /// "target_mask/day".
  std::string name;
  DType type = DType::f32;
  /// packed: the events of all rows one after the other, [E] instead of [B, S].
  /// offsets: [B + 1], where the rows of the packed arrays begin and end.
  enum class Middle : std::uint8_t {
    none,
    events,
    intervals,
    packed,
    offsets
  } middle = Middle::none;
  Index set = 0;    // boundary set of `intervals`
  Index inner = 0;  // 0 = no last axis
  /// Labels of classes: padding and what is not valid are -100, all else is 0-padded.
  bool labels = false;
};

struct PlanOptions {
  std::vector<std::pair<std::string, std::string>> dtypes;  // array -> type
  Index max_length = -1;      // replaces the recipe's; 0 = none
  std::vector<Index> pad_to;  // ascending lengths; empty = longest of the batch
  bool pad_to_max_length = false;
  Index pad_multiple = 1;
  bool packed = false;  // output = "packed": events without padding, and offsets
  bool group = false;   // an array `group` of the sequences' numbers, for slices
  /// off: every target by itself. The same bytes, so it is not part of `hash`.
  Sharing sharing = Sharing::on;
};

/// PlanOptions::packed by the word of the argument `output`.
/// Errors: ArgumentError unless "padded" or "packed".
bool parse_packed(std::string_view output);

/// Values of one target over the histories that were computed for a run's batches, all
/// intervals of them.
struct TargetTally {
  std::string name, every;
  Index values = 0, valid = 0;
  Index missing = 0;    // selected rows without a value
  Index nonfinite = 0;  // results that f32 does not hold
};

/// What building counted: nulls filled, unknown categories, overflow of an output type
/// ...
struct BuildCounts {
  Index samples = 0, events = 0, nulls_filled = 0, unknown = 0, overflow = 0;
  TargetCounts targets;
  void add(const BuildCounts& other);
};

/// Working memory of one thread.
class BuildScratch {
 public:
  /// Charges the account `build` of `ledger`, if there is one (TargetScratch).
  explicit BuildScratch(std::shared_ptr<Ledger> ledger = nullptr);
  ~BuildScratch();
  BuildScratch(BuildScratch&&) noexcept;
  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// A recipe bound to a dataset.
///
/// Threads: every member from any thread; a Build takes disjoint row ranges at once.
class Plan {
 public:
  /// Errors: ArgumentError "recipe is not fitted" naming the inputs; unknown columns
  /// with the
  ///         nearest name; target rules (docs/guide/targets.md); a sample longer than
  ///         the last `pad_to`.
  Plan(const Recipe& recipe, const io::Dataset& dataset, PlanOptions options = {});

  const std::vector<std::string>& columns() const;  // to be read, in reader order
  const std::vector<ArraySpec>& arrays() const;
  Index samples() const;                   // N
  Index sequences_without_sample() const;  // too short, or empty with drop_empty
  Index sequences_empty() const;           // samples without an event: all padding
  /// Of all that decides the bytes of a sample: recipe without [source] and [loader],
  /// options.
  Hash128 hash() const;
  const TargetPlan* targets() const;  // nullptr without targets
  std::vector<TargetTally> tally(const TargetCounts& counts) const;  // recipe order
  std::string describe() const;  // for people: columns, arrays, shared work
  /// Samples cut from these sequences (ascending), ascending.
  /// Errors: ArgumentError if rows are samples, or a sequence is not in the dataset.
  std::vector<Index> samples_of(std::span<const Index> sequences) const;
  /// Row groups that hold a sample, ascending; what will be read for it.
  void row_groups_of(Index sample_id, const io::DatasetReader& reader,
                     std::vector<Index>& out) const;
  /// Row group of the first event of a sample: its home.
  Index home(Index sample_id) const;
  /// Events of a sample after cut, window and max_length, from the index alone; 1 where
  /// rows are samples.
  Index events(Index sample_id) const;

  /// Where the events of a sample lie in its sequence, after cut, window and
  /// max_length.
  struct Kept {
    Index sequence = 0;
    Index begin = 0;
    Index events = 0;
    Index visible = 0;  // rows that targets may see: t < A
    Index length = 0;   // of the whole sequence, by the index
  };

  /// Shape of a batch, from the index alone.
  struct Shape {
    std::vector<Index> length;  // kept events of each row; 1 for window = "row"
    std::vector<Kept> kept;     // of each row; empty for window = "row"
    Index padded = 1;           // S; packed: the longest row
    bool packed = false;
    Index longest = 0;      // most intervals a row can have
    Index events = 0;       // sum of length
    Index bytes_bound = 0;  // slab bytes that always suffice
    Index fixed_bytes = 0;  // of these, arrays whose shape is known now
    /// Events that the arrays have room for; the share of `events` in it is the fill.
    Index cells() const noexcept {
      return packed ? events : static_cast<Index>(length.size()) * padded;
    }
  };
  Shape shape(std::span<const Index> sample_id,
              std::span<const Slice> slices = {}) const;  // one a row, or none

  /// A batch being built. `sample_id` and `shape` are copied in; the slab must hold
  /// shape.bytes_bound bytes.
  /// Errors: ArgumentError if a packed batch holds more events than `offsets` can
  /// count.
  struct Build;
  std::shared_ptr<Build> begin(std::span<const Index> sample_id, Index repeated,
                               std::shared_ptr<Slab> slab, Shape shape) const;
  /// Reads rows [first, last) of the batch through `reader` and writes them into the
  /// slab. Errors: DataError of reading; `dataset.changed` if a length differs from the
  /// index.
  void build_rows(Build& build, Index first, Index last,
                  const io::DatasetReader& reader, BuildScratch& scratch,
                  BuildCounts& counts) const;

  /// Where an array came to lie in the slab.
  struct Placed {
    const ArraySpec* spec;
    Index offset;
    std::vector<Index> shape;
  };
  /// Once, after all rows: lays out the interval arrays (their length is known only
  /// now).
  std::vector<Placed> finish(Build& build) const;

  struct Data;

 private:
  std::shared_ptr<const Data> data_;
};

}  // namespace lade
