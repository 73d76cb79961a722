// SPDX-License-Identifier: Apache-2.0
// Parts of a dataset by time, as filters; by entity: sampling/order.h, split_unit.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lade/io/dataset.h"

namespace lade {

/// Filters of the parts of a split by time: an event at t belongs to part p iff
/// cuts[p-1] <= t < cuts[p], and to no part if it lies in [cut, cut + purge) of the cut
/// before its part.
///
/// `cuts` are written times, in the time column's zone where they name none, or whole
/// numbers in its unit; `purge` is a duration ("7d"), of a column of whole numbers a
/// whole number, "" = none. Gives cuts.size() + 1 texts of the `where` language.
/// Errors: ArgumentError without time column or cuts, if they do not ascend, if the
///         column is no time and no whole number, if a purge reaches the next cut.
std::vector<std::string> time_split(const io::Dataset& dataset,
                                    std::span<const std::string> cuts,
                                    std::string_view purge);

/// Numbers in `part` of the entities that have these numbers in `whole`, ascending;
/// entities that `part` lacks are left out. Both number by ascending entity.
std::vector<Index> same_entities(const io::Dataset& part, const io::Dataset& whole,
                                 std::span<const Index> sequences);

/// The events of a dataset in memory for which `text` (as set_filter) is true; of all
/// sequences if `sequences` is empty. Shares memory where rows need not move.
io::Dataset filtered(const io::Dataset& dataset, std::span<const Index> sequences,
                     const std::string& text);

}  // namespace lade
