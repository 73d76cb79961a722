// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/convert.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "lade/io/file_memory.h"
#include "lade/io/parquet.h"

namespace lade {
namespace {

/// Rows (account, day, place in the input) in no order, `count` of them.
std::string bank_text(int count, int accounts) {
  std::string text = "account,day,place,kind\n";
  for (int i = 0; i < count; ++i) {
    const int account = (i * 7919) % accounts;
    const int day = (i * 31) % 97;
    text += std::to_string(account) + "," + std::to_string(day) + "," +
            std::to_string(i) + (i % 3 == 0 ? ",food\n" : ",rent\n");
  }
  return text;
}

ConvertOptions bank_options(io::Files& files) {
  ConvertOptions options;
  options.entity = "account";
  options.time = "day";
  options.files = &files;
  options.memory_budget = Index{64} << 20;
  options.threads = 1;
  return options;
}

/// All rows of the parts, as (account, day, place).
std::vector<std::vector<std::int64_t>> rows_of(io::Files& files,
                                               const std::string& directory,
                                               std::vector<Index>* groups = nullptr) {
  std::vector<std::vector<std::int64_t>> rows;
  const auto manifest = io::read_manifest(files, directory);
  for (const auto& file : manifest->files) {
    const io::ParquetFile parquet(files, io::join(directory, file.path));
    EXPECT_EQ(parquet.metadata("lade.layout"), "flat");
    for (Index g = 0; g < parquet.row_groups(); ++g) {
      if (groups != nullptr) groups->push_back(parquet.row_group_rows(g));
      const auto chunk = parquet.read_chunk(g, {"account", "day", "place"});
      for (Index r = 0; r < chunk->rows; ++r) {
        rows.push_back({chunk->columns[0].as<std::int64_t>()[r],
                        chunk->columns[1].as<std::int64_t>()[r],
                        chunk->columns[2].as<std::int64_t>()[r]});
      }
    }
  }
  return rows;
}

TEST(Convert, SortsByEntityTimeAndInputOrder) {
  io::MemoryFiles files;
  files.put("/bank.csv", bank_text(1000, 7));
  const ConvertReport report = convert({"/bank.csv"}, "/bank", bank_options(files));
  EXPECT_EQ(report.events, 1000);
  EXPECT_EQ(report.sequences, 7);
  EXPECT_TRUE(report.read.balanced());
  EXPECT_GT(report.read.rows_out_of_order, 0);
  const auto rows = rows_of(files, "/bank");
  ASSERT_EQ(rows.size(), 1000U);
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
}

TEST(Convert, ManifestSaysWhatWasWritten) {
  io::MemoryFiles files;
  files.put("/bank.csv", bank_text(100, 7));
  convert({"/bank.csv"}, "/bank", bank_options(files));
  const auto manifest = io::read_manifest(files, "/bank");
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->kind, "dataset");
  EXPECT_EQ(manifest->text("entity"), "account");
  EXPECT_EQ(manifest->text("time"), "day");
  EXPECT_EQ(manifest->integer("events"), 100);
  EXPECT_EQ(manifest->integer("sequences"), 7);
  ASSERT_EQ(manifest->files.size(), 1U);
  EXPECT_EQ(manifest->files[0].path, "part-00000.parquet");
  EXPECT_EQ(manifest->files[0].rows, 100);
}

TEST(Convert, RowGroupsEndAtSequencesAndLongSequencesHaveTheirOwn) {
  io::MemoryFiles files;
  std::string text = "account,day,place,kind\n";
  int place = 0;
  const auto add = [&](int account, int rows) {
    for (int i = 0; i < rows; ++i) {
      text += std::to_string(account) + "," + std::to_string(i) + "," +
              std::to_string(place++) + ",x\n";
    }
  };
  add(1, 3);
  add(2, 9);  // ends the first group: 12 >= 10
  add(3, 4);
  add(4, 25);  // longer: 10, 10, 5 of its own
  add(5, 10);  // not longer
  add(6, 2);
  files.put("/bank.csv", text);
  ConvertOptions options = bank_options(files);
  options.row_group_rows = 10;
  convert({"/bank.csv"}, "/bank", options);
  std::vector<Index> groups;
  rows_of(files, "/bank", &groups);
  EXPECT_EQ(groups, (std::vector<Index>{12, 4, 10, 10, 5, 10, 2}));
}

TEST(Convert, SameBytesForAnyBudgetAndThreads) {
  io::MemoryFiles files;
  files.put("/bank.csv", bank_text(20'000, 300));
  ConvertOptions options = bank_options(files);
  options.row_group_rows = 1000;
  convert({"/bank.csv"}, "/whole", options);
  const std::string expected = files.contents("/whole/part-00000.parquet");
  options.memory_budget = Index{1} << 20;
  for (const int threads : {1, 2, 7}) {
    options.threads = threads;
    options.overwrite = true;
    const ConvertReport report = convert({"/bank.csv"}, "/merged", options);
    EXPECT_GT(report.runs_spilled, 1);
    EXPECT_TRUE(files.contents("/merged/part-00000.parquet") == expected);
    EXPECT_EQ(files.contents("/merged/_lade/manifest.json"),
              files.contents("/whole/_lade/manifest.json"));
  }
}

TEST(Convert, PartsAreCutBetweenRowGroups) {
  io::MemoryFiles files;
  files.put("/bank.csv", bank_text(3000, 30));
  ConvertOptions options = bank_options(files);
  options.row_group_rows = 100;
  options.part_bytes = 1;
  const ConvertReport report = convert({"/bank.csv"}, "/bank", options);
  EXPECT_EQ(static_cast<Index>(report.files.size()), report.row_groups);
  EXPECT_EQ(rows_of(files, "/bank").size(), 3000U);
}

TEST(Convert, ConvertedParquetGivesTheSameBytesAgain) {
  io::MemoryFiles files;
  files.put("/bank.csv", bank_text(2000, 30));
  ConvertOptions options = bank_options(files);
  convert({"/bank.csv"}, "/first", options);
  const ConvertReport report = convert({"/first"}, "/second", options);
  EXPECT_EQ(report.read.rows_out_of_order, 0);
  EXPECT_TRUE(files.contents("/first/part-00000.parquet") ==
              files.contents("/second/part-00000.parquet"));
}

TEST(Convert, LateRowsGoByTheirPolicy) {
  io::MemoryFiles files;
  files.put("/t.csv",
            "account,day,place,kind\n1,1,0,x\n1,2,1,x\n1,2,2,x\n1,5,3,x\n1,4,4,x\n"
            "1,6,5,x\n");
  ConvertOptions options = bank_options(files);
  EXPECT_EQ(convert({"/t.csv"}, "/sort", options).read.rows_out_of_order, 1);
  EXPECT_EQ(rows_of(files, "/sort")[3][2], 4);
  options.policies.on_disorder = OnDisorder::skip;
  const ConvertReport skipped = convert({"/t.csv"}, "/skip", options);
  EXPECT_TRUE(skipped.read.balanced());
  EXPECT_EQ(skipped.read.dropped[static_cast<int>(DropReason::time_disorder)], 1);
  options.policies.on_disorder = OnDisorder::keep;
  convert({"/t.csv"}, "/keep", options);
  EXPECT_EQ(rows_of(files, "/keep")[3][2], 3);
  options.policies.on_disorder = OnDisorder::fail;
  try {
    convert({"/t.csv"}, "/fail", options);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_EQ(error.place().rule, "convert.time_disorder");
    EXPECT_EQ(error.place().row, 4);
    const std::string what = error.what();
    EXPECT_NE(what.find("entity 1: its time is before that of row 3 of /t.csv"),
              std::string::npos)
        << what;
  }
  EXPECT_FALSE(files.exists("/fail"));
}

TEST(Convert, TextEntitiesAreSortedByTheirBytes) {
  io::MemoryFiles files;
  files.put("/t.csv", "account,day,place,kind\nb,1,0,x\nB,1,1,x\nab,1,2,x\na,2,3,x\n");
  convert({"/t.csv"}, "/t", bank_options(files));
  const io::ParquetFile parquet(files, "/t/part-00000.parquet");
  const auto chunk = parquet.read_chunk(0, {"place"});
  std::vector<std::int64_t> places;
  for (Index r = 0; r < 4; ++r)
    places.push_back(chunk->columns[0].as<std::int64_t>()[r]);
  EXPECT_EQ(places, (std::vector<std::int64_t>{1, 3, 2, 0}));
}

TEST(Convert, TruncatedTextStopsWhereItSays) {
  io::MemoryFiles files;
  files.put("/t.csv", "account,day,place,kind\n1,1,0,x\n1,2");
  ConvertOptions options = bank_options(files);
  EXPECT_THROW(convert({"/t.csv"}, "/t", options), DataError);
  EXPECT_FALSE(files.exists("/t"));
  options.source.policies.on_truncated = OnTruncated::stop;
  const ConvertReport report = convert({"/t.csv"}, "/t", options);
  EXPECT_EQ(report.read.dropped[static_cast<int>(DropReason::truncated_tail)], 1);
  EXPECT_TRUE(report.read.balanced());
}

TEST(Convert, DryRunWritesNothing) {
  io::MemoryFiles files;
  files.put("/bank.csv", bank_text(100, 7));
  ConvertOptions options = bank_options(files);
  options.dry_run = true;
  const ConvertReport report = convert({"/bank.csv"}, "/bank", options);
  EXPECT_EQ(report.read.rows_seen, 100);
  EXPECT_GT(report.decoded_bytes, 100 * 24);
  EXPECT_FALSE(files.exists("/bank"));
}

TEST(Convert, RefusesWhatCannotBeConverted) {
  io::MemoryFiles files;
  files.put("/bank.csv", "account,day,place,kind\n1.5,1,0,x\n");
  const auto refuses = [&](auto change) {
    ConvertOptions options = bank_options(files);
    change(options);
    EXPECT_THROW(convert({"/bank.csv"}, "/bank", options), ArgumentError);
    EXPECT_FALSE(files.exists("/bank"));
  };
  refuses([](ConvertOptions&) {});  // a float entity
  refuses([](ConvertOptions& o) { o.entity = "acount"; });
  refuses([](ConvertOptions& o) { o.entity = "place", o.time = "kind"; });
  refuses([](ConvertOptions& o) { o.entity = o.time; });
  refuses([](ConvertOptions& o) { o.memory_budget = 1000; });
  refuses([](ConvertOptions& o) { o.threads = -1; });
  refuses([](ConvertOptions& o) { o.row_group_rows = 0; });
  refuses([](ConvertOptions& o) { o.page_bytes = 0; });
  refuses([](ConvertOptions& o) { o.part_bytes = 0; });
}

TEST(Convert, RefusesATargetThatExists) {
  io::MemoryFiles files;
  files.put("/bank.csv", bank_text(10, 2));
  ConvertOptions options = bank_options(files);
  convert({"/bank.csv"}, "/bank", options);
  EXPECT_THROW(convert({"/bank.csv"}, "/bank", options), ArgumentError);
  options.overwrite = true;
  EXPECT_EQ(convert({"/bank.csv"}, "/bank", options).events, 10);
}

}  // namespace
}  // namespace lade
