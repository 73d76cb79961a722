// SPDX-License-Identifier: Apache-2.0
// Delimited text: docs/formats/csv.md. The first pass over the files finds rows and
// infers types over the whole input. It converts as it goes, to the types seen so far;
// the second pass converts what that was too early for. Blocks of rows go in parallel.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lade/core/limits.h"
#include "lade/core/memory.h"
#include "lade/core/sequence.h"
#include "lade/io/file.h"
#include "lade/io/source.h"

namespace lade::io {

struct CsvOptions {
  SourceOptions source;  // its policies are not looked at: see `resolve`
  Policies policies;
  Limits limits;
  std::vector<std::string> columns;    // what is given, in this order; all if empty
  std::vector<std::string> keys;       // columns in which null, NaN and infinity are
                                       // a broken row (null_key): entity and time
  int threads = 0;                     // 0 = usable_cpus()
  Index block_bytes = Index{1} << 20;  // text per block; a longer row grows its block
  Index read_bytes = Index{1} << 20;   // bytes asked of the file at once
  Index keep_bytes = 0;  // converted blocks that the first pass may keep, so that they
                         // need not be read again
  std::shared_ptr<Ledger>
      ledger;              // text and chunks are charged to it; nullptr = nobody
  Files* files = nullptr;  // nullptr = real_files()
  /// Called now and then; what it throws ends the reading.
  std::function<void()> poll = {};
};

/// Reads one or more CSV files with the same columns as a stream of chunks.
///
/// Construction reads everything once: header, rows, types. Then `next` converts.
/// Errors:  DataError with source, line (as row), byte offset, column, rule `csv.*`,
/// value;
///          ArgumentError for options, unknown columns (nearest name); IoError. The
///          error is the first in file order.
/// Types:   where no row was met, keys without a type given are int64: nothing says
///          what else they are, and a time must be a number.
/// Memory:  keep_bytes, and about (4 * threads + 1) blocks of text and what they
/// convert
///          to, whatever the size of the files.
/// Threads: same chunks, errors and report for any `threads`, `read_bytes` and
///          `keep_bytes`.
class CsvReader {
 public:
  CsvReader(const std::vector<std::string>& paths, CsvOptions options);
  ~CsvReader();
  CsvReader(CsvReader&&) noexcept;

  /// Of the columns given, in their order.
  const Schema& schema() const;
  /// Rows that the first pass met, dropped ones included.
  Index rows_seen() const;
  /// Estimate of what all chunks together take in memory: the first block, scaled.
  Index decoded_bytes() const;
  /// The next rows in file order; nullptr at the end, for ever after. Chunks without
  /// rows do not occur.
  std::shared_ptr<const Chunk> next();
  /// Which of the paths the last chunk came from; its rows are of this file alone.
  Index file() const;
  /// Balanced and complete when `next` has returned nullptr.
  const ReadReport& report() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// All rows at once.
struct CsvTable {
  Schema schema;
  std::vector<std::shared_ptr<const Chunk>> chunks;
  ReadReport report;
};
CsvTable read_csv(const std::string& path, const CsvOptions& options = {});

}  // namespace lade::io
