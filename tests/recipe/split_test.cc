// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/split.h"

#include <arrow/type.h>
#include <gtest/gtest.h>

#include "lade/recipe/open.h"
#include "tests/testing/tables.h"

namespace lade {
namespace {

using Texts = std::vector<std::string>;

io::Dataset dataset_of(const RecordBatch& batch, std::string filter = "") {
  io::OpenOptions options;
  options.entity = "user";
  options.time = "time";
  if (!filter.empty()) set_filter(options, std::move(filter));
  return io::from_batches({batch}, options);
}

/// Users 1, 2 and 3; times in days of 2024-01, user 2 only on the first.
RecordBatch rows(const std::shared_ptr<arrow::DataType>& type) {
  const char* const texts =
      R"(["2024-01-01", "2024-01-08", "2024-01-09", "2024-01-01", "2024-01-07",
          "2024-01-15"])";
  const bool timestamp = type->id() == arrow::Type::TIMESTAMP;
  return testing::batch_of(
      {{"user", arrow::int64(), "[1, 1, 1, 2, 3, 3]"},
       {"time", type, timestamp ? texts : "[19723, 19730, 19731, 19723, 19729, 19737]"},
       {"amount", arrow::float64(), "[1, null, 3, 4, 5, 6]"},
       {"strange `name`", arrow::utf8(), R"(["a", "b", "a", "b", "a", "b"])"}});
}

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "accepted";
}

std::vector<Index> lengths_of(const io::Dataset& dataset) {
  std::vector<Index> out;
  for (Index s = 0; s < dataset.sequences(); ++s) out.push_back(dataset.length(s));
  return out;
}

TEST(SetFilter, KeepsTheEventsForWhichTheTextIsTrue) {
  const auto batch = rows(arrow::timestamp(arrow::TimeUnit::SECOND));
  const io::Dataset some = dataset_of(batch, "amount > 3 or `strange ``name``` == 'a'");
  EXPECT_EQ(lengths_of(some), (std::vector<Index>{2, 1, 2}));
  EXPECT_EQ(some.report().rows_filtered, 1);
  EXPECT_TRUE(some.report().balanced());
  // Null compares as false, negated too; times compare with dates.
  EXPECT_EQ(dataset_of(batch, "not (amount > 3)").events(), 2);
  EXPECT_EQ(dataset_of(batch, "time >= '2024-01-08'").events(), 3);
  EXPECT_EQ(dataset_of(batch, "amount is null").events(), 1);
}

TEST(SetFilter, RefusesWhatIsNoCondition) {
  const auto batch = rows(arrow::timestamp(arrow::TimeUnit::SECOND));
  EXPECT_EQ(message_of([&] { dataset_of(batch, "amont > 3"); }),
            "filters: unknown column 'amont'; did you mean 'amount'?\n  amont > 3\n  "
            "^~~~~");
  EXPECT_EQ(message_of([&] { dataset_of(batch, "amount + 1"); }),
            "filters: must be a condition (true or false per row), got 'amount + 1'");
}

TEST(TimeSplit, IsHalfOpenAndPurgesTheLaterPart) {
  const auto batch = rows(arrow::timestamp(arrow::TimeUnit::SECOND));
  const io::Dataset whole = dataset_of(batch);
  const Texts cuts = {"2024-01-08", "2024-01-15"};
  const Texts plain = time_split(whole, cuts, "");
  ASSERT_EQ(plain.size(), 3U);
  EXPECT_EQ(lengths_of(dataset_of(batch, plain[0])), (std::vector<Index>{1, 1, 1}));
  EXPECT_EQ(lengths_of(dataset_of(batch, plain[1])), (std::vector<Index>{2}));
  EXPECT_EQ(lengths_of(dataset_of(batch, plain[2])), (std::vector<Index>{1}));
  const Texts purged = time_split(whole, cuts, "1d");
  EXPECT_EQ(purged[0], plain[0]);
  EXPECT_EQ(lengths_of(dataset_of(batch, purged[1])), (std::vector<Index>{1}));
  EXPECT_EQ(lengths_of(dataset_of(batch, purged[2])), (std::vector<Index>{}));
}

TEST(TimeSplit, ReadsCutsInTheUnitAndTheZoneOfTheColumn) {
  const auto parts = [](const std::shared_ptr<arrow::DataType>& type, const char* cut) {
    return time_split(dataset_of(rows(type)), Texts{cut}, "")[0];
  };
  EXPECT_EQ(parts(arrow::timestamp(arrow::TimeUnit::MILLI), "1970-01-01T00:00:01.5"),
            "`time` < 1500");
  EXPECT_EQ(
      parts(arrow::timestamp(arrow::TimeUnit::SECOND, "Europe/Prague"), "1970-01-02"),
      "`time` < 82800");
  EXPECT_EQ(parts(arrow::timestamp(arrow::TimeUnit::SECOND, "Europe/Prague"),
                  "1970-01-02T00:00:00Z"),
            "`time` < 86400");
  EXPECT_EQ(parts(arrow::date32(), "1970-01-02"), "`time` < 86400");
}

TEST(TimeSplit, RefusesCutsAndPurgesThatAreNone) {
  const io::Dataset whole = dataset_of(rows(arrow::timestamp(arrow::TimeUnit::SECOND)));
  const auto refused = [&](const Texts& cuts, const char* purge) {
    return message_of([&] { time_split(whole, cuts, purge); });
  };
  EXPECT_EQ(refused({}, ""), "split: by = \"time\" needs cuts");
  EXPECT_EQ(
      refused({"soon"}, ""),
      "split: cuts: must be a date (2024-03-01), a time (2024-03-01T10:00:00) or a "
      "whole number, got 'soon'");
  EXPECT_EQ(refused({"2024-01-01T00:00:00.5"}, ""),
            "split: cuts: is finer than the unit of the time column, s, got "
            "'2024-01-01T00:00:00.5'");
  EXPECT_EQ(refused({"2024-01-08", "2024-01-08"}, ""),
            "split: cuts must ascend, further apart than purge, got '2024-01-08' after "
            "'2024-01-08'");
  EXPECT_NE(refused({"2024-01-08", "2024-01-15"}, "7d"), "accepted");
  EXPECT_EQ(refused({"2024-01-08"}, "7"),
            "split: purge must be a duration such as \"7d\", got '7'");
  io::OpenOptions timeless;
  timeless.entity = "user";
  EXPECT_EQ(message_of([&] {
              time_split(io::from_batches({rows(arrow::date32())}, timeless),
                         Texts{"2024-01-01"}, "");
            }),
            "split: by = \"time\" needs a time column; open the data with time=");
}

TEST(SameEntities, FindsTheNumbersOfEntitiesInAPart) {
  const auto batch = rows(arrow::timestamp(arrow::TimeUnit::SECOND));
  const io::Dataset whole = dataset_of(batch);
  const io::Dataset part = dataset_of(batch, "time >= '2024-01-07'");  // users 1 and 3
  EXPECT_EQ(same_entities(part, whole, std::vector<Index>{0, 1, 2}),
            (std::vector<Index>{0, 1}));
  EXPECT_EQ(same_entities(part, whole, std::vector<Index>{1, 2}),
            (std::vector<Index>{1}));
  EXPECT_EQ(same_entities(part, whole, std::vector<Index>{1}), (std::vector<Index>{}));
}

TEST(Filtered, TakesChosenSequencesOfADatasetInMemory) {
  const auto batch = rows(arrow::timestamp(arrow::TimeUnit::SECOND));
  const io::Dataset whole = dataset_of(batch, "amount is not null");
  const io::Dataset late = filtered(whole, {}, "time >= '2024-01-07'");
  EXPECT_EQ(lengths_of(late), (std::vector<Index>{1, 2}));  // the null stays away
  const io::Dataset last = filtered(whole, std::vector<Index>{2}, "amount > 5");
  EXPECT_EQ(lengths_of(last), (std::vector<Index>{1}));
  EXPECT_EQ(std::get<std::int64_t>(last.sequence(0).entity), 3);
  EXPECT_EQ(filtered(last, {}, "amount > 9").sequences(), 0);
}

}  // namespace
}  // namespace lade
