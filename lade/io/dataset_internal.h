// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lade/io/dataset.h"
#include "lade/io/discover.h"
#include "lade/io/manifest.h"

namespace lade::io {

/// Where a dataset's row groups are read from: files, or what a test says. Columns by
/// position in the source, in the order wanted.
struct RowGroupSource {
  std::function<std::shared_ptr<const Chunk>(
      Index g, const std::vector<Index>& positions, arrow::MemoryPool* pool)>
      read;
  /// Compressed bytes of the columns in the row group; what they decode to (an
  /// estimate).
  std::function<Index(Index g, const std::vector<Index>& positions)> stored_bytes;
  std::function<Index(Index g, const std::vector<Index>& positions)> decoded_bytes;
  std::function<Place(Index g, Index row)> place;
};

/// What the copies of a Dataset share.
struct Dataset::State {
  std::string entity_name;
  std::string time_name;
  Policies policies;
  int threads = 1;
  Schema schema;
  Index entity = -1;  // positions in the schema
  Index time = -1;
  SequenceIndex index;
  std::vector<std::shared_ptr<const Chunk>> chunks;  // in memory: all columns, or ...
  std::shared_ptr<const RowGroupSource> source;      // ... to be read, and
  std::vector<Index> offered;  // positions of the columns in the source
  std::vector<std::string> files;
  std::shared_ptr<const std::vector<Index>> chosen;  // of a subset
  Index events = 0;
  std::int64_t newest_time = 0;
  ReadReport report;
  Hash128 fingerprint;
  std::shared_ptr<Ledger> ledger;
  std::vector<std::string> warnings;

  /// Number of sequence s in the index.
  Index number(Index s) const {
    return chosen ? (*chosen)[static_cast<std::size_t>(s)] : s;
  }
};

/// Positions of the columns to offer: `columns` (all if absent), entity and time, in
/// the order of the schema. Errors: ArgumentError with the nearest name.
std::vector<Index> offered_columns(const Schema& schema, const OpenOptions& options);

/// Positions of all columns.
std::vector<Index> all_columns(const Schema& schema);

/// Position of a column.  Errors: ArgumentError "`where`: no column ..., did you mean
/// ...".
Index find_column(const Schema& schema, std::string_view name, std::string_view where);

/// Rows that are decoded already, before they are grouped.
struct DecodedRows {
  Schema schema;  // what is offered is chosen later
  std::vector<std::shared_ptr<const Chunk>> chunks;
  std::function<Place(Index chunk, Index row)> place;
  std::vector<std::string> files;
  ReadReport report;  // of reading them; empty = all rows given
  ReadReport lost;    // of rows that are not among them
  std::shared_ptr<Ledger> ledger;
  Hash128 fingerprint;  // zero = of the contents
  std::vector<std::string> warnings;
};

/// A dataset over decoded rows, grouped by entity and time.
Dataset group_in_memory(DecodedRows rows, const OpenOptions& options);

/// Fingerprint of rows in memory and of what changes what is made of them. The same for
/// any cut into chunks.
Hash128 fingerprint_of_rows(const Schema& schema,
                            const std::vector<std::shared_ptr<const Chunk>>& chunks);
/// `data` and the options that change what is given.
Hash128 fingerprint_with_options(Hash128 data, const OpenOptions& options,
                                 const Policies& policies);

/// What `open` was asked for, with defaults filled in and files found.
struct OpenRequest {
  OpenOptions options;
  Policies policies;
  std::vector<std::string> paths;  // as typed
  Discovery found;
  std::optional<Manifest> manifest;
  std::shared_ptr<Ledger> ledger;
  std::vector<std::string> warnings;
  Files& files() const { return *options.files; }
  Index half_budget() const { return ledger->budget() / 2; }
};

/// Fills in what the manifest records: keys, policies; the source is that of its
/// making.
void take_recorded(OpenRequest& request);

/// Text files, grouped in memory.
Dataset open_text(OpenRequest request);
/// Parquet and IPC files.
Dataset open_store(OpenRequest request);
/// "open: `what` need N bytes in memory ...", with the command that helps.
std::string too_large(const OpenRequest& request, std::string_view what, Index bytes);

/// Fills the members that follow from the index.
void finish_state(Dataset::State& state);

}  // namespace lade::io
