// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "lade/core/matrix.h"

namespace lade::kernels {

/// What one block met; sums of at most 2^30 values.
struct HalfTally {
  std::int32_t overflow = 0;   // finite, infinite after rounding
  std::int32_t underflow = 0;  // not zero, zero after rounding
  std::int32_t nonfinite = 0;  // NaN or infinite
};

/// f32 to f16 and bf16, round to nearest even, subnormals kept, quiet NaNs with their
/// sign.
///
/// Shapes: in, out [count], count <= 2^30.
/// Source: the bits of IEEE 754-2019; below 2^-14 the addition of 0.5 does the
/// rounding.
void f32_to_f16(const float* in, Index count, std::uint16_t* out,
                HalfTally& tally) noexcept;
void f32_to_bf16(const float* in, Index count, std::uint16_t* out,
                 HalfTally& tally) noexcept;

}  // namespace lade::kernels
