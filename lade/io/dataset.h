// SPDX-License-Identifier: Apache-2.0
// A dataset: files of events plus an index, one sequence per entity, ordered in time,
// read lazily. Sequences are numbered by ascending entity value.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lade/core/expression.h"
#include "lade/core/hash.h"
#include "lade/core/limits.h"
#include "lade/core/memory.h"
#include "lade/core/sequence.h"
#include "lade/core/table.h"
#include "lade/io/file.h"
#include "lade/io/index.h"
#include "lade/io/source.h"
#include "lade/io/unsupported.h"

namespace lade::io {

struct OpenOptions {
  std::string entity;                               // "" = none
  std::string time;                                 // "" = none
  std::optional<std::vector<std::string>> columns;  // what may be read; all if absent
  std::string layout = "auto";  // auto | flat (nested: refused, not yet)
  SourceOptions source;
  PolicyOptions policies;  // given ones win over source.policies
  Limits limits;
  std::string schema = "exact";      // exact | promote | union
  std::string manifest = "use";      // use | ignore
  std::string fingerprint = "fast";  // fast | full
  /// Where an index goes if the data's own directory cannot be written; and with
  /// `convert`, copies of what is too large to be grouped in memory.
  std::string cache_dir;
  Index memory_budget = 0;  // 0 = default_memory_budget()
  int threads = 0;          // 0 = usable_cpus(), for indexing and text
  /// Keeps the events for which the program is true, before windows are cut. Called
  /// once with the dataset's schema; `filter_text` enters the fingerprint.
  std::function<Program(const Schema&)> filter;
  std::string filter_text;
  Files* files = nullptr;
  /// Makes a dataset directory at `target` out of the files, columns as
  /// options.columns says; set_convert (lade/recipe/open.h) gives it.
  std::function<void(const std::vector<std::string>& paths, const std::string& target,
                     const OpenOptions& options, bool overwrite)>
      convert = {};
  /// Called now and then, on the thread that opens; what it throws ends the opening,
  /// and nothing is left behind.
  std::function<void()> poll = {};
};

class DatasetReader;

/// Shared and immutable: a copy is a pointer.
///
/// Threads: every member from any thread.
class Dataset {
 public:
  const Schema& schema() const;  // of all columns, in file order
  /// Columns of the files that are of types that are not read, and so not in schema().
  const std::vector<UnsupportedColumn>& unsupported() const;
  /// Position of a column in schema().
  /// Errors: ArgumentError "`where`: unknown column ...", with the nearest name;
  ///         DataError `table.type` for one of unsupported().
  Index column(std::string_view name, std::string_view where) const;
  const std::string& entity() const;  // column name, "" = none
  const std::string& time() const;
  Index sequences() const;
  Index events() const;
  Index row_groups() const;
  Index row_group_rows(Index g) const;
  std::int64_t newest_time() const;  // over all events; observed_until builds on it
  SequenceInfo sequence(Index s) const;
  Index length(Index s) const;  // events of sequence s, from the index alone
  void lengths(Index first, std::span<Index> out) const;  // out[i] = length(first + i)
  Index sequences_emptied() const;  // entities whose events were all filtered away
  std::vector<RowRun> runs(Index s) const;
  Index home(Index s) const;  // row group of its first event
  Hash128 fingerprint() const;
  ReadReport report() const;
  std::vector<std::string> warnings()
      const;  // what happened at open and is worth a word
  Policies policies() const;
  std::vector<std::string> files() const;
  bool in_memory() const;  // decoded already: no reading, workers settle at 1
  Index decoded_bytes(
      const std::vector<std::string>& columns) const;  // estimate, all rows
  std::shared_ptr<Ledger> ledger() const;

  /// A reader of these columns; nullptr = the dataset's own ledger.
  /// Errors: as column().
  DatasetReader reader(const std::vector<std::string>& columns,
                       std::shared_ptr<Ledger> ledger = nullptr) const;

  /// The sequences of these numbers, ascending and distinct, renumbered from 0. Shares
  /// files and index; the fingerprint is another one; newest_time() stays.
  /// Errors: ArgumentError if they are not ascending numbers of sequences.
  Dataset subset(std::vector<Index> sequences) const;

  struct State;
  explicit Dataset(std::shared_ptr<const State> state);
  const State& state() const { return *state_; }

 private:
  std::shared_ptr<const State> state_;
};

/// Reads chosen columns of a dataset through a cache of decoded row groups: immutable,
/// ref-counted, least recently used goes first, on the ledger (account `cache`).
///
/// Threads: `sequence` and `load` from any thread; two that want the same row group
/// decode
///          it once. Same values whatever is cached.
class DatasetReader {
 public:
  const Schema& schema() const;  // of the selected columns, in the order asked for

  /// One whole sequence. Compacted into a chunk of its own when it has several runs.
  /// `chunk` keeps the view's memory alive.
  /// Errors: DataError{file, row group, column, rule}; `dataset.changed` if the data
  /// are
  ///         not what the index says.
  struct Sequence {
    SequenceView view;
    std::shared_ptr<const Chunk> chunk;
  };
  Sequence sequence(Index s) const;
  /// Events [begin, begin + rows) of sequence s, reading only the row groups they lie
  /// in. Requires: they are within the sequence.
  Sequence slice(Index s, Index begin, Index rows) const;

  /// Row group g, decoded (from the cache if it is there).
  std::shared_ptr<const Chunk> row_group(Index g) const;
  /// Row groups of sequence s, ascending.
  std::vector<Index> row_groups_of(Index s) const;
  std::vector<Index> row_groups_of(Index s, Index begin, Index rows) const;
  bool cached(Index g) const;
  /// Row groups that will be wanted soon, in this order: known next use beats recency.
  void expect(std::span<const Index> row_groups) const;
  /// Drops cached row groups that nobody uses until at most `keep_bytes` are cached.
  void trim(Index keep_bytes) const;

  struct Stats {
    Index bytes_read = 0;    // compressed bytes from files
    Index stored_bytes = 0;  // of the selected columns, once
    Index row_groups_decoded = 0;
    Index cache_hits = 0;
    Index cache_bytes = 0;
    std::int64_t decode_ns = 0;  // reading included
  };
  Stats stats() const;

  struct State;
  explicit DatasetReader(std::shared_ptr<State> state);

 private:
  std::shared_ptr<State> state_;
};

/// Opens files, directories, globs (sorted relative paths; `_*` and `.*` skipped).
///
/// Errors: IoError if there is no file; ArgumentError for unknown columns (nearest
/// name),
///         a float entity, text that would not fit (with the `lade convert` line and
///         the bytes); DataError for what the bytes break, and `table.type` for a
///         column asked for whose type is not read.
Dataset open(const std::vector<std::string>& paths, const OpenOptions& options);

/// A dataset over Arrow data in memory, grouped by entity and time.
Dataset from_batches(const std::vector<RecordBatch>& batches,
                     const OpenOptions& options);

}  // namespace lade::io
