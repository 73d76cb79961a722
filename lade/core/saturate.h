// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lade/core/convert.h"
#include "lade/core/matrix.h"

namespace lade {

/// After `convert(in, count, type, out, stride, ...)`: what overflowed becomes the
/// largest (or smallest) finite value of the type instead. Infinite inputs of float
/// types stay infinite, of integer types they are clamped, too.
///
/// Shapes: as convert.
void saturate(const float* in, Index count, DType type, void* out,
              Index stride) noexcept;

}  // namespace lade
