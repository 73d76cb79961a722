// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "lade/core/matrix.h"

namespace lade::kernels {

/// As lade::interleave.
void interleave(const float* const* in, Index columns, Index rows, float* out) noexcept;

/// Zeroes past the caches; `to` and `bytes` are multiples of 64.
void stream_zeroes(std::byte* to, Index bytes) noexcept;
/// Copies past the caches; `to` and `bytes` are multiples of 64.
void stream_copy(const std::byte* from, std::byte* to, Index bytes) noexcept;

}  // namespace lade::kernels
