// SPDX-License-Identifier: Apache-2.0
// The order of rows by (entity, time), as numbers.
#pragma once

#include <cstddef>
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

/// Rows in order, and where among them each sequence begins.
struct SortedRows {
  std::vector<RowRef> rows;
  std::vector<std::size_t> begins;  // ascending
};

/// By entity, then time; equal rows stay in their order.
SortedRows sort_keys(std::vector<SortKey> keys);
inline constexpr std::size_t kSortBytes = sizeof(SortKey) + 32;  // a row, at most

}  // namespace lade::io
