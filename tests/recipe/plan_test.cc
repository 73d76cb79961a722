// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/plan.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "lade/recipe/fit.h"
#include "lade/synth/transactions.h"
#include "tests/testing/datasets.h"
#include "tests/testing/tables.h"

namespace lade {
namespace {

using testing::dataset_of;

/// Two users: the worked example's events belong to user 1, two more rows to user 7.
RecordBatch two_users() {
  return testing::batch_of(
      {{"user", arrow::int64(), "[7, 1, 1, 1, 7, 1]"},
       {"time", arrow::timestamp(arrow::TimeUnit::SECOND),
        R"(["2024-03-01 09:00:00", "2024-03-01 10:00:00", "2024-03-01 11:00:00",
            "2024-03-02 10:00:00", "2024-03-05 08:00:00", "2024-03-09 08:00:00"])"},
       {"amount", arrow::float64(), "[9, 1, null, 3, -9, 99]"},
       {"kind", arrow::utf8(), R"(["b", "a", "b", null, "c", "a"])"}});
}

Recipe recipe_of(const std::string& toml) {
  return Recipe::from_toml(toml, "test.toml");
}

const char* const kInputs = R"toml(
[[input]]
column = "amount"
[[input]]
column = "amount"
transform = "log10(shift = 1)"
as = "log"
[[input]]
column = "kind"
kind = "category"
)toml";

/// All rows of a batch, built in one call.
struct Built {
  Plan plan;
  std::shared_ptr<Slab> slab;
  std::vector<Plan::Placed> placed;
  BuildCounts counts;

  Built(const Recipe& recipe, const io::Dataset& dataset, std::vector<Index> ids,
        PlanOptions options = {}, Index repeated = 0)
      : plan(recipe, dataset, std::move(options)) {
    auto ledger = std::make_shared<Ledger>(Index{64} << 20);
    SlabPool pool(ledger);
    const Plan::Shape shape = plan.shape(ids);
    slab = pool.take(shape.bytes_bound, true);
    std::memset(slab->data(), 0x5A, static_cast<std::size_t>(slab->bytes()));
    auto build = plan.begin(ids, repeated, slab, shape);
    BuildScratch scratch;
    const auto reader = dataset.reader(plan.columns(), ledger);
    plan.build_rows(*build, 0, static_cast<Index>(ids.size()), reader, scratch, counts);
    placed = plan.finish(*build);
  }

  const Plan::Placed& find(const std::string& name) const {
    for (const Plan::Placed& array : placed) {
      if (array.spec->name == name) return array;
    }
    throw std::runtime_error("no array " + name);
  }
  template <class T>
  std::vector<T> values(const std::string& name) const {
    const Plan::Placed& array = find(name);
    Index count = 1;
    for (const Index extent : array.shape) count *= extent;
    std::vector<T> out(static_cast<std::size_t>(count));
    if (count > 0)
      std::memcpy(out.data(), slab->data() + array.offset, out.size() * sizeof(T));
    return out;
  }
};

TEST(Plan, PadsOnTheRightWithZeros) {
  const auto dataset = dataset_of(two_users());
  const Built built(fit(recipe_of(kInputs), dataset), dataset, {0, 1});
  EXPECT_EQ(built.find("numerical").shape, (std::vector<Index>{2, 4, 2}));
  const auto numbers = built.values<float>("numerical");
  const float log2 = std::log10(2.0F);
  const float log4 = std::log10(4.0F);
  const std::vector<float> want = {1, log2, 0,  0,  3, log4, 99, 2,
                                   9, 1,    -9, -1, 0, 0,    0,  0};
  ASSERT_EQ(numbers.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i)
    EXPECT_FLOAT_EQ(numbers[i], want[i]) << i;
  EXPECT_EQ(built.values<std::int64_t>("categorical"),
            (std::vector<std::int64_t>{1, 2, 0, 1, 2, 3, 0, 0}));
  EXPECT_EQ(built.values<std::int32_t>("lengths"), (std::vector<std::int32_t>{4, 2}));
  EXPECT_EQ(built.values<std::int64_t>("sample_id"), (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(built.values<std::uint8_t>("sample_mask"),
            (std::vector<std::uint8_t>{1, 1}));
  EXPECT_EQ(built.counts.nulls_filled, 2);
  EXPECT_EQ(built.counts.events, 6);
}

TEST(Plan, EveryArrayIsAligned) {
  const auto dataset = dataset_of(two_users());
  const Built built(fit(recipe_of(kInputs), dataset), dataset, {1, 0, 1});
  for (const auto& array : built.placed)
    EXPECT_EQ(array.offset % 256, 0) << array.spec->name;
}

TEST(Plan, RowsDoNotDependOnHowABatchIsCut) {
  const auto dataset = dataset_of(two_users());
  const Recipe recipe = fit(recipe_of(std::string(kInputs) + R"toml(
[[target]]
name = "n"
aggregate = "count()"
every = "day"
)toml"),
                            dataset);
  const std::vector<Index> ids = {1, 0, 1, 0, 0};
  const Built whole(recipe, dataset, ids);
  auto ledger = std::make_shared<Ledger>(Index{64} << 20);
  SlabPool pool(ledger);
  const Plan::Shape shape = whole.plan.shape(ids);
  auto slab = pool.take(shape.bytes_bound, true);
  std::memset(slab->data(), 0x33, static_cast<std::size_t>(slab->bytes()));
  auto build = whole.plan.begin(ids, 0, slab, shape);
  const auto reader = dataset.reader(whole.plan.columns(), ledger);
  BuildCounts counts;
  for (Index row = 4; row >= 0; --row) {
    BuildScratch scratch;
    whole.plan.build_rows(*build, row, row + 1, reader, scratch, counts);
  }
  const auto placed = whole.plan.finish(*build);
  ASSERT_EQ(placed.size(), whole.placed.size());
  for (std::size_t a = 0; a < placed.size(); ++a) {
    ASSERT_EQ(placed[a].offset, whole.placed[a].offset);
    ASSERT_EQ(placed[a].shape, whole.placed[a].shape);
    Index bytes = width(placed[a].spec->type);
    for (const Index extent : placed[a].shape) bytes *= extent;
    EXPECT_EQ(std::memcmp(slab->data() + placed[a].offset,
                          whole.slab->data() + placed[a].offset,
                          static_cast<std::size_t>(bytes)),
              0)
        << placed[a].spec->name;
  }
}

/// Users of lengths around whole tiles, with many columns of f32.
RecordBatch long_users() {
  TransactionsSpec spec;
  spec.users = 9;
  spec.events = {4090, 4100};
  spec.extra = 31;
  spec.seed = 5;
  return transactions(spec, 0, spec.users);
}

TEST(Plan, LargeBatchesHoldEveryValueOfTheirColumns) {
  const RecordBatch table = long_users();
  io::OpenOptions options;
  options.entity = "user_id";
  options.time = "time";
  const auto dataset = io::from_batches({table}, options);
  std::string inputs = "[[input]]\ncolumn = \"amount\"\nscale = 0.5\n";
  for (int i = 0; i < 31; ++i)
    inputs += "[[input]]\ncolumn = \"x" + std::to_string(i) + "\"\n";
  std::vector<Index> all(9);
  std::iota(all.begin(), all.end(), 0);
  const Built built(recipe_of(inputs), dataset, all);
  const auto lengths = built.values<std::int32_t>("lengths");
  const Index longest = built.find("numerical").shape[1];
  const auto numbers = built.values<float>("numerical");
  ASSERT_GT(numbers.size() * sizeof(float), std::size_t{4} << 20);
  Index first = 0;
  for (std::size_t user = 0; user < all.size(); ++user) {
    const float* at = numbers.data() + static_cast<std::size_t>(longest) * 32 * user;
    for (Index row = 0; row < longest; ++row) {
      for (int column = 0; column < 32; ++column, ++at) {
        double want = 0;
        if (row < lengths[user] && column == 0) {
          const auto& amounts =
              static_cast<const arrow::DoubleArray&>(*table->GetColumnByName("amount"));
          want = 0.5 * amounts.Value(first + row);
        } else if (row < lengths[user]) {
          const auto& values = static_cast<const arrow::FloatArray&>(
              *table->GetColumnByName("x" + std::to_string(column - 1)));
          want = values.Value(first + row);
        }
        ASSERT_EQ(*at, static_cast<float>(want))
            << "user " << user << ", row " << row << ", input " << column;
      }
    }
    first += lengths[user];
  }
  EXPECT_EQ(first, table->num_rows());
}

TEST(Plan, KeepsTheNewestOfMaxLength) {
  const auto dataset = dataset_of(two_users());
  const Built built(
      fit(recipe_of(std::string(kInputs) + "[sequence]\nmax_length = 2\n"), dataset),
      dataset, {0});
  EXPECT_EQ(built.values<std::int32_t>("lengths"), (std::vector<std::int32_t>{2}));
  const auto numbers = built.values<float>("numerical");
  EXPECT_EQ(numbers[0], 3.0F);
  EXPECT_EQ(numbers[2], 99.0F);
}

TEST(Plan, RoundsPaddingToMultipleThenToTheNextLength) {
  const auto dataset = dataset_of(two_users());
  const Recipe recipe = fit(recipe_of(kInputs), dataset);
  PlanOptions options;
  options.pad_multiple = 3;
  EXPECT_EQ(
      Built(recipe, dataset, {0}, options).plan.shape(std::vector<Index>{0}).padded, 6);
  options.pad_to = {5, 8};
  EXPECT_EQ(Plan(recipe, dataset, options).shape(std::vector<Index>{0}).padded, 8);
}

TEST(Plan, RepeatedRowsAreMaskedOut) {
  const auto dataset = dataset_of(two_users());
  const Built built(fit(recipe_of(kInputs), dataset), dataset, {0, 1, 0}, {}, 1);
  EXPECT_EQ(built.values<std::uint8_t>("sample_mask"),
            (std::vector<std::uint8_t>{1, 1, 0}));
}

TEST(Plan, GivesTheWorkedExampleOfTargets) {
  const auto dataset = dataset_of(testing::example_events());
  const Recipe recipe = recipe_of(R"toml(
input = [ { column = "amount" } ]
[[target]]
name = "food_7d"
where = "mcc in (5411, 5499)"
aggregate = "sum(amount)"
every = "day"
look_back = 7
[[target]]
name = "all_7d"
aggregate = "sum(amount)"
every = "day"
look_back = 7
[[target]]
name = "share"
expression = "food_7d / all_7d"
[[target]]
name = "next_week"
aggregate = "sum(amount)"
every = "week"
look_ahead = 1
[[target]]
name = "total"
aggregate = "sum(amount)"
every = "sequence"
)toml");
  const Built built(recipe, dataset, {0});
  EXPECT_EQ(built.values<float>("targets/food_7d"),
            (std::vector<float>{10, 14, 21.25F, 10.25F, 53, 0}));
  EXPECT_EQ(built.values<float>("targets/all_7d"),
            (std::vector<float>{35.5F, 39.5F, 146.75F, 110.25F, 53, 20}));
  EXPECT_EQ(
      built.values<float>("targets/share"),
      (std::vector<float>{0.28169015F, 0.35443038F, 0.14480409F, 0.09297052F, 1, 0}));
  EXPECT_EQ(built.values<float>("targets/next_week"),
            (std::vector<float>{110.25F, 50, 0, 0}));
  EXPECT_EQ(built.values<float>("targets/total"), (std::vector<float>{219.75F}));
  EXPECT_EQ(built.values<std::int32_t>("target_position/day"),
            (std::vector<std::int32_t>{1, 2, 4, 5, 6, 7}));
  EXPECT_EQ(built.values<std::int32_t>("target_position/week"),
            (std::vector<std::int32_t>{2, 5, 6, 7}));
  EXPECT_EQ(built.values<std::uint8_t>("target_mask/week"),
            (std::vector<std::uint8_t>(4, 1)));
}

TEST(Plan, CropsTheWorkedExample) {
  const auto dataset = dataset_of(testing::example_events());
  const Built built(recipe_of(R"toml(
input = [ { column = "amount" } ]
[sequence]
max_length = 4
[[target]]
name = "all_7d"
aggregate = "sum(amount)"
every = "day"
look_back = 7
)toml"),
                    dataset, {0});
  EXPECT_EQ(built.values<float>("targets/all_7d"),
            (std::vector<float>{146.75F, 110.25F, 53, 20}));
  EXPECT_EQ(built.values<std::int32_t>("target_position"),
            (std::vector<std::int32_t>{0, 1, 2, 3}));
}

/// One user of `rows` events at random hours, several of one instant.
RecordBatch random_user(std::mt19937& random, int rows) {
  std::string user, time, amount;
  std::int64_t at = 1'709'251'200;
  for (int r = 0; r < rows; ++r) {
    const std::string comma = r == 0 ? "" : ", ";
    at += static_cast<std::int64_t>(random() % 4) * 3600 * (random() % 3 == 0 ? 40 : 2);
    user += comma + "1";
    time += comma + std::to_string(at);
    amount += comma + std::to_string(random() % 1000) + ".25";
  }
  return testing::batch_of(
      {{"user", arrow::int64(), "[" + user + "]"},
       {"time", arrow::timestamp(arrow::TimeUnit::SECOND), "[" + time + "]"},
       {"amount", arrow::float64(), "[" + amount + "]"}});
}

const std::string kCropped = R"toml(
[[target]]
name = "sum"
aggregate = "sum(amount)"
every = "day"
look_back = 7
[[target]]
name = "all"
aggregate = "max(amount)"
every = "day"
look_back = "all"
)toml";

/// Intervals whose last row is among the newest rows have the values they had, and
/// positions less by the rows cut.
void expect_cropped(const Built& seen, const Built& cropped) {
  const auto from = seen.values<std::int32_t>("target_position");
  const auto real = seen.values<std::uint8_t>("target_mask");
  const auto at = cropped.values<std::int32_t>("target_position");
  const std::int32_t gone = seen.values<std::int32_t>("lengths")[0] -
                            cropped.values<std::int32_t>("lengths")[0];
  std::size_t kept = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (real[i] == 0 || from[i] < gone) continue;
    ASSERT_LT(kept, at.size());
    EXPECT_EQ(at[kept], from[i] - gone);
    for (const char* name : {"targets/sum", "targets/all"}) {
      EXPECT_EQ(cropped.values<float>(name)[kept], seen.values<float>(name)[i]) << name;
    }
    ++kept;
  }
  const auto mask = cropped.values<std::uint8_t>("target_mask");
  EXPECT_EQ(static_cast<std::size_t>(std::count(mask.begin(), mask.end(), 1)), kept);
}

TEST(Plan, CroppingKeepsTheValuesThatAreStillGivenAndShiftsTheirPositions) {
  struct Crop {
    std::string until, crop;
  };
  const Crop crops[] = {{"", "max_length = 1\n"},
                        {"", "max_length = 4\n"},
                        {"", "max_length = 12\n"},
                        {"until = \"2024-03-08\"\n", "max_age = \"2d\"\n"},
                        {"until = \"2024-03-05\"\n", "max_age = \"12h\"\n"},
                        {"until = \"2024-03-05\"\n", "max_length = 2\n"}};
  std::mt19937 random(61);
  const std::string head = "input = [ { column = \"amount\" } ]\n[sequence]\n";
  for (int round = 0; round < 40; ++round) {
    const auto rows = 1 + static_cast<int>(random() % 30);
    const auto dataset = dataset_of(random_user(random, rows));
    for (const auto& [until, crop] : crops) {
      SCOPED_TRACE(until + crop + std::to_string(rows));
      expect_cropped(Built(recipe_of(head + until + kCropped), dataset, {0}),
                     Built(recipe_of(head + until + crop + kCropped), dataset, {0}));
    }
  }
}

TEST(Plan, IntervalsOfUnequalCountArePaddedByMask) {
  const auto dataset = dataset_of(two_users());
  const Built built(recipe_of(R"toml(
input = [ { column = "amount" } ]
[[target]]
name = "n"
aggregate = "count()"
every = "day"
)toml"),
                    dataset, {1, 0, 1});
  EXPECT_EQ(built.find("targets/n").shape, (std::vector<Index>{3, 3}));
  EXPECT_EQ(built.values<float>("targets/n"),
            (std::vector<float>{1, 1, 0, 2, 1, 1, 1, 1, 0}));
  EXPECT_EQ(built.values<std::uint8_t>("target_mask"),
            (std::vector<std::uint8_t>{1, 1, 0, 1, 1, 1, 1, 1, 0}));
}

TEST(Plan, UntilCutsWhatInputsAndTargetsSee) {
  const auto dataset = dataset_of(two_users());
  const Built built(recipe_of(R"toml(
input = [ { column = "amount" } ]
[sequence]
until = "2024-03-03"
[[target]]
name = "sum"
aggregate = "sum(amount)"
every = "sequence"
)toml"),
                    dataset, {0, 1});
  EXPECT_EQ(built.values<std::int32_t>("lengths"), (std::vector<std::int32_t>{3, 1}));
  EXPECT_EQ(built.values<float>("targets/sum"), (std::vector<float>{4, 9}));
}

TEST(Plan, GivesNarrowTypesOnRequest) {
  const auto dataset = dataset_of(two_users());
  PlanOptions options;
  options.dtypes = {{"categorical", "i32"}, {"numerical", "bf16"}};
  const Built built(fit(recipe_of(kInputs), dataset), dataset, {1}, options);
  EXPECT_EQ(built.values<std::int32_t>("categorical"),
            (std::vector<std::int32_t>{2, 3}));
  EXPECT_EQ(built.values<std::uint16_t>("numerical"),
            (std::vector<std::uint16_t>{0x4110, 0x3F80, 0xC110, 0xBF80}));
}

/// One row sample per value of a column `x`.
Built numbers_of(const std::string& values, const std::string& input,
                 const PlanOptions& options = {}) {
  const auto dataset =
      io::from_batches({testing::batch_of({{"x", arrow::float64(), values}})}, {});
  std::vector<Index> ids(static_cast<std::size_t>(dataset.events()));
  std::iota(ids.begin(), ids.end(), Index{0});
  return {recipe_of("sequence = { window = \"row\" }\ninput = [ { column = \"x\", " +
                    input + " } ]"),
          dataset, ids, options};
}

TEST(Plan, SaturatesInputsBeyondTheirTypeUnlessToldOtherwise) {
  const Built half = numbers_of("[1, 70000, 65519, -70000]", "dtype = \"f16\"");
  EXPECT_EQ(half.values<std::uint16_t>("numerical"),
            (std::vector<std::uint16_t>{0x3C00, 0x7BFF, 0x7BFF, 0xFBFF}));
  EXPECT_EQ(half.counts.overflow, 2);
  const Built inf = numbers_of("[70000]", "dtype = \"f16\", overflow = \"inf\"");
  EXPECT_EQ(inf.values<std::uint16_t>("numerical"), std::vector<std::uint16_t>{0x7C00});
  const Built byte = numbers_of("[0, 0.5, 1, 1.2, -0.1, null]",
                                "dtype = \"u8\", scale = 255, fill = 9");
  EXPECT_EQ(byte.values<std::uint8_t>("numerical"),
            (std::vector<std::uint8_t>{0, 128, 255, 255, 0, 9}));
  EXPECT_EQ(byte.counts.overflow, 2);
  EXPECT_EQ(byte.counts.nulls_filled, 1);
}

TEST(Plan, RefusesInputsBeyondTheirTypeWhenAsked) {
  for (const char* type : {"f16", "u8"}) {
    try {
      numbers_of("[1, 70000]",
                 std::string("overflow = \"fail\", dtype = \"") + type + "\"");
      FAIL();
    } catch (const DataError& error) {
      EXPECT_EQ(error.place().rule, "convert.overflow");
      EXPECT_EQ(error.place().row, 1);
    }
  }
}

TEST(Plan, TheLoadersTypesOverflowToInfinityOrFail) {
  PlanOptions options;
  options.dtypes = {{"numerical", "f16"}};
  EXPECT_EQ(numbers_of("[70000]", "dtype = \"bf16\"", options)
                .values<std::uint16_t>("numerical"),
            std::vector<std::uint16_t>{0x7C00});
  options.dtypes = {{"numerical", "i16"}};
  EXPECT_THROW(numbers_of("[70000]", "dtype = \"i16\"", options), DataError);
}

TEST(Plan, RefusesALabelThatDoesNotFit) {
  const auto dataset =
      io::from_batches({testing::batch_of({{"x", arrow::float64(), "[1, 2]"},
                                           {"y", arrow::uint64(),
                                            "[9223372036854775807, "
                                            "9223372036854775808]"}})},
                       {});
  const Recipe recipe = recipe_of(
      "sequence = { window = \"row\" }\ninput = [ { column = \"x\" } ]\n"
      "label = { column = \"y\" }");
  const Built built(recipe, dataset, {0});
  EXPECT_EQ(built.values<std::int64_t>("label"), std::vector<std::int64_t>{INT64_MAX});
  EXPECT_THROW(Built(recipe, dataset, {1}), DataError);
}

TEST(Plan, CutsAtTimesInTheZoneOfTheCalendar) {
  const auto batch = testing::batch_of(
      {{"user", arrow::int64(), "[1, 1]"},
       {"time", arrow::timestamp(arrow::TimeUnit::MILLI, "Europe/Prague"),
        R"(["2024-03-01T22:59:59", "2024-03-01T23:00:00"])"},
       {"x", arrow::float64(), "[1, 2]"}});
  const auto kept = [&](const std::string& until) {
    const Recipe recipe = recipe_of("sequence = { until = \"" + until +
                                    "\" }\ninput = [ { column = \"x\" } ]");
    return Built(recipe, dataset_of(batch), {0}).values<std::int32_t>("lengths")[0];
  };
  EXPECT_EQ(kept("2024-03-02"), 1);  // midnight in Prague
  EXPECT_EQ(kept("2024-03-01T23:00:00.001Z"), 2);
  EXPECT_EQ(kept("2024-03-02T00:00:00+01:00"), 1);
  EXPECT_THROW(kept("2024-03-02T00:00:00.0001"), ArgumentError);
}

TEST(Plan, RefusesToCutByTimesOfAnotherKind) {
  for (const auto& type : {arrow::int32(), arrow::float64()}) {
    const auto dataset = dataset_of(
        testing::batch_of({{"user", arrow::int64(), "[1]"}, {"time", type, "[1]"}}));
    EXPECT_THROW(Plan(recipe_of("sequence = { until = 5 }"), dataset), ArgumentError);
  }
}

TEST(Plan, RefusesAnUnfittedRecipe) {
  const auto dataset = dataset_of(two_users());
  try {
    Plan(recipe_of(kInputs), dataset);
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_NE(std::string(error.what()).find("recipe is not fitted"),
              std::string::npos);
    EXPECT_NE(std::string(error.what()).find("kind"), std::string::npos);
  }
}

TEST(Plan, RefusesUnknownColumnsWithTheNearest) {
  const auto dataset = dataset_of(two_users());
  try {
    Plan(recipe_of("input = [ { column = \"amonut\" } ]"), dataset);
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'amount'"),
              std::string::npos);
  }
}

TEST(Plan, RefusesASampleLongerThanTheLastLength) {
  const auto dataset = dataset_of(two_users());
  PlanOptions options;
  options.pad_to = {2, 3};
  EXPECT_THROW(Plan(fit(recipe_of(kInputs), dataset), dataset, options), ArgumentError);
}

TEST(DefaultRecipe, TakesNumbersAndTextsWithoutTheKeys) {
  const auto dataset = dataset_of(two_users());
  const Recipe recipe = default_recipe(dataset);
  const Built built(recipe, dataset, {0});
  EXPECT_EQ(built.find("numerical").shape, (std::vector<Index>{1, 4, 1}));
  EXPECT_EQ(built.find("categorical").shape, (std::vector<Index>{1, 4, 1}));
}

}  // namespace
}  // namespace lade
