// SPDX-License-Identifier: Apache-2.0
// Columns of types that are not read, beside those that are.
#include "lade/io/unsupported.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include "lade/io/dataset.h"
#include "lade/io/file_memory.h"
#include "lade/io/ipc.h"
#include "lade/io/parquet.h"
#include "tests/testing/tables.h"

namespace lade::io {
namespace {

using testing::batch_of;

/// A list and a struct in front of, between and behind the columns that are read.
RecordBatch mixed_batch() {
  const auto pair = arrow::struct_(
      {arrow::field("a", arrow::int32()), arrow::field("b", arrow::utf8())});
  return batch_of(
      {{"tags", arrow::list(arrow::int64()), "[[1, 2], [], null, [3]]"},
       {"id", arrow::int64(), "[1, 1, 2, 2]"},
       {"pair", pair, R"([[1, "x"], null, [2, "y"], [3, null]])"},
       {"time", arrow::int64(), "[1, 2, 1, 2]"},
       {"word", arrow::utf8(), R"(["u", "v", null, "u"])"},
       {"wide", arrow::decimal256(50, 2), R"(["1.00", "2.00", null, "3.00"])"}});
}

std::string parquet_bytes(const RecordBatch& batch) {
  const auto table = arrow::Table::FromRecordBatches({batch}).ValueOrDie();
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  EXPECT_TRUE(
      parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, 3).ok());
  return sink->Finish().ValueOrDie()->ToString();
}

std::string ipc_bytes(const RecordBatch& batch, bool stream) {
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto writer = (stream ? arrow::ipc::MakeStreamWriter(sink, batch->schema())
                              : arrow::ipc::MakeFileWriter(sink, batch->schema()))
                          .ValueOrDie();
  EXPECT_TRUE(writer->WriteRecordBatch(*batch).ok());
  EXPECT_TRUE(writer->Close().ok());
  return sink->Finish().ValueOrDie()->ToString();
}

class Unsupported : public ::testing::TestWithParam<const char*> {
 protected:
  void put(const RecordBatch& batch) {
    files_.put(path(), path().ends_with(".parquet") ? parquet_bytes(batch)
                                                    : ipc_bytes(batch, false));
  }
  std::string path() const { return GetParam(); }
  OpenOptions options() {
    OpenOptions options;
    options.entity = "id";
    options.time = "time";
    options.files = &files_;
    return options;
  }
  MemoryFiles files_;
};

TEST_P(Unsupported, ColumnsAreLeftOutAndNamed) {
  put(mixed_batch());
  const Dataset dataset = open({path()}, options());
  EXPECT_EQ(dataset.schema().names(), (std::vector<std::string>{"id", "time", "word"}));
  ASSERT_EQ(dataset.unsupported().size(), 3U);
  EXPECT_EQ(dataset.unsupported()[0].name, "tags");
  EXPECT_EQ(dataset.unsupported()[1].name, "pair");
  EXPECT_EQ(dataset.unsupported()[2].name, "wide");
  ASSERT_EQ(dataset.warnings().size(), 1U);
  EXPECT_NE(dataset.warnings()[0].find("tags (list<"), std::string::npos);
}

TEST_P(Unsupported, ValuesOfTheOtherColumnsAreTheirOwn) {
  put(mixed_batch());
  const auto reader = open({path()}, options()).reader({"word", "time"});
  const auto first = reader.sequence(0);
  const auto second = reader.sequence(1);
  const auto word = [](const DatasetReader::Sequence& sequence, Index r) {
    const Column& column = sequence.view.chunk->columns[0];
    const Index row = sequence.view.begin + r;
    if (!column.valid(row)) return std::string("~");
    return std::string((*column.dictionary)[column.as<std::int32_t>()[row]]);
  };
  EXPECT_EQ(word(first, 0) + word(first, 1) + word(second, 0) + word(second, 1),
            "uv~u");
  const Column& time = second.view.chunk->columns[1];
  EXPECT_EQ(time.as<std::int64_t>()[second.view.begin + 1], 2);
}

TEST_P(Unsupported, RefusesColumnsThatAreAskedFor) {
  put(mixed_batch());
  const auto rule = [&](const OpenOptions& options) {
    try {
      open({path()}, options);
    } catch (const DataError& error) {
      return error.place().rule + " " + error.place().column + " " +
             error.place().source;
    }
    return std::string();
  };
  OpenOptions asked = options();
  asked.columns = {"word", "pair"};
  EXPECT_EQ(rule(asked), "table.type pair " + path());
  OpenOptions keyed = options();
  keyed.time = "tags";
  EXPECT_EQ(rule(keyed), "table.type tags " + path());
  OpenOptions chosen = options();
  chosen.columns = {"word"};
  const Dataset dataset = open({path()}, chosen);
  EXPECT_TRUE(dataset.warnings().empty());  // nobody asked for the others
  EXPECT_THROW(dataset.reader({"wide"}), DataError);
  EXPECT_THROW(dataset.reader({"wid"}), ArgumentError);
}

TEST_P(Unsupported, RefusesAFileWithNothingToRead) {
  put(batch_of({{"tags", arrow::list(arrow::int64()), "[[1, 2], []]"}}));
  OpenOptions all;
  all.files = &files_;
  try {
    open({path()}, all);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_EQ(error.place().rule, "table.type");
    EXPECT_EQ(error.place().column, "tags");
  }
}

TEST_P(Unsupported, RefusesAnotherTypeInASecondFile) {
  const RecordBatch batch = mixed_batch();
  put(batch);
  const auto other = batch_of({{"tags", arrow::int64(), "[1]"},
                               {"id", arrow::int64(), "[1]"},
                               {"time", arrow::int64(), "[9]"}});
  const std::string second = "z" + path();
  files_.put(second, path().ends_with(".parquet") ? parquet_bytes(other)
                                                  : ipc_bytes(other, false));
  OpenOptions all = options();
  all.schema = "union";
  try {
    open({path(), second}, all);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_EQ(error.place().rule, "dataset.schema");
    EXPECT_EQ(error.place().column, "tags");
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Unsupported, ::testing::Values("t.parquet", "t.arrow"),
                         [](const auto& param) {
                           return std::string(param.param).substr(2);
                         });

TEST(UnsupportedTable, ColumnsAreLeftOutOfABatch) {
  OpenOptions options;
  options.entity = "id";
  options.time = "time";
  const Dataset dataset = from_batches({mixed_batch()}, options);
  EXPECT_EQ(dataset.schema().names(), (std::vector<std::string>{"id", "time", "word"}));
  EXPECT_EQ(dataset.unsupported().size(), 3U);
  EXPECT_EQ(dataset.warnings().size(), 1U);
  options.columns = {"tags"};
  EXPECT_THROW(from_batches({mixed_batch()}, options), DataError);
}

TEST(UnsupportedStream, ColumnsAreLeftOutOfAStream) {
  MemoryFiles files;
  files.put("t.arrows", ipc_bytes(mixed_batch(), true));
  const IpcFile stream(files, "t.arrows");
  EXPECT_EQ(stream.schema().names(), (std::vector<std::string>{"id", "time", "word"}));
  const RecordBatch batch = stream.read(0);
  EXPECT_EQ(batch->num_columns(), 3);
  EXPECT_EQ(batch->column_name(2), "word");
}

TEST(UnsupportedColumns, ListIsEscapedAndShort) {
  std::vector<UnsupportedColumn> columns(10, {"a\x1b", "list"});
  const std::string text = list_unsupported(columns);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_TRUE(text.ends_with(" and 2 more"));
}

}  // namespace
}  // namespace lade::io
