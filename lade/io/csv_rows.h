// SPDX-License-Identifier: Apache-2.0
// The rows of a block of text as views of its fields.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lade/core/limits.h"
#include "lade/io/csv_marks.h"

namespace lade::io {

/// Bytes of one field as written, quotes included. Blocks are smaller than 2 GiB.
struct CsvField {
  std::uint32_t begin = 0;
  std::uint32_t size = 0;
};

/// A row whose number of fields is wrong.
struct CsvMisfit {
  Index ordinal = 0;        // among all rows of the block
  std::uint32_t begin = 0;  // of the row
  Index fields = 0;         // how many it has
};

/// A limit that a row breaks; nothing behind it is read.
struct CsvOverLimit {
  Index ordinal = 0;
  std::uint32_t begin = 0;
  bool value = false;  // a value, not the row
  Index bytes = 0;
};

/// Fields of the rows that have `columns` fields; the others are listed apart.
struct CsvRows {
  Index columns = 0;
  Index rows = 0;                  // that fit
  Index seen = 0;                  // all: rows + misfits
  std::vector<CsvField> fields;    // [rows, columns], then unused ones
  std::vector<CsvMisfit> misfits;  // ascending
  std::optional<CsvOverLimit> over_limit;

  CsvField field(Index row, Index column) const {
    return fields[static_cast<std::size_t>(row * columns + column)];
  }
  /// Place of a row that fits among all rows of the block.
  Index ordinal(Index row) const;
};

/// Cuts marked text into rows. A line without any byte is no row, unless there is only
/// one column; CR before LF belongs to the line end.
///
/// Requires: marks as made by mark_fields; the last byte is a marked LF.  (unchecked)
CsvRows cut_rows(std::string_view text, const std::uint64_t* marks, Index columns,
                 const Limits& limits);

/// A field that begins with a quote: without quotes, doubled ones as one. Views `raw`
/// or `scratch`.
std::string_view unquoted(std::string_view raw, char quote, std::string& scratch);

/// What a field says. Views `text` or `scratch`.
inline std::string_view field_text(std::string_view text, CsvField field, char quote,
                                   std::string& scratch) {
  const std::string_view raw{text.data() + field.begin, field.size};
  if (raw.empty() || quote == 0 || raw[0] != quote) return raw;
  return unquoted(raw, quote, scratch);
}

}  // namespace lade::io
