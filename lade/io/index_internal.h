// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "lade/io/index_build.h"

namespace lade::io {

/// A run as found in one row group, before anything is sorted. `rows` 0 marks an entity
/// whose rows were filtered away there. Times are order keys: integers as they are,
/// floats mapped to integers of the same order.
struct RawRun {
  std::int64_t key;
  std::int64_t first_time;
  std::int64_t last_time;
  std::int32_t row_group;
  std::int32_t first_row;
  std::int32_t rows;
};

/// What one row group gave.
struct GroupRuns {
  std::vector<RawRun> runs;        // `key` is a place in `texts` for text entities
  std::vector<std::string> texts;  // ascending, distinct
  ReadReport report;
  std::int64_t time_min = std::numeric_limits<std::int64_t>::max();
  std::int64_t time_max = std::numeric_limits<std::int64_t>::min();
};

/// Reads the keys of row group g and finds its runs.
GroupRuns scan_row_group(const KeySource& source, const IndexOptions& options, Index g);

/// Order keys of the times of a row group; rows without one hold 0.
std::vector<std::int64_t> scan_times(const KeySource& source,
                                     const IndexOptions& options, Index g);

/// Whether the time column holds floats, and the time of an order key in its unit.
bool has_float_time(const KeySource& source);
std::int64_t time_of_key(std::int64_t key, bool floating);

/// Sorts the runs of all row groups (given in storage order) into sequences; adds what
/// `on_disorder` counts to tables.report. `texts` by key for text entities.
void assemble_sequences(const KeySource& source, const IndexOptions& options,
                        std::vector<RawRun> runs, const std::vector<std::string>& texts,
                        IndexTables& tables);

}  // namespace lade::io
