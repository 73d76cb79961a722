// SPDX-License-Identifier: Apache-2.0
// Arithmetic of targets: rows into intervals, intervals into windows. f64 throughout;
// every sum has one order, which depends on the rows and the window alone; nothing is
// subtracted.
#pragma once

#include <cstdint>

#include "lade/core/matrix.h"

namespace lade::kernels {

/// What joins two partial values. Identities: 0, +inf, -inf.
enum class Combine : std::uint8_t { sum, least, greatest };
double identity(Combine combine) noexcept;

/// out[r] = selected[r] ? x[r] : other.
/// Shapes: x, selected (0 or 1), out [n].
void keep_selected(const double* x, const std::uint8_t* selected, Index n, double other,
                   double* out) noexcept;

/// selected[r] &= present[r]; returns the number of rows this clears.
Index drop_missing(const std::uint8_t* present, Index n,
                   std::uint8_t* selected) noexcept;

/// before[r] = selected rows among the first r.  Shapes: selected [n], before [n + 1].
void count_before(const std::uint8_t* selected, Index n, std::int32_t* before) noexcept;

/// out[e] = x[0] .. x[e] joined, first to last.  Shapes: x, out [n].
void accumulate(Combine combine, const double* x, Index n, double* out) noexcept;

/// The same, beginning anew at each run.
void accumulate_runs(Combine combine, const double* x, const std::int32_t* ends,
                     Index runs, double* out) noexcept;

/// out[i] = the elements [low[i], high[i]) joined; the identity where there are none.
///
/// Two-stack queue: O(1) joins per element and window, whatever the window's length.
/// Shapes:   x, suffix (working memory) [elements]; low, high, out [windows].
/// Requires: low and high do not decrease.
void slide(Combine combine, const double* x, const std::int32_t* low,
           const std::int32_t* high, Index windows, double* suffix,
           double* out) noexcept;

/// The same for windows of the last `length` elements, the last one i, with the same
/// order of joins.  Shapes: x, suffix, out [n].  Requires: length >= 1.
void slide_last(Combine combine, const double* x, Index n, Index length, double* suffix,
                double* out) noexcept;

}  // namespace lade::kernels
