// SPDX-License-Identifier: Apache-2.0
#include "lade/targets/compute.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "lade/core/error.h"
#include "rows.h"

namespace lade {
namespace {

using namespace lade::testing;  // NOLINT: the words of a recipe
using Values = std::vector<float>;

const char* const kFood = "mcc in (5411, 5499)";

Values valid_of(const SequenceTargets& out, std::size_t target = 0) {
  return {out.valid[target].begin(), out.valid[target].end()};
}

SequenceTargets run_one(const TargetSpec& spec, const Rows& rows) {
  return run(TargetPlan(rows_schema(), 0, {spec}, {}, observed(rows)), rows);
}

Values values_of(const TargetSpec& spec) {
  return run_one(spec, example_rows()).value[0];
}

Values values_of(const std::string& aggregate, const std::string& where, Every unit,
                 LookWindow window) {
  return values_of(target("t", aggregate, where, unit, std::move(window)));
}

TEST(ComputeTargets, GivesTheExampleByDay) {
  EXPECT_EQ(values_of("sum(amount)", kFood, Every::day, back(1)),
            (Values{10, 4, 7.25F, 3, 50, 0}));
  EXPECT_EQ(values_of("sum(amount)", kFood, Every::day, back(7)),
            (Values{10, 14, 21.25F, 10.25F, 53, 0}));
  EXPECT_EQ(values_of("sum(amount)", "", Every::day, back(7)),
            (Values{35.5F, 39.5F, 146.75F, 110.25F, 53, 20}));
  EXPECT_EQ(values_of("sum(amount)", kFood, Every::day, back(3)),
            (Values{10, 14, 11.25F, 3, 53, 0}));
  EXPECT_EQ(values_of("sum(amount)", kFood, Every::day, present(3)),
            (Values{10, 14, 21.25F, 14.25F, 60.25F, 53}));
}

TEST(ComputeTargets, GivesTheExamplesSets) {
  const Rows rows = example_rows();
  const TargetPlan plan(
      rows_schema(), 0,
      {target("d", "count()", "", Every::day), target("w", "count()", "", Every::week),
       target("m", "count()", "", Every::month),
       target("d2", "sum(amount)", "", Every::day)},
      {}, observed(rows));
  ASSERT_EQ(plan.sets().size(), 3U);
  EXPECT_EQ(plan.sets()[1].name, "week");
  EXPECT_EQ(plan.sets()[0].targets, (std::vector<Index>{0, 3}));
  const SequenceTargets out = run(plan, rows);
  EXPECT_EQ(out.sets[0].ends, (std::vector<std::int32_t>{1, 2, 4, 5, 6, 7}));
  EXPECT_EQ(out.sets[1].ends, (std::vector<std::int32_t>{2, 5, 6, 7}));
  EXPECT_EQ(out.sets[1].keys, (std::vector<std::int64_t>{2826, 2827, 2828, 2831}));
  EXPECT_EQ(out.sets[2].ends, (std::vector<std::int32_t>{6, 7}));
}

TEST(ComputeTargets, GivesTheExampleOfPartialAggregates) {
  const auto mean =
      run_one(target("t", "mean(amount)", kFood, Every::day, back(7)), example_rows());
  EXPECT_EQ(mean.value[0], (Values{10, 7, 7.0833335F, 5.125F, 26.5F, 0}));
  EXPECT_EQ(valid_of(mean), (Values{1, 1, 1, 1, 1, 0}));
  const auto max =
      run_one(target("t", "max(amount)", kFood, Every::week, back(1)), example_rows());
  EXPECT_EQ(max.value[0], (Values{10, 7.25F, 50, 0}));
  EXPECT_EQ(valid_of(max), (Values{1, 1, 1, 0}));
}

TEST(ComputeTargets, GivesTheExampleByWeekAndMonth) {
  EXPECT_EQ(values_of("count()", "amount >= 25.5", Every::week, back(1)),
            (Values{1, 1, 1, 0}));
  EXPECT_EQ(values_of("count()", "amount > 25.5", Every::week, back(1)),
            (Values{0, 1, 1, 0}));
  const auto next =
      run_one(target("t", "sum(amount)", "", Every::week, ahead(1)), example_rows());
  EXPECT_EQ(next.value[0], (Values{110.25F, 50, 0, 0}));
  EXPECT_EQ(valid_of(next), (Values{1, 1, 1, 0}));
  EXPECT_EQ(values_of("sum(amount)", "", Every::month, back(1, 1)),
            (Values{0, 199.75F}));
}

TEST(ComputeTargets, GivesTheExampleByEvent) {
  EXPECT_EQ(values_of("sum(amount)", kFood, Every::event, back(3)),
            (Values{10, 10, 14, 4, 11.25F, 10.25F, 60.25F, 53}));
  EXPECT_EQ(values_of("sum(amount)", kFood, Every::event, within(Every::day)),
            (Values{10, 10, 4, 0, 7.25F, 3, 50, 0}));
  EXPECT_EQ(values_of("sum(amount)", kFood, Every::event, within(Every::day, 1)),
            (Values{0, 0, 10, 0, 0, 0, 3, 0}));
  EXPECT_EQ(values_of("sum(amount)", "", Every::event, back_duration(24 * kHourUs)),
            (Values{10, 35.5F, 29.5F, 100, 107.25F, 3, 53, 20}));
  const auto next = run_one(
      target("t", "sum(amount)", "", Every::event, ahead_duration(24 * kHourUs)),
      example_rows());
  EXPECT_EQ(next.value[0], (Values{25.5F, 4, 0, 0, 0, 50, 0, 0}));
  EXPECT_EQ(valid_of(next), (Values{1, 1, 1, 1, 1, 1, 1, 0}));
  const auto two =
      run_one(target("t", "count()", "", Every::event, ahead(2)), example_rows());
  EXPECT_EQ(valid_of(two), (Values{1, 1, 1, 1, 1, 1, 0, 0}));
}

TEST(ComputeTargets, GivesTheExamplesMix) {
  const Rows rows = example_rows();
  const TargetPlan plan(rows_schema(), 0,
                        {target("food_7d", "sum(amount)", kFood, Every::day, back(7)),
                         target("all_7d", "sum(amount)", "", Every::day, back(7))},
                        {mix("share", "food_7d / all_7d", {"food_7d", "all_7d"})},
                        observed(rows));
  EXPECT_EQ(plan.name(2), "share");
  EXPECT_EQ(run(plan, rows).value[2],
            (Values{0.28169015F, 0.35443038F, 0.14480409F, 0.09297052F, 1, 0}));
}

TEST(ComputeTargets, TakesMixesOfMixesInF64AndInvalidWhereAnInputIs) {
  const Rows rows = example_rows();
  const std::vector<std::string> names{"mean", "all", "a", "b"};
  const TargetPlan plan(
      rows_schema(), 0,
      {target("mean", "mean(amount)", kFood, Every::day, back(7)),
       target("all", "sum(amount)", "", Every::day, back(1))},
      {mix("a", "mean * 3", names), mix("b", "1 / (a - 21.25)", names)},
      observed(rows));
  const SequenceTargets out = run(plan, rows);
  EXPECT_EQ(valid_of(out, 2), (Values{1, 1, 1, 1, 1, 0}));
  // 7.0833... * 3 is 21.25 in f64 and not in f32: division by zero is empty, invalid.
  EXPECT_EQ(valid_of(out, 3), (Values{1, 1, 0, 1, 1, 0}));
  EXPECT_EQ(out.value[3][2], 0.0F);
}

TEST(ComputeTargets, HoldsTheCounterExampleOfPrefixSums) {
  Rows rows;
  for (const double amount : {1e12, .01, .01, .01}) {
    rows.time.push_back(rows.size() * kDayUs);
    rows.amount.push_back(amount);
    rows.mcc.push_back(0);
  }
  EXPECT_EQ(run_one(target("t", "sum(amount)", "", Every::day, back(3)), rows)
                .value[0]
                .back(),
            0.03F);
  EXPECT_EQ(run_one(target("t", "sum(amount)", "", Every::event, back(3)), rows)
                .value[0]
                .back(),
            0.03F);
  Rows tenths;
  for (int r = 0; r < 4096; ++r) {
    tenths.time.push_back(r);
    tenths.amount.push_back(static_cast<double>(0.1F));
    tenths.mcc.push_back(0);
  }
  EXPECT_EQ(run_one(target("t", "sum(amount)", "", Every::sequence), tenths).value[0],
            (Values{409.6F}));
}

TEST(ComputeTargets, ReplacesTheZeroOfATotalOnlyWhenEmptyIsGiven) {
  TargetSpec spec = target("t", "sum(amount)", kFood, Every::day, back(1));
  spec.empty = -1.0F;
  const auto out = run_one(spec, example_rows());
  EXPECT_EQ(out.value[0], (Values{10, 4, 7.25F, 3, 50, -1}));
  EXPECT_EQ(valid_of(out), (Values{1, 1, 1, 1, 1, 1}));
  spec.aggregate = AggregateKind::min;
  EXPECT_EQ(valid_of(run_one(spec, example_rows())), (Values{1, 1, 1, 1, 1, 0}));
}

TEST(ComputeTargets, WarmupMakesWindowsBeforeTheFirstIntervalInvalid) {
  const auto valid = [](Every unit, LookWindow window) {
    TargetSpec spec = target("t", "sum(amount)", "", unit, std::move(window));
    spec.warmup = Warmup::invalid;
    return valid_of(run_one(spec, example_rows()));
  };
  EXPECT_EQ(valid(Every::day, back(2)), (Values{0, 1, 1, 1, 1, 1}));
  EXPECT_EQ(valid(Every::day, back(7)), (Values{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(valid(Every::day, back(2, 2)), (Values{0, 0, 1, 1, 1, 1}));
  EXPECT_EQ(valid(Every::day, present(3)), (Values{0, 0, 1, 1, 1, 1}));
  EXPECT_EQ(valid(Every::day, back_duration(2 * kDayUs)), (Values{0, 1, 1, 1, 1, 1}));
  EXPECT_EQ(valid(Every::day, back_all()), (Values{1, 1, 1, 1, 1, 1}));
  EXPECT_EQ(valid(Every::event, back(3)), (Values{0, 0, 1, 1, 1, 1, 1, 1}));
  EXPECT_EQ(valid(Every::event, back_duration(kDayUs)),
            (Values{0, 0, 1, 1, 1, 1, 1, 1}));
  EXPECT_EQ(valid(Every::event, within(Every::day, 1)),
            (Values{0, 0, 1, 1, 1, 1, 1, 1}));
}

TEST(ComputeTargets, ObservedUntilEndsWhatLooksAhead) {
  const Rows rows = example_rows();
  const TargetSpec spec = target("t", "count()", "", Every::week, ahead(1));
  const std::int64_t week_end = interval_end(every(Every::week), 2829);
  EXPECT_EQ(valid_of(run(TargetPlan(rows_schema(), 0, {spec}, {}, week_end), rows)),
            (Values{1, 1, 1, 0}));
  EXPECT_EQ(valid_of(run(TargetPlan(rows_schema(), 0, {spec}, {}, week_end - 1), rows)),
            (Values{1, 1, 0, 0}));
  const TargetSpec days =
      target("t", "count()", "", Every::day, ahead_duration(kDayUs, kHourUs));
  const std::int64_t end =
      interval_end(every(Every::day), to_day({2024, 3, 10})) + 25 * kHourUs;
  EXPECT_EQ(valid_of(run(TargetPlan(rows_schema(), 0, {days}, {}, end), rows)),
            (Values{1, 1, 1, 1, 0, 0}));
  EXPECT_EQ(valid_of(run(TargetPlan(rows_schema(), 0, {days}, {}, end - 1), rows)),
            (Values{1, 1, 1, 0, 0, 0}));
}

TEST(ComputeTargets, CountsWhatIsMissingInvalidAndNotFinite) {
  Rows rows = example_rows();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  rows.amount = {10, nan, 4, infinity, 7.25, 1e39, 50, 20};
  rows.amount_validity = {0xFB};  // row 2 is null
  const Chunk chunk = rows.chunk();
  const SequenceView view{0, &chunk, 0, 8};
  TargetScratch scratch;
  SequenceTargets out;
  TargetSpec with_value = target("nx", "count()", "mcc < 5800", Every::day);
  with_value.value = compile("amount", rows_schema(), {});
  const TargetPlan plan(rows_schema(), 0,
                        {target("sum", "sum(amount)", "", Every::day),
                         target("n", "count()", "", Every::day), with_value,
                         target("min", "min(amount)", "", Every::day),
                         target("two", "sum(amount)", "", Every::day, back(2))},
                        {}, observed(rows));
  compute_targets(plan, view, 8, scratch, out);
  EXPECT_EQ(out.value[0], (Values{10, 0, 0, 0, 50, 20}));
  EXPECT_EQ(valid_of(out, 0), (Values{1, 1, 0, 0, 1, 1}));
  EXPECT_EQ(out.value[1], (Values{2, 1, 2, 1, 1, 1}));
  EXPECT_EQ(out.value[2], (Values{1, 0, 2, 1, 1, 0}));
  EXPECT_EQ(out.value[3], (Values{10, 0, 7.25F, 0, 50, 20}));
  EXPECT_EQ(valid_of(out, 4), (Values{1, 1, 0, 0, 0, 1}));  // the infinity has gone
  EXPECT_EQ(scratch.counts().missing, (std::vector<Index>{2, 0, 1, 2, 2}));
  EXPECT_EQ(scratch.counts().nonfinite, (std::vector<Index>{2, 0, 0, 1, 3}));
  EXPECT_EQ(scratch.counts().invalid, (std::vector<Index>{2, 0, 0, 2, 3}));
  EXPECT_EQ(scratch.counts().values, (std::vector<Index>(5, 6)));
  TargetCounts sum;
  sum.add(scratch.counts());
  sum.add(scratch.counts());
  EXPECT_EQ(sum.nonfinite, (std::vector<Index>{4, 0, 0, 2, 6}));
}

TEST(ComputeTargets, RefusesMissingValuesWhereTheTargetSaysSo) {
  Rows rows = example_rows();
  rows.amount[6] = std::numeric_limits<double>::quiet_NaN();
  TargetSpec spec = target("t", "sum(amount)", "mcc == 5812", Every::day);
  spec.missing_fails = true;
  EXPECT_NO_THROW(run_one(spec, rows));
  spec.where = compile(kFood, rows_schema(), {});
  try {
    run_one(spec, rows);
    FAIL() << "no error";
  } catch (const DataError& error) {
    EXPECT_EQ(error.place().rule, "target.missing");
    EXPECT_NE(std::string(error.what()).find("row 6"), std::string::npos);
  }
}

TEST(ComputeTargets, AnEmptySequenceHasNoIntervals) {
  const TargetPlan plan(
      rows_schema(), 0,
      {target("d", "count()", "", Every::day, back(7)),
       target("s", "sum(amount)", "", Every::sequence),
       target("w", "max(amount)", "", Every::week, ahead(1)),
       target("e", "mean(amount)", "", Every::event, within(Every::day, 1)),
       target("r", "mean(amount)", "", Every::event, back_duration(5)),
       target("a", "mean(amount)", "", Every::month, back_all())},
      {}, 0);
  const SequenceTargets out = run(plan, Rows{});
  for (std::size_t t = 0; t < 6; ++t) EXPECT_TRUE(out.value[t].empty());
  for (const auto& set : out.sets) EXPECT_TRUE(set.ends.empty());
  // Rows that a cut hides leave nothing either.
  for (const auto& values : run(plan, example_rows(), 0).value)
    EXPECT_TRUE(values.empty());
}

TEST(ComputeTargets, KeepsValuesWhenScratchIsUsedAgain) {
  const Rows rows = example_rows();
  Rows shorter = rows;
  shorter.time.resize(3);
  const TargetPlan plan(rows_schema(), 0,
                        {target("a", "sum(amount)", kFood, Every::day, back(2)),
                         target("b", "max(amount)", kFood, Every::week, back(2)),
                         target("c", "count()", kFood, Every::event, back(2))},
                        {}, observed(rows));
  const TargetPlan other(rows_schema(), 0,
                         {target("a", "min(amount)", "mcc > 0", Every::month)}, {}, 0);
  const SequenceTargets expected = run(plan, rows);
  TargetScratch scratch;
  SequenceTargets out;
  const std::vector<const Rows*> order{&rows, &shorter, &rows};
  for (const Rows* given : order) {
    const Chunk chunk = given->chunk();
    compute_targets(plan, {0, &chunk, 0, given->size()}, given->size(), scratch, out);
    if (given == &rows) {
      EXPECT_EQ(out.value, expected.value);
    }
    SequenceTargets aside;
    compute_targets(other, {0, &chunk, 0, given->size()}, given->size(), scratch,
                    aside);
    EXPECT_EQ(aside.value[0][0], 3.0F + (given == &rows ? 0.0F : 1.0F));
  }
}

TEST(ComputeTargets, RefusesMoreVisibleRowsThanThereAre) {
  const TargetPlan plan(rows_schema(), 0, {target("a", "count()", "", Every::day)}, {},
                        0);
  EXPECT_THROW(run(plan, example_rows(), 9), ArgumentError);
}

}  // namespace
}  // namespace lade
