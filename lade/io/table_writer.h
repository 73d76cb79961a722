// SPDX-License-Identifier: Apache-2.0
// One table into one file of the format that a user chose.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "lade/io/csv_writer.h"
#include "lade/io/ipc.h"
#include "lade/io/parquet.h"

namespace lade::io {

enum class TableFormat : std::uint8_t { parquet, ipc, csv };

/// "parquet", "ipc" or "csv".
std::string_view name(TableFormat format);
/// Errors: ArgumentError naming `what` and the words.
TableFormat parse_table_format(std::string_view word, std::string_view what);
/// ".parquet", ".arrow" or ".csv".
std::string_view suffix(TableFormat format);

struct TableWriteOptions {
  Index page_bytes = Index{64} << 10;                              // Parquet
  Index row_group_rows = Index{1} << 20;                           // IPC: of a batch
  std::vector<std::pair<std::string, std::string>> metadata = {};  // Parquet and IPC
};

/// A ParquetWriter, IpcWriter or CsvWriter: their contract.
class TableWriter {
 public:
  TableWriter(AtomicFile file, const std::shared_ptr<arrow::Schema>& schema,
              TableFormat format, const TableWriteOptions& options = {});
  void write(const RecordBatch& batch);
  /// Rows since the last row group's end; 0 where the format has none to be ended.
  Index row_group_rows() const;
  /// Ends the row group where the format has them.
  void end_row_group();
  ManifestFile finish();

 private:
  std::variant<ParquetWriter, IpcWriter, CsvWriter> writer_;
};

}  // namespace lade::io
