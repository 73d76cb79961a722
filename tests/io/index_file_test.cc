// SPDX-License-Identifier: Apache-2.0
#include "lade/io/index_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>

#include "lade/io/file_memory.h"

namespace lade::io {
namespace {

IndexTables small_tables(EntityColumn::Kind kind) {
  IndexTables tables;
  tables.row_groups = {{0, 0, 0, 5, -3, 9}, {1, 0, 5, 4, 0, 12}};
  tables.runs = {{0, 0, 2}, {1, 0, 1}, {0, 2, 3}, {1, 1, 3}};
  tables.first_run = {0, 2, 3, 4};
  tables.events = {3, 3, 3};
  tables.first_time = {-3, 1, 0};
  tables.last_time = {5, 9, 12};
  tables.entity.kind = kind;
  tables.entity.integers = {-1, 0, 7};
  if (kind == EntityColumn::Kind::text) {
    tables.entity.integers.clear();
    tables.entity.bytes = "azé";
    tables.entity.offsets = {0, 1, 2, 4};
  }
  tables.report.rows_seen = 11;
  tables.report.rows_given = 9;
  tables.report.drop(DropReason::null_key,
                     {"f.parquet", {}, 4, "id", "dataset.null_key", ""});
  tables.report.drop(DropReason::null_key,
                     {"f: 2", 7, {}, "", "dataset.null_key", "\n"});
  tables.sequences_emptied = 2;
  return tables;
}

void write(const IndexTables& tables, Files& files,
           const std::string& directory = "i") {
  WriteOptions options;
  options.files = &files;
  AtomicDirectory out(directory, options);
  write_index(tables, "f00d", out, files);
  out.commit();
}

void expect_same(const SequenceIndex& index, const IndexTables& tables) {
  ASSERT_EQ(index.sequences(), tables.sequences());
  EXPECT_EQ(index.row_groups(), tables.row_groups);
  EXPECT_EQ(index.sequences_emptied(), tables.sequences_emptied);
  EXPECT_EQ(index.report().first_bad.size(), tables.report.first_bad.size());
  EXPECT_EQ(index.report().rows_seen, tables.report.rows_seen);
  const auto memory = SequenceIndex(std::make_shared<const IndexTables>(tables));
  std::vector<Index> lengths(static_cast<std::size_t>(index.sequences()));
  index.lengths(0, lengths);
  for (Index s = 0; s < index.sequences(); ++s) {
    const SequenceInfo a = index.sequence(s), b = memory.sequence(s);
    EXPECT_EQ(a.entity, b.entity);
    EXPECT_EQ(a.events, b.events);
    EXPECT_EQ(a.first_run, b.first_run);
    EXPECT_EQ(a.runs, b.runs);
    EXPECT_EQ(a.first_time, b.first_time);
    EXPECT_EQ(a.last_time, b.last_time);
    EXPECT_EQ(index.runs(s), memory.runs(s));
    EXPECT_EQ(index.length(s), memory.length(s));
    EXPECT_EQ(lengths[static_cast<std::size_t>(s)], memory.length(s));
  }
}

constexpr std::array kKinds{EntityColumn::Kind::integer, EntityColumn::Kind::text};

TEST(IndexFile, KeepsEverythingInMemoryAndThroughPages) {
  for (const auto kind : kKinds) {
    MemoryFiles files;
    const auto tables = small_tables(kind);
    write(tables, files);
    const auto memory = open_index("i", "f00d", files, Index{1} << 30, nullptr);
    EXPECT_FALSE(memory.paged());
    expect_same(memory, tables);
    const auto paged = open_index("i", "f00d", files, 1, nullptr);
    EXPECT_TRUE(paged.paged());
    expect_same(paged, tables);
  }
}

TEST(IndexFile, KeepsAnIndexWithoutEntityAndOneWithoutSequences) {
  MemoryFiles files;
  IndexTables tables;
  tables.row_groups = {{0, 0, 0, 3, 1, 2}};
  tables.runs = {{0, 0, 3}};
  tables.first_run = {0, 1};
  tables.events = {3};
  tables.first_time = {1};
  tables.last_time = {2};
  write(tables, files);
  expect_same(open_index("i", "f00d", files, 1 << 20, nullptr), tables);
  IndexTables empty;
  empty.first_run = {0};
  write(empty, files, "j");
  expect_same(open_index("j", "f00d", files, 1 << 20, nullptr), empty);
}

TEST(IndexFile, KeepsMoreRowsThanABatchHolds) {
  MemoryFiles files;
  IndexTables tables;
  constexpr Index kSequences = (Index{1} << 20) + 5;
  tables.row_groups = {{0, 0, 0, kSequences, 0, 0}};
  tables.entity.kind = EntityColumn::Kind::integer;
  for (Index s = 0; s < kSequences; ++s) {
    tables.runs.push_back({0, static_cast<std::int32_t>(s), 1});
    tables.first_run.push_back(s);
    tables.events.push_back(1);
    tables.first_time.push_back(s);
    tables.last_time.push_back(s);
    tables.entity.integers.push_back(s * 2);
  }
  tables.first_run.push_back(kSequences);
  write(tables, files);
  const auto ledger = std::make_shared<Ledger>(Index{4} << 20);
  const auto paged = open_index("i", "f00d", files, Index{1} << 20, ledger);
  ASSERT_TRUE(paged.paged());
  for (const Index s :
       {Index{0}, (Index{1} << 20) - 1, Index{1} << 20, kSequences - 1}) {
    EXPECT_EQ(std::get<std::int64_t>(paged.sequence(s).entity), s * 2);
    EXPECT_EQ(paged.runs(s),
              (std::vector<RowRun>{{0, static_cast<std::int32_t>(s), 1}}));
  }
  std::vector<Index> lengths(10);
  paged.lengths((Index{1} << 20) - 5, lengths);
  EXPECT_EQ(lengths, std::vector<Index>(10, 1));
  for (Index s = 0; s < kSequences; s += 4096) paged.sequence(s);
  EXPECT_LE(ledger->peak(Account::index), Index{1} << 20);
  EXPECT_GT(ledger->peak(Account::index), 0);
}

TEST(IndexFile, RefusesAnIndexOfOtherData) {
  MemoryFiles files;
  write(small_tables(EntityColumn::Kind::integer), files);
  EXPECT_THROW(open_index("i", "beef", files, 1 << 20, nullptr), DataError);
}

TEST(IndexFile, RefusesDamageOrGivesTheSameForEveryByte) {
  for (const auto kind : kKinds) {
    MemoryFiles files;
    const auto tables = small_tables(kind);
    write(tables, files);
    Index refused = 0, same = 0;
    for (const char* name : kIndexFiles) {
      const std::string path = std::string("i/") + name;
      const std::string sound = files.contents(path);
      for (std::size_t i = 0; i < sound.size(); ++i) {
        std::string damaged = sound;
        damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
        files.put(path, damaged);
        try {
          const auto index = open_index("i", "f00d", files, 1 << 20, nullptr);
          expect_same(index, tables);
          ++same;
        } catch (const DataError&) {
          ++refused;
        }
      }
      files.put(path, sound);
    }
    EXPECT_GT(refused, 4 * same);  // only bytes of pages.arrow that nothing reads
  }
}

TEST(IndexFile, RefusesEveryCut) {
  MemoryFiles files;
  const auto tables = small_tables(EntityColumn::Kind::text);
  write(tables, files);
  for (const char* name : kIndexFiles) {
    const std::string path = std::string("i/") + name;
    const std::string sound = files.contents(path);
    for (std::size_t length = 0; length < sound.size(); ++length) {
      files.put(path, std::string_view(sound).substr(0, length));
      EXPECT_THROW(open_index("i", "f00d", files, 1 << 20, nullptr), DataError)
          << path << length;
    }
    files.put(path, sound);
  }
  files.unlink("i/runs.arrow");
  EXPECT_THROW(open_index("i", "f00d", files, 1 << 20, nullptr), IoError);
}

TEST(IndexFile, RefusesValuesThatContradictEachOther) {
  const auto refused = [](auto change) {
    IndexTables tables = small_tables(EntityColumn::Kind::integer);
    change(tables);
    MemoryFiles files;
    write(tables, files);
    EXPECT_THROW(open_index("i", "f00d", files, 1 << 20, nullptr), DataError);
  };
  refused([](IndexTables& t) { t.events[1] = 4; });
  refused([](IndexTables& t) { t.first_run[1] = 3; });
  refused(
      [](IndexTables& t) { std::swap(t.entity.integers[0], t.entity.integers[1]); });
  refused([](IndexTables& t) { t.runs[2].rows = 4; });
  refused([](IndexTables& t) { t.runs[2].row_group = 2; });
  refused([](IndexTables& t) { t.runs[0].first_row = -1; });
  refused([](IndexTables& t) { t.row_groups[1].first_row = 6; });
}

TEST(IndexFile, RefusesAFirstRunFarBelowZeroThroughPages) {
  IndexTables tables = small_tables(EntityColumn::Kind::integer);
  tables.first_run[1] = std::numeric_limits<Index>::min();
  MemoryFiles files;
  write(tables, files);
  const auto paged = open_index("i", "f00d", files, 1, nullptr);
  ASSERT_TRUE(paged.paged());
  EXPECT_THROW(paged.sequence(0), DataError);
  EXPECT_THROW(paged.sequence(1), DataError);
}

TEST(IndexFile, CutRunsKeepsTheRowsAskedFor) {
  std::vector<RowRun> runs{{0, 10, 4}, {1, 0, 3}, {2, 5, 5}};
  cut_runs(runs, 3, 5);
  EXPECT_EQ(runs, (std::vector<RowRun>{{0, 13, 1}, {1, 0, 3}, {2, 5, 1}}));
  cut_runs(runs, 0, 0);
  EXPECT_TRUE(runs.empty());
}

}  // namespace
}  // namespace lade::io
