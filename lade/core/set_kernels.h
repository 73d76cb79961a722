// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "lade/core/matrix.h"

namespace lade::kernels {

/// Eight bits as eight bytes of 0 or 1, lowest bit first.
inline std::uint64_t spread(std::uint64_t bits) noexcept {
  const std::uint64_t one_each = (bits * 0x0101010101010101ULL) & 0x8040201008040201ULL;
  return ((one_each + 0x7F7F7F7F7F7F7F7FULL) >> 7) & 0x0101010101010101ULL;
}

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
