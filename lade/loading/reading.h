// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lade/loading/loader_internal.h"

namespace lade {

/// What an epoch reads, by the row groups that the first plans touch and a cache of
/// half the budget that forgets what was used longest ago. An estimate: nothing is
/// read.
struct Reading {
  Index row_groups = 0;  // of the dataset
  Index stored = 0;      // bytes of the selected columns in the files
  Index decoded = 0;     // the same, decoded
  Index first = 0;       // row groups of the first batch
  double epoch = 0;      // row groups read in an epoch
  double groups(double count, Index bytes) const {
    return row_groups > 0
               ? count * static_cast<double>(bytes) / static_cast<double>(row_groups)
               : 0;
  }
  double amplification() const {
    return row_groups > 0 ? epoch / static_cast<double>(row_groups) : 0;
  }
};

/// Requires: the loader has a dataset and a plan.
Reading reading_of(const Loader::State& state, const Stage& stage, Index epoch);

/// Batches that an estimate looks at.
inline constexpr Index kPlans = 64;

}  // namespace lade
