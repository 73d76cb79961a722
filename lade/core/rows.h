// SPDX-License-Identifier: Apache-2.0
// What it takes to write the rows of a batch at the speed of memory.
#pragma once

#include <cstddef>
#include <span>

#include "lade/core/sequence.h"

namespace lade {

/// Columns to rows: out[r * in.size() + c] = in[c][r]. A NaN is written as the
/// canonical one.
///
/// Shapes:   `rows` values behind each pointer; out [rows, in.size()], contiguous.
/// Writes
///           nothing else.
/// Requires: out does not overlap what is read.
void interleave(std::span<const float* const> in, Index rows, float* out) noexcept;

/// Copies past the caches: for what this thread does not read again soon.
///
/// Threads:  as clear().
void stream(const std::byte* from, std::byte* to, Index bytes) noexcept;

/// Zeroes `bytes` bytes. Long stretches go past the caches: no line is read before it
/// is overwritten, and what is in the caches stays there.
///
/// Threads:  other threads see the zeroes for certain only after settle() here.
void clear(std::byte* to, Index bytes) noexcept;
/// Orders what clear() and stream() wrote before every later store of this thread.
void settle() noexcept;

/// Asks for `bytes` bytes, which are there, to come near.
void prefetch(const void* from, Index bytes) noexcept;

}  // namespace lade
