// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "lade/core/matrix.h"

namespace lade::io {

/// The three bytes that structure a CSV file. `quote` 0 means that nothing is quoted.
struct CsvDialect {
  char delimiter = ',';
  char quote = '"';
  char decimal = '.';
};

/// Where the fields of `text` end: bit i (of marks[i / 64]) is set if byte i is a
/// delimiter or a line feed outside quotes. Returns true if the text ends inside a
/// quoted field.
///
/// A quote opens a field only as its first byte; within quotes a doubled quote is one;
/// what follows a closing quote belongs to the field as it stands (as Python's csv
/// module reads).
///
/// Shapes:   text [bytes], at the start of a row; marks [(bytes + 63) / 64].
/// Requires: 64 readable bytes behind the text.                          (unchecked)
bool mark_fields(const char* text, Index bytes, CsvDialect dialect,
                 std::uint64_t* marks);

/// The same one byte at a time: the reference of the vector code, and what takes over
/// where a quote stands inside an unquoted field.
bool mark_fields_by_byte(const char* text, Index bytes, CsvDialect dialect,
                         std::uint64_t* marks);

}  // namespace lade::io
