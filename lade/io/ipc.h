// SPDX-License-Identifier: Apache-2.0
// Arrow IPC files and streams: reading with our own checks first, and writing.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lade/core/limits.h"
#include "lade/core/sequence.h"
#include "lade/core/table.h"
#include "lade/io/file.h"
#include "lade/io/manifest.h"
#include "lade/io/unsupported.h"
#include "lade/io/writer.h"

namespace lade::io {

/// An open Arrow IPC file (`.arrow`, `.feather` V2) or stream (`.arrows`): footer, or
/// the head of every message, checked; batches read by number.
///
/// Columns are given by name, in the order wanted; an empty list means all. Those of
/// types that are not read are named by unsupported() and left out of everything else.
/// Threads:  every const member from any thread.
/// Lifetime: batches and chunks do not refer to the file.
class IpcFile {
 public:
  /// Reads and checks footer and schema; no batch is read. A stream that ends inside a
  /// message is refused, or with `stop` ends before it.
  ///
  /// Errors: IoError; DataError `ipc.magic`, `ipc.footer_length`, `ipc.footer`,
  ///         `ipc.metadata_length`, `ipc.body_length`, `ipc.ratio`, `limits.*`,
  ///         `table.type` if no column can be read, `table.duplicate_column`; of
  ///         streams `ipc.cut`, `ipc.schema`, `ipc.message`, `ipc.trailing` and, with
  ///         `strict`, `ipc.unproven_end`.
  IpcFile(Files& files, const std::string& path, const Limits& limits = {},
          OnTruncated on_truncated = OnTruncated::fail);
  ~IpcFile();
  IpcFile(IpcFile&&) noexcept;
  IpcFile& operator=(IpcFile&&) noexcept;

  const std::string& path() const;
  const Schema& schema() const;
  const std::vector<UnsupportedColumn>& unsupported() const;
  std::shared_ptr<arrow::Schema> arrow_schema() const;  // storage types only
  Index bytes() const;
  Index rows() const;
  Index batches() const;
  Index batch_rows(Index b) const;
  std::uint64_t footer_xxh3() const;
  std::optional<std::string> metadata(std::string_view key) const;

  /// Batch b, after ValidateFull.
  /// Errors: DataError `ipc.batch`, `file.changed`; std::bad_alloc when `pool` refuses;
  ///         ArgumentError with the nearest name for an unknown column.
  RecordBatch read(Index b, const std::vector<std::string>& columns = {},
                   arrow::MemoryPool* pool = nullptr) const;
  std::shared_ptr<const Chunk> read_chunk(Index b,
                                          const std::vector<std::string>& columns = {},
                                          arrow::MemoryPool* pool = nullptr) const;
  Index bytes_read() const;
  bool unproven_end() const;  // a stream without its end marker
  /// Where a stream is cut, if that is allowed and happened.
  const std::optional<Place>& cut() const;
  /// As ParquetFile::release.
  void release() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct IpcWriteOptions {
  Index batch_rows = Index{1} << 20;  // rows are regrouped into batches of this size
  std::vector<std::pair<std::string, std::string>> metadata = {};
};

/// Writes an Arrow IPC file, uncompressed. The same rows give the same bytes, however
/// they were cut into batches.
///
/// Dictionary columns are written as plain text.
/// Errors: IoError; ArgumentError if a batch's schema differs. After a failure every
/// call
///         is refused and the target stays as it was.
class IpcWriter {
 public:
  IpcWriter(AtomicFile file, std::shared_ptr<arrow::Schema> schema,
            IpcWriteOptions options = {});
  ~IpcWriter();
  IpcWriter(IpcWriter&&) noexcept;
  IpcWriter& operator=(IpcWriter&&) noexcept;
  void write(const RecordBatch& batch);
  Index rows() const;
  /// Writes the rest and the footer, commits. `path` of the result is empty.
  ManifestFile finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lade::io
