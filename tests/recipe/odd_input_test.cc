// SPDX-License-Identifier: Apache-2.0
// Rows that are wrong or odd, through apply and batches.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "lade/core/table_internal.h"
#include "lade/io/dataset.h"
#include "lade/recipe/apply.h"
#include "lade/recipe/plan.h"
#include "tests/testing/tables.h"

namespace lade {
namespace {

struct Events {
  std::string user, time, amount, code;
};

/// Columns user i64, time timestamp[s], amount f64, code i64.
io::Dataset dataset_of(const Events& events, OnBad on_bad = OnBad::fail) {
  io::OpenOptions options;
  options.entity = "user";
  options.time = "time";
  options.policies.on_bad = on_bad;
  return io::from_batches(
      {testing::batch_of(
          {{"user", arrow::int64(), "[" + events.user + "]"},
           {"time", arrow::timestamp(arrow::TimeUnit::SECOND), "[" + events.time + "]"},
           {"amount", arrow::float64(), "[" + events.amount + "]"},
           {"code", arrow::int64(), "[" + events.code + "]"}})},
      options);
}

std::string target(const std::string& name, const std::string& aggregate,
                   const std::string& rest) {
  return "[[target]]\nname = \"" + name + "\"\naggregate = \"" + aggregate + "\"\n" +
         rest + "\n";
}

/// Values of every target in the order of the rows; "null" where it is not valid.
std::map<std::string, std::string> applied(const std::string& toml,
                                           const io::Dataset& dataset) {
  std::map<std::string, std::string> values;
  apply(Recipe::from_toml(toml, "odd.toml"), dataset, {},
        [&](const std::string&, const RecordBatch& batch) {
          for (int c = 0; c < batch->num_columns(); ++c) {
            const auto& column = *batch->column(c);
            std::string& text = values[batch->column_name(c)];
            for (Index r = 0; r < column.length(); ++r) {
              text += (text.empty() ? "" : " ") +
                      take(column.GetScalar(r), "test")->ToString();
            }
          }
        });
  return values;
}

TEST(OddInput, AnEntityOfOneRowHasEveryTarget) {
  const auto values =
      applied(target("sum", "sum(amount)", "every = \"day\"\nlook_back = 7") +
                  target("next", "sum(amount)", "every = \"day\"\nlook_ahead = 1") +
                  target("std", "std(amount)", "every = \"month\"") +
                  target("last", "last(amount)", "every = \"event\"\nlook_back = 5") +
                  target("total", "sum(amount)", "every = \"sequence\""),
              dataset_of({"4", "\"2024-03-01 09:00:00\"", "2.5", "1"}));
  EXPECT_EQ(values.at("sum"), "2.5");
  EXPECT_EQ(values.at("next"), "null") << "nobody has seen the next day";
  EXPECT_EQ(values.at("std"), "null") << "one row has no spread";
  EXPECT_EQ(values.at("last"), "2.5");
  EXPECT_EQ(values.at("total"), "2.5");
}

TEST(OddInput, RowsOfOneInstantAreOneIntervalInTheirOrder) {
  const std::string now = "\"2024-03-01 09:00:00\"";
  const auto values = applied(
      target("sum", "sum(amount)", "every = \"day\"") +
          target("first", "first(amount)", "every = \"day\"") +
          target("last", "last(amount)", "every = \"day\"") +
          target("so_far", "sum(amount)", "every = \"event\"\nlook_back = \"1h\"") +
          target("ahead", "sum(amount)", "every = \"event\"\nlook_ahead = 2"),
      dataset_of({"1, 1, 1, 1", now + "," + now + "," + now + "," + now, "3, 1, 4, 2",
                  "0, 0, 0, 0"}));
  EXPECT_EQ(values.at("sum"), "10");
  EXPECT_EQ(values.at("first"), "3");
  EXPECT_EQ(values.at("last"), "2");
  EXPECT_EQ(values.at("so_far"), "3 4 8 10");
  EXPECT_EQ(values.at("ahead"), "5 6 null null");
}

TEST(OddInput, CodesOfAnySizeAndSignAreComparedExactlyAndUnknownOnesMatchNothing) {
  const auto values = applied(
      target("large", "count()", "every = \"sequence\"\nwhere = \"code == 16777217\"") +
          target("negative", "count()",
                 "every = \"sequence\"\nwhere = \"code in (-16777217, -5)\"") +
          target("widest", "count()",
                 "every = \"sequence\"\nwhere = \"code == 9223372036854775807\"") +
          target("unknown", "count()",
                 "every = \"sequence\"\nwhere = \"code in (7, 8)\""),
      dataset_of({"1, 1, 1, 1, 1, 1", "1, 2, 3, 4, 5, 6", "1, 1, 1, 1, 1, 1",
                  "16777216, 16777217, -16777217, -16777216, 9223372036854775807, "
                  "9223372036854775806"}));
  EXPECT_EQ(values.at("large"), "1");
  EXPECT_EQ(values.at("negative"), "1");
  EXPECT_EQ(values.at("widest"), "1");
  EXPECT_EQ(values.at("unknown"), "0");
}

TEST(OddInput, InfiniteValuesAreKeptAndAResultThatIsNotFiniteIsNotValid) {
  const auto values = applied(
      target("sum", "sum(amount)", "every = \"sequence\"") +
          target("least", "min(amount)", "every = \"sequence\"") +
          target("n", "count()", "every = \"sequence\"\nwhere = \"amount > 1e300\""),
      dataset_of({"1, 1, 1", "1, 2, 3", "Inf, 2, 3", "0, 0, 0"}));
  EXPECT_EQ(values.at("sum"), "null");
  EXPECT_EQ(values.at("least"), "2");
  EXPECT_EQ(values.at("n"), "1") << "it is a value like others";
}

const Events kBadKeys{"1, null, 1, 1, 1", "1, 2, null, 9223372036854775806, 5",
                      "1, 2, 3, 4, 5", "0, 0, 0, 0, 0"};

TEST(OddInput, RowsSeenAreRowsGivenOrDroppedByReason) {
  const io::Dataset dataset = dataset_of(kBadKeys, OnBad::skip);
  const ApplyReport report =
      apply(Recipe::from_toml(target("n", "count()", "every = \"day\""), "odd.toml"),
            dataset, {}, [](const std::string&, const RecordBatch&) {});
  EXPECT_EQ(report.read.rows_seen, 5);
  EXPECT_EQ(report.read.rows_given, 2);
  EXPECT_EQ(report.read.dropped[static_cast<int>(DropReason::null_key)], 2);
  EXPECT_EQ(report.read.dropped[static_cast<int>(DropReason::time_range)], 1);
  EXPECT_EQ(report.read.rows_seen, report.read.rows_given + report.read.rows_filtered +
                                       report.read.dropped_total());
  EXPECT_EQ(report.events, 2);
}

TEST(OddInput, RefusesRowsWithoutAKeyOrOutsideTheCalendar) {
  const auto rule_of = [](const Events& events) {
    try {
      dataset_of(events);
    } catch (const DataError& error) {
      EXPECT_EQ(error.place().row, 1);
      return error.place().rule;
    }
    return std::string("given");
  };
  EXPECT_EQ(rule_of({"1, null", "1, 2", "1, 2", "0, 0"}), "dataset.null_key");
  EXPECT_EQ(rule_of({"1, 1", "1, null", "1, 2", "0, 0"}), "dataset.null_key");
  EXPECT_EQ(rule_of({"1, 1", "1, 253402300800", "1, 2", "0, 0"}), "dataset.time_range");
  EXPECT_EQ(rule_of({"1, 1", "1, -62135596801", "1, 2", "0, 0"}), "dataset.time_range");
}

TEST(OddInput, AnEntityWithoutRowsAfterTheCutStaysUnlessDropped) {
  const io::Dataset dataset =
      dataset_of({"1, 1, 2", "86400, 172800, 864000", "1, 2, 4", "0, 0, 0"});
  const std::string head =
      "input = [ { column = \"amount\" } ]\n[sequence]\nuntil = \"1970-01-05\"\n";
  const std::string sum = target("sum", "sum(amount)", "every = \"day\"");
  EXPECT_EQ(Plan(Recipe::from_toml(head + sum, "odd.toml"), dataset).samples(), 2);
  EXPECT_EQ(
      Plan(Recipe::from_toml(head + "drop_empty = true\n" + sum, "odd.toml"), dataset)
          .samples(),
      1);
  EXPECT_EQ(applied(head + sum, dataset).at("sum"), "1 2") << "it has no interval";
}

}  // namespace
}  // namespace lade
