// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "lade/io/dataset.h"
#include "tests/io/dataset_test.h"
#include "tests/testing/tables.h"

namespace lade::io {
namespace {

using testing::batch_of;

RecordBatch events(const std::string& id, const std::string& time,
                   const std::string& amount, const std::string& word) {
  return batch_of({{"id", arrow::int64(), id},
                   {"time", arrow::int64(), time},
                   {"amount", arrow::float64(), amount},
                   {"word", arrow::utf8(), word}});
}

OpenOptions by_id() {
  OpenOptions options;
  options.entity = "id";
  options.time = "time";
  options.memory_budget = Index{64} << 20;
  return options;
}

TEST(DatasetInMemory, GroupsInterleavedRowsOfSeveralBatches) {
  const auto dataset = from_batches(
      {events("[2, 1, 2]", "[1, 5, 2]", "[0.5, 1, 1.5]", R"(["a", "b", null])"),
       events("[1, 2]", "[4, 3]", "[2, 2.5]", R"(["c", "a"])")},
      by_id());
  EXPECT_EQ(dataset.sequences(), 2);
  EXPECT_EQ(dataset.events(), 5);
  EXPECT_EQ(dataset.report().rows_out_of_order, 1);
  const std::map<std::string, std::vector<Event>> expected{
      {"1", {{4, 2, "c"}, {5, 1, "b"}}},
      {"2", {{1, 0.5, "a"}, {2, 1.5, "~"}, {3, 2.5, "a"}}}};
  EXPECT_EQ(read_everything(dataset), expected);
  EXPECT_EQ(dataset.newest_time(), 5);
  EXPECT_TRUE(dataset.in_memory());
}

TEST(DatasetInMemory, RowsThatAreGroupedStayWhereTheyAre) {
  const auto batch =
      events("[1, 1, 2]", "[1, 2, 1]", "[1, 2, 3]", R"(["a", "b", "c"])");
  const auto dataset = from_batches({batch}, by_id());
  const auto reader = dataset.reader({"amount"});
  const auto* values =
      std::static_pointer_cast<arrow::DoubleArray>(batch->column(2))->raw_values();
  EXPECT_EQ(reader.row_group(0)->columns[0].values, values);
}

TEST(DatasetInMemory, TextEntitiesAreNumberedByTheirBytes) {
  const auto dataset =
      from_batches({batch_of({{"id", arrow::utf8(), R"(["b", "é", "B", "b", ""])"},
                              {"time", arrow::int64(), "[1, 1, 1, 2, 1]"}})},
                   by_id());
  ASSERT_EQ(dataset.sequences(), 4);
  EXPECT_EQ(std::get<std::string>(dataset.sequence(0).entity), "");
  EXPECT_EQ(std::get<std::string>(dataset.sequence(1).entity), "B");
  EXPECT_EQ(std::get<std::string>(dataset.sequence(2).entity), "b");
  EXPECT_EQ(std::get<std::string>(dataset.sequence(3).entity), "é");
  EXPECT_EQ(dataset.length(2), 2);
}

TEST(DatasetInMemory, WithoutEntityAllRowsAreOneSequence) {
  OpenOptions options = by_id();
  options.entity = "";
  const auto dataset =
      from_batches({events("[2, 1]", "[1, 2]", "[1, 2]", R"(["a", "b"])"),
                    events("[2]", "[3]", "[3]", R"(["c"])")},
                   options);
  EXPECT_EQ(dataset.sequences(), 1);
  EXPECT_EQ(dataset.length(0), 3);
  EXPECT_EQ(read_everything(dataset).at(""),
            (std::vector<Event>{{1, 1, "a"}, {2, 2, "b"}, {3, 3, "c"}}));
}

TEST(DatasetInMemory, NoRowsMakeNoSequencesAndOneRowMakesOne) {
  EXPECT_EQ(from_batches({events("[]", "[]", "[]", "[]")}, by_id()).sequences(), 0);
  const auto one = from_batches({events("[7]", "[1]", "[1]", R"(["a"])")}, by_id());
  EXPECT_EQ(one.sequences(), 1);
  EXPECT_EQ(read_everything(one).at("7").size(), 1U);
}

TEST(DatasetInMemory, CutIntoBatchesDoesNotMatter) {
  std::mt19937 random(7);
  std::vector<std::string> columns(4);
  std::vector<RecordBatch> small;
  const auto append = [&](std::vector<std::string>& to,
                          const std::vector<std::string>& values) {
    for (std::size_t c = 0; c < values.size(); ++c)
      to[c] += (to[c].empty() ? "" : ",") + values[c];
  };
  std::vector<std::string> part(4);
  for (int row = 0; row < 500; ++row) {
    const std::vector<std::string> values{
        std::to_string(random() % 20), std::to_string(random() % 50),
        std::to_string(row), "\"w" + std::to_string(random() % 9) + "\""};
    append(columns, values);
    append(part, values);
    if (random() % 40 == 0 || row == 499) {
      small.push_back(events("[" + part[0] + "]", "[" + part[1] + "]",
                             "[" + part[2] + "]", "[" + part[3] + "]"));
      part.assign(4, "");
    }
  }
  const auto whole =
      from_batches({events("[" + columns[0] + "]", "[" + columns[1] + "]",
                           "[" + columns[2] + "]", "[" + columns[3] + "]")},
                   by_id());
  const auto cut = from_batches(small, by_id());
  EXPECT_EQ(read_everything(whole), read_everything(cut));
  EXPECT_EQ(whole.fingerprint(), cut.fingerprint());
  EXPECT_EQ(whole.report().rows_out_of_order, cut.report().rows_out_of_order);
}

TEST(DatasetInMemory, FingerprintChangesWithAValueAndWithAPolicy) {
  const auto batch = events("[1, 1]", "[1, 2]", "[1, 2]", R"(["a", "b"])");
  const auto base = from_batches({batch}, by_id()).fingerprint();
  EXPECT_EQ(from_batches({batch}, by_id()).fingerprint(), base);
  EXPECT_NE(
      from_batches({events("[1, 1]", "[1, 2]", "[1, 3]", R"(["a", "b"])")}, by_id())
          .fingerprint(),
      base);
  EXPECT_NE(
      from_batches({events("[1, 1]", "[1, 2]", "[1, 2]", R"(["a", null])")}, by_id())
          .fingerprint(),
      base);
  OpenOptions other = by_id();
  other.policies.on_disorder = OnDisorder::keep;
  EXPECT_NE(from_batches({batch}, other).fingerprint(), base);
}

TEST(DatasetInMemory, OffersChosenColumnsAndTheKeys) {
  OpenOptions options = by_id();
  options.columns = {{"word"}};
  const auto dataset =
      from_batches({events("[2, 1]", "[1, 2]", "[1, 2]", R"(["a", "b"])")}, options);
  EXPECT_EQ(dataset.schema().names(), (std::vector<std::string>{"id", "time", "word"}));
}

TEST(DatasetInMemory, RefusesUnknownColumnsWithTheNearestName) {
  const auto batch = events("[1]", "[1]", "[1]", R"(["a"])");
  OpenOptions options = by_id();
  options.time = "tine";
  try {
    from_batches({batch}, options);
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_NE(std::string(error.what()).find("'time'"), std::string::npos);
  }
  EXPECT_THROW(from_batches({batch}, by_id()).reader({"amounts"}), ArgumentError);
}

TEST(DatasetInMemory, RefusesAFloatEntity) {
  OpenOptions options = by_id();
  options.entity = "amount";
  EXPECT_THROW(from_batches({events("[1]", "[1]", "[1]", R"(["a"])")}, options),
               ArgumentError);
}

TEST(DatasetInMemory, RefusesBatchesOfOtherColumns) {
  try {
    from_batches(
        {events("[1]", "[1]", "[1]", R"(["a"])"),
         batch_of({{"id", arrow::int32(), "[1]"}, {"time", arrow::int64(), "[1]"}})},
        by_id());
    FAIL();
  } catch (const DataError& error) {
    EXPECT_EQ(error.place().rule, "dataset.schema");
  }
}

TEST(DatasetInMemory, RefusesWhatDoesNotFitTheBudget) {
  OpenOptions options = by_id();
  options.memory_budget = 64;
  EXPECT_THROW(from_batches({events("[2, 1, 2]", "[1, 5, 2]", "[1, 2, 3]",
                                    R"(["a", "b", "c"])")},
                            options),
               ArgumentError);
}

TEST(DatasetInMemory, DropsNullKeysIfAskedAndCountsThem) {
  OpenOptions options = by_id();
  options.policies.on_bad = OnBad::skip;
  const auto dataset = from_batches({events("[1, null, 1, 2]", "[2, 1, null, 1]",
                                            "[1, 2, 3, 4]", R"(["a", "b", "c", "d"])")},
                                    options);
  const auto report = dataset.report();
  EXPECT_EQ(report.rows_seen, 4);
  EXPECT_EQ(report.rows_given, 2);
  EXPECT_EQ(report.dropped[static_cast<int>(DropReason::null_key)], 2);
  EXPECT_TRUE(report.balanced());
  ASSERT_EQ(report.first_bad.size(), 2U);
  EXPECT_EQ(report.first_bad[0].row, 1);
  EXPECT_EQ(read_everything(dataset).at("1"), (std::vector<Event>{{2, 1, "a"}}));
}

TEST(DatasetInMemory, ASubsetRenumbersItsSequences) {
  const auto dataset = from_batches(
      {events("[1, 2, 3]", "[1, 2, 9]", "[1, 2, 3]", R"(["a", "b", "c"])")}, by_id());
  const auto part = dataset.subset({0, 2});
  EXPECT_EQ(part.sequences(), 2);
  EXPECT_EQ(part.events(), 2);
  EXPECT_EQ(std::get<std::int64_t>(part.sequence(1).entity), 3);
  EXPECT_EQ(read_everything(part).at("3"), (std::vector<Event>{{9, 3, "c"}}));
  EXPECT_EQ(part.newest_time(), 9);
  EXPECT_NE(part.fingerprint(), dataset.fingerprint());
  EXPECT_EQ(std::get<std::int64_t>(part.subset({1}).sequence(0).entity), 3);
  EXPECT_THROW(dataset.subset({2, 0}), ArgumentError);
  EXPECT_THROW(dataset.subset({3}), ArgumentError);
}

TEST(DatasetInMemory, ASliceIsPartOfItsSequence) {
  const auto dataset = from_batches({events("[1, 2, 1, 1]", "[1, 2, 3, 4]",
                                            "[1, 2, 3, 4]", R"(["a", "b", "c", "d"])")},
                                    by_id());
  const auto reader = dataset.reader({"amount"});
  const auto slice = reader.slice(0, 1, 2);
  EXPECT_EQ(slice.view.rows, 2);
  EXPECT_EQ(slice.view.chunk->columns[0].as<double>()[slice.view.begin], 3.0);
  EXPECT_EQ(reader.row_groups_of(0, 1, 2), (std::vector<Index>{0}));
}

TEST(DatasetInMemory, LongSequencesGetChunksOfTheirOwn) {
  std::vector<std::int64_t> id, time;
  for (int i = 0; i < 200'000; ++i) {
    id.push_back(i % 3 == 0 ? 1 : i % 1000);
    time.push_back(i);
  }
  const auto column = [](const std::vector<std::int64_t>& values) {
    return std::make_shared<arrow::Int64Array>(
        static_cast<Index>(values.size()),
        arrow::Buffer::Wrap(values.data(), values.size()));
  };
  const auto batch =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("id", arrow::int64()),
                                              arrow::field("time", arrow::int64())}),
                               200'000, {column(id), column(time)});
  const auto dataset = from_batches({batch}, by_id());
  Index longest = 0;
  for (Index s = 0; s < dataset.sequences(); ++s) {
    EXPECT_EQ(dataset.runs(s).size(), 1U);
    longest = std::max(longest, dataset.length(s));
  }
  EXPECT_GT(longest, 65'536);
  EXPECT_GE(dataset.row_groups(), 3);
  EXPECT_GT(dataset.ledger()->used(Account::cache), 0);
}

}  // namespace
}  // namespace lade::io
