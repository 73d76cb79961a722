// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/apply.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/testing/tables.h"

namespace lade {
namespace {

io::Dataset example() {
  io::OpenOptions options;
  options.entity = "user";
  options.time = "time";
  return io::from_batches({testing::example_events()}, options);
}

Recipe recipe() {
  return Recipe::from_toml(R"toml(
[[target]]
name = "mean_food"
where = "mcc in (5411, 5499)"
aggregate = "mean(amount)"
every = "day"
look_back = 7
[[target]]
name = "total"
aggregate = "sum(amount)"
every = "sequence"
)toml",
                           "test.toml");
}

std::map<std::string, std::string> run(const ApplyOptions& options,
                                       ApplyReport* report = nullptr) {
  std::map<std::string, std::string> text;
  const ApplyReport given =
      apply(recipe(), example(), options,
            [&](const std::string& every, const RecordBatch& batch) {
              text[every] += batch->ToString();
            });
  if (report != nullptr) *report = given;
  return text;
}

TEST(Apply, EndsWhenItsPollThrows) {
  struct Enough {};
  int calls = 0;
  ApplyOptions options{.threads = 1};
  options.poll = [&calls] {
    ++calls;
    throw Enough{};
  };
  EXPECT_THROW(run(options), Enough);
  EXPECT_EQ(calls, 1);
}

TEST(Apply, GivesOneTableABoundarySetWithNullForInvalid) {
  std::map<std::string, RecordBatch> tables;
  apply(recipe(), example(), {},
        [&](const std::string& every, const RecordBatch& batch) {
          tables[every] = batch;
        });
  ASSERT_EQ(tables.size(), 2U);
  const auto& day = tables["day"];
  EXPECT_EQ(day->schema()->field_names(),
            (std::vector<std::string>{"user", "interval_start", "interval_end",
                                      "position", "mean_food"}));
  ASSERT_EQ(day->num_rows(), 6);
  const auto& mean = static_cast<const arrow::FloatArray&>(*day->column(4));
  EXPECT_EQ(mean.Value(0), 10.0F);
  EXPECT_EQ(mean.Value(2), 7.0833335F);
  EXPECT_TRUE(mean.IsNull(5));
  EXPECT_EQ(day->column(1)->GetScalar(0).ValueOrDie()->ToString(),
            "2024-03-01 00:00:00.000000");
  EXPECT_EQ(day->column(2)->GetScalar(0).ValueOrDie()->ToString(),
            "2024-03-02 00:00:00.000000");
  EXPECT_EQ(tables["sequence"]->schema()->field_names(),
            (std::vector<std::string>{"user", "total"}));
}

TEST(Apply, GivesSpreadOrderAndDifferentValuesOfTheExample) {
  const std::string food = "where = \"mcc in (5411, 5499)\"\nevery = \"sequence\"\n";
  const Recipe sequence = Recipe::from_toml(
      "[[target]]\nname = \"std\"\naggregate = \"std(amount)\"\n" + food +
          "[[target]]\nname = \"median\"\naggregate = \"median(amount)\"\n" + food +
          "[[target]]\nname = \"low\"\naggregate = \"quantile(amount, 0.25)\"\n" +
          food +
          "[[target]]\nname = \"codes\"\naggregate = \"nunique(mcc)\"\n"
          "every = \"sequence\"\n",
      "test.toml");
  std::vector<float> values;
  apply(sequence, example(), {}, [&](const std::string&, const RecordBatch& batch) {
    for (const char* name : {"std", "median", "low", "codes"}) {
      const auto column = batch->GetColumnByName(name);
      values.push_back(static_cast<const arrow::FloatArray&>(*column).Value(0));
    }
  });
  EXPECT_EQ(values, (std::vector<float>{19.84282F, 7.25F, 4, 4}));
}

TEST(Apply, ReportsEachTarget) {
  ApplyReport report;
  run({}, &report);
  ASSERT_EQ(report.targets.size(), 2U);
  EXPECT_EQ(report.targets[0].every, "day");
  EXPECT_EQ(report.targets[0].values, 6);
  EXPECT_EQ(report.targets[0].valid, 5);
  EXPECT_EQ(report.targets[0].max, 26.5);
  EXPECT_EQ(report.targets[1].mean, 219.75);
  EXPECT_EQ(report.events, 8);
}

TEST(Apply, SameBytesForAnyThreads) {
  ApplyOptions one;
  one.threads = 1;
  ApplyOptions many;
  many.threads = 3;
  many.block_sequences = 1;
  EXPECT_EQ(run(one), run(many));
}

TEST(Apply, RefusesARecipeWithoutTargets) {
  EXPECT_THROW(apply(Recipe::from_toml("input = [ { column = \"amount\" } ]", "t"),
                     example(), {}, [](const std::string&, const RecordBatch&) {}),
               ArgumentError);
}

}  // namespace
}  // namespace lade
