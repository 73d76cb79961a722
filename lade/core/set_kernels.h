// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "lade/core/matrix.h"

namespace lade::kernels {

/// out[i] = bit at[i] of a table of 256 bits, xor flip, as a byte.
/// Shapes: table [32], lowest bit first; at, out [n], may be the same memory.
void look_up_bits(const std::uint8_t* table, const std::uint8_t* at, Index n,
                  std::uint8_t flip, std::uint8_t* out) noexcept;

/// out[i] = (low <= x[i] <= high) xor flip, as a byte; a NaN lies nowhere.
/// Shapes: x, out [n].
void between(const double* x, Index n, double low, double high, std::uint8_t flip,
             std::uint8_t* out) noexcept;
void between(const float* x, Index n, float low, float high, std::uint8_t flip,
             std::uint8_t* out) noexcept;

/// out[i] = x[i] - first if that is below 255, else 255.  Shapes: x, out [n].
void offsets_from(const std::int32_t* x, Index n, std::int32_t first,
                  std::uint8_t* out) noexcept;

}  // namespace lade::kernels
