// SPDX-License-Identifier: Apache-2.0
// Classes and compat = "hppl" as operators; what recipes say of them is in
// tests/recipe.
#include <gtest/gtest.h>

#include "lade/core/error.h"
#include "lade/targets/boundaries_internal.h"
#include "tests/targets/rows.h"

namespace lade::testing {
namespace {

std::string refusal(std::vector<TargetSpec> targets, std::vector<ClassSpec> classes) {
  try {
    const TargetPlan plan(rows_schema(), 0, std::move(targets), {}, 0, Sharing::on,
                          std::move(classes));
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Classes, HaveTheLastPositionsOfAPlan) {
  const TargetPlan plan(
      rows_schema(), 0,
      {target("food", "sum(amount)", "mcc in (5411, 5499)", Every::day, back(7))}, {},
      0, Sharing::on, {{"size", 0, {10, 14}}});
  EXPECT_EQ(plan.size(), 2);
  EXPECT_EQ(plan.name(1), "size");
  EXPECT_EQ(plan.class_at(0), nullptr);
  ASSERT_NE(plan.class_at(1), nullptr);
  // 10, 14, 21.25, 10.25, 53, 0
  const SequenceTargets out = run(plan, example_rows());
  EXPECT_EQ(out.label[0], (std::vector<std::int64_t>{0, 1, 2, 1, 2, 0}));
  EXPECT_EQ(out.valid[1], out.valid[0]);
  EXPECT_TRUE(out.value[1].empty());
}

TEST(Classes, ChangeNoByteOfTheOtherTargets) {
  const std::vector<TargetSpec> targets = {
      target("a", "mean(amount)", "mcc == 5411", Every::day, back(7)),
      target("b", "mean(amount)", "mcc == 5411", Every::day, back(7))};
  const TargetPlan alone(rows_schema(), 0, targets, {}, 0);
  const TargetPlan with(rows_schema(), 0, targets, {}, 0, Sharing::on,
                        {{"c", 1, {5.0}}});
  const SequenceTargets first = run(alone, example_rows());
  const SequenceTargets second = run(with, example_rows());
  EXPECT_EQ(first.value[0], second.value[0]);
  EXPECT_EQ(first.value[1], second.value[1]);
  EXPECT_EQ(second.label[0].back(), kNoClass);  // a mean of nothing
}

TEST(Classes, RefusesWhatGivesNoLabels) {
  const std::vector<TargetSpec> targets = {target("a", "count()", "", Every::day)};
  EXPECT_EQ(refusal(targets, {{"c", 0, {}}}),
            "classes \"c\": thresholds must not be empty");
  EXPECT_EQ(refusal(targets, {{"c", 1, {1}}}),
            "classes \"c\": of must be a target or a mix, got position 1");
  EXPECT_EQ(refusal(targets, {{"a", 0, {1}}}),
            "target \"a\": name must be used once, got it twice");
  EXPECT_NE(refusal(targets, {{"c", 0, {2, 1}}}).find("thresholds must ascend"),
            std::string::npos);
}

TEST(Hppl, WeekKeysAreThoseOfIsoWeeksAndCalendarYears) {
  const auto key = [](int year, int month, int day) {
    return hppl_week_key(to_day({year, month, day}));
  };
  EXPECT_EQ(key(2019, 12, 29), 54 * 2019 + 7 * 52);
  EXPECT_EQ(key(2019, 12, 30), 54 * 2019 + 7 * 1);
  EXPECT_EQ(key(2020, 1, 1), 54 * 2020 + 7 * 1);
  EXPECT_EQ(key(2021, 1, 3), 54 * 2021 + 7 * 53);
  EXPECT_EQ(key(2021, 1, 4), 54 * 2021 + 7 * 1);
  EXPECT_EQ(key(1969, 12, 31), 54 * 1969 + 7 * 1);
  const std::int64_t day = to_day({2019, 12, 31});
  EXPECT_EQ(hppl_week_begin(day), to_day({2019, 12, 30}));
  EXPECT_EQ(hppl_week_end(day), to_day({2020, 1, 1}));
}

TEST(Hppl, RefusesPlansTheGeneratorDoesNotKnow) {
  TargetSpec hppl = target("a", "sum(amount)", "", Every::day, present(2));
  hppl.compat = hppl.boundary.compat = Compat::hppl;
  EXPECT_EQ(refusal({hppl}, {}), "accepted");
  EXPECT_EQ(refusal({hppl, target("b", "count()", "", Every::day)}, {}),
            "target \"b\": compat must be the same for all targets");
  EXPECT_EQ(refusal({hppl}, {{"c", 0, {1}}}),
            "targets: there are no classes with compat = \"hppl\"");
  TargetSpec lagged = hppl;
  lagged.window.lag = 1;
  EXPECT_EQ(refusal({lagged}, {}),
            "target \"a\": the window must be a look_back that counts intervals with "
            "compat = \"hppl\"");
  TargetSpec counted = hppl;
  counted.aggregate = AggregateKind::count;
  EXPECT_EQ(refusal({counted}, {}),
            "target \"a\": aggregate must be sum, mean, min or max with compat = "
            "\"hppl\"");
  TargetSpec filled = hppl;
  filled.empty = 1.0F;
  EXPECT_EQ(refusal({filled}, {}),
            "target \"a\": empty must be 0 with compat = \"hppl\"");
}

}  // namespace
}  // namespace lade::testing
