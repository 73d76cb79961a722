// SPDX-License-Identifier: Apache-2.0
// What the columns of a CSV file hold: given by the caller or inferred from every
// value.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lade/core/sequence.h"
#include "lade/io/csv_rows.h"
#include "lade/io/date_pattern.h"
#include "lade/io/source.h"

namespace lade::io {

/// What was seen in a column. Evidence of parts adds up in any order.
struct CsvEvidence {
  bool integer = false;       // fits int64
  bool wide_integer = false;  // digits that do not fit int64
  bool number = false;        // any other number
  bool text = false;
  void add(const CsvEvidence& other);
  /// i64 if all are integers, else f64 if all are numbers, else text. Digits that fit
  /// no int64 are text unless the column holds fractions: an id is never rounded. So is
  /// a column in which nothing is seen.
  ColumnType type() const;
};

/// One column of the file.
struct CsvColumn {
  std::string name;
  ColumnType type;
  bool given = false;  // the type; not inferred
  std::optional<DatePattern> date;
  bool key = false;
};

/// Texts that mean null in columns that are not text.
class CsvNulls {
 public:
  explicit CsvNulls(const std::vector<std::string>& texts);
  bool contains(std::string_view text) const {
    return text.empty() ? empty_ : !others_.empty() && contains_other(text);
  }

 private:
  bool contains_other(std::string_view text) const;
  bool empty_ = false;
  std::vector<std::string> others_;
};

/// The type that a word of `types` means: bool, int8 .. uint64, float32, float64,
/// string, or Lade's names of them (boolean, i8 .. u64, f32, f64, text). Errors:
/// ArgumentError naming the column and the word, with the nearest known one.
ColumnType parse_csv_type(std::string_view column, std::string_view word);

/// A decimal number as `from_chars` reads it, or inf, nan, infinity in any case.
/// Nothing around it, no plus sign. NaNs are canonical.
std::optional<double> parse_decimal(std::string_view text, char decimal);

/// Evidence of column `c` in the rows that fit.
CsvEvidence gather_evidence(std::string_view text, const CsvRows& rows, Index c,
                            CsvDialect dialect, const CsvNulls& nulls);

}  // namespace lade::io
