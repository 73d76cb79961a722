// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "lade/core/error.h"
#include "rows.h"

namespace lade {
namespace {

using namespace lade::testing;  // NOLINT: the words of a recipe

std::string refusal(const std::vector<TargetSpec>& targets,
                    const std::vector<MixSpec>& mixes = {}) {
  try {
    const TargetPlan plan(rows_schema(), 0, targets, mixes, 0);
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "accepted";
}

/// A good target of `unit` with one change.
std::string refusal(Every unit, const std::function<void(TargetSpec&)>& change) {
  TargetSpec spec = target("spent", "sum(amount)", "", unit);
  EXPECT_EQ(refusal({spec}), "accepted");
  change(spec);
  return refusal({spec});
}

TEST(TargetPlan, RefusesWindowsThatBreakTheRules) {
  struct Case {
    Every unit;
    LookWindow window;
    const char* message;
  };
  LookWindow both = within(Every::day);
  both.length = 3;
  LookWindow ahead_present = ahead(1);
  ahead_present.by = LookWindow::By::present;
  const Case cases[] = {
      {Every::day, back(0), "target \"spent\": look_back must be >= 1, got 0"},
      {Every::day, back_duration(-5), "look_back must be >= 1, got -5"},
      {Every::week, ahead(0), "look_ahead must be >= 1, got 0"},
      {Every::week, back(1, -1), "lag must be >= 0, got -1"},
      {Every::week, ahead_present, "look_ahead must count intervals or be a duration"},
      {Every::day, within(Every::day), "within must stand with every = \"event\" only"},
      {Every::event, both, "within must stand without look_back and look_ahead"},
      {Every::event, within(Every::sequence),
       "within must be a unit of time, got \"sequence\""},
      {Every::event, present(2),
       "look_back_by must be left out with every = \"event\""},
      {Every::event, back(2, 1), "lag must be 0 with every = \"event\""},
      {Every::sequence, back(2), "every = \"sequence\" must have no look_back"},
      {Every::sequence, back(1, 1), "every = \"sequence\" must have no look_back"},
      {Every::sequence, present(1), "every = \"sequence\" must have no look_back"},
      {Every::sequence, ahead(1), "every = \"sequence\" must have no look_back"},
  };
  for (const Case& bad : cases) {
    const std::string message =
        refusal(bad.unit, [&](TargetSpec& spec) { spec.window = bad.window; });
    EXPECT_NE(message.find(bad.message), std::string::npos) << message;
    EXPECT_NE(message.find("\"spent\""), std::string::npos) << message;
  }
}

TEST(TargetPlan, RefusesBoundariesAndFieldsThatBreakTheRules) {
  const auto expect = [](Every unit, const std::function<void(TargetSpec&)>& change,
                         const char* part) {
    const std::string message = refusal(unit, change);
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  expect(
      Every::week, [](TargetSpec& s) { s.boundary.week_start = 0; },
      "week_start must be 1 (Monday) to 7 (Sunday), got 0");
  expect(
      Every::fixed, [](TargetSpec& s) { s.boundary.width = 0; },
      "every must be wider than 0, got 0");
  expect(
      Every::day, [](TargetSpec& s) { s.boundary.unit = TimeUnit::ns; },
      "unit of the time column (us), got ns");
  expect(
      Every::day, [](TargetSpec& s) { s.value.reset(); },
      "aggregate must have a value unless it is count()");
  expect(
      Every::day, [](TargetSpec& s) { s.name = ""; }, "every target must have a name");
  expect(
      Every::day, [](TargetSpec& s) { s.where = compile("amount", rows_schema(), {}); },
      "where must be a condition");
  expect(
      Every::day,
      [](TargetSpec& s) { s.empty = std::numeric_limits<float>::infinity(); },
      "empty must be a finite number");
  expect(
      Every::day,
      [](TargetSpec& s) {
        s.window = ahead(1);
        s.warmup = Warmup::invalid;
      },
      "warmup must be \"partial\" with look_ahead");
}

TEST(TargetPlan, RefusesNamesUsedTwice) {
  const TargetSpec spec = target("spent", "count()", "", Every::day);
  EXPECT_NE(refusal({spec, spec}).find("target \"spent\": name must be used once"),
            std::string::npos);
}

TEST(TargetPlan, RefusesUnitsThatMeanTwoThings) {
  const TargetSpec a = target("a", "count()", "", Every::day);
  TargetSpec b = target("b", "count()", "", Every::day);
  b.boundary.zone = Zone::find("+01:00");
  EXPECT_NE(refusal({a, b}).find("must mean the same"), std::string::npos);
  b.boundary.zone = Zone::utc();
  EXPECT_EQ(refusal({a, b}), "accepted");
}

TEST(TargetPlan, RefusesTimeColumnsThatAreNone) {
  const std::vector<TargetSpec> specs{target("a", "count()", "", Every::day)};
  EXPECT_THROW(TargetPlan(rows_schema(), 1, specs, {}, 0), ArgumentError);
  EXPECT_THROW(TargetPlan(rows_schema(), -1, specs, {}, 0), ArgumentError);
  EXPECT_THROW(TargetPlan(rows_schema(), 3, specs, {}, 0), ArgumentError);
}

TEST(TargetPlan, RefusesMixesOfTwoSetsAndOfThemselves) {
  const std::vector<TargetSpec> specs{target("a", "count()", "", Every::day),
                                      target("b", "count()", "", Every::week)};
  const std::vector<std::string> names{"a", "b", "m", "n"};
  EXPECT_NE(refusal(specs, {mix("m", "a + b", names)})
                .find("one boundary set, got \"a\" (day) and \"b\" (week)"),
            std::string::npos);
  EXPECT_NE(
      refusal(specs, {mix("m", "a + m", names)}).find("earlier mixes only, got \"m\""),
      std::string::npos);
  EXPECT_NE(refusal(specs, {mix("m", "a + n", names), mix("n", "m * 2", names)})
                .find("earlier mixes only, got \"n\""),
            std::string::npos);
  EXPECT_EQ(refusal(specs, {mix("m", "a + 1", names), mix("n", "m * 2", names)}),
            "accepted");
}

TEST(TargetPlan, FindsSharedWorkOnce) {
  std::vector<TargetSpec> specs{
      target("a", "sum(amount)", "mcc < 60", Every::day, back(7)),
      target("b", "sum(amount)", "mcc < 60", Every::week, back(7)),
      target("c", "mean(amount)", "mcc < 60", Every::day, back(7)),
      target("d", "count()", "mcc < 60", Every::day, back(7)),
      target("e", "sum(amount)", "mcc < 60", Every::day, back(7))};
  const TargetPlan plan(rows_schema(), 0, specs, {}, 0);
  EXPECT_EQ(plan.describe(),
            "2 boundary sets, 1 filter, 1 value, 3 partials, 2 windows for 5 targets");
  EXPECT_EQ(plan.columns(), (std::vector<Index>{0, 1, 2}));
  EXPECT_EQ(plan.size(), 5);
  // Ranks of the rows serve all quantiles and units; moments all of one unit's spreads.
  const TargetPlan order(
      rows_schema(), 0,
      {target("a", "median(amount)", "", Every::day, back(7)),
       target("b", "quantile(amount, 0.9)", "", Every::week, back(7)),
       target("c", "quantile(amount, 0.5)", "", Every::day, back(7)),
       target("d", "std(amount)", "", Every::day, back(7)),
       target("e", "var(amount, ddof = 0)", "", Every::day, back(7))},
      {}, 0);
  EXPECT_EQ(order.describe(),
            "2 boundary sets, 0 filters, 1 value, 2 partials, 2 windows for 5 targets");
}

}  // namespace
}  // namespace lade
