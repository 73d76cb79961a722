// SPDX-License-Identifier: Apache-2.0
// Targets of a sequence, as far as a window shows them, in the arrays of a batch.
#pragma once

#include <utility>
#include <vector>

#include "lade/recipe/plan_internal.h"

namespace lade {

class TargetRows {
 public:
  /// `values`: of the sequence that is written next; `entry` is a buffer.
  TargetRows(const Plan::Data& data, Plan::Build& build, const SequenceTargets& values,
             std::vector<float>& entry, BuildCounts& counts)
      : data_(data),
        plan_(data.targets ? &*data.targets : nullptr),
        build_(build),
        values_(values),
        entry_(entry),
        counts_(counts) {}

  /// A row of the batch and what it shows.
  struct Window {
    const SequenceView& view;
    const Plan::Kept& kept;
    Index row = 0;
    Index padded = 0;  // entries of the row in arrays of events
  };
  /// Fills the row of array a, which begins at `out`.
  /// Errors: DataError `convert.overflow`
  void write(std::size_t a, const Window& window, std::byte* out);

 private:
  const SequenceTargets::Set& set(const ArraySpec& spec) const {
    return values_.sets[static_cast<std::size_t>(spec.set)];
  }
  const Boundary& boundary(std::size_t set) const {
    return plan_->sets()[set].boundary;
  }
  std::pair<Index, Index> given(const SequenceTargets::Set& set,
                                const Plan::Kept& kept) const;
  void write_entries(std::size_t a, const Window& window, std::pair<Index, Index> range,
                     bool spread, std::byte* out);
  bool write_run(const ArraySpec& spec, const BoundArray& bound, const Plan::Kept& kept,
                 std::pair<Index, Index> range, std::byte* out) const;
  void write_entry(std::size_t a, const Window& window, Index from, Index position,
                   std::byte* out);
  void put_floats(const ArraySpec& spec, Index row, const float* values, Index count,
                  std::byte* out);
  std::int64_t end_of(std::size_t set, std::size_t interval,
                      const SequenceView& view) const;

  const Plan::Data& data_;
  const TargetPlan* plan_;  // nullptr: there are no targets to write
  Plan::Build& build_;
  const SequenceTargets& values_;
  std::vector<float>& entry_;
  BuildCounts& counts_;
};

}  // namespace lade
