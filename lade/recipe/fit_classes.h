// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>

#include "lade/io/dataset.h"
#include "lade/recipe/spec.h"

namespace lade {

/// Finds the thresholds of classes that have `quantiles`: the K - 1 quantiles j / K,
/// linearly interpolated, of the valid values of the sequences, in f64 before rounding.
///
/// Memory: 8 bytes per value of one target at a time, on the dataset's ledger.
/// Errors: ArgumentError if the budget does not hold them; DataError
///         `classes.quantiles` for fewer valid values than quantiles, or all equal.
/// `sequences`: ascending; empty = all. `poll` is called for each.
void fit_classes(RecipeSpec& spec, const io::Dataset& dataset,
                 std::span<const Index> sequences, const std::function<void()>& poll);

}  // namespace lade
