// SPDX-License-Identifier: Apache-2.0
// State of an open Parquet file, shared by the sources that read it. Includes Parquet's
// headers: for those sources only.
#pragma once

#include <arrow/buffer.h>
#include <arrow/type_fwd.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "lade/io/file_reopened.h"
#include "lade/io/parquet.h"
#include "lade/io/parquet_footer.h"

namespace lade::io {

struct ParquetFile::State {
  State(Files& files, const std::string& file_path, const Limits& file_limits);

  std::string path;
  Limits limits;
  ReopenedFile file;
  ParquetFooter footer;
  std::shared_ptr<parquet::FileMetaData> metadata;
  std::shared_ptr<arrow::Schema> arrow_schema;
  Schema schema;            // of what can be read
  std::vector<int> leaves;  // where its columns are among all stored ones
  std::vector<UnsupportedColumn> unsupported;
  std::atomic<Index> bytes_read{0};
  std::atomic<Index> unverified_pages{0};

  parquet::ReaderProperties reader_properties(arrow::MemoryPool* pool) const;
  void keep_readable();
  int leaf(int column) const { return leaves[static_cast<std::size_t>(column)]; }
  /// Positions of the columns; all if `names` is empty.
  std::vector<int> find(const std::vector<std::string>& names) const;
  /// The open file, its footer the one that was checked.
  std::shared_ptr<const File> open_file();
  const ColumnChunkPlace& chunk(Index g, int column) const;
  void require_group(Index g) const;
  /// Reads a column's bytes and checks its pages.
  std::shared_ptr<arrow::Buffer> load(Index g, int column, arrow::MemoryPool* pool);
  /// A column of a row group, decoded and validated; its type may be a dictionary.
  std::shared_ptr<arrow::ChunkedArray> read(Index g, int column,
                                            arrow::MemoryPool* pool);
  /// DataError naming row group and column.
  [[noreturn]] void refuse(Index g, int column, const std::string& rule,
                           const std::string& what) const;
};

/// Turns what Parquet throws, now being handled, into our errors.
[[noreturn]] void rethrow_parquet(const ParquetFile::State& state, Index g, int column);

}  // namespace lade::io
