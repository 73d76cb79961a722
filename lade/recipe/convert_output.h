// SPDX-License-Identifier: Apache-2.0
// Sorted rows as row groups of Parquet parts.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lade/io/parquet.h"
#include "lade/io/sorted_rows.h"
#include "lade/io/writer.h"

namespace lade {

/// Cuts sorted rows into row groups and writes them into a directory.
///
/// A row group ends at the first sequence boundary at or after `row_group_rows`; a
/// longer sequence has row groups of its own. What is written depends on the rows
/// alone.
class DatasetWriter {
 public:
  struct Options {
    Index row_group_rows = 65'536;
    Index page_bytes = Index{64} << 10;
    Index part_bytes = Index{512} << 20;
    int threads = 1;
    std::vector<std::pair<std::string, std::string>> metadata;
  };
  DatasetWriter(io::AtomicDirectory& directory, const Schema& schema, Options options);

  /// The next row; `first`: it begins a sequence. Returns how many of the newest rows
  /// have not been written.
  Index add(const io::RowPool& pool, io::RowRef row, bool first);
  /// Writes what is left. There is always at least one part.
  void finish(const io::RowPool& pool);

  Index events() const { return events_; }
  Index sequences() const { return sequences_; }
  Index row_groups() const { return row_groups_; }
  const std::vector<io::ManifestFile>& files() const { return files_; }

 private:
  void end_sequence(const io::RowPool& pool);
  void write(const io::RowPool& pool, std::vector<io::RowRef>& rows);
  void open_part();
  void close_part();

  io::AtomicDirectory& directory_;
  Schema schema_;
  Options options_;
  std::vector<io::RowRef> group_;     // whole sequences
  std::vector<io::RowRef> sequence_;  // the one that grows
  bool long_sequence_ = false;
  std::optional<io::ParquetWriter> part_;
  Index largest_group_bytes_ = 0;
  std::vector<io::ManifestFile> files_;
  Index events_ = 0;
  Index sequences_ = 0;
  Index row_groups_ = 0;
};

}  // namespace lade
