// SPDX-License-Identifier: Apache-2.0
// The columns of a CSV file before any row is read: names from the header line or from
// the caller, and what the options say of them.
#pragma once

#include <string>
#include <vector>

#include "lade/io/csv.h"
#include "lade/io/csv_frame.h"
#include "lade/io/csv_types.h"

namespace lade::io {

struct CsvHeader {
  std::vector<std::string> names;
  Index data_offset = 0;       // first byte behind the header
  Index line = 1;              // number of the line there
  CsvEnd end = CsvEnd::whole;  // how the header line itself ends
};

/// Options that do not depend on a file, checked.
/// Errors: ArgumentError for a delimiter, quote or decimal that clash or are line ends.
CsvDialect check_dialect(std::string_view path, const SourceOptions& source);

CsvFramer::Options framer_options(const CsvOptions& options, CsvDialect dialect);

/// Errors: DataError csv.header (no header line), csv.columns (too many),
/// csv.column_name
///         (empty, too long, NUL, not UTF-8), csv.duplicate_column, csv.open_quote,
///         csv.row_bytes.
CsvHeader read_header(const File& file, const CsvOptions& options, CsvDialect dialect);

/// Columns of the file with the types and dates that the options give.
/// Errors: ArgumentError for a name that is no column (with the nearest), a column with
/// both
///         a type and a date pattern, a bad type word or pattern, a float key.
std::vector<CsvColumn> bind_columns(const std::vector<std::string>& names,
                                    const CsvOptions& options);

/// Positions in the file of the columns that are given.
std::vector<Index> select_columns(const std::vector<std::string>& names,
                                  const std::vector<std::string>& wanted);

}  // namespace lade::io
