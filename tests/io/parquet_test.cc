// SPDX-License-Identifier: Apache-2.0
#include "lade/io/parquet.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/extension_type.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include "lade/core/hash.h"
#include "lade/core/memory.h"
#include "lade/io/file_memory.h"
#include "tests/testing/datasets.h"

namespace lade::io {
namespace {

// 3,000 rows: keys, times, floats with nulls and NaN, text with nulls, booleans.
RecordBatch sample(Index rows, std::int64_t shift = 0) {
  arrow::Int64Builder id;
  arrow::TimestampBuilder time(
      arrow::timestamp(arrow::TimeUnit::MICRO, "Europe/Prague"),
      arrow::default_memory_pool());
  arrow::DoubleBuilder amount;
  arrow::StringBuilder place;
  arrow::BooleanBuilder flag;
  for (Index r = 0; r < rows; ++r) {
    const std::int64_t i = r + shift;
    EXPECT_TRUE(id.Append(i / 100).ok());
    EXPECT_TRUE(time.Append(1'000'000 * i).ok());
    EXPECT_TRUE(
        (i % 7 == 0 ? amount.AppendNull() : amount.Append(std::sqrt(double(i)))).ok());
    EXPECT_TRUE((i % 5 == 0 ? place.AppendNull()
                            : place.Append("place " + std::to_string(i % 13)))
                    .ok());
    EXPECT_TRUE(flag.Append(i % 2 == 0).ok());
  }
  const auto schema = arrow::schema(
      {arrow::field("id", arrow::int64(), false), arrow::field("time", time.type()),
       arrow::field("amount", arrow::float64()), arrow::field("place", arrow::utf8()),
       arrow::field("flag", arrow::boolean())});
  return arrow::RecordBatch::Make(
      schema, rows,
      {id.Finish().ValueOrDie(), time.Finish().ValueOrDie(),
       amount.Finish().ValueOrDie(), place.Finish().ValueOrDie(),
       flag.Finish().ValueOrDie()});
}

ManifestFile write(MemoryFiles& files, const std::string& path,
                   const std::vector<RecordBatch>& groups,
                   ParquetWriteOptions options = {}) {
  ParquetWriter writer(AtomicFile(path, {.overwrite = true, .files = &files}),
                       groups[0]->schema(), std::move(options));
  for (const RecordBatch& group : groups) {
    writer.write(group);
    writer.end_row_group();
  }
  return writer.finish();
}

using testing::rule_of;

TEST(ParquetFile, KeepsWhatTheWriterWasGiven) {
  MemoryFiles files;
  const RecordBatch a = sample(3000);
  const RecordBatch b = sample(1000, 3000);
  const ManifestFile done =
      write(files, "t.parquet", {a, b}, {.metadata = {{"lade.time", "time"}}});
  const std::string bytes = files.contents("t.parquet");
  EXPECT_EQ(done.bytes, static_cast<Index>(bytes.size()));
  EXPECT_EQ(done.rows, 4000);
  EXPECT_EQ(done.xxh3, xxh3_64(bytes));

  const ParquetFile file(files, "t.parquet");
  EXPECT_EQ(file.rows(), 4000);
  EXPECT_EQ(file.row_groups(), 2);
  EXPECT_EQ(file.row_group_rows(1), 1000);
  EXPECT_EQ(file.footer_xxh3(), done.footer_xxh3);
  EXPECT_EQ(file.metadata("lade.time"), "time");
  EXPECT_EQ(file.metadata("none"), std::nullopt);
  EXPECT_EQ(to_string(file.schema().fields[1].type), "timestamp[us, Europe/Prague]");
  const auto read = file.read_row_group(1, {"id", "time", "amount", "flag"});
  ASSERT_EQ(read.size(), 1U);
  EXPECT_TRUE(read[0]->column(0)->Equals(b->column(0)));
  EXPECT_TRUE(read[0]->column(1)->Equals(b->column(1)));
  EXPECT_TRUE(read[0]->column(2)->Equals(b->column(2)));
  EXPECT_TRUE(read[0]->column(3)->Equals(b->column(4)));
  EXPECT_EQ(file.unverified_pages(), 0);
}

TEST(ParquetFile, GivesChunksOfChosenColumns) {
  MemoryFiles files;
  const RecordBatch a = sample(3000);
  write(files, "t.parquet", {a});
  const ParquetFile file(files, "t.parquet");
  const auto chunk = file.read_chunk(0, {"place", "amount"});
  ASSERT_EQ(chunk->rows, 3000);
  ASSERT_EQ(chunk->columns.size(), 2U);
  const Column& place = chunk->columns[0];
  const auto& texts = static_cast<const arrow::StringArray&>(*a->column(3));
  for (Index r = 0; r < 3000; ++r) {
    ASSERT_EQ(place.valid(r), texts.IsValid(r));
    if (place.valid(r)) {
      ASSERT_EQ((*place.dictionary)[place.as<std::int32_t>()[r]], texts.GetView(r));
    }
    ASSERT_EQ(chunk->columns[1].valid(r), r % 7 != 0);
    ASSERT_EQ(chunk->columns[1].as<double>()[r],
              r % 7 == 0 ? 0.0 : std::sqrt(double(r)));
  }
}

TEST(ParquetFile, ReadsOnlyTheColumnsAskedFor) {
  MemoryFiles files;
  write(files, "t.parquet", {sample(3000)});
  const ParquetFile file(files, "t.parquet");
  const Index before = file.bytes_read();
  file.read_row_group(0, {"flag"});
  EXPECT_EQ(file.bytes_read() - before, file.stored_bytes(0, {"flag"}));
  EXPECT_LT(file.stored_bytes(0, {"flag"}), file.stored_bytes(0, {}));
  EXPECT_EQ(file.decoded_bytes(0, {"id"}), 8 * 3000);
}

TEST(ParquetFile, StatesMinAndMaxOfARowGroup) {
  MemoryFiles files;
  write(files, "t.parquet", {sample(3000), sample(1000, 3000)});
  const ParquetFile file(files, "t.parquet");
  const ColumnStatistics id = file.statistics(1, "id");
  EXPECT_EQ(std::get<std::int64_t>(id.min), 30);
  EXPECT_EQ(std::get<std::int64_t>(id.max), 39);
  EXPECT_EQ(id.nulls, 0);
  EXPECT_EQ(std::get<std::int64_t>(file.statistics(1, "time").min), 3'000'000'000);
  EXPECT_EQ(std::get<double>(file.statistics(0, "amount").min), 1.0);
  EXPECT_EQ(std::get<std::string>(file.statistics(0, "place").max), "place 9");
  EXPECT_EQ(file.statistics(0, "place").nulls, 600);
}

TEST(ParquetFile, RefusesUnknownColumnsNamingTheNearest) {
  MemoryFiles files;
  write(files, "t.parquet", {sample(10)});
  const ParquetFile file(files, "t.parquet");
  try {
    file.read_row_group(0, {"amuont"});
    FAIL() << "not refused";
  } catch (const ArgumentError& error) {
    EXPECT_NE(std::string(error.what()).find("'amount'"), std::string::npos);
  }
  EXPECT_THROW(file.read_row_group(1, {}), ArgumentError);
  EXPECT_THROW(file.row_group_rows(-1), ArgumentError);
}

TEST(ParquetFile, ReadsNoRowsAndAllNulls) {
  MemoryFiles files;
  const RecordBatch none = sample(0);
  const ManifestFile empty = write(files, "empty.parquet", {none});
  EXPECT_EQ(empty.rows, 0);
  const ParquetFile file(files, "empty.parquet");
  EXPECT_EQ(file.row_groups(), 0);
  EXPECT_EQ(file.schema().fields.size(), 5U);

  const auto nulls = arrow::MakeArrayOfNull(arrow::float64(), 100).ValueOrDie();
  const auto schema = arrow::schema({arrow::field("x", arrow::float64())});
  write(files, "null.parquet", {arrow::RecordBatch::Make(schema, 100, {nulls})});
  const auto chunk = ParquetFile(files, "null.parquet").read_chunk(0, {});
  EXPECT_EQ(chunk->rows, 100);
  EXPECT_FALSE(chunk->columns[0].valid(99));
}

// What other writers choose must give the same values as what ours does.
TEST(ParquetFile, SameValuesForAnyEncodingAndCodec) {
  MemoryFiles files;
  const RecordBatch a = sample(3000);
  write(files, "t.parquet", {a});
  const auto expected = ParquetFile(files, "t.parquet").read_chunk(0, {});
  using Encoding = parquet::Encoding;
  for (const auto codec : {arrow::Compression::UNCOMPRESSED, arrow::Compression::SNAPPY,
                           arrow::Compression::GZIP, arrow::Compression::LZ4}) {
    for (const int variant : {0, 1, 2, 3}) {
      parquet::WriterProperties::Builder builder;
      builder.compression(codec)->data_pagesize(2000);
      if (variant == 1) builder.disable_dictionary()->encoding(Encoding::PLAIN);
      if (variant == 2) {
        builder.disable_dictionary()
            ->data_page_version(parquet::ParquetDataPageVersion::V2)
            ->encoding("id", Encoding::DELTA_BINARY_PACKED)
            ->encoding("time", Encoding::DELTA_BINARY_PACKED)
            ->encoding("amount", Encoding::BYTE_STREAM_SPLIT)
            ->encoding("place", Encoding::DELTA_BYTE_ARRAY)
            ->encoding("flag", Encoding::RLE);
      }
      if (variant == 3)
        builder.dictionary_pagesize_limit(64);  // falls back in the middle
      auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
      const auto table = arrow::Table::FromRecordBatches({a}).ValueOrDie();
      ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink,
                                             3000, builder.build())
                      .ok());
      files.put("o.parquet", sink->Finish().ValueOrDie()->ToString());
      const ParquetFile file(files, "o.parquet");
      const auto chunk = file.read_chunk(0, {});
      EXPECT_GT(file.unverified_pages(), 0);  // this writer was not asked for checksums
      for (std::size_t c = 0; c < 5; ++c) {
        const Column& one = chunk->columns[c];
        const Column& two = expected->columns[c];
        for (Index r = 0; r < 3000; ++r) {
          ASSERT_EQ(one.valid(r), two.valid(r)) << variant << " " << c << " " << r;
          if (!one.valid(r)) continue;
          if (one.kind == Kind::text) {
            ASSERT_EQ((*one.dictionary)[one.as<std::int32_t>()[r]],
                      (*two.dictionary)[two.as<std::int32_t>()[r]]);
          } else {
            const auto bytes = static_cast<std::size_t>(width(one.kind));
            ASSERT_EQ(std::memcmp(one.as<char>() + static_cast<std::size_t>(r) * bytes,
                                  two.as<char>() + static_cast<std::size_t>(r) * bytes,
                                  bytes),
                      0);
          }
        }
      }
    }
  }
}

TEST(ParquetFile, RefusesNestedColumnsByName) {
  MemoryFiles files;
  arrow::ListBuilder lists(arrow::default_memory_pool(),
                           std::make_shared<arrow::Int64Builder>());
  ASSERT_TRUE(lists.AppendNull().ok());
  const auto schema =
      arrow::schema({arrow::field("events", arrow::list(arrow::int64()))});
  const auto table = arrow::Table::Make(schema, {lists.Finish().ValueOrDie()});
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  ASSERT_TRUE(
      parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink).ok());
  files.put("t.parquet", sink->Finish().ValueOrDie()->ToString());
  EXPECT_EQ(rule_of([&] { ParquetFile(files, "t.parquet"); }), "table.type");
}

TEST(ParquetFile, RefusesMoreThanTheLimits) {
  MemoryFiles files;
  write(files, "t.parquet", {sample(3000), sample(3000)});
  const auto rule = [&](const Limits& limits) {
    return rule_of(
        [&] { ParquetFile(files, "t.parquet", limits).read_row_group(0, {}); });
  };
  Limits limits;
  EXPECT_EQ(rule(limits), "");
  limits.max_columns = 5;
  limits.max_row_groups = 2;
  limits.max_name_bytes = 6;
  EXPECT_EQ(rule(limits), "");  // a value equal to the limit passes
  Limits columns;
  columns.max_columns = 4;
  EXPECT_EQ(rule(columns), "limits.max_columns");
  Limits groups;
  groups.max_row_groups = 1;
  EXPECT_EQ(rule(groups), "limits.max_row_groups");
  Limits names;
  names.max_name_bytes = 5;
  EXPECT_EQ(rule(names), "limits.max_name_bytes");
  Limits footer;
  footer.max_metadata_bytes = 100;
  EXPECT_EQ(rule(footer), "limits.max_metadata_bytes");
  Limits memory;
  memory.max_metadata_memory = 10'000;
  EXPECT_EQ(rule(memory), "limits.max_metadata_memory");
  Limits block;
  block.max_block_bytes = 1000;
  EXPECT_EQ(rule(block), "limits.max_block_bytes");
  Limits dictionary;
  dictionary.max_dictionary_entries = 2;
  EXPECT_EQ(rule(dictionary), "limits.max_dictionary_entries");
  Limits ratio;
  ratio.max_decoded_floor = 1;
  ratio.max_decoded_ratio = 1;
  EXPECT_EQ(rule(ratio), "parquet.ratio");
}

TEST(ParquetFile, MemoryComesFromThePoolGiven) {
  MemoryFiles files;
  write(files, "t.parquet", {sample(60'000)});
  const ParquetFile file(files, "t.parquet");
  const auto ledger = std::make_shared<Ledger>(100'000);
  const auto pool = make_ledger_pool(ledger);
  EXPECT_THROW(file.read_row_group(0, {}, pool.get()), std::bad_alloc);
  EXPECT_EQ(ledger->used(), 0);
  EXPECT_LE(ledger->peak(), 100'000);
}

TEST(ParquetFile, FindsChangesOfAnOpenFile) {
  MemoryFiles files;
  write(files, "t.parquet", {sample(3000)});
  const std::string bytes = files.contents("t.parquet");
  const ParquetFile file(files, "t.parquet");
  files.put("t.parquet", bytes);  // another time of change, the same footer
  EXPECT_EQ(file.read_row_group(0, {})[0]->num_rows(), 3000);
  file.release();
  EXPECT_EQ(file.read_row_group(0, {})[0]->num_rows(), 3000);
  files.put("t.parquet", bytes + "x");
  EXPECT_EQ(rule_of([&] { file.read_row_group(0, {}); }), "file.changed");
  file.release();
  files.put("t.parquet", bytes.substr(0, bytes.size() / 2));
  EXPECT_EQ(rule_of([&] { file.read_row_group(0, {}); }), "file.changed");
  files.unlink("t.parquet");
  EXPECT_THROW(file.read_row_group(0, {}), IoError);
}

// A type registered by anybody in the process must not run its code on a file's bytes.
class LoudType final : public arrow::ExtensionType {
 public:
  explicit LoudType(int* calls) : arrow::ExtensionType(arrow::int64()), calls_(calls) {}
  std::string extension_name() const override { return "loud"; }
  bool ExtensionEquals(const arrow::ExtensionType& other) const override {
    return other.extension_name() == "loud";
  }
  std::shared_ptr<arrow::Array> MakeArray(
      std::shared_ptr<arrow::ArrayData> data) const override {
    ++*calls_;
    return std::make_shared<arrow::ExtensionArray>(data);
  }
  arrow::Result<std::shared_ptr<arrow::DataType>> Deserialize(
      std::shared_ptr<arrow::DataType>, const std::string&) const override {
    ++*calls_;
    return std::make_shared<LoudType>(calls_);
  }
  std::string Serialize() const override { return ""; }

 private:
  int* calls_;
};

TEST(ParquetFile, NeverCallsARegisteredExtensionType) {
  int calls = 0;
  const auto type = std::make_shared<LoudType>(&calls);
  ASSERT_TRUE(arrow::RegisterExtensionType(type).ok());
  arrow::Int64Builder values;
  ASSERT_TRUE(values.AppendValues({1, 2, 3}).ok());
  const auto storage = values.Finish().ValueOrDie();
  const auto column = arrow::ExtensionType::WrapArray(type, storage);
  const auto table =
      arrow::Table::Make(arrow::schema({arrow::field("x", type)}), {column}, 3);
  auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  ASSERT_TRUE(parquet::arrow::WriteTable(
                  *table, arrow::default_memory_pool(), sink, 3,
                  parquet::default_writer_properties(),
                  parquet::ArrowWriterProperties::Builder().store_schema()->build())
                  .ok());
  MemoryFiles files;
  files.put("t.parquet", sink->Finish().ValueOrDie()->ToString());
  calls = 0;
  const ParquetFile file(files, "t.parquet");
  EXPECT_TRUE(file.read_row_group(0, {})[0]->column(0)->Equals(storage));
  EXPECT_EQ(file.read_chunk(0, {})->rows, 3);
  EXPECT_EQ(calls, 0);
  ASSERT_TRUE(arrow::UnregisterExtensionType("loud").ok());
}

TEST(ParquetWriter, SameBytesForAnyCutIntoBatches) {
  MemoryFiles files;
  const RecordBatch a = sample(3000);
  write(files, "one.parquet", {a});
  ParquetWriter writer(AtomicFile("many.parquet", {.files = &files}), a->schema());
  for (Index r = 0; r < 3000; r += 7) writer.write(a->Slice(r, 7));
  EXPECT_EQ(writer.row_group_rows(), 3000);
  writer.finish();
  EXPECT_EQ(files.contents("one.parquet"), files.contents("many.parquet"));
}

TEST(ParquetWriter, SameBytesForTextAndItsDictionary) {
  MemoryFiles files;
  const RecordBatch a = sample(3000);
  write(files, "one.parquet", {a});
  arrow::StringDictionary32Builder builder;
  ASSERT_TRUE(builder.Append("unused").ok());
  const auto& texts = static_cast<const arrow::StringArray&>(*a->column(3));
  for (Index r = 0; r < 3000; ++r) {
    ASSERT_TRUE(
        (texts.IsNull(r) ? builder.AppendNull() : builder.Append(texts.GetView(r)))
            .ok());
  }
  const auto coded = builder.Finish().ValueOrDie()->Slice(1);
  const RecordBatch b =
      a->SetColumn(3, arrow::field("place", coded->type()), coded).ValueOrDie();
  write(files, "two.parquet", {b});
  EXPECT_EQ(files.contents("one.parquet"), files.contents("two.parquet"));
}

TEST(ParquetWriter, SameBytesForAnyThreads) {
  MemoryFiles files;
  const RecordBatch a = sample(3000);
  const RecordBatch b = sample(2000, 3000);
  write(files, "one.parquet", {a, b});
  for (const int threads : {2, 7}) {
    write(files, "many.parquet", {a, b}, {.threads = threads});
    EXPECT_EQ(files.contents("one.parquet"), files.contents("many.parquet"));
  }
}

TEST(ParquetWriter, KeepsTextsTooLargeForADictionary) {
  MemoryFiles files;
  arrow::StringBuilder texts;
  for (int r = 0; r < 3000; ++r) {
    ASSERT_TRUE((r % 11 == 0 ? texts.AppendNull()
                             : texts.Append(std::to_string(r) + std::string(600, 'x')))
                    .ok());
  }
  const auto array = texts.Finish().ValueOrDie();
  const RecordBatch batch = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("place", arrow::utf8())}), 3000, {array});
  write(files, "t.parquet", {batch});
  const ParquetFile file(files, "t.parquet");
  const auto chunk = file.read_chunk(0, {});
  ASSERT_EQ(chunk->rows, 3000);
  const Column& column = chunk->columns[0];
  for (Index r = 0; r < 3000; ++r) {
    ASSERT_EQ(column.valid(r), r % 11 != 0);
    if (!column.valid(r)) continue;
    ASSERT_EQ((*column.dictionary)[column.as<std::int32_t>()[r]],
              static_cast<const arrow::StringArray&>(*array).GetView(r));
  }
}

TEST(ParquetWriter, RefusesColumnsThatAreNotFlat) {
  MemoryFiles files;
  EXPECT_THROW(
      ParquetWriter(AtomicFile("t.parquet", {.files = &files}),
                    arrow::schema({arrow::field("a", arrow::list(arrow::int64()))})),
      ArgumentError);
  EXPECT_TRUE(files.list(".").empty());
}

TEST(ParquetWriter, RefusesABatchOfAnotherSchemaAndEverythingAfterIt) {
  MemoryFiles files;
  const RecordBatch a = sample(10);
  ParquetWriter writer(AtomicFile("t.parquet", {.files = &files}), a->schema());
  writer.write(a);
  EXPECT_THROW(writer.write(a->RemoveColumn(0).ValueOrDie()), ArgumentError);
  EXPECT_THROW(writer.write(a), ArgumentError);
  EXPECT_THROW(writer.finish(), ArgumentError);
  EXPECT_TRUE(files.list(".").empty());
}

TEST(ParquetWriter, LeavesNothingWithoutFinish) {
  MemoryFiles files;
  {
    const RecordBatch a = sample(3000);
    ParquetWriter writer(AtomicFile("t.parquet", {.files = &files}), a->schema());
    writer.write(a);
    writer.end_row_group();
  }
  EXPECT_TRUE(files.list(".").empty());
}

TEST(ParquetWriter, ReportsAFullDisk) {
  const RecordBatch a = sample(300'000);
  ParquetWriter writer(AtomicFile("/dev/full"), a->schema(),
                       {.codec = ParquetCodec::none});
  writer.write(a);
  EXPECT_THROW(writer.finish(), IoError);
  EXPECT_THROW(writer.write(a), IoError);
}

}  // namespace
}  // namespace lade::io
