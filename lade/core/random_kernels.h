// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "lade/core/matrix.h"

namespace lade::kernels {

/// A multiple of the 64-bit lanes of every instruction set.
inline constexpr Index kFeistelBlock = 256;

/// Six Feistel rounds of `Permutation` on each of x[0 .. count-1], in place.
///
/// Even round r: high ^= mix64(low ^ keys[r]) >> (64 - high_bits); odd ones the
/// reverse. Requires: count <= kFeistelBlock; x has room for kFeistelBlock numbers
/// (those behind
///           `count` may change); high_bits, low_bits in 1..32.
/// Source:   docs/formats/random.md.
void feistel(const std::uint64_t* keys, unsigned high_bits, unsigned low_bits,
             std::uint64_t* x, Index count) noexcept;

/// out[j] = mix64(counter + j * kGamma).
void draws(std::uint64_t counter, Index count, std::uint64_t* out) noexcept;

/// The same numbers as 32-bit words, low half first: out[j] = (word j >> 8) * 2^-24.
void draw_floats(std::uint64_t counter, Index count, float* out) noexcept;

}  // namespace lade::kernels
