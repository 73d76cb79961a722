// SPDX-License-Identifier: Apache-2.0
// Rows in the order of (entity, time, input): gathered, sorted, spilled and merged.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lade/core/sequence.h"
#include "lade/io/sort_keys.h"
#include "lade/io/spill.h"

namespace lade::io {

/// Chunks that rows refer to by number. A number is used again after `release`.
class RowPool {
 public:
  std::uint32_t add(std::shared_ptr<const Chunk> chunk);
  void release(std::uint32_t number);
  const Chunk& operator[](std::uint32_t number) const { return *chunks_[number]; }
  bool holds(std::uint32_t number) const { return chunks_[number] != nullptr; }
  std::size_t size() const { return chunks_.size(); }

 private:
  std::vector<std::shared_ptr<const Chunk>> chunks_;
  std::vector<std::uint32_t> free_;
};

/// The rows as a chunk of their own; texts get codes in the order in which they first
/// come, so that the result depends on the rows alone. Threads: columns are shared
/// among `threads`; same bytes for any number.
std::shared_ptr<Chunk> copy_rows(const RowPool& pool, const std::vector<RowRef>& rows,
                                 const Schema& schema, int threads);

/// A number of the same order as the value: integers, times and floats (no NaN).
std::uint64_t ordered_bits(const Column& column, Index row);

/// Sorts rows given in input order and hands them on in sorted order.
///
/// Errors: IoError, std::bad_alloc.
class RowSorter {
 public:
  struct Options {
    Index entity = -1;                   // positions in the schema, -1 = none
    Index time = -1;                     // -1 also where the storage order is kept
    Index run_bytes = Index{256} << 20;  // memory of a run before it is spilled
    Index block_rows = 4096;             // rows of one spilled block
    std::size_t fan_in = 64;             // runs merged at once
    Index rows_expected = 0;             // how many will come, if known
    int threads = 1;
    std::string directory = ".";  // of the temporaries
    Files* files = nullptr;
  };
  /// Called for every row in order; `first`: the row begins a sequence. Returns how
  /// many of the newest rows it still wants: their chunks stay in the pool.
  using Sink = std::function<Index(RowPool& pool, RowRef row, bool first)>;

  RowSorter(const Schema& schema, Options options);
  ~RowSorter();
  /// Rows of `chunk` for which keep[r] is not 0; all if `keep` is empty.
  void add(std::shared_ptr<const Chunk> chunk, const std::vector<std::uint8_t>& keep);
  /// `at_end` comes after the last row, while the pool still lives.
  /// Requires: nothing is added afterwards.
  void finish(const Sink& sink, const std::function<void(const RowPool&)>& at_end);
  Index runs_spilled() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lade::io
