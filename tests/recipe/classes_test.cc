// SPDX-License-Identifier: Apache-2.0
// Classes: labels from thresholds, written or fitted (docs/guide/targets.md).
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

#include "lade/core/table_internal.h"
#include "lade/recipe/apply.h"
#include "lade/recipe/fit.h"
#include "lade/recipe/plan.h"
#include "tests/testing/tables.h"

namespace lade {
namespace {

/// One row of each of ten users; user 3 has a second day.
io::Dataset ten_users() {
  const RecordBatch rows = testing::batch_of(
      {{"user", arrow::int64(), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 3]"},
       {"time", arrow::timestamp(arrow::TimeUnit::SECOND),
        "[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 86400]"},
       {"y", arrow::float64(), "[-4, -1, 0, 0, 1, 2, 3, 5, 8, 13, null]"}});
  io::OpenOptions options;
  options.entity = "user";
  options.time = "time";
  return io::from_batches({rows}, options);
}

Recipe recipe_of(const std::string& toml) { return Recipe::from_toml(toml, "a.toml"); }

const char* const kFirst =
    "[[target]]\nname = \"y\"\naggregate = \"max(y)\"\nevery = \"day\"\n";

using Labels = std::vector<std::int64_t>;

/// Labels of the last column of all rows, -1 for null.
Labels labels(const Recipe& recipe, ApplyReport* report = nullptr) {
  Labels result;
  const ApplyReport given =
      apply(recipe, ten_users(), {}, [&](const std::string&, const RecordBatch& batch) {
        const auto column = std::static_pointer_cast<arrow::Int64Array>(
            batch->column(batch->num_columns() - 1));
        for (Index r = 0; r < batch->num_rows(); ++r) {
          result.push_back(column->IsNull(r) ? -1 : column->Value(r));
        }
      });
  if (report != nullptr) *report = given;
  return result;
}

TEST(Classes, CountThresholdsStrictlyBelowTheValue) {
  ApplyReport report;
  EXPECT_EQ(labels(recipe_of(std::string(kFirst) +
                             "[[target]]\nname = \"c\"\nof = \"y\"\nthresholds = [-1, "
                             "0, 5.0]\n"),
                   &report),
            // A second day without a value is no class: null.
            (Labels{0, 0, 1, 1, -1, 2, 2, 2, 2, 3, 3}));
  EXPECT_EQ(report.targets[1].classes, (std::vector<Index>{2, 2, 4, 2}));
  EXPECT_EQ(report.targets[1].valid, 10);
}

TEST(Classes, SeeTheValueBeforeItIsRounded) {
  // 13 + 2^-30 is 13 in f32.
  const Recipe recipe = recipe_of(
      "[[target]]\nname = \"y\"\naggregate = \"max(y + 9.313225746154785e-10)\"\nevery "
      "= \"day\"\n[[target]]\nname = \"c\"\nof = \"y\"\nthresholds = [13]\n");
  EXPECT_EQ(labels(recipe).back(), 1);
}

TEST(Classes, OfAMixAndWrittenBeforeIt) {
  const Recipe recipe = recipe_of(
      "[[target]]\nname = \"c\"\nof = \"m\"\nthresholds = "
      "[1]\n" +
      std::string(kFirst) + "[[target]]\nname = \"m\"\nexpression = \"1 / y\"\n");
  const auto text = recipe.to_json();
  EXPECT_EQ(Recipe::from_json(text, "again").to_json(), text);
  Labels first;
  apply(recipe, ten_users(), {}, [&](const std::string&, const RecordBatch& batch) {
    const auto column =
        std::static_pointer_cast<arrow::Int64Array>(batch->GetColumnByName("c"));
    for (Index r = 0; r < batch->num_rows(); ++r) {
      first.push_back(column->IsNull(r) ? -1 : column->Value(r));
    }
  });
  EXPECT_EQ(first, (Labels{0, 0, -1, -1, -1, 0, 0, 0, 0, 0, 0}));
}

/// A batch of all users.
struct Built {
  Plan plan;
  std::shared_ptr<Slab> slab;
  std::vector<Plan::Placed> placed;

  explicit Built(const Recipe& recipe, PlanOptions options = {})
      : plan(recipe, ten_users(), std::move(options)) {
    std::vector<Index> ids(static_cast<std::size_t>(plan.samples()));
    std::iota(ids.begin(), ids.end(), 0);
    auto ledger = std::make_shared<Ledger>(Index{64} << 20);
    SlabPool pool(ledger);
    const Plan::Shape shape = plan.shape(ids);
    slab = pool.take(shape.bytes_bound, true);
    std::memset(slab->data(), 0x5A, static_cast<std::size_t>(slab->bytes()));
    auto build = plan.begin(ids, 0, slab, shape);
    BuildScratch scratch;
    BuildCounts counts;
    plan.build_rows(*build, 0, plan.samples(),
                    ten_users().reader(plan.columns(), ledger), scratch, counts);
    placed = plan.finish(*build);
  }
  const Plan::Placed& find(const std::string& name) const {
    for (const Plan::Placed& array : placed) {
      if (array.spec->name == name) return array;
    }
    throw std::runtime_error("no array " + name);
  }
  template <class T>
  std::vector<std::int64_t> values(const std::string& name) const {
    const Plan::Placed& array = find(name);
    const auto* begin = reinterpret_cast<const T*>(slab->data() + array.offset);
    Index n = 1;
    for (const Index size : array.shape) n *= size;
    return {begin, begin + n};
  }
};

const char* const kClasses = "[[target]]\nname = \"c\"\nof = \"y\"\nthresholds = [0]\n";

/// Per user two days; only user 3 has the second.
Labels expected(std::int64_t second) {
  Labels result;
  for (const int label : {0, 0, 0, 0, 1, 1, 1, 1, 1, 1}) {
    result.push_back(label);
    result.push_back(-100);
  }
  result[7] = second;
  return result;
}

TEST(Classes, PaddingAndWhatIsNotValidAreTheIgnoreIndex) {
  const Built built(recipe_of(std::string(kFirst) + kClasses));
  EXPECT_EQ(built.find("targets/c").spec->type, DType::i64);
  EXPECT_EQ(built.find("targets/c").shape, (std::vector<Index>{10, 2}));
  EXPECT_EQ(built.values<std::int64_t>("targets/c"), expected(-100));
}

TEST(Classes, AlignedToEventsHaveTheIgnoreIndexElsewhere) {
  const Built built(
      recipe_of(std::string(kFirst) + kClasses + "[output]\nalign = \"event\"\n"));
  EXPECT_EQ(built.values<std::int64_t>("targets/c"), expected(-100));
}

TEST(Classes, StandBesideAStackUnderTheirOwnName) {
  const Built built(recipe_of(std::string(kFirst) + kClasses +
                              "[output]\nstack = true\nvalid = true\n"));
  EXPECT_EQ(built.find("targets/day").shape, (std::vector<Index>{10, 2, 1}));
  EXPECT_EQ(built.values<std::int64_t>("targets/c"), expected(-100));
  EXPECT_EQ(built.values<std::uint8_t>("target_valid/c")[6], 1);
  EXPECT_EQ(built.values<std::uint8_t>("target_valid/c")[7], 0);
}

TEST(Classes, MayBeNarrowerWholeNumbersAndKeepTheirTypeUnderOneForAllTargets) {
  PlanOptions options;
  options.dtypes = {{"targets", "f16"}, {"targets/c", "i16"}};
  const Built built(recipe_of(std::string(kFirst) + kClasses), options);
  EXPECT_EQ(built.find("targets/y").spec->type, DType::f16);
  EXPECT_EQ(built.values<std::int16_t>("targets/c"), expected(-100));
}

TEST(Classes, QuantilesCutTheValuesOfTheTrainingSequences) {
  const std::string quantiles = "[[target]]\nname = \"c\"\nof = \"y\"\nquantiles = ";
  const Recipe five = fit(recipe_of(kFirst + quantiles + "5\n"), ten_users());
  const auto& thresholds = five.spec().targets[1].thresholds;
  ASSERT_EQ(thresholds.size(), 4U);
  EXPECT_NEAR(thresholds[0], -0.2, 1e-15);
  EXPECT_NEAR(thresholds[1], 0.6, 1e-15);
  EXPECT_NEAR(thresholds[2], 2.4, 1e-15);
  EXPECT_NEAR(thresholds[3], 5.6, 1e-15);
  EXPECT_EQ(labels(five), (Labels{0, 0, 1, 1, -1, 2, 2, 3, 3, 4, 4}));
  const Recipe three = fit(recipe_of(kFirst + quantiles + "3\n"), ten_users());
  EXPECT_EQ(labels(three), (Labels{0, 0, 0, 0, -1, 1, 1, 1, 2, 2, 2}));
  const std::vector<Index> part = {4, 5, 6};
  const Recipe of_part = fit(recipe_of(kFirst + quantiles + "2\n"), ten_users(), part);
  EXPECT_EQ(of_part.spec().targets[1].thresholds, (std::vector<double>{2.0}));
}

TEST(Classes, WithUpperTiesCountAThresholdThatEqualsTheValue) {
  const std::string upper =
      std::string(kFirst) + "[[target]]\nname = \"c\"\nof = \"y\"\nties = \"upper\"\n";
  EXPECT_EQ(labels(recipe_of(upper + "thresholds = [-1, 0, 5.0]\n")),
            (Labels{0, 1, 2, 2, -1, 2, 2, 2, 3, 3, 3}));
  const Recipe three = fit(recipe_of(upper + "quantiles = 3\n"), ten_users());
  EXPECT_EQ(labels(three), (Labels{0, 0, 1, 1, -1, 1, 1, 2, 2, 2, 2}));
  const Recipe read = Recipe::from_json(three.to_json(), "saved");
  EXPECT_EQ(read.to_json(), three.to_json());
  EXPECT_EQ(labels(read), labels(three));
}

TEST(Classes, OfSymmetricThresholdsAreMirrored) {
  const std::string mirrored = "[[target]]\nname = \"c\"\nof = \"y\"\nsymmetric = ";
  const Recipe recipe = recipe_of(kFirst + mirrored + "[0.5, 1.5]\nscale = 2\n");
  EXPECT_EQ(recipe.spec().targets[1].thresholds, (std::vector<double>{-3, -1, 1, 3}));
  EXPECT_EQ(labels(recipe), (Labels{0, 1, 2, 2, -1, 2, 3, 3, 4, 4, 4}));
  for (const char* bad :
       {"[]", "[0, 1]", "[2, 1]", "[1]\nscale = 0", "[1]\nthresholds = [1]",
        "[1]\nquantiles = 2", "[1e308]\nscale = 10"}) {
    EXPECT_THROW(recipe_of(kFirst + mirrored + bad + "\n"), ArgumentError) << bad;
  }
  EXPECT_THROW(recipe_of(std::string(kFirst) +
                         "[[target]]\nname = \"c\"\nof = \"y\"\nthresholds = [1]\n"
                         "scale = 2\n"),
               ArgumentError);
}

TEST(Classes, FittedThresholdsAreSavedAndThenConstant) {
  const Recipe fitted = fit(
      recipe_of(std::string(kFirst) + "[[target]]\nname = \"c\"\nof = \"y\"\nquantiles "
                                      "= 4\n"),
      ten_users());
  EXPECT_TRUE(fitted.fitted());
  const Recipe read = Recipe::from_json(fitted.to_json(), "saved");
  EXPECT_EQ(read.to_json(), fitted.to_json());
  EXPECT_EQ(read.hash(), fitted.hash());
  EXPECT_EQ(labels(read), labels(fitted));
}

std::string refusal(const std::string& toml) {
  try {
    recipe_of(kFirst + toml);
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Classes, RefusesThresholdsThatAreEmptyOrDoNotAscend) {
  const std::string head = "[[target]]\nname = \"c\"\nof = \"y\"\n";
  const std::string at = "a.toml: line 8: [[target]] 2 \"c\": ";
  EXPECT_EQ(refusal(head + "thresholds = []"), at + "thresholds: must not be empty");
  EXPECT_EQ(refusal(head + "thresholds = [1, 0.5]"),
            at + "thresholds: must ascend and be distinct, got 1.0 before 0.5");
  EXPECT_EQ(refusal(head + "thresholds = [1, 1]"),
            at + "thresholds: must ascend and be distinct, got 1.0 before 1.0");
  EXPECT_EQ(refusal(head + "thresholds = [inf]"),
            at + "thresholds: must be a list of finite numbers, got inf in it");
  EXPECT_EQ(refusal(head + "quantiles = 1"), at + "quantiles: must be >= 2, got 1");
  EXPECT_EQ(refusal(head),
            "a.toml: line 5: [[target]] 2 \"c\": needs 'thresholds', 'symmetric' or "
            "'quantiles'");
  EXPECT_EQ(refusal(head + "quantiles = 3\nthresholds = [1]"),
            "a.toml: line 9: [[target]] 2 \"c\": thresholds: cannot be given together "
            "with quantiles");
  EXPECT_EQ(refusal(head + "thresholds = [1]\nevery = \"day\""),
            "a.toml: line 9: [[target]] 2 \"c\": every: cannot be given together with "
            "of");
}

TEST(Classes, RefusesOfWhatIsNoTarget) {
  const std::string at = "a.toml: line 7: [[target]] 2 \"c\": of: ";
  EXPECT_EQ(refusal("[[target]]\nname = \"c\"\nof = \"z\"\nthresholds = [1]\n"),
            at + "unknown target 'z'; did you mean 'y'?");
  EXPECT_EQ(refusal("[[target]]\nname = \"c\"\nof = \"c\"\nthresholds = [1]\n"),
            at + "must be a target or a mix, not classes, got 'c'");
  const std::string mix = refusal(
      "[[target]]\nname = \"c\"\nof = \"y\"\nthresholds = [1]\n[[target]]\nname = "
      "\"m\"\nexpression = \"c + 1\"\n");
  EXPECT_NE(mix.find("'c'"), std::string::npos);
}

TEST(Classes, RefusesAnUnfittedRecipeAndQuantilesTheDataDoNotHave) {
  const std::string head =
      std::string(kFirst) + "[[target]]\nname = \"c\"\nof = \"y\"\nquantiles = ";
  EXPECT_FALSE(recipe_of(head + "3\n").fitted());
  try {
    Plan(recipe_of(head + "3\n"), ten_users());
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_STREQ(error.what(),
                 "recipe is not fitted: classes c has no thresholds; call "
                 "recipe.fit(dataset) or lade fit");
  }
  EXPECT_THROW(labels(recipe_of(head + "3\n")), ArgumentError);
  EXPECT_THROW(fit(recipe_of(head + "11\n"), ten_users()), DataError);
  const std::vector<Index> equal = {2, 3};
  EXPECT_THROW(fit(recipe_of(head + "2\n"), ten_users(), equal), DataError);
}

}  // namespace
}  // namespace lade
