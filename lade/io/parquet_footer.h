// SPDX-License-Identifier: Apache-2.0
// What we check in a Parquet footer, and in the page headers of a column chunk, before
// Arrow's decoder sees them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lade/core/limits.h"

namespace lade::io {

/// The file says where its columns lie; these bytes are inside the file.
struct ColumnChunkPlace {
  Index offset = 0;
  Index bytes = 0;  // compressed
};

/// A child of the schema's root.
struct ParquetField {
  std::string name;
  Index first_leaf = 0;
  bool flat = true;  // one leaf, one value a row
};

struct ParquetFooter {
  std::string bytes;  // thrift, extension names made inert: what Arrow gets
  Index file_bytes = 0;
  Index rows = 0;
  Index columns = 0;  // leaves
  std::vector<ParquetField> fields;
  std::vector<Index> group_rows;
  std::vector<ColumnChunkPlace> chunks;  // [group, leaf]
  std::uint64_t xxh3 = 0;                // of the footer as stored; the caller sets it
};

/// Checks a footer of a file of `file_bytes` bytes: structure and limits, row
/// counts that add up, chunks inside the file, decoded size within the ratio rule.
/// Errors: DataError, as ParquetFile's constructor says.
ParquetFooter check_footer(std::string bytes, Index file_bytes,
                           const std::string& source, const Limits& limits);

struct PageCounts {
  Index pages = 0;
  Index unverified = 0;  // without a checksum
};

/// Checks the page headers of a column chunk of a flat column with `rows` rows: sizes
/// inside the chunk and within limits, values that add up to `rows`.
/// Errors: DataError `parquet.page`, `parquet.values`, `limits.*` with the byte in the
/// file.
PageCounts check_pages(std::span<const std::byte> chunk, Index rows, Index offset,
                       const std::string& source, const Limits& limits);

/// In base64 text of an Arrow schema: the key that names extension types becomes an
/// inert one of the same length. False if the text is not base64.
bool make_extensions_inert(std::span<char> base64);
/// The same in the schema's own bytes.
void make_extensions_inert(std::span<std::byte> bytes);

}  // namespace lade::io
