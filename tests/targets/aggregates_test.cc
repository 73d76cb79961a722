// SPDX-License-Identifier: Apache-2.0
// Spread, order, different values and places: what each gives for rows one can read.
#include <gtest/gtest.h>

#include <cmath>
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
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Values valid_of(const SequenceTargets& out, std::size_t target = 0) {
  return {out.valid[target].begin(), out.valid[target].end()};
}

SequenceTargets run_one(const TargetSpec& spec, const Rows& rows) {
  return run(TargetPlan(rows_schema(), 0, {spec}, {}, observed(rows)), rows);
}

SequenceTargets example(const std::string& aggregate, const std::string& where,
                        Every unit, LookWindow window = {}) {
  return run_one(target("t", aggregate, where, unit, std::move(window)),
                 example_rows());
}

/// One row a day with these amounts.
Rows daily(const std::vector<double>& amounts) {
  Rows rows;
  for (const double amount : amounts) {
    rows.time.push_back(rows.size() * kDayUs);
    rows.amount.push_back(amount);
    rows.mcc.push_back(0);
  }
  return rows;
}

TEST(Aggregates, GiveTheExampleBySequence) {
  EXPECT_EQ(example("std(amount)", kFood, Every::sequence).value[0],
            (Values{19.84282F}));
  EXPECT_EQ(example("median(amount)", kFood, Every::sequence).value[0],
            (Values{7.25F}));
  EXPECT_EQ(example("quantile(amount, 0.25)", kFood, Every::sequence).value[0],
            (Values{4}));
  EXPECT_EQ(example("nunique(mcc)", "", Every::sequence).value[0], (Values{4}));
}

TEST(Aggregates, GiveTheExampleByDayAndWeek) {
  EXPECT_EQ(example("first(amount)", "", Every::day, back(7)).value[0],
            (Values{10, 10, 10, 100, 3, 20}));
  EXPECT_EQ(example("last(amount)", "", Every::day, back(7)).value[0],
            (Values{25.5F, 4, 7.25F, 3, 50, 20}));
  EXPECT_EQ(example("median(amount)", "", Every::day, back(7)).value[0],
            (Values{17.75F, 10, 10, 7.25F, 26.5F, 20}));
  EXPECT_EQ(example("nunique(mcc)", "", Every::day, back(7)).value[0],
            (Values{2, 2, 3, 3, 2, 1}));
  EXPECT_EQ(example("any()", kFood, Every::day).value[0], (Values{1, 1, 1, 1, 1, 0}));
  EXPECT_EQ(example("var(amount, ddof = 0)", "", Every::week).value[0],
            (Values{82.055555F, 2003.2916F, 0, 0}));
}

TEST(Aggregates, GiveTheTableOfTheGuide) {
  const auto expect = [](const char* aggregate, Values values, Values valid,
                         LookWindow window = {}) {
    const auto out = example(aggregate, kFood, Every::week, std::move(window));
    EXPECT_EQ(out.value[0], values) << aggregate;
    EXPECT_EQ(valid_of(out), valid) << aggregate;
  };
  expect("std(amount)", {4.2426405F, 3.0052037F, 0, 0}, {1, 1, 0, 0});
  expect("std(amount, ddof = 0)", {3, 2.125F, 0, 0}, {1, 1, 1, 0});
  expect("median(amount)", {7, 5.125F, 50, 0}, {1, 1, 1, 0});
  expect("quantile(amount, 0.9)", {9.4F, 6.825F, 50, 0}, {1, 1, 1, 0});
  expect("nunique(mcc)", {1, 2, 1, 0}, {1, 1, 1, 1});
  expect("any()", {1, 1, 1, 0}, {1, 1, 1, 1});
  expect("first(amount)", {10, 7.25F, 50, 0}, {1, 1, 1, 0});
  expect("last(amount)", {4, 3, 50, 0}, {1, 1, 1, 0});
  expect("days_since_last()", {0, 0, 0, 21.5F}, {1, 1, 1, 1}, back_all());
}

TEST(Aggregates, NeedMoreRowsThanDegreesOfFreedom) {
  const auto sample = example("std(amount)", kFood, Every::day, back(7));
  EXPECT_EQ(valid_of(sample), (Values{0, 1, 1, 1, 1, 0}));
  EXPECT_EQ(sample.value[0][0], 0.0F);
  const auto all = example("std(amount, ddof = 0)", kFood, Every::day, back(7));
  EXPECT_EQ(valid_of(all), (Values{1, 1, 1, 1, 1, 0}));
  EXPECT_EQ(all.value[0][1], 3.0F);  // of 10 and 4
}

TEST(Aggregates, GiveEmptyWhereNothingIsSelected) {
  for (const char* partial :
       {"std(amount)", "var(amount)", "median(amount)", "quantile(amount, 1)",
        "first(amount)", "last(amount)", "days_since_last()"}) {
    TargetSpec spec = target("t", partial, "mcc == 1", Every::week);
    spec.empty = -1.0F;
    const auto out = run_one(spec, example_rows());
    EXPECT_EQ(out.value[0], (Values{-1, -1, -1, -1})) << partial;
    EXPECT_EQ(valid_of(out), (Values{0, 0, 0, 0})) << partial;
  }
  for (const char* total : {"nunique(amount)", "any()"}) {
    TargetSpec spec = target("t", total, "mcc == 1", Every::week);
    EXPECT_EQ(run_one(spec, example_rows()).value[0], (Values{0, 0, 0, 0}));
    spec.empty = -1.0F;
    const auto out = run_one(spec, example_rows());
    EXPECT_EQ(out.value[0], (Values{-1, -1, -1, -1})) << total;
    EXPECT_EQ(valid_of(out), (Values{1, 1, 1, 1})) << total;
  }
}

TEST(Aggregates, CountDaysFromTheLastSelectedRowToTheIntervalsLastRow) {
  const auto days = example("days_since_last()", kFood, Every::day, back_all());
  EXPECT_EQ(days.value[0], (Values{9.5F / 24, 0, 0, 0, 0, 21.5F}));
  // A row of the window ahead lies after the interval.
  const auto next = example("days_since_last()", kFood, Every::week, ahead(1));
  EXPECT_EQ(next.value[0][1], static_cast<float>(-1.0 / 1440));
  EXPECT_EQ(valid_of(next), (Values{1, 1, 0, 0}));
}

TEST(Aggregates, CountDaysInTheUnitOfTheTimeColumn) {
  const std::vector<std::int64_t> seconds{0, 36 * 3600};
  const std::vector<std::int32_t> codes{1, 0};
  const Schema schema{
      {{"day", {.kind = Kind::time, .unit = TimeUnit::s, .date = true, .zone = ""}},
       {"mcc", {.kind = Kind::i32, .zone = ""}}}};
  TargetSpec spec;
  spec.name = "t";
  spec.aggregate = AggregateKind::days_since_last;
  spec.where = compile("mcc == 1", schema, {});
  spec.boundary = {Every::event, 0, 1, nullptr, TimeUnit::s};
  spec.window = back_all();
  Chunk chunk;
  chunk.rows = 2;
  chunk.columns = {{Kind::time, TimeUnit::s, seconds.data(), nullptr, nullptr},
                   {Kind::i32, TimeUnit::us, codes.data(), nullptr, nullptr}};
  TargetScratch scratch;
  SequenceTargets out;
  compute_targets(TargetPlan(schema, 0, {spec}, {}, 0), {0, &chunk, 0, 2}, 2, scratch,
                  out);
  EXPECT_EQ(out.value[0], (Values{0, 1.5F}));
}

TEST(Aggregates, OfSpreadForgetWhatHasLeftTheWindow) {
  const Rows rows = daily({1e12, .01, .02, .03, .03, .03});
  for (const Every unit : {Every::day, Every::event}) {
    const auto out = run_one(target("t", "std(amount)", "", unit, back(3)), rows);
    EXPECT_FLOAT_EQ(out.value[0][3], 0.01F);
    EXPECT_EQ(out.value[0][5], 0.0F);  // of equal values exactly
  }
}

TEST(Aggregates, AreNotFiniteWhileAnInfiniteValueIsInTheWindow) {
  Rows rows = daily({1, kInfinity, 3, 4, 5, -1e39});
  const auto expect = [&](const std::string& aggregate, Values values, Values valid) {
    const auto out = run_one(target("t", aggregate, "", Every::day, back(2)), rows);
    EXPECT_EQ(out.value[0], values) << aggregate;
    EXPECT_EQ(valid_of(out), valid) << aggregate;
  };
  expect("var(amount, ddof = 0)", {0, 0, 0, .25F, .25F, 0}, {1, 0, 0, 1, 1, 0});
  expect("median(amount)", {1, 0, 0, 3.5F, 4.5F, 0}, {1, 0, 0, 1, 1, 0});
  expect("quantile(amount, 0)", {1, 1, 3, 3, 4, 0}, {1, 1, 1, 1, 1, 0});
  expect("first(amount)", {1, 1, 0, 3, 4, 5}, {1, 1, 0, 1, 1, 1});
  expect("last(amount)", {1, 0, 3, 4, 5, 0}, {1, 0, 1, 1, 1, 0});
  expect("nunique(amount)", {1, 2, 2, 2, 2, 2}, {1, 1, 1, 1, 1, 1});
  // One row alone, and infinite: it has no spread either.
  rows = daily({kInfinity});
  expect("std(amount, ddof = 0)", {0}, {0});
}

TEST(Aggregates, CountWhatIsMissingAndNotFinite) {
  Rows rows = daily({1, kInfinity, std::nan(""), 4, 5, 6});
  rows.amount_validity = {0x37};  // row 3 is null
  const std::vector<std::string> aggregates{"std(amount)", "median(amount)",
                                            "nunique(amount)", "last(amount)"};
  std::vector<TargetSpec> specs;
  for (const auto& a : aggregates) specs.push_back(target(a, a, "", Every::sequence));
  specs.push_back(target("any", "any()", "", Every::sequence));
  const TargetPlan plan(rows_schema(), 0, specs, {}, observed(rows));
  const Chunk chunk = rows.chunk();
  TargetScratch scratch;
  SequenceTargets out;
  compute_targets(plan, {0, &chunk, 0, 6}, 6, scratch, out);
  EXPECT_EQ(scratch.counts().missing, (std::vector<Index>{2, 2, 2, 2, 0}));
  EXPECT_EQ(scratch.counts().nonfinite, (std::vector<Index>{1, 0, 0, 0, 0}));
  EXPECT_EQ(out.value[1], (Values{5.5F}));  // of 1, 5, 6 and infinity
  EXPECT_EQ(out.value[2], (Values{4}));
  specs[1].missing_fails = true;
  EXPECT_THROW(run_one(specs[1], rows), DataError);
}

TEST(Aggregates, QuantilesLieBetweenNeighboursHoweverFarApart) {
  const auto quantile = [](const std::vector<double>& amounts, double q) {
    TargetSpec spec = target("t", "median(amount)", "", Every::sequence);
    spec.quantile = q;
    return run_one(spec, daily(amounts)).value[0][0];
  };
  EXPECT_EQ(quantile({3, 1, 2}, 0), 1.0F);
  EXPECT_EQ(quantile({3, 1, 2}, 1), 3.0F);
  EXPECT_EQ(quantile({3, 1, 2}, 0.75), 2.5F);
  EXPECT_EQ(quantile({1.7e308, -1.7e308}, 0.5), 0.0F);
  EXPECT_EQ(quantile({7, 7, 7}, 0.3), 7.0F);
}

/// Rows of one column beside the time, one a day.
struct OneColumn {
  Column column;
  Index rows = 0;
  Index begin = 0;

  SequenceTargets nunique(LookWindow window, TargetCounts* counts = nullptr) const {
    const Schema schema{{{"time", {.kind = Kind::time, .zone = ""}},
                         {"x", {.kind = column.kind, .zone = ""}}}};
    std::vector<std::int64_t> time;
    for (Index r = 0; r < begin + rows; ++r) time.push_back(r * kDayUs);
    TargetSpec spec;
    spec.name = "t";
    spec.aggregate = AggregateKind::nunique;
    spec.value = compile("x", schema, {});
    spec.boundary = every(Every::day);
    spec.window = std::move(window);
    Chunk chunk;
    chunk.rows = begin + rows;
    chunk.columns = {{Kind::time, TimeUnit::us, time.data(), nullptr, nullptr}, column};
    TargetScratch scratch;
    SequenceTargets out;
    compute_targets(TargetPlan(schema, 0, {spec}, {}, 0), {0, &chunk, begin, rows},
                    rows, scratch, out);
    if (counts != nullptr) *counts = scratch.counts();
    return out;
  }
};

TEST(Aggregates, NuniqueTellsTextsApartByTheirBytes) {
  // "a" stands twice in the dictionary, and "" is a text.
  const std::vector<std::string> texts{"a", "", "a", " ", "b"};
  const auto dictionary = Dictionary::of(texts);
  const std::vector<std::int32_t> codes{4, 4, 0, 2, 1, 3, 0, 1};
  const std::uint8_t valid[] = {0xBF};  // row 6 is null
  const OneColumn x{
      {Kind::text, TimeUnit::us, codes.data(), valid, dictionary.get()}, 6, 2};
  TargetCounts counts;
  EXPECT_EQ(x.nunique(back_all(), &counts).value[0], (Values{1, 1, 2, 3, 3, 3}));
  EXPECT_EQ(counts.missing[0], 1);
  EXPECT_EQ(x.nunique(back(2)).value[0], (Values{1, 1, 2, 2, 1, 1}));
}

TEST(Aggregates, NuniqueOfTextsDoesNotAskForADictionaryWithoutRows) {
  const std::vector<std::int32_t> codes{0, 0};
  const std::uint8_t valid[] = {0};
  const OneColumn x{{Kind::text, TimeUnit::us, codes.data(), valid, nullptr}, 2, 0};
  EXPECT_EQ(x.nunique(back_all()).value[0], (Values{0, 0}));
}

TEST(Aggregates, NuniqueTellsWholeNumbersApartThatF64DoesNot) {
  const std::int64_t big = std::int64_t{1} << 60;
  const std::vector<std::int64_t> ids{big, big + 1, big, -big, big + 1};
  const OneColumn x{{Kind::i64, TimeUnit::us, ids.data(), nullptr, nullptr}, 5, 0};
  EXPECT_EQ(x.nunique(back_all()).value[0], (Values{1, 2, 2, 3, 3}));
  const OneColumn u{{Kind::u64, TimeUnit::us, ids.data(), nullptr, nullptr}, 5, 0};
  EXPECT_EQ(u.nunique(back_all()).value[0], (Values{1, 2, 2, 3, 3}));
  const OneColumn t{{Kind::time, TimeUnit::us, ids.data(), nullptr, nullptr}, 5, 0};
  EXPECT_EQ(t.nunique(back_all()).value[0], (Values{1, 2, 2, 3, 3}));
}

TEST(Aggregates, NuniqueTakesBothZeroesForOneAndTinyValuesForThemselves) {
  const double tiny = std::numeric_limits<double>::denorm_min();
  EXPECT_EQ(run_one(target("t", "nunique(amount)", "", Every::day, back_all()),
                    daily({0.0, -0.0, tiny, 1.0, 1.5, -tiny}))
                .value[0],
            (Values{1, 1, 2, 3, 4, 5}));
}

TEST(Aggregates, OfPlacesAndOrderAreThoseOfASequenceAtItsLastInterval) {
  for (const char* aggregate : {"std(amount)", "median(amount)", "nunique(mcc)",
                                "first(amount)", "last(amount)", "any()"}) {
    const float whole = example(aggregate, kFood, Every::sequence).value[0][0];
    for (const Every unit : {Every::day, Every::week, Every::month}) {
      const auto out = example(aggregate, kFood, unit, back_all());
      EXPECT_EQ(out.value[0].back(), whole) << aggregate;
    }
  }
}

TEST(Mixes, TakeFunctionsOverTargetsOfOneSet) {
  const std::vector<std::string> names{"low", "mid", "high", "n"};
  const Rows rows = example_rows();
  const auto value = [&](const std::string& expression) {
    const TargetPlan plan(rows_schema(), 0,
                          {target("low", "min(amount)", "", Every::week),
                           target("mid", "median(amount)", "", Every::week),
                           target("high", "max(amount)", "", Every::week),
                           target("n", "nunique(mcc)", "", Every::week)},
                          {mix("m", expression, names)}, observed(rows));
    return run(plan, rows).value[4];
  };
  // low 4 3 50 20, mid 10 7.25 50 20, high 25.5 100 50 20, n 2 3 1 1
  EXPECT_EQ(value("clip(mid, 8, 30)"), (Values{10, 8, 30, 20}));
  EXPECT_EQ(value("if(n > 1, high, -low)"), (Values{25.5F, 100, -50, -20}));
  EXPECT_EQ(value("min(low, mid, n)"), (Values{2, 3, 1, 1}));
  EXPECT_EQ(value("max(low, 10) + abs(low - mid)"), (Values{16, 14.25F, 50, 20}));
  EXPECT_EQ(value("log10(high - 0)"), (Values{static_cast<float>(std::log10(25.5)), 2,
                                              static_cast<float>(std::log10(50)),
                                              static_cast<float>(std::log10(20))}));
}

TEST(Aggregates, RefuseWhatBreaksTheirRules) {
  const auto refusal = [](const std::string& aggregate, double q, int ddof) {
    TargetSpec spec = target("t", aggregate, "", Every::day);
    spec.quantile = q;
    spec.ddof = ddof;
    try {
      const TargetPlan plan(rows_schema(), 0, {spec}, {}, 0);
    } catch (const ArgumentError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(refusal("quantile(amount, 1)", 1, 1), "accepted");
  EXPECT_EQ(refusal("quantile(amount, 1)", 1.5, 1),
            "target \"t\": quantile must be 0 to 1, got 1.500000");
  EXPECT_EQ(refusal("median(amount)", std::nan(""), 1),
            "target \"t\": quantile must be 0 to 1, got nan");
  EXPECT_EQ(refusal("std(amount)", 0.5, 2), "target \"t\": ddof must be 0 or 1, got 2");
  TargetSpec spec = target("t", "any()", "", Every::day);
  spec.aggregate = AggregateKind::nunique;
  EXPECT_THROW(TargetPlan(rows_schema(), 0, {spec}, {}, 0), ArgumentError);
}

TEST(Aggregates, OfTextsAreRefusedButTheirNumber) {
  const Schema schema{{{"time", {.kind = Kind::time, .zone = ""}},
                       {"word", {.kind = Kind::text, .zone = ""}}}};
  TargetSpec spec;
  spec.name = "t";
  spec.boundary = every(Every::day);
  spec.value = compile("word", schema, {});
  spec.aggregate = AggregateKind::last;
  EXPECT_THROW(TargetPlan(schema, 0, {spec}, {}, 0), ArgumentError);
  spec.aggregate = AggregateKind::nunique;
  EXPECT_NO_THROW(TargetPlan(schema, 0, {spec}, {}, 0));
}

constexpr const char* kEveryAggregate[] = {
    "count()",      "sum(amount)",      "mean(amount)",    "min(amount)",
    "max(amount)",  "std(amount)",      "var(amount)",     "median(amount)",
    "nunique(mcc)", "first(amount)",    "nunique(amount)", "last(amount)",
    "any()",        "days_since_last()"};

/// One row each `hours`.
Rows even_rows(Index count, std::int64_t hours) {
  Rows rows;
  for (Index r = 0; r < count; ++r) {
    rows.time.push_back(r * hours * kHourUs);
    rows.amount.push_back(static_cast<double>(r * 7919 % 1009) / 8);
    rows.mcc.push_back(static_cast<std::int32_t>(r * 31 % 10'000));
  }
  return rows;
}

TEST(TargetScratch, HoldsAtMostWhatIsPromisedForOneTarget) {
  constexpr Index kRows = 4096;
  const Rows rows = even_rows(kRows, 5);
  const Chunk chunk = rows.chunk();
  for (const Every unit : {Every::day, Every::week, Every::month, Every::sequence}) {
    for (const char* aggregate : kEveryAggregate) {
      LookWindow window;
      if (unit != Every::sequence) window = back(7);
      const TargetPlan plan(rows_schema(), 0,
                            {target("t", aggregate, "mcc < 9000", unit, window)}, {},
                            0);
      TargetScratch scratch;
      SequenceTargets out;
      compute_targets(plan, {0, &chunk, 0, kRows}, kRows, scratch, out);
      const auto intervals = static_cast<Index>(out.value[0].size());
      EXPECT_LE(scratch.bytes(), 48 * kRows + 40 * intervals)
          << aggregate << " by " << to_string(every(unit));
    }
  }
}

/// Rows, targets and what of them the working memory may hold.
struct Work {
  Index rows = 0;
  std::vector<TargetSpec> targets;
  Index pairs = 0;  // of filter and value
};

/// Computes on a ledger and returns what it was told.
Index charged(const Work& work, std::int64_t hours, Index& intervals) {
  const Rows rows = even_rows(work.rows, hours);
  const Chunk chunk = rows.chunk();
  const TargetPlan plan(rows_schema(), 0, work.targets, {}, 0);
  const auto ledger = std::make_shared<Ledger>(Index{1} << 40);
  SequenceTargets out;
  Index bytes = 0;
  {
    TargetScratch scratch(ledger);
    compute_targets(plan, {0, &chunk, 0, work.rows}, work.rows, scratch, out);
    bytes = ledger->used(Account::build);
    EXPECT_EQ(bytes, scratch.bytes());
    compute_targets(plan, {0, &chunk, 0, 10}, 10, scratch, out);
    EXPECT_EQ(ledger->used(Account::build), bytes);
    compute_targets(plan, {0, &chunk, 0, work.rows}, work.rows, scratch, out);
    EXPECT_EQ(ledger->used(Account::build), bytes) << "the same work needs no more";
  }
  EXPECT_EQ(ledger->used(), 0);
  intervals = 0;
  for (const auto& set : out.sets) {
    intervals = std::max(intervals, static_cast<Index>(set.ends.size()));
  }
  return bytes;
}

TEST(TargetScratch, OfAllKindsOnOnePairIsOnTheLedgerAndWithinTheBound) {
  Work work{6000, {}, 0};
  for (const char* aggregate : kEveryAggregate) {
    work.targets.push_back(
        target(aggregate, aggregate, "mcc < 9000", Every::day, back(7)));
  }
  work.pairs = 3;  // the filter with amount, with mcc, alone
  for (const std::int64_t hours : {2, 5, 8}) {
    Index intervals = 0;
    const Index bytes = charged(work, hours, intervals);
    EXPECT_LE(bytes, 48 * work.rows + 40 * intervals * work.pairs) << hours;
  }
}

TEST(TargetScratch, OfManyTargetsIsOnTheLedgerAndWithinTheBound) {
  Work work{6000, {}, 0};
  for (int n = 0; n < 20; ++n) {
    const char* aggregate = kEveryAggregate[n % 5];
    const Every unit = n % 3 == 0   ? Every::day
                       : n % 3 == 1 ? Every::week
                                    : Every::month;
    const std::string where = "mcc in (" + std::to_string(31 * n) + ", 5, 62)";
    work.targets.push_back(target("t" + std::to_string(n), aggregate, where.c_str(),
                                  unit, back(n % 2 == 0 ? 7 : 30)));
  }
  work.pairs = 20;
  for (const std::int64_t hours : {2, 8, 24, 50}) {
    Index intervals = 0;
    const Index bytes = charged(work, hours, intervals);
    EXPECT_LE(bytes, 48 * work.rows + 40 * intervals * work.pairs) << hours;
  }
}

}  // namespace
}  // namespace lade
