// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lade/core/sequence.h"
#include "lade/targets/row_windows.h"

namespace lade {

/// Values numbered so that equal ones have equal numbers, once for all windows.
struct Numbering {
  std::vector<std::int32_t> number;                   // of each element
  Index numbers = 0;                                  // all of them are below
  std::vector<std::int32_t> order, seen, code, used;  // working memory
};

/// Numbers the values that row[e] picks out of x. -0 is 0.
/// Requires: no NaN among them.
void number_values(const double* x, std::span<const std::int32_t> row,
                   Numbering& numbering);

/// Numbers rows of a column as they are: whole numbers, times, texts (by their bytes).
///
/// `begin` is the column's row of row 0. O(n log n) in the rows, whatever the size of
/// the dictionary.
/// Requires: an 8-byte whole number, time or text column; the rows are valid.
void number_values(const Column& column, Index begin, std::span<const std::int32_t> row,
                   Numbering& numbering);

/// out[i] = different numbers in window i. O(1) per element that enters or leaves.
void window_distinct(RowWindows over, Numbering& numbering, double* out);

}  // namespace lade
