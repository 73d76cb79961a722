// SPDX-License-Identifier: Apache-2.0
// Working memory of compute_targets; vectors keep their capacity from sequence to
// sequence.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "lade/core/expression.h"
#include "lade/core/memory.h"
#include "lade/targets/aggregate_kernels.h"
#include "lade/targets/boundaries_internal.h"
#include "lade/targets/distinct.h"
#include "lade/targets/moments.h"
#include "lade/targets/order_statistics.h"
#include "lade/targets/plan_internal.h"

namespace lade {

/// Rows that back targets see, or all rows for ahead targets; one and the same unless a
/// cut hides rows.
enum class Extent : std::uint8_t { visible, all };

/// A grid cut out of one sequence.
struct Cut {
  Index size = 0;
  std::vector<std::int32_t> ends;  // last row
  std::vector<std::int64_t> keys;
  std::vector<std::int32_t> last;  // last day, if grouped from days
  // Of units that rows are cut into, which interval a row lies in (kernels::RunBits).
  std::vector<std::uint64_t> begins;
  std::vector<std::int32_t> before;
  std::span<const std::int64_t> key_span() const {
    return {keys.data(), static_cast<std::size_t>(size)};
  }
};

/// Windows of one sequence: elements [low, high) of each, and which windows are whole.
struct Ranges {
  std::vector<std::int32_t> low, high;
  Index first_whole = 0;    // windows before it begin before the sequence (warmup)
  Index end_whole = 0;      // windows from it on are not observed to their end
  Index last_elements = 0;  // > 0: window i is that many elements, the last one i
  bool read = true;         // false: with last_elements low and high are not filled
};

/// What a pair has given so far in this sequence. A table is there if its stamp is
/// current.
template <class T>
struct Stamped {
  std::vector<T> values;
  std::uint64_t stamp = 0;
};
/// The partial values of one way to join; jobs of a pair are sorted by it.
struct PartialValues : Stamped<double> {
  kernels::Combine combine = kernels::Combine::sum;
  /// Whether they are of this pair, joined so; from now on they are said to be.
  bool claim(std::uint64_t pair, kernels::Combine by) {
    const bool there = stamp == pair && combine == by;
    stamp = pair;
    combine = by;
    return there;
  }
};

struct TargetScratch::State {
  EvalScratch eval;
  TargetCounts counts;
  std::vector<std::array<Cut, 2>> cuts;       // per grid, by extent
  std::vector<Ranges> ranges;                 // per windows
  std::vector<Stamped<std::uint64_t>> masks;  // bits, per where that is used again
  std::vector<std::uint8_t> mask, present;    // of the pair; of the value
  bool mask_there = false;                    // `mask` says what `bits` say
  std::vector<double> value;                  // where it is no column of f64
  std::vector<std::uint64_t> bits;            // of the mask
  std::vector<std::int32_t> bits_before;
  std::vector<std::int32_t> before;  // selected rows before each row; see needs_rows
  std::vector<std::array<Stamped<std::int32_t>, 2>>
      element_before;  // elements of a grid
  PartialValues rows;  // per row, the identity where not selected
  std::vector<std::array<PartialValues, 2>> partials;  // per grid, by extent
  std::vector<std::int32_t> count;                     // per window of a job
  std::vector<double> joined, suffix;
  std::vector<std::vector<double>> exact;  // per target that a mix or class reads
  std::vector<Column> mix_columns;
  std::vector<std::array<Stamped<kernels::Moments>, 2>> moments;  // per grid, by extent
  std::vector<kernels::Moments> moment_suffix;
  Stamped<std::int32_t> selected;  // rows of the pair
  // Of their values; the one that is made takes the memory of the other.
  Ranking ranking;
  Numbering numbering;
  std::uint64_t ranking_stamp = 0, numbering_stamp = 0;
  std::vector<std::int32_t> row_low, row_high;  // windows over selected rows
  std::uint64_t pair_stamp = 0, sequence_stamp = 0;
  std::shared_ptr<Ledger> ledger;  // nullptr: nobody is told
  Reservation held;                // what bytes() said last
};

/// One sequence as the operators see it.
struct SequenceRows {
  std::span<const std::int64_t> visible;  // times of the rows that back targets see
  std::span<const std::int64_t> all;
  bool cut() const { return visible.size() != all.size(); }
  std::span<const std::int64_t> of(Extent extent) const {
    return extent == Extent::visible ? visible : all;
  }
};

/// `values` with room for n and, if it grows, for no more; it never shrinks.
template <class T>
T* room(std::vector<T>& values, Index n) {
  const auto size = static_cast<std::size_t>(n);
  if (values.size() < size) {
    values.reserve(size);
    values.resize(size);
  }
  return values.data();
}

/// A grid as an extent's windows see it.
inline const Cut& cut_of(const TargetScratch::State& state, const SequenceRows& rows,
                         Index grid, Extent extent) {
  const std::size_t which = extent == Extent::all && rows.cut() ? 1 : 0;
  return state.cuts[static_cast<std::size_t>(grid)][which];
}

/// Cuts a grid; its days are there already.
void cut_grid(const Grid& grid, std::span<const std::int64_t> time, const Cut* days,
              Cut& cut);

/// Finds the elements of every window. `cuts` as in State.
void find_ranges(const TargetPlan::Data& plan, const Windows& windows,
                 const SequenceRows& rows, const std::vector<std::array<Cut, 2>>& cuts,
                 Ranges& ranges);

/// The rows of a pair: State holds its mask and `before`.
struct PairRows {
  const TargetPlan::Data& plan;
  const SequenceView& view;
  const SequenceRows& rows;
  const double* value;  // of all rows; nullptr where there is none
  TargetScratch::State& state;
};

/// The windows of one target and how many selected rows each holds.
struct WindowList {
  const Windows& windows;
  const Ranges& ranges;
  Index size = 0;
  std::int32_t* counts = nullptr;
};

/// Values of the aggregates that joining sums and extremes does not give. Sets the
/// count of a window that holds too few rows for a value (of spread) to 0.
void aggregate_rows(const PairRows& pair, const TargetSpec& spec,
                    const WindowList& over, double* out);

/// Fills the values of the plan's mixes from State::exact.
void compute_mixes(const TargetPlan::Data& plan, TargetScratch::State& state,
                   SequenceTargets& out);

/// Fills the labels of the plan's classes from State::exact.
void compute_classes(const TargetPlan::Data& plan, TargetScratch::State& state,
                     SequenceTargets& out);

/// All targets and mixes of compat = "hppl". The grids are cut; `out` has room.
void compute_hppl(const TargetPlan::Data& plan, const SequenceView& view,
                  const SequenceRows& rows, TargetScratch::State& state,
                  SequenceTargets& out);

/// How values become what a batch holds.
struct Delivery {
  const double* value;
  const std::int32_t* count;  // selected rows of each window; nullptr: some in each
  Index windows = 0;
  Index begin = 0, end = 0;  // windows outside are invalid
  bool total = false;
  float empty = 0.0F;
};
/// Rounds once to f32; what is empty, outside or not finite becomes `empty`. `exact`
/// gets the f64 values, unless it is nullptr. Adds to invalid and nonfinite.
void deliver(const Delivery& delivery, float* value, std::uint8_t* valid, double* exact,
             Index& invalid, Index& nonfinite) noexcept;

/// Of windows [0, size) those which hold true for `test`, if it holds for a first part.
template <class Test>
Index first_part(Index size, Test test) {
  Index low = 0;
  for (Index high = size; low < high;) {
    const Index middle = low + (high - low) / 2;
    if (test(middle)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace lade
