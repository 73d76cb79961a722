// SPDX-License-Identifier: Apache-2.0
// What broken rows lead to: errors, drops and counts, decided in file order.
#pragma once

#include <string>

#include "lade/io/csv_block.h"

namespace lade::io {

/// Where a block lies.
struct CsvBlock {
  Index file = 0;
  Index offset = 0;  // first byte
  Index bytes = 0;
  Index line = 1;  // number of its first line
  Index rows = 0;  // seen by the first pass
  CsvEnd end = CsvEnd::whole;
  bool cut = false;  // a last row that does not fit, dropped by policy
  std::shared_ptr<Chunk> chunk = nullptr;  // kept by the first pass
};

/// Line and byte of `begin`, a byte of the block's text.
Place place_of(const std::string& source, const CsvBlock& block, std::string_view text,
               Index begin);

/// The first error that the first pass may raise in a piece, if there is one.
/// Errors: DataError csv.field_count, csv.row_bytes, csv.value_bytes, csv.open_quote,
///         csv.truncated, csv.unproven_end.
void judge_scan(const std::string& source, const CsvPiece& piece, const CsvScan& scan,
                const CsvPlan& plan, OnTruncated on_truncated, CsvBlock& block);

/// Counts the rows of a converted block into `report`.
/// Errors: DataError of the first broken row under `fail`; csv.max_bad at the row that
/// is
///         one too many.
void judge_block(const std::string& source, const CsvBlock& block,
                 const CsvConverted& converted, const CsvPlan& plan,
                 const Policies& policies, Index& bad_rows, ReadReport& report);

}  // namespace lade::io
