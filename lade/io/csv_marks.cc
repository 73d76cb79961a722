// SPDX-License-Identifier: Apache-2.0
#include "lade/io/csv_marks.h"

#include <algorithm>

#include "lade/io/csv_marks_kernels.h"

namespace lade::io {

bool mark_fields_by_byte(const char* text, Index bytes, CsvDialect dialect,
                         std::uint64_t* marks) {
  enum class At : std::uint8_t { field_start, unquoted, quoted, after_quote };
  std::fill(marks, marks + (bytes + 63) / 64, 0);
  At at = At::field_start;
  for (Index i = 0; i < bytes; ++i) {
    const char byte = text[i];
    const bool quote = dialect.quote != 0 && byte == dialect.quote;
    if (at == At::quoted) {
      if (quote) at = At::after_quote;
    } else if (quote && at != At::unquoted) {
      at = At::quoted;
    } else if (byte == dialect.delimiter || byte == '\n') {
      marks[i >> 6] |= std::uint64_t{1} << (i & 63);
      at = At::field_start;
    } else {
      at = At::unquoted;
    }
  }
  return at == At::quoted;
}

bool mark_fields(const char* text, Index bytes, CsvDialect dialect,
                 std::uint64_t* marks) {
  bool open = false;
  if (kernels::mark_fields(text, bytes, dialect, marks, &open)) return open;
  return mark_fields_by_byte(text, bytes, dialect, marks);
}

}  // namespace lade::io
