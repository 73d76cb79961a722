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
#include "lade/io/writer.h"

namespace lade::io {

/// An open Arrow IPC file (`.arrow`, `.feather` V2): footer checked, batches read by
/// number.
///
/// Columns are given by name, in the order wanted; an empty list means all.
/// Threads:  every const member from any thread.
/// Lifetime: batches and chunks do not refer to the file.
class IpcFile {
 public:
  /// Reads and checks footer and schema; no batch is read.
  ///
  /// Errors: IoError; DataError `ipc.magic`, `ipc.footer_length`, `ipc.footer`,
  ///         `ipc.metadata_length`, `ipc.body_length`, `ipc.ratio`, `limits.*`,
  ///         `table.type`, `table.duplicate_column`.
  IpcFile(Files& files, const std::string& path, const Limits& limits = {});
  ~IpcFile();
  IpcFile(IpcFile&&) noexcept;
  IpcFile& operator=(IpcFile&&) noexcept;

  const std::string& path() const;
  const Schema& schema() const;
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
  /// As ParquetFile::release.
  void release() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// True if the file starts as an IPC file does; false means a stream (or nothing of
/// ours).
bool is_ipc_file(const File& file);

/// An Arrow IPC stream, batch by batch.
///
/// A stream may end at a message's border without its end marker; a cut there cannot be
/// seen, so `unproven_end` says so. A cut inside a message is DataError `ipc.cut`.
/// Threads: one.
class IpcStream {
 public:
  IpcStream(Files& files, const std::string& path, const Limits& limits = {},
            arrow::MemoryPool* pool = nullptr);
  ~IpcStream();
  IpcStream(IpcStream&&) noexcept;
  IpcStream& operator=(IpcStream&&) noexcept;
  const Schema& schema() const;
  std::shared_ptr<arrow::Schema> arrow_schema() const;
  /// The next batch, after ValidateFull; nullptr at the end.
  RecordBatch next();
  bool unproven_end() const;  // known after the end

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
