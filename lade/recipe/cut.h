// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "lade/io/dataset.h"
#include "lade/recipe/spec.h"

namespace lade {

/// Rows of a sequence that a recipe's cut leaves: [begin, end). Rows before `end` have
/// t < A.
struct Cut {
  Index begin = 0;
  Index end = 0;
};

/// Counts the rows of each sequence that `until`, `until_lag` and `max_age` leave: A =
/// until - until_lag, inputs have A - max_age <= t < A. Reads the time column of the
/// sequences that the cut may touch, once.
///
/// Requires: spec.until is not empty.
/// Errors:   ArgumentError naming the field and the value.
std::vector<Cut> make_cuts(const SequenceSpec& spec, const io::Dataset& dataset);

/// Exclusive end of what was observed: the recipe's, else the newest time of the
/// dataset plus one unit of its precision.
std::int64_t observed_until(const RecipeSpec& spec, const io::Dataset& dataset);

}  // namespace lade
