// SPDX-License-Identifier: Apache-2.0
// What it takes to write the rows of a batch at the speed of memory.
#pragma once

#include <cstddef>

#include "lade/core/sequence.h"

namespace lade {

/// Columns to rows: out[r * columns + c] = in[c * stride + r].
///
/// Shapes:   in [columns, stride], of which the first `rows` of each are read; out
///           [rows, columns], contiguous. Writes nothing else.
/// Requires: rows <= stride, out does not overlap in.
void interleave(const float* in, Index stride, Index columns, Index rows,
                float* out) noexcept;

/// Zeroes `bytes` bytes. Long stretches go past the caches: no line is read before it
/// is overwritten, and what is in the caches stays there.
///
/// Threads:  other threads see the zeroes for certain only after settle() here.
void clear(std::byte* to, Index bytes) noexcept;
/// Orders what clear() wrote before every later store of this thread.
void settle() noexcept;

/// Asks for the first 2 KiB of rows [begin, begin + rows) of a column to come near.
void prefetch(const Column& column, Index begin, Index rows) noexcept;

}  // namespace lade
