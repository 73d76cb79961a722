// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lade/core/matrix.h"

namespace lade::kernels {

/// out[i] = sign(x[i]) log10(|x[i]| + shift), 0 -> 0, rounded to f32 once; same bytes
/// on every instruction set.
///
/// Requires: shift >= 1, finite; `out` does not overlap `x`.
/// Accuracy: the sum keeps its rounding error and the logarithm is taken as in
///           core/elementary.cc, so tiny |x| lose nothing.
void signed_log10(const double* x, Index count, double shift, float* out) noexcept;

}  // namespace lade::kernels
