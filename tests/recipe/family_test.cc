// SPDX-License-Identifier: Apache-2.0
// Families of targets: drawn from a seed, written out by fit.
#include "lade/recipe/family.h"

#include <arrow/type.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "lade/core/error.h"
#include "lade/recipe/fit.h"
#include "lade/recipe/plan.h"
#include "tests/testing/tables.h"

namespace lade {
namespace {

/// Codes 1..n with 1000 / code rows each.
Vocabulary codes(Index n) {
  std::vector<Vocabulary::Entry> entries;
  for (Index code = 1; code <= n; ++code) {
    entries.push_back({std::to_string(code), 1000 / code});
  }
  return {entries, family_codes(), true};
}

Index rows_of(const Vocabulary& vocabulary) {
  Index rows = 0;
  for (const Vocabulary::Entry& entry : vocabulary.entries()) rows += entry.count;
  return rows;
}

FamilySpec spec_of(Index count, std::int64_t seed) {
  FamilySpec spec;
  spec.count = count;
  spec.seed = seed;
  spec.values = {"amount", "balance"};
  spec.sets_of = "mcc";
  return spec;
}

std::string text_of(const TargetText& target) {
  return target.name + ": " + target.aggregate + " where " + target.where + " every " +
         target.every + " back " + target.look_back;
}

/// All that makes a target another one.
std::string sense_of(const TargetText& target) {
  return target.aggregate + target.where + target.every + target.look_back;
}

TEST(TargetFamily, GoldenTargetsOfAFixedSeed) {
  std::vector<std::string> texts;
  for (const TargetText& target : target_family(spec_of(5, 11), codes(30), 0)) {
    texts.push_back(text_of(target));
  }
  EXPECT_EQ(
      texts,
      (std::vector<std::string>{
          "max_balance_month30_0: max(balance) where mcc in (1, 13) every month back "
          "30",
          "sum_amount_day1_1: sum(amount) where mcc in (8, 20) every day back 1",
          "max_amount_day7_2: max(amount) where mcc in (1, 2, 3, 4, 6) every day back "
          "7",
          "max_amount_month7_3: max(amount) where mcc in (1, 3, 6, 16, 22) every month "
          "back 7",
          "count_mcc_day7_4: count() where mcc in (1, 2, 3, 4, 6) every day back 7"}));
}

TEST(TargetFamily, AFamilyOfTwentyIsTheHeadOfTheFamilyOfForty) {
  const Vocabulary vocabulary = codes(100);
  EXPECT_TRUE(rc::check([&vocabulary] {
    const auto seed = *rc::gen::arbitrary<std::int64_t>();
    const auto small = target_family(spec_of(20, seed), vocabulary, 0);
    const auto large = target_family(spec_of(40, seed), vocabulary, 0);
    for (std::size_t n = 0; n < small.size(); ++n) {
      RC_ASSERT(text_of(small[n]) == text_of(large[n]));
    }
  }));
}

TEST(TargetFamily, NoTwoAreEqualAndEachCoversTheSupport) {
  const Vocabulary vocabulary = codes(100);
  FamilySpec spec = spec_of(300, 3);
  spec.min_support = 0.02;
  spec.most_codes = 2;
  std::set<std::string> senses;
  for (const TargetText& target : target_family(spec, vocabulary, 0)) {
    EXPECT_TRUE(senses.insert(sense_of(target)).second) << text_of(target);
    Index rows = 0;
    const std::string list = target.where.substr(target.where.find('('));  // "(5, 12)"
    for (const Vocabulary::Entry& entry : vocabulary.entries()) {
      if (list.find("(" + entry.text + ",") != std::string::npos ||
          list.find("(" + entry.text + ")") != std::string::npos ||
          list.find(" " + entry.text + ",") != std::string::npos ||
          list.find(" " + entry.text + ")") != std::string::npos) {
        rows += entry.count;
      }
    }
    EXPECT_GE(static_cast<double>(rows),
              0.02 * static_cast<double>(rows_of(vocabulary)))
        << text_of(target);
  }
}

TEST(TargetFamily, SetsAreDrawnByFrequency) {
  FamilySpec spec = spec_of(200, 1);
  spec.most_codes = 1;
  spec.every = {"day", "week", "month", "quarter", "year"};
  spec.look_back = {"1", "2", "3", "5", "7", "14", "30", "60"};
  Index first = 0;
  for (const TargetText& target : target_family(spec, codes(30), 0)) {
    first += target.where == "mcc in (1)" ? 1 : 0;
  }
  // 1 of 1 + 1/2 + ... + 1/30 = 25 %, thinned by the equal draws that are refused.
  EXPECT_GT(first, 25);
  EXPECT_LT(first, 75);
}

TEST(TargetFamily, AllPossibleTargetsComeToAnEndAndOneMoreIsRefused) {
  FamilySpec spec = spec_of(1, 5);
  spec.most_codes = 2;
  spec.aggregates = {"sum", "count"};
  spec.every = {"day"};
  spec.look_back = {"7"};
  spec.min_support = 0.5;
  // Rows 1000, 500, 333: a set covers half if it holds the first code; sum of two
  // values, and count.
  spec.count = 3 * 3;
  std::set<std::string> senses;
  for (const TargetText& target : target_family(spec, codes(3), 0)) {
    senses.insert(sense_of(target));
  }
  EXPECT_EQ(senses.size(), 9U);
  spec.count = 10;
  try {
    target_family(spec, codes(3), 0);
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_STREQ(error.what(),
                 "target_family: count must be <= 9, the number of different targets "
                 "whose sets cover min_support, got 10");
  }
}

TEST(TargetFamily, RefusesNamesThatAreNotDistinctOrNotKnown) {
  FamilySpec spec = spec_of(50, 1);
  spec.name = "{aggregate}_{every}";
  EXPECT_THROW(target_family(spec, codes(5), 0), ArgumentError);
  spec.name = "{agregate}_{n}";
  EXPECT_THROW(target_family(spec, codes(5), 0), ArgumentError);
  VocabularyOptions cleaned;
  EXPECT_THROW(target_family(spec_of(1, 1), {{{"1", 5}}, cleaned, true}, 0),
               ArgumentError);
}

io::Dataset bank() {
  io::OpenOptions options;
  options.entity = "user";
  options.time = "time";
  return io::from_batches(
      {testing::batch_of(
          {{"user", arrow::int64(), "[7, 1, 1, 1, 7, 1]"},
           {"time", arrow::timestamp(arrow::TimeUnit::SECOND),
            R"(["2024-03-01 09:00:00", "2024-03-01 10:00:00", "2024-03-01 11:00:00",
                "2024-03-02 10:00:00", "2024-03-05 08:00:00", "2024-03-09 08:00:00"])"},
           {"the amount", arrow::float64(), "[9, 1, null, 3, -9, 99]"},
           {"kind", arrow::utf8(), R"(["b", "a \"x\"", "b", null, " ", "b"])"}})},
      options);
}

const char* const kFamily =
    "[[target_family]]\ncount = 8\nseed = 3\nvalues = [\"the amount\"]\nsets_of = "
    "\"kind\"\n";

TEST(TargetFamily, FitWritesTheTargetsOut) {
  const Recipe recipe = Recipe::from_toml(kFamily, "a.toml");
  EXPECT_FALSE(recipe.fitted());
  const Recipe fitted = fit(recipe, bank());
  EXPECT_TRUE(fitted.fitted());
  EXPECT_TRUE(fitted.spec().families.empty());
  ASSERT_EQ(fitted.spec().targets.size(), 8U);
  EXPECT_EQ(Recipe::from_json(fitted.to_json(), "saved").to_json(), fitted.to_json());
  EXPECT_EQ(Plan(fitted, bank()).targets()->size(), 8);
  const auto drawn = target_family(
      family_from_json(R"({"count": 8, "seed": 3, "values": ["the amount"],
                           "sets_of": "kind"})"),
      bank());
  for (std::size_t n = 0; n < drawn.size(); ++n) {
    EXPECT_EQ(drawn[n].name, fitted.spec().targets[n].name);
    EXPECT_EQ(drawn[n].where, fitted.spec().targets[n].where);
  }
}

TEST(TargetFamily, IsKeptByTheCanonicalFormUntilItIsFitted) {
  const Recipe recipe =
      Recipe::from_toml(std::string(kFamily) +
                            "set_size = [1, 2]\nlook_back = [1, \"30d\"]\naggregates = "
                            "[\"sum\"]\nevery = [\"day\"]\nmin_support = 0\nname = "
                            "\"t{n}\"\n",
                        "a.toml");
  const std::string text = recipe.to_json();
  EXPECT_EQ(Recipe::from_json(text, "again").to_json(), text);
  EXPECT_NE(text.find("\"look_back\":[\"1\",\"30d\"]"), std::string::npos);
  EXPECT_EQ(fit(recipe, bank()).spec().targets[3].name, "t3");
}

std::string refusal(const std::string& toml) {
  try {
    Recipe::from_toml("[[target_family]]\n" + toml, "a.toml");
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(TargetFamily, RefusesFieldsThatNoFamilyHas) {
  const std::string base = "count = 2\nvalues = [\"a\"]\nsets_of = \"c\"\n";
  const std::string at = "a.toml: line 5: [[target_family]] 1: ";
  EXPECT_EQ(refusal(base), "accepted");
  EXPECT_EQ(refusal("values = [\"a\"]\nsets_of = \"c\"\n"),
            "a.toml: line 1: [[target_family]] 1: 'count' is missing");
  EXPECT_EQ(refusal("count = 0\n"),
            "a.toml: line 2: [[target_family]] 1: count: must be >= 1, got 0");
  EXPECT_EQ(refusal(base + "set_size = [3, 2]"),
            at + "set_size: must be two whole numbers, 1 <= least <= most <= 1000, got "
                 "[3,2]");
  EXPECT_EQ(refusal(base + "look_back = []"), at + "look_back: must not be empty");
  EXPECT_EQ(refusal(base + "every = [\"day\", \"day\"]"),
            at + "every: must name each once, 'day' is there twice");
  EXPECT_EQ(refusal(base + "min_support = 2.0"),
            at + "min_support: must be 0 to 1, got 2.0");
  EXPECT_EQ(
      refusal("count = 2\nsets_of = \"c\"\n"),
      "a.toml: line 1: [[target_family]] 1: 'values' is missing; only count needs "
      "none");
  EXPECT_NE(refusal(base + "aggregates = [\"summ\"]").find("did you mean 'sum'?"),
            std::string::npos);
  EXPECT_NE(refusal(base + "look_back = [0]").find("must be >= 1"), std::string::npos);
  EXPECT_EQ(refusal(base + "sed = 2"),
            at + "unknown field 'sed'; did you mean 'seed'?");
}

TEST(TargetFamily, RefusesUnknownColumnsAndAnUnfittedRecipe) {
  const Recipe recipe = Recipe::from_toml(kFamily, "a.toml");
  try {
    Plan(recipe, bank());
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_STREQ(
        error.what(),
        "recipe is not fitted: the targets of [[target_family]] are not drawn; "
        "call recipe.fit(dataset) or lade fit");
  }
  std::string other = kFamily;
  other.replace(other.find("kind"), 4, "kinds");
  try {
    fit(Recipe::from_toml(other, "a.toml"), bank());
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'kind'?"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace lade
