// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "lade/core/matrix.h"

namespace lade::kernels {

/// How windows without rows, and values that are not finite, are given.
struct EmptyRule {
  float empty = 0.0F;
  bool total = false;  // a window without rows is valid
};
struct DeliveryTally {
  Index good = 0;      // valid windows
  Index infinite = 0;  // not finite in f32
};

/// Rounds once to f32; windows without rows, and what is not finite, become `empty`.
/// Shapes: x, count (selected rows; nullptr: some in every window), value, valid [n];
/// exact [n] or nullptr: the f64 values.
void round_values(const double* x, const std::int32_t* count, Index n,
                  const EmptyRule& rule, float* value, std::uint8_t* valid,
                  double* exact, DeliveryTally& tally) noexcept;

/// No x is NaN.
bool all_numbers(const double* x, Index n) noexcept;

/// present[r] &= x[r] is a number; returns how many rows are present.
Index find_present(const double* x, Index n, std::uint8_t* present) noexcept;

/// mean[i] = sum[i] / count[i]; sum[i] where the count is 0.  Shapes: [n]; mean may be
/// sum.
void divide_by_counts(const double* sum, const std::int32_t* count, Index n,
                      double* mean) noexcept;

/// out[r] = x[r]; whether no x is NaN.  Shapes: [n].
bool widen_numbers(const float* x, Index n, double* out) noexcept;

}  // namespace lade::kernels
