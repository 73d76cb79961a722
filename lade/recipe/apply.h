// SPDX-License-Identifier: Apache-2.0
// A recipe offline: the targets of every sequence as Arrow tables, one per boundary
// set. The values are those of the loader, bit for bit.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lade/core/table.h"
#include "lade/io/dataset.h"
#include "lade/io/table_writer.h"
#include "lade/recipe/spec.h"
#include "lade/targets/statistics.h"

namespace lade {

struct ApplyOptions {
  int threads = 0;               // 0 = usable_cpus()
  Index block_sequences = 1024;  // sequences a thread takes at a time
  io::TableFormat format = io::TableFormat::parquet;  // of the files of apply_to
  /// Called for every sequence, from any of the threads; what it throws ends the work.
  std::function<void()> poll = {};
};

/// Two targets that say the same, by name (TargetStatistics::correlated).
struct CorrelatedTargets {
  std::string first, second, every;
  double correlation = 0;
  Index values = 0;
};

struct ApplyReport {
  Index sequences = 0;
  Index events = 0;
  Index events_hidden = 0;    // at or after `until`: only ahead targets see them
  Index sequences_empty = 0;  // without an event before `until`: no rows are given
  std::vector<TargetSummary> targets;         // recipe order
  std::vector<CorrelatedTargets> correlated;  // of a boundary set each
  Index not_compared = 0;  // targets beyond TargetStatistics::kMostCompared of a set
  ReadReport read;
};

/// Columns of the table of a boundary set: entity, interval_start, interval_end (both
/// in the type of the time column; exclusive end), position (i64, last row of the
/// interval in the sequence), one f32 column per target, i64 of classes, in recipe
/// order (null = invalid). every = "sequence": entity and the targets. every = "event":
/// entity, time, position, targets.
using ApplySink =
    std::function<void(const std::string& every, const RecordBatch& batch)>;

/// Computes all targets and hands record batches to `sink`: per boundary set in
/// ascending sequence order, from the calling thread.
///
/// All intervals with rows before `until` are given; max_length does not crop offline.
/// Errors:  ArgumentError if the recipe has no targets; as Plan and reading.
/// Threads: same batches for any number.
ApplyReport apply(const Recipe& recipe, const io::Dataset& dataset,
                  const ApplyOptions& options, const ApplySink& sink);

/// The schemas of the tables, by boundary set, in order of first use.
std::vector<std::pair<std::string, std::shared_ptr<arrow::Schema>>> apply_schemas(
    const Recipe& recipe, const io::Dataset& dataset);

/// Writes `targets.<every>.parquet` (or `.arrow`, `.csv`) per boundary set and the
/// manifest (kind "targets") into a new directory.  Errors: ArgumentError if it exists
/// without `overwrite`.
ApplyReport apply_to(const Recipe& recipe, const io::Dataset& dataset,
                     const std::string& directory, const ApplyOptions& options = {},
                     bool overwrite = false);

}  // namespace lade
