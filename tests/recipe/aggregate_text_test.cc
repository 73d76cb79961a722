// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/aggregate_text.h"

#include <gtest/gtest.h>

#include <string>

#include "lade/core/error.h"
#include "lade/recipe/bind_targets.h"
#include "lade/recipe/spec.h"

namespace lade {
namespace {

TEST(AggregateText, NamesEveryAggregate) {
  const auto kind = [](const char* text) { return parse_aggregate(text, {}).kind; };
  EXPECT_EQ(kind("count()"), AggregateKind::count);
  EXPECT_EQ(kind(" any( ) "), AggregateKind::any);
  EXPECT_EQ(kind("days_since_last()"), AggregateKind::days_since_last);
  EXPECT_EQ(kind("std (x)"), AggregateKind::deviation);
  EXPECT_EQ(kind("var(x)"), AggregateKind::variance);
  EXPECT_EQ(kind("median(x)"), AggregateKind::quantile);
  EXPECT_EQ(kind("nunique(x)"), AggregateKind::nunique);
  EXPECT_EQ(kind("first(x)"), AggregateKind::first);
  EXPECT_EQ(kind("last(x)"), AggregateKind::last);
}

TEST(AggregateText, TakesTheOptionOfSpreadAndOrder) {
  EXPECT_EQ(parse_aggregate("std(x)", {}).ddof, 1);
  EXPECT_EQ(parse_aggregate("std(x, ddof=0)", {}).ddof, 0);
  EXPECT_EQ(parse_aggregate("var(x , ddof = 1 )", {}).ddof, 1);
  EXPECT_EQ(parse_aggregate("median(x)", {}).quantile, 0.5);
  EXPECT_EQ(parse_aggregate("quantile(x, 0.9)", {}).quantile, 0.9);
  EXPECT_EQ(parse_aggregate("quantile(x, q = 1)", {}).quantile, 1.0);
}

TEST(AggregateText, LeavesCommasInsideTheValueAlone) {
  EXPECT_EQ(parse_aggregate("quantile(`a, b`, 0.5)", {}).value, "`a, b`");
  EXPECT_EQ(parse_aggregate("quantile(f(a, b) * 2, 0.5)", {}).value, "f(a, b) * 2");
  EXPECT_EQ(parse_aggregate("sum(`a``, (`)", {}).value, "`a``, (`");
  EXPECT_EQ(parse_aggregate("std( amount + 1 , ddof = 0)", {}).value, "amount + 1");
}

TEST(AggregateText, StaysAsItIsWrittenInTheCanonicalForm) {
  const auto recipe = [](const std::string& aggregate) {
    return Recipe::from_toml("[[target]]\nname = \"x\"\naggregate = \"" + aggregate +
                                 "\"\nevery = \"day\"\n",
                             "a.toml");
  };
  for (const char* aggregate : {"sum(amount)", "std(a, ddof = 0)", "quantile(a, 0.25)",
                                "any()", "nunique(mcc)", "days_since_last()"}) {
    const Recipe first = recipe(aggregate);
    EXPECT_EQ(first.to_json(), "{\"target\":[{\"aggregate\":\"" +
                                   std::string(aggregate) +
                                   "\",\"every\":\"day\",\"name\":\"x\"}]}");
    EXPECT_EQ(Recipe::from_json(first.to_json(), "a.json").hash(), first.hash());
  }
}

TEST(AggregateText, OnlyNuniqueTakesATextColumn) {
  const Schema schema{{{"at", {.kind = Kind::time, .zone = ""}},
                       {"word", {.kind = Kind::text, .zone = ""}}}};
  RecipeSpec recipe;
  TargetText& text = recipe.targets.emplace_back();
  text.name = "x";
  text.aggregate = "nunique(word)";
  text.every = "day";
  const BoundTargets bound = bind_targets(recipe, schema, 0);
  EXPECT_EQ(bound.targets[0].aggregate, AggregateKind::nunique);
  EXPECT_EQ(bound.columns, (std::vector<Index>{0, 1}));
  text.aggregate = "last(word)";
  try {
    bind_targets(recipe, schema, 0);
    FAIL() << "no error";
  } catch (const ArgumentError& error) {
    EXPECT_STREQ(error.what(),
                 "[[target]] \"x\": aggregate: needs numbers, not text, got "
                 "'last(word)'");
  }
}

}  // namespace
}  // namespace lade
