// SPDX-License-Identifier: Apache-2.0
// The open files of a dataset as one list of row groups.
#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lade/core/limits.h"
#include "lade/core/sequence.h"
#include "lade/io/dataset_fork.h"
#include "lade/io/dataset_schema.h"
#include "lade/io/discover.h"
#include "lade/io/fingerprint.h"
#include "lade/io/index.h"

namespace lade::io {

struct StoreOptions {
  std::string schema = "exact";
  Limits limits;
  OnBad on_bad = OnBad::fail;  // of a whole file: fail or skip
  bool hash_all = false;       // every byte, not the footer
  int threads = 1;
  OnTruncated on_truncated = OnTruncated::fail;  // of IPC streams
  Files* files = nullptr;
  std::function<void()> poll = {};  // called now and then; what it throws ends it
};

/// Parquet or IPC files behind one schema.
///
/// At most min(256, half of the descriptors allowed) files are open at once.
/// Threads: every const member from any thread.
class FileStore {
 public:
  /// Opens every file once and reads its footer.
  /// Errors: those of ParquetFile and IpcFile, of merge_schemas. With on_bad = skip a
  /// bad
  ///         file is left out and counted in report().
  FileStore(const Discovery& found, const StoreOptions& options);
  ~FileStore();

  const Schema& schema() const;
  const std::vector<UnsupportedColumn>& unsupported() const;  // left out of it
  const std::vector<RowGroupEntry>& row_groups() const;
  const std::vector<std::string>& paths() const;  // of the files taken, in order
  std::vector<FilePrint> prints() const;
  const ReadReport& report() const;  // of files left out, of ends of streams

  /// Row group g: columns by position in schema(), in this order.
  /// Errors: those of the file; DataError `dataset.changed` if it has other rows.
  std::shared_ptr<const Chunk> read(Index g, const std::vector<Index>& positions,
                                    arrow::MemoryPool* pool) const;
  /// Compressed bytes of the columns in the row group; what they decode to (an
  /// estimate).
  Index stored_bytes(Index g, const std::vector<Index>& positions) const;
  Index decoded_bytes(Index g, const std::vector<Index>& positions) const;
  Place place(Index g, Index row) const;  // row within its file
  Index unverified_pages() const;

 private:
  struct OneFile;
  struct Recent;
  void count_end(const OneFile& file);
  const OneFile& file_of(Index g) const;
  /// Columns of the file behind `positions`.
  std::vector<std::string> names_in(const OneFile& file,
                                    const std::vector<Index>& positions) const;
  void touch(std::int32_t file) const;
  static std::unique_ptr<OneFile> read_footer(const FoundFile& found,
                                              const std::string& format,
                                              const StoreOptions& options,
                                              Interrupt& interrupt);
  std::shared_ptr<const Chunk> see_through_schema(
      const OneFile& file, const std::vector<Index>& positions, Index rows,
      std::shared_ptr<const Chunk> chunk) const;

  Schema schema_;
  std::vector<UnsupportedColumn> unsupported_;
  std::vector<std::unique_ptr<OneFile>> files_;
  std::vector<std::string> paths_;
  std::vector<RowGroupEntry> row_groups_;
  ReadReport report_;
  Index most_open_ = 1;
  std::unique_ptr<ForkLocal<Recent>> recent_;
};

}  // namespace lade::io
