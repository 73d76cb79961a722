// SPDX-License-Identifier: Apache-2.0
// The exact border between a written number and the values of a column type.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "lade/core/expression_internal.h"

namespace lade {

/// A closed range of whole numbers; empty if low > high.
struct WholeRange {
  ExactNumber::Whole low, high;
};

/// The whole numbers in [least, greatest] between two limits.
WholeRange whole_range(const ProgramBuilder::Limit& low,
                       const ProgramBuilder::Limit& high, ExactNumber::Whole least,
                       ExactNumber::Whole greatest);

/// All values of an integer (or time) column.
WholeRange limits_of(Kind kind);

/// The least and the greatest T (float, double) between two limits, as f64: comparing a
/// value of that type with them is exact.
template <class T>
std::pair<double, double> real_range(const ProgramBuilder::Limit& low,
                                     const ProgramBuilder::Limit& high);

/// Written whole numbers as a set: bits where they lie close together.
/// Requires: ascending, not empty.
IntegerSet make_set(std::vector<std::int64_t> sorted);

}  // namespace lade
