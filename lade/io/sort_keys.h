// SPDX-License-Identifier: Apache-2.0
// The order of rows by (entity, time), as numbers.
#pragma once

#include <cstdint>
#include <vector>

namespace lade::io {

/// Row `row` of chunk number `chunk` of a RowPool.
struct RowRef {
  std::uint32_t chunk = 0;
  std::uint32_t row = 0;
};

/// What orders rows of one run: entity and time as unsigned numbers, texts by their
/// rank.
struct SortKey {
  std::uint64_t entity = 0;
  std::uint64_t time = 0;
  RowRef ref;
};

/// Sorts by entity, then time; equal rows stay in their order.
/// Memory: 32 bytes a row beside the keys.
void sort_keys(std::vector<SortKey>& keys);
inline constexpr std::size_t kSortBytes = sizeof(SortKey) + 32;  // a row while sorted

}  // namespace lade::io
