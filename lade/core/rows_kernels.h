// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "lade/core/matrix.h"

namespace lade::kernels {

/// As lade::interleave.
void interleave(const float* in, Index stride, Index columns, Index rows,
                float* out) noexcept;

/// Zeroes past the caches; `to` and `bytes` are multiples of 64.
void stream_zeroes(std::byte* to, Index bytes) noexcept;

}  // namespace lade::kernels
