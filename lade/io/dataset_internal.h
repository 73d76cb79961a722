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
  std::vector<Index> offered;                  // positions of the columns in the source
  std::vector<UnsupportedColumn> unsupported;  // columns left out
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
/// the order of the schema. Errors: ArgumentError with the nearest name; DataError
/// `table.type` for one that is `unsupported`.
std::vector<Index> offered_columns(
    const Schema& schema, const OpenOptions& options,
    const std::vector<UnsupportedColumn>& unsupported = {},
    const std::string& source = "");

/// The word about columns that nobody chose and that are left out; "" if there is none.
std::string left_out(const std::vector<UnsupportedColumn>& unsupported,
                     const OpenOptions& options);

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
  std::vector<UnsupportedColumn> unsupported;  // left out of the schema
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
  std::vector<UnsupportedColumn> unsupported;
  std::optional<std::vector<std::string>> all_columns;  // if some are unsupported
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
/// The converted copy below cache_dir that an earlier opening made; nothing if there is
/// none.
std::optional<Dataset> find_converted(const OpenRequest& request, Hash128 data);

/// Data that are too large to be grouped in memory, through a converted copy below
/// cache_dir: made once for these files and options, by one process while others wait,
/// and known by its name.
///
/// Errors: ArgumentError "open: `what` need N bytes in memory ..." with the command
/// that
///         helps, if no cache_dir is given; those of converting.
Dataset open_converted(const OpenRequest& request, Hash128 data, std::string_view what,
                       Index bytes);

/// Makes a directory and those above it. Errors: IoError.
void make_directories(Files& files, const std::string& path);

/// Fills the members that follow from the index.
void finish_state(Dataset::State& state);

}  // namespace lade::io
