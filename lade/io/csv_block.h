// SPDX-License-Identifier: Apache-2.0
// One block of rows: looked through in the first pass, converted in the second.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lade/io/csv_frame.h"
#include "lade/io/csv_values.h"

namespace lade::io {

/// What both passes share; immutable while blocks are worked on.
struct CsvPlan {
  CsvDialect dialect;
  Limits limits;
  OnBad on_bad = OnBad::fail;
  CsvNulls nulls{{}};
  std::vector<CsvColumn> columns;  // of the file
  std::vector<Index> selected;     // positions of those given, in their order
  std::vector<Index> checked;      // the same and the keys, in file order
  /// Fills `checked`.
  void find_checked();
};

/// What the first pass finds in a piece.
struct CsvScan {
  Index seen = 0;
  Index lines = 0;
  std::vector<CsvEvidence> evidence;  // per column of the file
  std::optional<CsvMisfit> misfit;    // the first
  std::optional<CsvOverLimit> over_limit;
  /// The selected columns in the types that `known` lets expect, if nothing in the
  /// piece is broken then: the second pass need not come back.
  std::shared_ptr<Chunk> chunk;
};
/// `known`: what pieces before showed of each column, so that no text is looked at for
/// what is settled; nullptr = nothing yet, and no chunk is made.
CsvScan scan_block(const CsvPiece& piece, const CsvPlan& plan,
                   const std::vector<CsvEvidence>* known);

/// A broken row, or a value that became null.
struct CsvEvent {
  Index ordinal = 0;  // of the row among all rows of the block
  bool misfit = false;
  Index at = 0;       // position in misfits, or row among those that fit
  Index column = -1;  // of the file
  CsvRule rule = CsvRule::type;
  bool dropped = true;  // the row; else the value became null
};

/// A converted block; text and rows stay until its events have been judged.
struct CsvConverted {
  CsvText text;
  CsvRows rows;
  std::shared_ptr<Chunk> chunk;  // of the selected columns
  std::vector<CsvEvent> events;  // one per broken row, ascending
  Index nulls_made = 0;
};
/// Requires: the last byte of `text` ends a row.
/// Errors:   DataError file.changed if the text has not the rows it had in the first
/// pass.
CsvConverted convert_block(CsvText text, CsvEnd end, Index rows_expected,
                           const CsvPlan& plan, const std::string& source);

}  // namespace lade::io
