// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lade/core/matrix.h"

namespace lade::kernels {

/// out[i] = sign(x[i]) log10(|x[i]| + shift), 0 -> 0, rounded to f32 once; same bytes
/// on every instruction set.
///
/// Requires: shift >= 1, finite; `out` does not overlap `x`.
/// Accuracy: within 1 ulp of f32. A sum below 2 keeps its rounding error, so tiny |x|
///           lose nothing.
void signed_log10(const double* x, Index count, double shift, float* out) noexcept;

/// out[i] = x[i] rounded to f32; a NaN becomes the quiet one without a sign.
/// Requires: `out` does not overlap `x`.
void round_to_f32(const double* x, Index count, float* out) noexcept;

}  // namespace lade::kernels
