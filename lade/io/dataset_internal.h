// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lade/io/dataset.h"

namespace lade::io {

class FileStore;

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
  std::shared_ptr<const FileStore> store;            // ... files
  std::vector<std::string> files;
  std::shared_ptr<const std::vector<Index>> chosen;  // of a subset
  Index events = 0;
  std::int64_t newest_time = 0;
  ReadReport report;
  Hash128 fingerprint;
  std::shared_ptr<Ledger> ledger;

  /// Number of sequence s in the index.
  Index number(Index s) const {
    return chosen ? (*chosen)[static_cast<std::size_t>(s)] : s;
  }
};

/// Positions of the columns to offer: `columns` (all if absent), entity and time, in
/// the order of the schema. Errors: ArgumentError with the nearest name.
std::vector<Index> offered_columns(const Schema& schema, const OpenOptions& options);

/// Position of a column.  Errors: ArgumentError "`where`: no column ..., did you mean
/// ...".
Index find_column(const Schema& schema, std::string_view name, std::string_view where);

/// Rows that are decoded already, before they are grouped.
struct DecodedRows {
  Schema schema;  // of the offered columns
  std::vector<std::shared_ptr<const Chunk>> chunks;
  std::function<Place(Index chunk, Index row)> place;
  std::vector<std::string> files;
  ReadReport report;  // of reading them; empty = all rows given
  std::shared_ptr<Ledger> ledger;
  Hash128 fingerprint;  // zero = of the contents
};

/// A dataset over decoded rows, grouped by entity and time.
Dataset group_in_memory(DecodedRows rows, const OpenOptions& options);

/// Fingerprint of rows in memory and of what changes what is made of them. The same for
/// any cut into chunks.
Hash128 fingerprint_of_rows(const Schema& schema,
                            const std::vector<std::shared_ptr<const Chunk>>& chunks);
/// `data` and the options that change what is given.
Hash128 fingerprint_with_options(Hash128 data, const OpenOptions& options);

/// Fills the members that follow from the index.
void finish_state(Dataset::State& state);

}  // namespace lade::io
