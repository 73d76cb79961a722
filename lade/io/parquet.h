// SPDX-License-Identifier: Apache-2.0
// Parquet: reading with our own checks before Arrow's decoder sees a byte, and writing.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "lade/core/limits.h"
#include "lade/core/sequence.h"
#include "lade/core/table.h"
#include "lade/io/file.h"
#include "lade/io/manifest.h"
#include "lade/io/unsupported.h"
#include "lade/io/writer.h"

namespace lade::io {

/// What a file's footer says of one column of one row group. Claims: good for leaving
/// row groups out, never for sizing memory.
///
/// Numbers and booleans as i64 (times in the column's unit), floats as double, text as
/// string (texts may be cut: min is then a lower, max an upper bound). NaN is outside
/// [min, max]; zeros are widened to -0.0 and 0.0.
struct ColumnStatistics {
  using Value = std::variant<std::monostate, std::int64_t, double, std::string>;
  Value min;  // monostate = not known
  Value max;
  std::optional<Index> nulls;
};

/// An open Parquet file: metadata checked, row groups read one at a time.
///
/// Flat columns only: lists, structs and wide decimals are named by unsupported() and
/// left out of everything else. Everything is read with pread through `Files`; page
/// checksums are verified; no Arrow thread, no extension type, no memory map. Columns
/// are given by name, in the order wanted; an empty list means all. Threads:  every
/// const member from any thread. Lifetime: batches and chunks do not refer to the file.
class ParquetFile {
 public:
  /// Reads and checks the footer; no page is read.
  ///
  /// Errors: IoError; DataError `parquet.magic`, `parquet.footer_length`,
  ///         `parquet.footer` (thrift), `parquet.encrypted`, `parquet.rows`,
  ///         `parquet.offset`, `parquet.ratio`, `limits.*` with the limit's name,
  ///         `table.type` if no column can be read, `table.duplicate_column`.
  ParquetFile(Files& files, const std::string& path, const Limits& limits = {});
  ~ParquetFile();
  ParquetFile(ParquetFile&&) noexcept;
  ParquetFile& operator=(ParquetFile&&) noexcept;

  const std::string& path() const;
  const Schema& schema() const;
  const std::vector<UnsupportedColumn>& unsupported() const;
  /// The schema as Arrow sees it: storage types only.
  std::shared_ptr<arrow::Schema> arrow_schema() const;
  Index bytes() const;  // of the file
  Index rows() const;
  Index row_groups() const;
  Index row_group_rows(Index g) const;
  /// Compressed bytes of the columns in the row group / decoded ones (rows x width,
  /// text 4 bytes a row plus the dictionary's claim).
  Index stored_bytes(Index g, const std::vector<std::string>& columns) const;
  Index decoded_bytes(Index g, const std::vector<std::string>& columns) const;
  ColumnStatistics statistics(Index g, std::string_view column) const;
  std::uint64_t footer_xxh3() const;  // of the footer's bytes as stored
  /// Key-value metadata of the footer.
  std::optional<std::string> metadata(std::string_view key) const;

  /// The columns of row group g, after ValidateFull; one or more batches, their rows in
  /// order.  Errors: DataError{file, row group, column, rule}: `parquet.page`,
  /// `parquet.checksum`, `parquet.values`, `file.changed`; std::bad_alloc when `pool`
  /// refuses; ArgumentError with the nearest name for an unknown column, DataError
  /// `table.type` for one that is not supported.
  std::vector<RecordBatch> read_row_group(Index g,
                                          const std::vector<std::string>& columns,
                                          arrow::MemoryPool* pool = nullptr) const;

  /// The same as a chunk: the fast way for numbers and text.
  std::shared_ptr<const Chunk> read_chunk(Index g,
                                          const std::vector<std::string>& columns,
                                          arrow::MemoryPool* pool = nullptr) const;

  Index bytes_read() const;        // from the file, so far
  Index unverified_pages() const;  // read so far, without a checksum

  /// Closes the descriptor; the next read opens the file again and refuses it
  /// (DataError `file.changed`) if it is not the same one. For many open files.
  void release() const;

  struct State;

 private:
  std::unique_ptr<State> state_;
};

enum class ParquetCodec : std::uint8_t { none, snappy, lz4, zstd };

struct ParquetWriteOptions {
  ParquetCodec codec = ParquetCodec::zstd;
  int zstd_level = 1;
  Index page_bytes = Index{64} << 10;  // before compression
  /// Number columns get a dictionary when the first row group has at most this many
  /// distinct values and at most a quarter of its rows; text always has one.
  Index dictionary_values = Index{64} << 10;
  int threads = 1;  // that encode the columns of a row group
  std::vector<std::pair<std::string, std::string>> metadata = {};
};

/// Writes a Parquet file: page checksums, offset and column index, byte-stream-split
/// for floats without a dictionary. The same rows in the same row groups give the same
/// bytes, however many batches, dictionaries or threads there are.
///
/// Errors: IoError; ArgumentError if a column is not flat or a batch's schema differs.
///         After a failure every call is refused and the target stays as it was.
class ParquetWriter {
 public:
  ParquetWriter(AtomicFile file, std::shared_ptr<arrow::Schema> schema,
                ParquetWriteOptions options = {});
  ~ParquetWriter();
  ParquetWriter(ParquetWriter&&) noexcept;
  ParquetWriter& operator=(ParquetWriter&&) noexcept;

  /// Adds rows to the open row group (held in memory until it ends).
  void write(const RecordBatch& batch);
  /// Ends the row group; nothing happens if it is empty.
  void end_row_group();
  Index rows() const;            // so far
  Index row_group_rows() const;  // of the open row group
  Index bytes() const;           // written so far, finished row groups only
  void set_metadata(std::string key, std::string value);
  /// Ends the row group, writes the footer, commits. `path` of the result is empty.
  ManifestFile finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lade::io
