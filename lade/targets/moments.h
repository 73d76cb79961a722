// SPDX-License-Identifier: Apache-2.0
// Spread: count, mean and squares of rows, of intervals and of windows. Nothing is
// subtracted but means, so what has left a window leaves no trace.
#pragma once

#include <cstdint>

#include "lade/core/matrix.h"

namespace lade::kernels {

/// Number of values, their mean and the sum of their squared distances from it.
struct Moments {
  double count = 0;
  double mean = 0;
  double squares = 0;
};

/// The moments of both together; of equal values the squares are exactly 0.
/// Source: Chan, Golub and LeVeque 1979, "Updating formulae and a pairwise algorithm
///         for computing sample variances".
Moments join(const Moments& a, const Moments& b) noexcept;

/// What is joined: moments of intervals, or rows; a row that is not selected is
/// nothing.
struct MomentElements {
  const Moments* moments = nullptr;        // [elements]; nullptr: rows
  const double* x = nullptr;               // [rows]
  const std::uint8_t* selected = nullptr;  // 0 or 1, [rows]
  Moments operator[](Index e) const noexcept {
    if (moments != nullptr) return moments[e];
    // x - x: an infinite value has no spread that is a number.
    return selected[e] != 0 ? Moments{1, x[e], x[e] - x[e]} : Moments{};
  }
};

/// Joins the elements of each run, first to last.
/// Shapes: elements [ends[runs - 1] + 1]; ends (last of each run), out [runs].
void reduce_runs(const MomentElements& elements, const std::int32_t* ends, Index runs,
                 Moments* out) noexcept;

/// squares[e] = those of elements 0 .. e joined, first to last.  Shapes: squares [n].
void accumulate_squares(const MomentElements& elements, Index n,
                        double* squares) noexcept;

/// The same, beginning anew at each run.
void accumulate_squares(const MomentElements& elements, const std::int32_t* ends,
                        Index runs, double* squares) noexcept;

/// squares[i] = those of the elements [low[i], high[i]) joined.
///
/// Two-stack queue: O(1) joins per element and window, whatever the window's length.
/// Shapes:   suffix (working memory) [elements]; low, high, squares [windows].
/// Requires: low and high do not decrease.
/// Accuracy: with k = sqrt(1 + n mean^2 / squares), within a few n 2^-53 k relative.
void slide_squares(const MomentElements& elements, const std::int32_t* low,
                   const std::int32_t* high, Index windows, Moments* suffix,
                   double* squares) noexcept;

}  // namespace lade::kernels
