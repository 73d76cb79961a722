// SPDX-License-Identifier: Apache-2.0
#include "lade/io/sorted_rows.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "tests/io/csv_reading.h"
#include "tests/testing/faulty_files.h"

namespace lade::io {
namespace {

using lade::testing::read_text;

/// entity, time and the place in the input, which no sort looks at.
using Row = std::tuple<std::string, std::int64_t, std::int64_t>;

CsvTable table_of(const std::vector<Row>& rows, bool text_entity) {
  CsvOptions options;
  options.block_bytes = 64;
  options.source.types = {
      {"e", text_entity ? "string" : "int64"}, {"t", "int64"}, {"i", "int64"}};
  std::string text = "e,t,i\n";
  for (const auto& [e, t, i] : rows) {
    text += e + "," + std::to_string(t) + "," + std::to_string(i) + "\n";
  }
  return read_text(text, options);
}

RowSorter::Options runs_of(Index run_bytes, Index block_rows, std::size_t fan_in = 64) {
  RowSorter::Options options;
  options.run_bytes = run_bytes;
  options.block_rows = block_rows;
  options.fan_in = fan_in;
  options.threads = 2;
  return options;
}

struct Sorted {
  std::vector<Row> rows;
  Index sequences = 0;
  Index spilled = 0;
};

Sorted sort(const CsvTable& table, RowSorter::Options options) {
  MemoryFiles files;
  options.entity = 0;
  options.time = 1;
  options.directory = "/";
  options.files = &files;
  RowSorter sorter(table.schema, options);
  for (const auto& chunk : table.chunks) sorter.add(chunk, {});
  Sorted out;
  const auto sink = [&](const RowPool& pool, RowRef row, bool first) {
    const auto& columns = pool[row.chunk].columns;
    const std::string entity =
        columns[0].kind == Kind::text
            ? std::string(
                  (*columns[0].dictionary)[columns[0].as<std::int32_t>()[row.row]])
            : std::to_string(columns[0].as<std::int64_t>()[row.row]);
    out.rows.emplace_back(entity, columns[1].as<std::int64_t>()[row.row],
                          columns[2].as<std::int64_t>()[row.row]);
    out.sequences += first ? 1 : 0;
    return Index{0};
  };
  sorter.finish(sink, [](const RowPool&) {});
  out.spilled = sorter.runs_spilled();
  EXPECT_TRUE(files.list("/").empty());
  return out;
}

TEST(RowSorter, MatchesStableSortForAnyRunsAndFanIn) {
  EXPECT_TRUE(rc::check([] {
    const bool text = *rc::gen::arbitrary<bool>();
    const auto count = *rc::gen::inRange(0, 200);
    std::vector<Row> rows;
    for (int i = 0; i < count; ++i) {
      const auto entity = *rc::gen::inRange(-3, 12);
      rows.emplace_back(text ? "e" + std::to_string(entity) : std::to_string(entity),
                        *rc::gen::inRange(-5, 5), i);
    }
    const CsvTable table = table_of(rows, text);
    std::stable_sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
      const auto& [ea, ta, ia] = a;
      const auto& [eb, tb, ib] = b;
      if (ea == eb) return ta < tb;
      return text ? ea < eb : std::stoll(ea) < std::stoll(eb);
    });
    for (const Index run_bytes : {Index{1}, Index{2000}, Index{1} << 30}) {
      for (const std::size_t fan_in : {2, 64}) {
        const Sorted sorted = sort(
            table,
            {.run_bytes = run_bytes, .block_rows = 7, .fan_in = fan_in, .threads = 2});
        RC_ASSERT(sorted.rows == rows);
      }
    }
  }));
}

TEST(RowSorter, SaysWhereSequencesBegin) {
  const CsvTable table =
      table_of({{"2", 1, 0}, {"1", 1, 1}, {"2", 0, 2}, {"-7", 3, 3}}, false);
  EXPECT_EQ(sort(table, {}).sequences, 3);
  EXPECT_EQ(sort(table, runs_of(1, 1)).sequences, 3);
}

TEST(RowSorter, LeavesRowsOutThatAreNotKept) {
  const CsvTable table = table_of({{"2", 1, 0}, {"1", 1, 1}, {"2", 0, 2}}, false);
  MemoryFiles files;
  RowSorter sorter(table.schema,
                   {.entity = 0, .time = 1, .directory = "/", .files = &files});
  sorter.add(table.chunks[0], {1, 0, 1});
  Index rows = 0;
  sorter.finish([&](const RowPool&, RowRef, bool) { return Index{0} * ++rows; },
                [](const RowPool&) {});
  EXPECT_EQ(rows, 2);
}

TEST(RowSorter, FaultOnAnyCallLeavesNoFileBehind) {
  const CsvTable table =
      table_of({{"2", 1, 0}, {"1", 1, 1}, {"2", 0, 2}, {"1", 0, 3}}, false);
  for (int at = 1;; ++at) {
    MemoryFiles memory;
    lade::testing::FaultyFiles files(memory, {.at = at});
    const auto run = [&] {
      RowSorter sorter(table.schema, {.entity = 0,
                                      .time = 1,
                                      .run_bytes = 1,
                                      .block_rows = 1,
                                      .directory = "/",
                                      .files = &files});
      for (const auto& chunk : table.chunks) sorter.add(chunk, {});
      sorter.finish([](const RowPool&, RowRef, bool) { return Index{0}; },
                    [](const RowPool&) {});
    };
    try {
      run();
    } catch (const IoError&) {
      EXPECT_TRUE(files.fired());
    }
    const bool unlink_failed =
        files.fired() && files.made().back() == lade::testing::Call::unlink;
    EXPECT_TRUE(unlink_failed || memory.list("/").empty());
    if (!files.fired()) break;
  }
}

TEST(CopyRows, TextsGetCodesInTheOrderTheyCome) {
  CsvOptions options;
  options.block_bytes = 4;
  options.source.types["a"] = "string";
  const CsvTable table = read_text("a,b\nx,1\ny,\nx,3\nz,4\n", options);
  RowPool pool;
  for (const auto& chunk : table.chunks) pool.add(chunk);
  ASSERT_EQ(pool.size(), 4U);
  for (const int threads : {1, 2}) {
    const auto chunk =
        copy_rows(pool, {{3, 0}, {0, 0}, {1, 0}, {2, 0}}, table.schema, threads);
    const Column& text = chunk->columns[0];
    EXPECT_EQ(
        std::vector<std::int32_t>(text.as<std::int32_t>(), text.as<std::int32_t>() + 4),
        (std::vector<std::int32_t>{0, 1, 2, 1}));
    EXPECT_EQ(text.dictionary->size(), 3);
    EXPECT_FALSE(chunk->columns[1].valid(2));
    EXPECT_EQ(chunk->columns[1].as<std::int64_t>()[0], 4);
  }
}

TEST(SpillFile, KeepsChunksAsTheyWere) {
  const CsvTable table = read_text("a,b,c\n1,x,0.5\n,,\n3,y,2\n");
  MemoryFiles files;
  SpillFile file(files, "/");
  file.write(*table.chunks[0]);
  CsvTable again{
      .schema = table.schema, .chunks = {file.read(0, table.schema)}, .report = {}};
  EXPECT_EQ(lade::testing::rows_of(again), lade::testing::rows_of(table));
  EXPECT_TRUE(files.list("/").empty());
}

TEST(OrderedBits, AreOrderedAsTheValues) {
  const std::vector<double> values{-1e300, -1, -1e-300, 0, 1e-300, 1, 1e300};
  Column column{.kind = Kind::f64, .values = values.data()};
  for (Index r = 1; r < static_cast<Index>(values.size()); ++r) {
    EXPECT_LT(ordered_bits(column, r - 1), ordered_bits(column, r));
  }
  const std::vector<double> zeros{-0.0, 0.0};
  column.values = zeros.data();
  EXPECT_EQ(ordered_bits(column, 0), ordered_bits(column, 1));
}

}  // namespace
}  // namespace lade::io
