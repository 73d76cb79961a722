// SPDX-License-Identifier: Apache-2.0
// Tables as delimited text that Lade reads back to the same values.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "lade/core/sequence.h"
#include "lade/core/table.h"
#include "lade/io/manifest.h"
#include "lade/io/source.h"
#include "lade/io/writer.h"

namespace lade::io {

/// Writes CSV: a header line, then a line for each row, ended by LF;
/// docs/formats/csv.md.
///
/// Numbers are the shortest texts that read back to the same bits of their type, times
/// are ISO 8601 (with a zone: in UTC, with Z), null is an empty field, an empty text is
/// "". The same rows give the same bytes, however they were cut into batches.
/// Errors: IoError; ArgumentError for a column that is neither number, boolean, date,
///         timestamp nor UTF-8 text, or if a batch's schema differs. After a failure
///         every call is refused and the target stays as it was.
class CsvWriter {
 public:
  CsvWriter(AtomicFile file, std::shared_ptr<arrow::Schema> schema);
  ~CsvWriter();
  CsvWriter(CsvWriter&&) noexcept;
  CsvWriter& operator=(CsvWriter&&) noexcept;
  void write(const RecordBatch& batch);
  Index rows() const;
  /// Commits. `path` of the result is empty; text has no footer.
  ManifestFile finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The reader's options with which a file of CsvWriter gives back its columns: their
/// types and the patterns of their times. Seconds and milliseconds are read as
/// microseconds, a zone other than UTC as UTC; a null text as an empty one.
SourceOptions csv_source(const Schema& schema);

}  // namespace lade::io
