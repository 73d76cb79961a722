// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <gtest/gtest.h>

#include "lade/core/expression_internal.h"
#include "lade/io/dataset.h"
#include "lade/io/file_memory.h"
#include "lade/io/parquet.h"
#include "tests/io/dataset_test.h"
#include "tests/testing/tables.h"

namespace lade::io {
namespace {

RecordBatch events() {
  return testing::batch_of(
      {{"id", arrow::int64(), "[1, 1, 2, 2, 3, 3]"},
       {"time", arrow::int64(), "[1, 2, 1, 2, 1, 2]"},
       {"amount", arrow::float64(), "[1, 2, 3, 4, 5, 6]"},
       {"word", arrow::utf8(), R"(["a", null, null, null, "b", "c"])"}});
}

/// Keeps the rows that have a word.
OpenOptions with_words(Files& files) {
  OpenOptions options;
  options.entity = "id";
  options.time = "time";
  options.memory_budget = Index{16} << 20;
  options.files = &files;
  options.filter_text = "word is not null";
  options.filter = [](const Schema& schema) {
    ProgramBuilder builder(schema);
    return builder.finish_mask(
        builder.column_null(schema.find("word"), /*negated=*/true));
  };
  return options;
}

const std::map<std::string, std::vector<Event>> kExpected{
    {"1", {{1, 1, "a"}}}, {"3", {{1, 5, "b"}, {2, 6, "c"}}}};

void expect_filtered(const Dataset& dataset) {
  EXPECT_EQ(read_everything(dataset), kExpected);
  const auto report = dataset.report();
  EXPECT_EQ(report.rows_seen, 6);
  EXPECT_EQ(report.rows_filtered, 3);
  EXPECT_EQ(report.rows_given, 3);
  EXPECT_TRUE(report.balanced());
  EXPECT_EQ(dataset.sequences_emptied(), 1);
  EXPECT_EQ(dataset.events(), 3);
}

TEST(DatasetFilter, DropsEventsOfRowsInMemory) {
  MemoryFiles files;
  expect_filtered(from_batches({events()}, with_words(files)));
}

TEST(DatasetFilter, DropsEventsOfTextFiles) {
  MemoryFiles files;
  files.put("d/a.csv",
            "id,time,amount,word\n1,1,1,a\n1,2,2,\n2,1,3,\n2,2,4,\n3,1,5,b\n3,2,6,c\n");
  OpenOptions options = with_words(files);
  options.source.types["amount"] = "float64";
  options.filter = [](const Schema& schema) {  // empty text is text, not null
    ProgramBuilder builder(schema);
    const auto amount = builder.column(schema.find("amount"));
    const auto first =
        builder.compare(Comparison::equal, amount, builder.real(1), false);
    const auto last =
        builder.compare(Comparison::less, builder.real(4.5), amount, false);
    return builder.finish_mask(builder.any_of({first, last}));
  };
  expect_filtered(open({"d"}, options));
}

TEST(DatasetFilter, DropsEventsOfParquetFilesAlsoByColumnsThatAreNotOffered) {
  MemoryFiles files;
  files.make_directory("d");
  WriteOptions write;
  write.files = &files;
  const auto batch = events();
  ParquetWriter writer(AtomicFile("d/a.parquet", write), batch->schema());
  writer.write(batch);
  writer.finish();
  expect_filtered(open({"d"}, with_words(files)));
  expect_filtered(open({"d"}, with_words(files)));  // the index as it was kept
  OpenOptions options = with_words(files);
  options.columns = {{"amount"}};
  const auto narrow = open({"d"}, options);
  EXPECT_EQ(narrow.schema().names(),
            (std::vector<std::string>{"id", "time", "amount"}));
  EXPECT_EQ(narrow.events(), 3);
  OpenOptions plain = with_words(files);
  plain.filter = nullptr;
  plain.filter_text.clear();
  EXPECT_EQ(open({"d"}, plain).events(), 6);
  EXPECT_NE(open({"d"}, plain).fingerprint(), narrow.fingerprint());
}

TEST(DatasetFilter, RefusesAFilterWithoutItsText) {
  MemoryFiles files;
  OpenOptions options = with_words(files);
  options.filter_text.clear();
  EXPECT_THROW(from_batches({events()}, options), ArgumentError);
}

}  // namespace
}  // namespace lade::io
