// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lade/core/sequence.h"

namespace lade {

/// y = sign(x) log10(|x| + shift), 0 -> 0, of each value; f64 in, f32 rounded once.
///
/// Requires: shift >= 1, finite; `out` does not overlap `x`. NaN stays NaN (canonical).
/// Accuracy: within 1 ulp of f32, for tiny |x| too.
/// shift = 1 has no jump at 0; any other has one of log10(shift).
void signed_log10(const double* x, Index count, double shift, float* out) noexcept;

/// How a numeric input becomes f32: transform, then scale and shift, one rounding each.
///
/// Scale and shift are done in f64 for 64-bit columns, else (and after log10) in f32.
struct NumericInput {
  enum class Transform : std::uint8_t { none, log10 } transform = Transform::none;
  double log_shift = 1.0;
  double scale = 1.0;  // y = x * scale + shift, rounded separately
  double shift = 0.0;
  float fill = 0.0F;  // of nulls
};

/// True if the column's own values are the result, but for the bits of a NaN: f32
/// without nulls that nothing is done to.
bool is_as_stored(const NumericInput& input, const Column& column) noexcept;

/// Rows [begin, begin + rows) of a number (or boolean, time) column as f32 with a
/// stride: out[r * stride]. Returns the nulls filled.
Index numeric(const NumericInput& input, const Column& column, Index begin, Index rows,
              float* out, Index stride) noexcept;

}  // namespace lade
