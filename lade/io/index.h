// SPDX-License-Identifier: Apache-2.0
// Which rows belong to which sequence. Format on disk: docs/formats/index.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "lade/core/limits.h"
#include "lade/core/matrix.h"
#include "lade/core/memory.h"

namespace lade::io {

/// An entity value: integers by value, texts by UTF-8 bytes. monostate = dataset
/// without an entity.
using Entity = std::variant<std::monostate, std::int64_t, std::string>;

struct SequenceInfo {
  Entity entity;
  Index events = 0;
  Index first_run = 0;
  Index runs = 0;
  std::int64_t first_time = 0;  // in the unit of the time column
  std::int64_t last_time = 0;
};

/// Contiguous rows of one sequence in a row group, in time order.
struct RowRun {
  std::int32_t row_group = 0;
  std::int32_t first_row = 0;
  std::int32_t rows = 0;
  bool operator==(const RowRun&) const = default;
};

/// One row group of the dataset; the list is in storage order.
struct RowGroupEntry {
  std::int32_t file = 0;
  std::int32_t row_group = 0;  // within the file
  std::int64_t first_row = 0;  // over all files
  std::int64_t rows = 0;
  std::int64_t time_min = 0;   // bounds of the rows kept; min > max if there
  std::int64_t time_max = -1;  // are none
  bool operator==(const RowGroupEntry&) const = default;
};

/// Entity values of all sequences, ascending. `offsets` has one entry more than there
/// are texts, or none.
struct EntityColumn {
  enum class Kind : std::uint8_t { none, integer, text } kind = Kind::none;
  std::vector<std::int64_t> integers;
  std::vector<std::int64_t> offsets;
  std::string bytes;
  Entity at(Index s) const;
  bool operator==(const EntityColumn&) const = default;
};

/// The index in memory. Runs of sequence s are [first_run[s], first_run[s + 1]).
struct IndexTables {
  std::vector<RowGroupEntry> row_groups;
  EntityColumn entity;
  std::vector<std::int64_t> first_run;  // sequences + 1 entries
  std::vector<std::int64_t> events;
  std::vector<std::int64_t> first_time;
  std::vector<std::int64_t> last_time;
  std::vector<RowRun> runs;
  ReadReport report;            // of the pass that made the index
  Index sequences_emptied = 0;  // all their events were filtered away
  Index sequences() const { return static_cast<Index>(events.size()); }
  Index bytes() const;  // memory held
};

/// Keeps of `runs` the rows [begin, begin + rows), counted over all of them.
void cut_runs(std::vector<RowRun>& runs, Index begin, Index rows);

class PagedIndex;

/// Looks sequences up, in memory or through checked 64 KiB pages of the index files.
///
/// Threads: every member from any thread.
class SequenceIndex {
 public:
  SequenceIndex() = default;
  explicit SequenceIndex(std::shared_ptr<const IndexTables> tables);
  explicit SequenceIndex(std::shared_ptr<const PagedIndex> pages);

  Index sequences() const { return sequences_; }
  Index events() const { return events_; }
  Index runs() const { return runs_; }
  const std::vector<RowGroupEntry>& row_groups() const { return *row_groups_; }
  const ReadReport& report() const { return *report_; }
  Index sequences_emptied() const { return emptied_; }
  bool paged() const { return pages_ != nullptr; }

  /// Requires: 0 <= s < sequences(), here and below.
  /// Errors: DataError `index.page` if a page of the file is not what was written.
  SequenceInfo sequence(Index s) const;
  Index length(Index s) const;
  std::vector<RowRun> runs(Index s) const;
  /// The run of a sequence that has one and whose index is in memory, without an
  /// allocation; else nothing: ask runs().
  std::optional<RowRun> only_run(Index s) const;
  /// out[i] = length(first + i).
  void lengths(Index first, std::span<Index> out) const;

 private:
  std::shared_ptr<const IndexTables> tables_;
  std::shared_ptr<const PagedIndex> pages_;
  std::shared_ptr<const std::vector<RowGroupEntry>> row_groups_;
  std::shared_ptr<const ReadReport> report_;
  Index sequences_ = 0;
  Index events_ = 0;
  Index runs_ = 0;
  Index emptied_ = 0;
};

}  // namespace lade::io
