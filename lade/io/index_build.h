// SPDX-License-Identifier: Apache-2.0
// Makes the index of rows that may lie in any order.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lade/core/expression.h"
#include "lade/io/index.h"

namespace lade::io {

/// Where the keys of the rows come from. `read` may be called again for a row group.
struct KeySource {
  const Schema* schema = nullptr;  // of the whole dataset
  Index entity = -1;               // positions in it, -1 = none
  Index time = -1;
  std::vector<RowGroupEntry> row_groups;  // file, row_group, first_row, rows are set
  /// The key columns of row group g, at their positions in `schema` (the others empty).
  /// Threads: called from several threads.
  std::function<std::shared_ptr<const Chunk>(Index g)> read;
  /// The place of a row, for errors.
  std::function<Place(Index g, Index row)> place;
};

struct IndexOptions {
  Policies policies;
  std::optional<Program> filter;  // bound to `schema`
  int threads = 1;
  ReadReport before;  // of what read the rows: its drops count as well
  ReadReport lost;    // of rows that came from elsewhere and are not among these
  std::function<void()> poll = {};  // called now and then; what it throws ends it
};

/// Finds the runs of every sequence, sorted by (entity, time, storage order).
///
/// A row is dropped for a null key first, then filtered, then judged by `on_disorder`.
/// Float times enter the index as their floor.
///
/// Errors:  DataError `dataset.null_key`, `dataset.time_range`, `dataset.time_disorder`
/// by
///          policy; `dataset.max_bad`; ArgumentError for a key column of the wrong
///          type.
/// Threads: same index for any number.
IndexTables build_index(const KeySource& source, const IndexOptions& options);

/// Errors: ArgumentError if a column of this type cannot be an entity (floats) or a
/// time
///         (texts).
void require_entity_type(const Field& field);
void require_time_type(const Field& field);

/// Mean rows of a run; data below 8 are scattered (loading needs them grouped).
double mean_run(const IndexTables& tables);
inline constexpr double kScatteredRun = 8.0;

}  // namespace lade::io
