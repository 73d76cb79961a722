// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/explain_targets.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "lade/recipe/guess_schema.h"
#include "tests/testing/datasets.h"
#include "tests/testing/tables.h"

namespace lade {
namespace {

io::Dataset example() { return testing::dataset_of(testing::example_events()); }

Recipe recipe() {
  return Recipe::from_toml(R"toml(
target = [
  { name = "food", where = "mcc in (5411, 5499)", aggregate = "sum(amount)", every = "day", look_back = 7 },
  { name = "again", where = "mcc in (5411, 5499)", aggregate = "sum(amount)", every = "day", look_back = 7 },
  { name = "meals", where = "mcc in (5411, 5499)", aggregate = "mean(amount)", every = "day", look_back = 30 },
  { name = "share", expression = "food / meals" },
  { name = "total", aggregate = "count()", every = "sequence" },
]
)toml",
                           "test.toml");
}

using Names = std::vector<std::string>;

Names sharers(const TargetsExplained& explained, const std::string& kind,
              const std::string& text) {
  for (const SharedWork& work : explained.shared) {
    if (work.kind == kind && work.text.find(text) != std::string::npos) {
      return work.targets;
    }
  }
  return {};
}

TEST(ExplainTargets, NamesWhatIsSharedWithAndWithoutData) {
  for (const TargetsExplained& explained :
       {explain_targets(recipe()), explain_targets(recipe(), example())}) {
    EXPECT_EQ(sharers(explained, "boundaries", "day"),
              (Names{"food", "again", "meals", "share"}));
    EXPECT_EQ(sharers(explained, "boundaries", "sequence"), (Names{"total"}));
    EXPECT_EQ(sharers(explained, "filter", "mcc"), (Names{"food", "again", "meals"}));
    EXPECT_EQ(sharers(explained, "value", "amount"), (Names{"food", "again", "meals"}));
    EXPECT_EQ(sharers(explained, "partials", "amount"),
              (Names{"food", "again", "meals"}));
    EXPECT_EQ(sharers(explained, "windows", "look_back 7"), (Names{"food", "again"}));
    EXPECT_EQ(sharers(explained, "equal", "amount"), (Names{"food", "again"}));
  }
}

TEST(ExplainTargets, CostsAreEstimatedWithoutDataAndMeasuredWithThem) {
  const TargetsExplained guessed = explain_targets(recipe());
  EXPECT_FALSE(guessed.measured);
  EXPECT_FALSE(guessed.ns_per_event.has_value());
  const TargetsExplained measured = explain_targets(recipe(), example());
  EXPECT_TRUE(measured.measured);
  EXPECT_EQ(measured.sample_sequences, 1);
  EXPECT_EQ(measured.sample_events, 8);
  ASSERT_EQ(measured.targets.size(), 5U);
  for (const TargetCost& cost : measured.targets) {
    EXPECT_GT(cost.estimated_ns_per_event, 0) << cost.name;
    EXPECT_GT(cost.alone_ns_per_event.value_or(0), 0) << cost.name;
    EXPECT_GE(cost.added_ns_per_event.value_or(-1), 0) << cost.name;
  }
  EXPECT_EQ(measured.targets[0].bytes_per_user, 6 * 4);  // six days
  EXPECT_EQ(measured.targets[4].bytes_per_user, 4);
}

TEST(ExplainTargets, TextSaysHowItWasFound) {
  EXPECT_NE(to_text(explain_targets(recipe())).find("estimated for a user of 1000"),
            std::string::npos);
  const std::string text = to_text(explain_targets(recipe(), example()));
  EXPECT_NE(text.find("measured, processor time of one thread"), std::string::npos);
  EXPECT_NE(text.find("sum(amount)"), std::string::npos);
}

TEST(ExplainTargets, ARecipeWithoutTargetsHasNothingToExplain) {
  const Recipe none = Recipe::from_toml("input = [ { column = \"amount\" } ]", "t");
  EXPECT_TRUE(explain_targets(none).targets.empty());
  EXPECT_EQ(to_text(explain_targets(none)), "no targets\n");
}

TEST(ExplainTargets, EndsWhenItsPollThrows) {
  struct Enough {};
  EXPECT_THROW(explain_targets(recipe(), example(), [] { throw Enough{}; }), Enough);
}

TEST(GuessSchema, TextsConditionsAndTimesAreSeenInTheirUse) {
  const Recipe guessed = Recipe::from_toml(R"toml(
[[target]]
name = "a"
where = "kind in ('x', 'y') and good and not bad and hour(at) < 6 and 'z' == word"
aggregate = "sum(abs(amount) - fee)"
every = "day"
[sequence]
time = "at"
)toml",
                                           "test.toml");
  const Schema schema = guess_schema(guessed.spec());
  const auto kind_of = [&](const std::string& name) {
    return schema.fields[static_cast<std::size_t>(schema.find(name))].type.kind;
  };
  EXPECT_EQ(schema.fields.front().name, "at");
  EXPECT_EQ(kind_of("at"), Kind::time);
  EXPECT_EQ(kind_of("kind"), Kind::text);
  EXPECT_EQ(kind_of("word"), Kind::text);
  EXPECT_EQ(kind_of("good"), Kind::boolean);
  EXPECT_EQ(kind_of("bad"), Kind::boolean);
  EXPECT_EQ(kind_of("amount"), Kind::f64);
  EXPECT_EQ(kind_of("fee"), Kind::f64);
  EXPECT_EQ(schema.fields.size(), 7U);
}

}  // namespace
}  // namespace lade
