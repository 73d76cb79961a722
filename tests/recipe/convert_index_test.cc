// SPDX-License-Identifier: Apache-2.0
// The index that convert writes, and manifests made anew.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "lade/core/table_internal.h"
#include "lade/io/dataset.h"
#include "lade/io/file_memory.h"
#include "lade/io/index_file.h"
#include "lade/io/parquet.h"
#include "lade/recipe/convert.h"
#include "tests/testing/datasets.h"
#include "tests/testing/tables.h"

namespace lade {
namespace {

constexpr const char* kIndexFiles[] = {"row_groups.arrow", "sequences.arrow",
                                       "runs.arrow", "pages.arrow"};

std::string bank_text(int first_account, int accounts, int rows) {
  std::string text = "account,day,place\n";
  for (int i = 0; i < rows; ++i) {
    text += std::to_string(first_account + (i * 7) % accounts) + "," +
            std::to_string((i * 31) % 97) + "," + std::to_string(i) + "\n";
  }
  return text;
}

ConvertOptions bank_options(io::Files& files) {
  ConvertOptions options;
  options.entity = "account";
  options.time = "day";
  options.files = &files;
  options.memory_budget = Index{64} << 20;
  options.threads = 2;
  options.row_group_rows = 100;
  return options;
}

io::Dataset open_bank(io::Files& files, const std::string& path,
                      const std::string& manifest = "use") {
  io::OpenOptions options;
  options.files = &files;
  options.threads = 1;
  options.memory_budget = Index{64} << 20;
  options.manifest = manifest;
  if (manifest == "ignore") options.entity = "account", options.time = "day";
  return io::open({path}, options);
}

std::string index_of(io::Files& files, const std::string& directory) {
  return io::join(io::join(directory, "_lade"),
                  io::read_manifest(files, directory)->text("index").value_or("?"));
}

/// `place` of every event, by sequence.
std::vector<std::vector<std::int64_t>> places(const io::Dataset& dataset) {
  return testing::whole_numbers(dataset, "place");
}

TEST(ConvertIndex, TheFirstOpenBuildsNone) {
  io::MemoryFiles files;
  files.put("/bank.csv", bank_text(1, 40, 1000));
  convert({"/bank.csv"}, "/bank", bank_options(files));
  const std::string index = index_of(files, "/bank");
  std::vector<std::uint64_t> before;
  for (const char* name : kIndexFiles)
    before.push_back(files.stat(io::join(index, name)).inode);
  const io::Dataset dataset = open_bank(files, "/bank");
  EXPECT_EQ(index, "/bank/_lade/index-" + hex(dataset.fingerprint()).substr(0, 16));
  std::vector<std::uint64_t> after;
  for (const char* name : kIndexFiles)
    after.push_back(files.stat(io::join(index, name)).inode);
  EXPECT_EQ(after, before);
  EXPECT_EQ(files.list("/bank/_lade").size(), 2U);  // the manifest and one index
  EXPECT_TRUE(dataset.warnings().empty());
  EXPECT_EQ(dataset.sequences(), 40);
}

TEST(ConvertIndex, EqualsTheOneBuiltForAForeignDirectory) {
  io::MemoryFiles files;
  files.put("/bank.csv", bank_text(1, 40, 1000));
  convert({"/bank.csv"}, "/bank", bank_options(files));
  files.make_directory("/foreign");
  const auto manifest = io::read_manifest(files, "/bank");
  for (const auto& file : manifest->files)
    files.put(io::join("/foreign", file.path),
              files.contents(io::join("/bank", file.path)));
  const io::Dataset foreign = open_bank(files, "/foreign", "ignore");
  const std::string name = "index-" + hex(foreign.fingerprint()).substr(0, 16);
  EXPECT_EQ(index_of(files, "/bank"), "/bank/_lade/" + name);
  for (const char* file : kIndexFiles) {
    EXPECT_TRUE(files.contents(io::join("/foreign/_lade/" + name, file)) ==
                files.contents(io::join("/bank/_lade/" + name, file)))
        << file;
  }
}

TEST(ConvertIndex, WithoutKeysNoneIsNeeded) {
  io::MemoryFiles files;
  files.put("/bank.csv", bank_text(1, 4, 100));
  ConvertOptions options = bank_options(files);
  options.entity = options.time = "";
  convert({"/bank.csv"}, "/bank", options);
  EXPECT_EQ(io::read_manifest(files, "/bank")->text("index"), std::nullopt);
  EXPECT_EQ(open_bank(files, "/bank").events(), 100);
  EXPECT_EQ(files.list("/bank/_lade").size(), 1U);
}

/// A dataset of accounts 1..40 with a file of accounts 41..60 beside its manifest.
void put_bank_with_stranger(io::MemoryFiles& files) {
  files.put("/bank.csv", bank_text(1, 40, 1000));
  files.put("/more.csv", bank_text(41, 20, 500));
  convert({"/bank.csv"}, "/bank", bank_options(files));
  convert({"/more.csv"}, "/more", bank_options(files));
  files.put("/bank/more.parquet", files.contents("/more/part-00000.parquet"));
}

TEST(Refresh, ListsAndIndexesTheFilesThatAreThere) {
  io::MemoryFiles files;
  put_bank_with_stranger(files);
  EXPECT_THROW(open_bank(files, "/bank"), DataError);
  ConvertOptions options;
  options.files = &files;
  options.threads = 1;
  const ConvertReport report = refresh("/bank", options);
  EXPECT_EQ(report.events, 1500);
  EXPECT_EQ(report.sequences, 60);
  EXPECT_EQ(report.files.size(), 2U);
  EXPECT_TRUE(report.read.balanced());
  const auto manifest = io::read_manifest(files, "/bank");
  EXPECT_EQ(manifest->integer("events"), 1500);
  EXPECT_EQ(manifest->find("more.parquet")->rows, 500);
  EXPECT_EQ(manifest->find("more.parquet")->xxh3,
            io::read_manifest(files, "/more")->files[0].xxh3);
  EXPECT_EQ(manifest->find("more.parquet")->footer_xxh3,
            io::read_manifest(files, "/more")->files[0].footer_xxh3);

  const std::uint64_t stamp =
      files.stat(io::join(index_of(files, "/bank"), "runs.arrow")).inode;
  const io::Dataset dataset = open_bank(files, "/bank");
  EXPECT_EQ(files.stat(io::join(index_of(files, "/bank"), "runs.arrow")).inode, stamp);
  auto expected = places(open_bank(files, "/bank", "ignore"));
  EXPECT_EQ(places(dataset), expected);
}

TEST(Refresh, OfAnUnchangedDirectoryChangesNothing) {
  io::MemoryFiles files;
  files.put("/bank.csv", bank_text(1, 40, 1000));
  convert({"/bank.csv"}, "/bank", bank_options(files));
  const auto before = io::read_manifest(files, "/bank");
  ConvertOptions options;
  options.files = &files;
  refresh("/bank", options);
  auto after = io::read_manifest(files, "/bank");
  EXPECT_EQ(after->files, before->files);
  EXPECT_EQ(after->schema, before->schema);
  for (const char* member : {"entity", "time", "unit", "index", "layout"})
    EXPECT_EQ(after->text(member), before->text(member)) << member;
  EXPECT_EQ(after->more.at("policies"), before->more.at("policies"));
}

TEST(Refresh, ForgetsAFileThatIsGone) {
  io::MemoryFiles files;
  put_bank_with_stranger(files);
  files.unlink("/bank/part-00000.parquet");
  ConvertOptions options;
  options.files = &files;
  refresh("/bank", options);
  EXPECT_EQ(open_bank(files, "/bank").sequences(), 20);
}

TEST(Refresh, DryRunWritesNothing) {
  io::MemoryFiles files;
  put_bank_with_stranger(files);
  const std::string before = files.contents("/bank/_lade/manifest.json");
  ConvertOptions options;
  options.files = &files;
  options.dry_run = true;
  EXPECT_EQ(refresh("/bank", options).events, 1500);
  EXPECT_EQ(files.contents("/bank/_lade/manifest.json"), before);
  EXPECT_EQ(files.list("/bank/_lade").size(), 2U);
}

TEST(Refresh, RefusesWhatIsNoDatasetDirectory) {
  io::MemoryFiles files;
  put_bank_with_stranger(files);
  ConvertOptions options;
  options.files = &files;
  files.make_directory("/plain");
  files.put("/plain/a.parquet", files.contents("/bank/more.parquet"));
  EXPECT_THROW(refresh("/plain", options), ArgumentError);  // no manifest
  options.entity = "acount";
  EXPECT_THROW(refresh("/bank", options), ArgumentError);
  options.entity = "";
  files.put("/bank/more.parquet", "PAR1");
  const std::string before = files.contents("/bank/_lade/manifest.json");
  EXPECT_THROW(refresh("/bank", options), DataError);
  EXPECT_EQ(files.contents("/bank/_lade/manifest.json"), before);
}

TEST(ConvertInput, PartsOfThePathBecomeColumns) {
  io::MemoryFiles files;
  files.put("/bank.csv", bank_text(1, 4, 100));
  convert({"/bank.csv"}, "/bank", bank_options(files));
  for (const char* name : {"/hive", "/hive/shop=3", "/hive/shop=11"})
    files.make_directory(name);
  const std::string part = files.contents("/bank/part-00000.parquet");
  files.put("/hive/shop=3/a.parquet", part);
  files.put("/hive/shop=11/a.parquet", part);
  const ConvertReport report = convert({"/hive"}, "/all", bank_options(files));
  EXPECT_EQ(report.events, 200);
  const io::Dataset dataset = open_bank(files, "/all");
  const auto reader = dataset.reader({"shop"});
  std::int64_t sum = 0;
  for (Index s = 0; s < dataset.sequences(); ++s) {
    const auto sequence = reader.sequence(s);
    for (Index r = 0; r < sequence.view.rows; ++r)
      sum +=
          sequence.view.chunk->columns[0].as<std::int64_t>()[sequence.view.begin + r];
  }
  EXPECT_EQ(sum, 100 * (3 + 11));
}

TEST(ConvertInput, KeepsBytesThatAreNoText) {
  io::MemoryFiles files;
  arrow::BinaryBuilder bytes;
  arrow::BinaryBuilder entities;
  arrow::Int64Builder days;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(bytes.Append(std::string("\xff\x00", 2) + std::to_string(i % 3)).ok());
    ASSERT_TRUE(entities.Append(i % 2 == 0 ? "\xfe" : "\xfd").ok());
    ASSERT_TRUE(days.Append(20 - i).ok());
  }
  const RecordBatch batch = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("account", arrow::binary()),
                     arrow::field("day", arrow::int64()),
                     arrow::field("raw", arrow::binary())}),
      20,
      {entities.Finish().ValueOrDie(), days.Finish().ValueOrDie(),
       bytes.Finish().ValueOrDie()});
  io::ParquetWriter writer(io::AtomicFile("/a.parquet", {.files = &files}),
                           batch->schema());
  writer.write(batch);
  writer.finish();
  const ConvertReport report = convert({"/a.parquet"}, "/all", bank_options(files));
  EXPECT_EQ(report.sequences, 2);
  EXPECT_EQ(report.read.rows_out_of_order, 18);  // each falls within its own entity
  const io::ParquetFile file(files, "/all/part-00000.parquet");
  const auto chunk = file.read_chunk(0, {"account", "day", "raw"});
  for (Index r = 0; r < 20; ++r) {
    const std::int64_t i = 20 - chunk->columns[1].as<std::int64_t>()[r];
    const auto text = [&](std::size_t c) {
      const Column& column = chunk->columns[c];
      return (*column.dictionary)[column.as<std::int32_t>()[r]];
    };
    EXPECT_EQ(text(0), i % 2 == 0 ? "\xfe" : "\xfd");
    EXPECT_EQ(text(2), std::string("\xff\x00", 2) + std::to_string(i % 3));
  }
}

TEST(ConvertInput, TextInKeyValueDirectoriesHasTheirColumns) {
  io::MemoryFiles files;
  for (const char* name : {"/hive", "/hive/shop=a", "/hive/shop=b"})
    files.make_directory(name);
  files.put("/hive/shop=a/1.csv", bank_text(1, 4, 100));
  files.put("/hive/shop=b/2.csv", bank_text(1, 4, 60));
  ConvertOptions options = bank_options(files);
  EXPECT_EQ(convert({"/hive"}, "/all", options).events, 160);
  const io::DatasetReader reader = open_bank(files, "/all").reader({"shop"});
  std::map<std::string, int> shops;
  for (Index s = 0; s < 4; ++s) {
    const auto sequence = reader.sequence(s);
    const Column& shop = sequence.view.chunk->columns[0];
    for (Index r = 0; r < sequence.view.rows; ++r) {
      const auto code = shop.as<std::int32_t>()[sequence.view.begin + r];
      ++shops[std::string((*shop.dictionary)[code])];
    }
  }
  EXPECT_EQ(shops, (std::map<std::string, int>{{"a", 100}, {"b", 60}}));
  options.entity = "shop";  // a part may name the sequence
  EXPECT_EQ(convert({"/hive"}, "/by_shop", options).sequences, 2);
}

TEST(ConvertInput, NullPartsOfThePathAreNullKeys) {
  io::MemoryFiles files;
  for (const char* name : {"/h", "/h/shop=1", "/h/shop=__HIVE_DEFAULT_PARTITION__"})
    files.make_directory(name);
  files.put("/h/shop=1/1.csv", bank_text(1, 4, 100));
  files.put("/h/shop=__HIVE_DEFAULT_PARTITION__/2.csv", bank_text(1, 4, 60));
  ConvertOptions options = bank_options(files);
  options.entity = "shop";
  EXPECT_THROW(convert({"/h"}, "/all", options), DataError);
  options.policies.on_bad = OnBad::skip;
  const ConvertReport report = convert({"/h"}, "/all", options);
  EXPECT_EQ(report.events, 100);
  EXPECT_EQ(report.read.dropped[static_cast<int>(DropReason::null_key)], 60);
  EXPECT_TRUE(report.read.balanced());
}

TEST(ConvertInput, ColumnsSayWhatIsKept) {
  io::MemoryFiles files;
  files.put("/a.arrow",
            testing::stream_bytes(
                testing::batch_of({{"tags", arrow::list(arrow::int64()), "[[1], []]"},
                                   {"account", arrow::int64(), "[2, 1]"},
                                   {"day", arrow::int64(), "[1, 9]"},
                                   {"kind", arrow::utf8(), R"(["a", null])"}}),
                true));
  ConvertOptions options = bank_options(files);
  try {
    convert({"/a.arrow"}, "/all", options);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_EQ(error.place().rule, "table.type");
    EXPECT_EQ(error.place().column, "tags");
  }
  options.columns = {"kind"};
  convert({"/a.arrow"}, "/all", options);
  EXPECT_EQ(open_bank(files, "/all").schema().names(),
            (std::vector<std::string>{"account", "day", "kind"}));
  options.columns = {"kinds"};
  EXPECT_THROW(convert({"/a.arrow"}, "/none", options), ArgumentError);
  files.put("/b.csv", bank_text(1, 4, 100));
  options.columns = {"place"};
  convert({"/b.csv"}, "/text", options);
  EXPECT_EQ(open_bank(files, "/text").schema().names().size(), 3U);
}

std::string stream_bytes(bool marker) {
  return testing::stream_bytes(
      testing::batch_of({{"account", arrow::int64(), "[2, 1, 1]"},
                         {"day", arrow::int64(), "[1, 9, 3]"},
                         {"kind", arrow::utf8(), R"(["a", null, "b"])"}}),
      marker);
}

TEST(ConvertInput, ReadsStreams) {
  io::MemoryFiles files;
  files.put("/a.arrow", stream_bytes(true));
  files.put("/b.arrow", stream_bytes(false));
  const ConvertReport report =
      convert({"/a.arrow", "/b.arrow"}, "/all", bank_options(files));
  EXPECT_EQ(report.events, 12);
  EXPECT_EQ(report.sequences, 2);
  EXPECT_TRUE(report.read.balanced());
  EXPECT_TRUE(report.read.unproven_end);  // of b.arrow
  EXPECT_EQ(open_bank(files, "/all").length(0), 8);
  ConvertOptions options = bank_options(files);
  options.dry_run = true;
  EXPECT_EQ(convert({"/a.arrow"}, "/none", options).read.rows_seen, 6);
  std::string cut = stream_bytes(true);
  cut.resize(cut.size() / 2);
  files.put("/c.arrow", cut);
  EXPECT_THROW(convert({"/c.arrow"}, "/none", bank_options(files)), DataError);
  EXPECT_FALSE(files.exists("/none"));
}

}  // namespace
}  // namespace lade
