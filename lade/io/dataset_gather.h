// SPDX-License-Identifier: Apache-2.0
// Copies chosen rows of chunks into a chunk of their own.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "lade/core/sequence.h"

namespace lade::io {

/// Rows [first_row, first_row + rows) of chunk number `chunk`.
struct GatherRun {
  std::int32_t chunk = 0;
  std::int32_t first_row = 0;
  std::int32_t rows = 0;
};

/// Codes of several dictionaries in one dictionary of their distinct texts, in byte
/// order. `code[k][c]` is the new code of code c of chunk k, -1 if it is not among
/// them.
struct MergedDictionary {
  std::shared_ptr<const Dictionary> dictionary;
  std::vector<std::vector<std::int32_t>> code;
};

/// Merges all entries that valid rows of column `position` use.
MergedDictionary merge_dictionaries(std::span<const Chunk* const> chunks,
                                    Index position);

/// The rows of `runs`, one after the other. All chunks have the columns of `fields`.
///
/// `merged` holds a MergedDictionary per column (nullptr for columns that are no text);
/// when it is empty, the texts of the rows are merged here. A column whose chunks share
/// one dictionary keeps it. Memory: the caller accounts for it; Chunk::bytes says how
/// much (a dictionary from
///         `merged` is not counted).
std::shared_ptr<Chunk> gather_rows(std::span<const Chunk* const> chunks,
                                   std::span<const GatherRun> runs,
                                   std::span<const MergedDictionary* const> merged);

/// The columns at these positions, without a copy.
std::shared_ptr<const Chunk> select_columns(std::shared_ptr<const Chunk> chunk,
                                            const std::vector<Index>& positions);

/// The chunk, keeping `owner` (of its memory, or of places it was charged to) alive as
/// long.
std::shared_ptr<const Chunk> hold_chunk(std::shared_ptr<const Chunk> chunk,
                                        std::shared_ptr<const void> owner);

/// Bytes that `rows` rows of these columns take: values and a validity bit.
Index row_bytes(std::span<const Field> fields, Index rows);

}  // namespace lade::io
