// SPDX-License-Identifier: Apache-2.0
// Large blocks of memory, taken from the system and given back to it one by one: what
// is freed is gone from the resident size, whatever an allocator would have kept for
// later.
#pragma once

#include <cstddef>

#include "lade/core/matrix.h"

namespace lade {

/// Blocks of at least so many bytes are worth a system call.
inline constexpr Index kMappedBytes = Index{128} << 10;

/// At least `bytes` bytes, zeroed, on a page boundary; from 2 MiB on a boundary of
/// large pages, and asking for them. nullptr if the system refuses.
std::byte* map_pages(Index bytes) noexcept;
/// `bytes` as given to map_pages.
void unmap_pages(std::byte* data, Index bytes) noexcept;

}  // namespace lade
