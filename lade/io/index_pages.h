// SPDX-License-Identifier: Apache-2.0
// The index read from its files in 64 KiB pages, each checked when it is read.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lade/core/memory.h"
#include "lade/io/dataset_fork.h"
#include "lade/io/file.h"
#include "lade/io/index.h"
#include "lade/io/index_layout.h"

namespace lade::io {

/// What the metadata of the index files say.
struct IndexFacts {
  std::string fingerprint;  // hex of the dataset it belongs to
  EntityColumn::Kind entity = EntityColumn::Kind::none;
  Index sequences = 0;
  Index events = 0;
  Index runs = 0;
  Index sequences_emptied = 0;
  ReadReport report;
};

inline constexpr Index kIndexPageBytes = Index{64} << 10;
/// Files of an index; the first three are paged.
enum class IndexTable : std::uint8_t { row_groups, sequences, runs };
inline constexpr int kIndexTables = 3;
inline constexpr std::array<const char*, 4> kIndexFiles{
    {"row_groups.arrow", "sequences.arrow", "runs.arrow", "pages.arrow"}};
inline constexpr Index kIndexBatchRows = Index{1} << 20;

/// Threads:  every const member from any thread.
class PagedIndex {
 public:
  /// Opens the files; reads row groups, metadata and hashes. Other pages are read and
  /// checked when they are wanted, at most `cache_bytes` of them are kept.
  /// Errors: IoError if a file is absent; DataError `index.*` for anything else.
  PagedIndex(Files& files, const std::string& directory, Index cache_bytes,
             std::shared_ptr<Ledger> ledger);
  ~PagedIndex();

  const IndexFacts& facts() const { return facts_; }
  const std::vector<RowGroupEntry>& row_groups() const { return row_groups_; }
  Index file_bytes() const;  // of the paged files
  /// The whole index in memory, its values checked.
  IndexTables load() const;

  SequenceInfo sequence(Index s) const;
  Index length(Index s) const;
  std::vector<RowRun> runs(Index s) const;
  void lengths(Index first, std::span<Index> out) const;

 private:
  struct TableFile;
  struct Pages;
  enum class Keep : std::uint8_t { no, yes };

  TableFile& table(IndexTable t) const { return *tables_[static_cast<std::size_t>(t)]; }
  void read_bytes(IndexTable t, Index offset, std::span<std::byte> out,
                  Keep keep) const;
  std::shared_ptr<const std::vector<std::byte>> page(IndexTable t, Index p,
                                                     Keep keep) const;
  template <class T>
  void read_column(IndexTable t, Index buffer, Index first, std::span<T> out,
                   Keep keep) const;
  template <class T>
  T value(IndexTable t, Index buffer, Index row) const;
  std::string text(Index s) const;
  Index rows(IndexTable t) const;
  void read_hashes(Files& files);
  void check_layout(IndexTable t, Index buffers) const;
  void read_row_groups();
  void check_run(const RowRun& run) const;
  [[noreturn]] void fail(IndexTable t, std::string_view rule,
                         std::string_view what) const;

  std::string directory_;
  std::array<std::unique_ptr<TableFile>, kIndexTables> tables_;
  IndexFacts facts_;
  std::vector<RowGroupEntry> row_groups_;
  Index cache_bytes_;
  std::shared_ptr<Ledger> ledger_;
  std::unique_ptr<ForkLocal<Pages>> pages_;
};

}  // namespace lade::io
