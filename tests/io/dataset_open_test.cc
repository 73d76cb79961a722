// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <thread>

#include "lade/io/dataset.h"
#include "lade/io/file_memory.h"
#include "lade/io/ipc.h"
#include "lade/io/manifest.h"
#include "lade/io/parquet.h"
#include "tests/io/dataset_test.h"
#include "tests/testing/tables.h"

namespace lade::io {
namespace {

using testing::batch_of;

struct Row {
  std::int64_t id;
  Event event;
};

std::string list(const std::vector<Row>& rows,
                 const std::function<std::string(const Row&)>& value) {
  std::string out = "[";
  for (const Row& row : rows) out += (out.size() == 1 ? "" : ",") + value(row);
  return out + "]";
}

RecordBatch batch(const std::vector<Row>& rows) {
  return batch_of(
      {{"id", arrow::int64(),
        list(rows, [](const Row& r) { return std::to_string(r.id); })},
       {"time", arrow::int64(),
        list(rows, [](const Row& r) { return std::to_string(r.event.time); })},
       {"amount", arrow::float64(),
        list(rows, [](const Row& r) { return std::to_string(r.event.amount); })},
       {"word", arrow::utf8(), list(rows, [](const Row& r) {
          return r.event.word == "~" ? "null" : "\"" + r.event.word + "\"";
        })}});
}

void put_parquet(Files& files, const std::string& path, const std::vector<Row>& rows,
                 std::size_t group_rows = 16) {
  WriteOptions options;
  options.files = &files;
  options.overwrite = true;
  ParquetWriter writer(AtomicFile(path, options), batch(rows)->schema());
  for (std::size_t begin = 0; begin < rows.size(); begin += group_rows) {
    const auto end = std::min(rows.size(), begin + group_rows);
    writer.write(batch({rows.begin() + static_cast<std::ptrdiff_t>(begin),
                        rows.begin() + static_cast<std::ptrdiff_t>(end)}));
    writer.end_row_group();
  }
  writer.finish();
}

void put_ipc(Files& files, const std::string& path, const std::vector<Row>& rows) {
  WriteOptions options;
  options.files = &files;
  IpcWriter writer(AtomicFile(path, options), batch(rows)->schema(),
                   {.batch_rows = 100});
  writer.write(batch(rows));
  writer.finish();
}

std::size_t footer_length(const std::string& bytes) {
  std::uint32_t length = 0;
  std::memcpy(&length, bytes.data() + bytes.size() - 8, sizeof length);
  return length;
}

/// 12 entities, times that rise over all rows.
std::vector<Row> some_rows(std::size_t count) {
  std::mt19937 random(11);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < count; ++i) {
    Row row;
    row.id = static_cast<std::int64_t>(random() % 12) - 5;
    row.event = {static_cast<std::int64_t>(i / 3), static_cast<double>(random() % 1000),
                 random() % 7 == 0 ? "~" : "w" + std::to_string(random() % 5)};
    rows.push_back(row);
  }
  return rows;
}

std::map<std::string, std::vector<Event>> reference(const std::vector<Row>& rows) {
  std::map<std::string, std::vector<Event>> out;
  for (const Row& row : rows) out[std::to_string(row.id)].push_back(row.event);
  return out;
}

std::vector<Row> sorted_by_id(std::vector<Row> rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.id < b.id; });
  return rows;
}

OpenOptions by_id(Files& files) {
  OpenOptions options;
  options.entity = "id";
  options.time = "time";
  options.memory_budget = Index{16} << 20;
  options.threads = 2;
  options.files = &files;
  return options;
}

TEST(DatasetOpen, SortedFilesGiveTheSequencesOfADictionaryOfLists) {
  MemoryFiles files;
  files.make_directory("d");
  const auto rows = some_rows(300);
  put_parquet(files, "d/a.parquet", sorted_by_id(rows), 64);
  const auto dataset = open({"d"}, by_id(files));
  EXPECT_FALSE(dataset.in_memory());
  EXPECT_EQ(read_everything(dataset), reference(rows));
  EXPECT_EQ(dataset.events(), 300);
  EXPECT_TRUE(dataset.report().balanced());
  EXPECT_EQ(dataset.newest_time(), 99);
}

TEST(DatasetOpen, FilesByDaySortedByEntityGiveTheSame) {
  MemoryFiles files;
  files.make_directory("d");
  const auto rows = some_rows(900);
  for (std::size_t day = 0; day < 3; ++day) {
    const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(day * 300);
    put_parquet(files, "d/day" + std::to_string(day) + ".parquet",
                sorted_by_id({begin, begin + 300}), 150);
  }
  const auto dataset = open({"d"}, by_id(files));
  EXPECT_FALSE(dataset.in_memory());
  EXPECT_EQ(read_everything(dataset), reference(rows));
}

TEST(DatasetOpen, ScatteredRowsAreGroupedInMemory) {
  MemoryFiles files;
  files.make_directory("d");
  const auto rows = some_rows(300);
  put_parquet(files, "d/a.parquet", {rows.begin(), rows.begin() + 120});
  put_parquet(files, "d/b.parquet", {rows.begin() + 120, rows.end()});
  const auto dataset = open({"d"}, by_id(files));
  EXPECT_TRUE(dataset.in_memory());
  EXPECT_EQ(read_everything(dataset), reference(rows));
}

TEST(DatasetOpen, RefusesScatteredRowsBeyondHalfTheBudgetWithTheCommand) {
  MemoryFiles files;
  files.make_directory("d");
  put_parquet(files, "d/a.parquet", some_rows(300));
  OpenOptions options = by_id(files);
  options.memory_budget = 4096;
  try {
    open({"d"}, options);
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_NE(std::string(error.what())
                  .find("lade convert 'd' TARGET --entity 'id' --time 'time'"),
              std::string::npos);
  }
}

TEST(DatasetOpen, PartsOfThePathAreColumns) {
  MemoryFiles files;
  for (const char* name : {"d", "d/shop=3", "d/shop=11"}) files.make_directory(name);
  const auto rows = sorted_by_id(some_rows(200));
  const auto half = rows.begin() + 100;
  put_parquet(files, "d/shop=3/a.parquet", {rows.begin(), half}, 100);
  put_parquet(files, "d/shop=11/a.parquet", {half, rows.end()}, 100);
  const auto dataset = open({"d"}, by_id(files));
  EXPECT_EQ(dataset.schema().names().back(), "shop");
  EXPECT_EQ(read_everything(dataset), reference(rows));
  const auto reader = dataset.reader({"shop"});
  EXPECT_EQ(reader.row_group(0)->columns[0].as<std::int64_t>()[0],
            11);  // 'shop=11' < 'shop=3'
}

TEST(DatasetOpen, PartsOfThePathAreColumnsOfText) {
  MemoryFiles files;
  for (const char* name : {"d", "d/shop=x", "d/shop=y"}) files.make_directory(name);
  files.put("d/shop=x/a.csv", "id,time,amount\n1,5,0.5\n2,6,1.5\n");
  files.put("d/shop=y/a.csv", "id,time,amount\n1,4,2.5\n");
  const auto dataset = open({"d"}, by_id(files));
  EXPECT_EQ(dataset.schema().names().back(), "shop");
  const auto reader = dataset.reader({"shop", "amount"});
  const auto sequence = reader.sequence(0);
  const Column& shop = sequence.view.chunk->columns[0];
  std::string text;
  for (Index r = 0; r < 2; ++r) {
    text += std::string(
        (*shop.dictionary)[shop.as<std::int32_t>()[sequence.view.begin + r]]);
  }
  EXPECT_EQ(text, "yx");  // in order of time
  OpenOptions by_shop = by_id(files);
  by_shop.entity = "shop";
  by_shop.columns = {"shop", "amount"};
  EXPECT_EQ(open({"d"}, by_shop).sequences(), 2);
  files.put("d/shop=y/b.csv", "id,time,shop\n");
  EXPECT_THROW(open({"d"}, by_id(files)), DataError);
}

TEST(DatasetOpen, PlacesOfTextNameTheirFile) {
  MemoryFiles files;
  files.make_directory("d");
  files.put("d/a.csv", "id,time,amount\n1,5,0.5\n2,6,1.5\n");
  files.put("d/b.csv", "id,time,amount\n1,6,2.5\n1,4,2.5\n");
  OpenOptions options = by_id(files);
  options.policies.on_disorder = OnDisorder::fail;
  try {
    open({"d"}, options);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_EQ(error.place().source, "d/b.csv");
    EXPECT_EQ(error.place().row, 1);
    EXPECT_NE(std::string(error.what()).find("entity 1: "), std::string::npos);
  }
}

TEST(DatasetOpen, TextWithoutRowsIsAnEmptyDataset) {
  MemoryFiles files;
  files.put("a.csv", "id,time,amount,word\n");
  const auto dataset = open({"a.csv"}, by_id(files));
  EXPECT_EQ(dataset.sequences(), 0);
  EXPECT_EQ(dataset.events(), 0);
  EXPECT_EQ(dataset.schema().names(),
            (std::vector<std::string>{"id", "time", "amount", "word"}));
  EXPECT_TRUE(dataset.report().balanced());
  OpenOptions dated = by_id(files);
  dated.source.dates["time"] = "%Y-%m-%d";
  EXPECT_EQ(open({"a.csv"}, dated).schema().fields[1].type.kind, Kind::time);
  OpenOptions unknown = by_id(files);
  unknown.time = "tame";
  EXPECT_THROW(open({"a.csv"}, unknown), ArgumentError);
}

TEST(DatasetOpen, WhoIsAskedToStopLeavesNothing) {
  MemoryFiles files;
  files.make_directory("d");
  const auto rows = some_rows(900);
  for (int i = 0; i < 3; ++i)
    put_parquet(files, "d/" + std::to_string(i) + ".parquet", sorted_by_id(rows), 64);
  int calls = 0;
  OpenOptions counted = by_id(files);
  counted.poll = [&calls] { ++calls; };
  {
    MemoryFiles other;
    other.make_directory("d");
    put_parquet(other, "d/0.parquet", sorted_by_id(rows), 64);
    counted.files = &other;
    open({"d"}, counted);
  }
  ASSERT_GT(calls, 5);
  for (int stop = 1; stop <= calls; ++stop) {
    OpenOptions options = by_id(files);
    options.threads = 1 + stop % 2;
    int left = stop;
    options.poll = [&left] {
      if (--left == 0) throw std::domain_error("stop");
    };
    try {
      open({"d"}, options);
    } catch (const std::domain_error&) {
    }
    if (!files.exists("d/_lade")) continue;
    for (const std::string& name : files.list("d/_lade"))
      EXPECT_TRUE(name.starts_with("index-")) << name;
  }
}

TEST(DatasetOpen, TheIndexIsMadeOnceAndReadAgain) {
  MemoryFiles files;
  files.make_directory("d");
  const auto rows = some_rows(300);
  put_parquet(files, "d/a.parquet", sorted_by_id(rows), 64);
  const auto first = open({"d"}, by_id(files));
  const std::string index = "d/_lade/index-" + hex(first.fingerprint()).substr(0, 16);
  ASSERT_TRUE(files.exists(index + "/pages.arrow"));
  const auto stamp = files.stat(index + "/runs.arrow").inode;
  const auto second = open({"d"}, by_id(files));
  EXPECT_EQ(files.stat(index + "/runs.arrow").inode, stamp);
  EXPECT_EQ(second.fingerprint(), first.fingerprint());
  EXPECT_EQ(read_everything(second), reference(rows));
  EXPECT_TRUE(second.warnings().empty());
}

TEST(DatasetOpen, IpcFilesGiveTheSequencesOfADictionaryOfLists) {
  MemoryFiles files;
  files.make_directory("d");
  const auto rows = sorted_by_id(some_rows(600));
  const auto half = rows.begin() + 300;
  put_ipc(files, "d/a.arrow", {rows.begin(), half});
  put_ipc(files, "d/b.feather", {half, rows.end()});
  const auto dataset = open({"d"}, by_id(files));
  EXPECT_FALSE(dataset.in_memory());
  EXPECT_EQ(read_everything(dataset), reference(rows));
  ASSERT_TRUE(
      files.exists("d/_lade/index-" + hex(dataset.fingerprint()).substr(0, 16)));
  EXPECT_EQ(read_everything(open({"d"}, by_id(files))), reference(rows));
}

TEST(DatasetOpen, TheFullFingerprintSeesBytesThatTheFooterDoesNot) {
  MemoryFiles files;
  for (const char* name : {"d", "e"}) files.make_directory(name);
  const auto rows = sorted_by_id(some_rows(300));
  put_parquet(files, "d/a.parquet", rows, 300);
  std::string bytes = files.contents("d/a.parquet");
  OpenOptions fast = by_id(files);
  OpenOptions full = by_id(files);
  full.fingerprint = "full";
  const auto first_fast = open({"d"}, fast).fingerprint();
  const auto first_full = open({"d"}, full).fingerprint();
  EXPECT_NE(first_fast, first_full);
  EXPECT_EQ(open({"d"}, full).fingerprint(), first_full);
  // A byte of the last column's last page: nothing that opening reads.
  const std::size_t footer_begin = bytes.size() - 8 - footer_length(bytes);
  const std::size_t page = bytes.rfind("w1", footer_begin);
  ASSERT_NE(page, std::string::npos);
  bytes[page + 1] = '2';
  files.put("e/a.parquet", bytes);
  EXPECT_EQ(open({"e"}, fast).fingerprint(), first_fast);
  EXPECT_NE(open({"e"}, full).fingerprint(), first_full);
}

TEST(DatasetOpen, ADamagedIndexIsMadeAgainWithOneWarning) {
  MemoryFiles files;
  files.make_directory("d");
  const auto rows = some_rows(300);
  put_parquet(files, "d/a.parquet", sorted_by_id(rows), 64);
  const auto first = open({"d"}, by_id(files));
  const std::string path =
      "d/_lade/index-" + hex(first.fingerprint()).substr(0, 16) + "/sequences.arrow";
  std::string bytes = files.contents(path);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  files.put(path, bytes);
  const auto second = open({"d"}, by_id(files));
  EXPECT_EQ(second.warnings().size(), 1U);
  EXPECT_EQ(read_everything(second), reference(rows));
  EXPECT_TRUE(open({"d"}, by_id(files)).warnings().empty());
}

TEST(DatasetOpen, WithoutKeysEveryRowIsInStorageOrder) {
  MemoryFiles files;
  files.make_directory("d");
  const auto rows = some_rows(40);
  put_parquet(files, "d/a.parquet", rows);
  OpenOptions options = by_id(files);
  options.entity = options.time = "";
  const auto dataset = open({"d"}, options);
  EXPECT_EQ(dataset.sequences(), 1);
  EXPECT_EQ(dataset.length(0), 40);
  std::vector<Event> all;
  for (const Row& row : rows) all.push_back(row.event);
  EXPECT_EQ(read_everything(dataset).at(""), all);
}

TEST(DatasetOpen, ALongSequenceIsSlicedFromTheRowGroupsItNeeds) {
  MemoryFiles files;
  files.make_directory("d");
  auto rows = some_rows(100);
  for (Row& row : rows) row.id = 1;
  put_parquet(files, "d/a.parquet", rows, 10);
  const auto dataset = open({"d"}, by_id(files));
  const auto reader = dataset.reader({"amount"});
  const auto slice = reader.slice(0, 35, 20);
  EXPECT_EQ(reader.row_groups_of(0, 35, 20), (std::vector<Index>{3, 4, 5}));
  EXPECT_EQ(reader.stats().row_groups_decoded, 3);
  for (Index i = 0; i < 20; ++i) {
    EXPECT_EQ(slice.view.chunk->columns[0].as<double>()[slice.view.begin + i],
              rows[static_cast<std::size_t>(35 + i)].event.amount);
  }
}

TEST(DatasetOpen, EveryRowGroupIsDecodedOnceWhenAllFit) {
  MemoryFiles files;
  files.make_directory("d");
  put_parquet(files, "d/a.parquet", sorted_by_id(some_rows(300)), 64);
  const auto dataset = open({"d"}, by_id(files));
  const auto reader = dataset.reader({"amount"});
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (Index s = 0; s < dataset.sequences(); ++s) reader.sequence(s);
  }
  const auto stats = reader.stats();
  EXPECT_EQ(stats.row_groups_decoded, dataset.row_groups());
  EXPECT_EQ(stats.bytes_read, stats.stored_bytes);
  EXPECT_GT(stats.cache_hits, 0);
}

TEST(DatasetOpen, ASmallLedgerGivesTheSameValues) {
  MemoryFiles files;
  files.make_directory("d");
  const auto rows = some_rows(600);
  put_parquet(files, "d/a.parquet", sorted_by_id(rows), 100);
  const auto dataset = open({"d"}, by_id(files));
  const auto wide = dataset.reader({"amount"});
  const auto narrow = dataset.reader({"amount"}, std::make_shared<Ledger>(1000));
  for (Index s = 0; s < dataset.sequences(); ++s) {
    const auto a = wide.sequence(s), b = narrow.sequence(s);
    ASSERT_EQ(a.view.rows, b.view.rows);
    for (Index r = 0; r < a.view.rows; ++r) {
      EXPECT_EQ(a.view.chunk->columns[0].as<double>()[a.view.begin + r],
                b.view.chunk->columns[0].as<double>()[b.view.begin + r]);
    }
  }
  EXPECT_GT(narrow.stats().row_groups_decoded, dataset.row_groups());
}

TEST(DatasetOpen, RefusesARowGroupBeyondTheBudget) {
  MemoryFiles files;
  files.make_directory("d");
  put_parquet(files, "d/a.parquet", sorted_by_id(some_rows(300)), 300);
  const auto dataset = open({"d"}, by_id(files));
  try {
    dataset.reader({"amount"}, std::make_shared<Ledger>(1000)).row_group(0);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_EQ(error.place().rule, "dataset.row_group_bytes");
  }
}

TEST(DatasetOpen, RefusesDataThatChangedWhileOpen) {
  MemoryFiles files;
  files.make_directory("d");
  put_parquet(files, "d/a.parquet", sorted_by_id(some_rows(300)), 64);
  const auto dataset = open({"d"}, by_id(files));
  files.put("d/a.parquet", "PAR1 something else altogether PAR1");
  EXPECT_THROW(dataset.reader({"amount"}).row_group(0), DataError);
}

TEST(DatasetOpen, ThreadsReadTheSameSequences) {
  MemoryFiles files;
  files.make_directory("d");
  put_parquet(files, "d/a.parquet", sorted_by_id(some_rows(300)), 32);
  const auto dataset = open({"d"}, by_id(files));
  const auto reader = dataset.reader({"amount"});
  std::vector<std::thread> threads;
  std::vector<double> sums(4, 0);
  for (std::size_t t = 0; t < sums.size(); ++t) {
    threads.emplace_back([&, t] {
      for (Index s = 0; s < dataset.sequences(); ++s) {
        const auto sequence = reader.sequence(s);
        for (Index r = 0; r < sequence.view.rows; ++r) {
          sums[t] +=
              sequence.view.chunk->columns[0].as<double>()[sequence.view.begin + r];
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sums, std::vector<double>(4, sums[0]));
}

TEST(DatasetOpen, RefusesAFileThatTheManifestDoesNotList) {
  MemoryFiles files;
  files.make_directory("d");
  files.make_directory("d/_lade");
  const auto rows = sorted_by_id(some_rows(100));
  put_parquet(files, "d/a.parquet", rows);
  Manifest manifest;
  manifest.kind = "synth";
  manifest.created_by = "lade";
  manifest.files.push_back({"a.parquet", files.stat("d/a.parquet").bytes, 100, 0, 0});
  WriteOptions options;
  options.files = &files;
  write_manifest("d", manifest, options);
  EXPECT_EQ(open({"d"}, by_id(files)).events(), 100);
  put_parquet(files, "d/b.parquet", rows);
  try {
    open({"d"}, by_id(files));
    FAIL();
  } catch (const DataError& error) {
    EXPECT_EQ(error.place().rule, "manifest.not_listed");
    EXPECT_EQ(error.place().source, "d/b.parquet");
  }
  OpenOptions ignore = by_id(files);
  ignore.manifest = "ignore";
  EXPECT_EQ(open({"d"}, ignore).events(), 200);
}

TEST(DatasetOpen, AConvertedDatasetKnowsItsKeysAndPolicies) {
  MemoryFiles files;
  files.make_directory("d");
  files.make_directory("d/_lade");
  auto rows = sorted_by_id(some_rows(100));
  std::swap(rows[0].event, rows[1].event);
  std::swap(rows[0].event.time, rows[1].event.time);
  rows[0].event.time += 1000;
  put_parquet(files, "d/a.parquet", rows, 100);
  Manifest manifest;
  manifest.kind = "dataset";
  manifest.created_by = "lade";
  manifest.files.push_back({"a.parquet", files.stat("d/a.parquet").bytes, 100, 0, 0});
  manifest.set_text("entity", "id");
  manifest.set_text("time", "time");
  manifest.more["policies"] = R"({"on_bad":"skip","on_disorder":"keep"})";
  WriteOptions options;
  options.files = &files;
  write_manifest("d", manifest, options);
  OpenOptions other = by_id(files);
  other.entity = other.time = "";
  other.source.format = "csv";
  const auto dataset = open({"d"}, other);
  EXPECT_EQ(dataset.entity(), "id");
  EXPECT_EQ(dataset.policies().on_disorder, OnDisorder::keep);
  EXPECT_EQ(read_everything(dataset), reference(rows));
  EXPECT_EQ(dataset.fingerprint(), open({"d"}, by_id(files)).fingerprint());
}

TEST(DatasetOpen, ABadFileIsLeftOutIfAskedAndCounted) {
  MemoryFiles files;
  files.make_directory("d");
  put_parquet(files, "d/a.parquet", sorted_by_id(some_rows(100)), 100);
  files.put("d/b.parquet", "nothing of the kind");
  EXPECT_THROW(open({"d"}, by_id(files)), DataError);
  OpenOptions options = by_id(files);
  options.policies.on_bad = OnBad::skip;
  const auto dataset = open({"d"}, options);
  EXPECT_EQ(dataset.events(), 100);
  EXPECT_EQ(dataset.report().dropped[static_cast<int>(DropReason::bad_file)], 1);
  EXPECT_TRUE(dataset.report().balanced());
}

TEST(DatasetOpen, TextFilesAreGroupedInMemory) {
  MemoryFiles files;
  files.put("d/a.csv", "id,time,amount,word\n2,1,0.5,a\n1,2,1.5,\n2,3,2.5,b\n");
  const auto dataset = open({"d"}, by_id(files));
  EXPECT_TRUE(dataset.in_memory());
  EXPECT_EQ(dataset.sequences(), 2);
  EXPECT_EQ(dataset.report().rows_given, 3);
  OpenOptions small = by_id(files);
  small.memory_budget = 100;
  EXPECT_THROW(open({"d"}, small), ArgumentError);
}

TEST(DatasetOpen, RefusesOptionsThatAreNotAmongTheWords) {
  MemoryFiles files;
  files.put("d/a.csv", "id,time\n1,1\n");
  for (auto member :
       {&OpenOptions::layout, &OpenOptions::fingerprint, &OpenOptions::manifest}) {
    OpenOptions options = by_id(files);
    options.*member = "nested-or-so";
    EXPECT_THROW(open({"d"}, options), ArgumentError);
  }
}

}  // namespace
}  // namespace lade::io
