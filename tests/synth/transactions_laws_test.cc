// SPDX-License-Identifier: Apache-2.0
// Made rows against the laws they promise, with fixed seeds. A chance of 1e-6 to fail
// would be the bound of each check for a fresh seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>

#include "lade/core/random.h"
#include "lade/synth/alias_table.h"
#include "tests/synth/rows.h"

namespace lade {
namespace {

using testing::Rows;
using testing::rows_of;

constexpr double kDeviations = 4.9;  // two-sided, 1e-6

/// Largest chi-square of probability 1e-6.  Source: Wilson and Hilferty 1931.
double chi_square_limit(double freedom) {
  const double d = 2 / (9 * freedom);
  return freedom * std::pow(1 - d + 4.753 * std::sqrt(d), 3);
}

double chi_square(const std::vector<double>& seen,
                  const std::vector<double>& expected) {
  double sum = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    sum += (seen[i] - expected[i]) * (seen[i] - expected[i]) / expected[i];
  }
  return sum;
}

/// Counts of low..high against equal shares.
void expect_uniform(const std::vector<Index>& drawn, Index low, Index high) {
  std::vector<double> seen(static_cast<std::size_t>(high - low + 1));
  for (const Index value : drawn) {
    ASSERT_GE(value, low);
    ASSERT_LE(value, high);
    ++seen[static_cast<std::size_t>(value - low)];
  }
  const double share =
      static_cast<double>(drawn.size()) / static_cast<double>(seen.size());
  EXPECT_LT(chi_square(seen, std::vector<double>(seen.size(), share)),
            chi_square_limit(static_cast<double>(seen.size() - 1)));
}

double normal_below(double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }

/// Kolmogorov and Smirnov: the largest distance of the law from what was seen is below
/// the one of probability 1e-6.
void expect_law(std::vector<double> x, const std::function<double(double)>& below) {
  std::sort(x.begin(), x.end());
  const auto n = static_cast<double>(x.size());
  double most = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double p = below(x[i]);
    most = std::max(
        {most, p - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - p});
  }
  EXPECT_LT(most, std::sqrt(std::log(2 / 1e-6) / (2 * n)));
}

struct Moments {
  double mean, variance;
};
Moments moments_of(const std::vector<double>& x) {
  const auto n = static_cast<double>(x.size());
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
  double squares = 0;
  for (const double value : x) squares += (value - mean) * (value - mean);
  return {mean, squares / n};
}

TransactionsSpec of_one_law(const AmountLaw& law) {
  TransactionsSpec spec;
  spec.users = 50;
  spec.seed = 11;
  spec.amount = law;
  spec.cents = false;
  return spec;
}

TEST(Laws, CountsOfEventsAreUniformOnTheClosedRange) {
  TransactionsSpec spec;
  spec.events = {5, 16};
  spec.seed = 11;
  std::vector<Index> events;
  for (Index user = 0; user < 20'000; ++user) events.push_back(events_of(spec, user));
  expect_uniform(events, 5, 16);
}

TEST(Laws, PlantedCountsAreUniformOnTheClosedRange) {
  TransactionsSpec spec;
  spec.seed = 11;
  spec.users = 20'000;
  spec.planted = {{.mcc = 1, .count = ClosedRange{0, 4}}};
  std::vector<Index> counts;
  for (Index user = 0; user < spec.users; ++user)
    counts.push_back(events_of(spec, user));
  expect_uniform(counts, 0, 4);
}

TEST(Laws, RowsOfADayAreUniformOnTheClosedRange) {
  TransactionsSpec spec;
  spec.users = 50;
  spec.seed = 11;
  spec.per_day = {1, 3};
  std::vector<Index> counts;
  const Rows rows = rows_of(spec);
  std::map<std::pair<std::int64_t, std::int32_t>, Index> days;
  std::map<std::int64_t, std::int32_t> oldest;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    ++days[{rows.user_id[r], rows.days_before_end[r]}];
    oldest.emplace(rows.user_id[r], rows.days_before_end[r]);
  }
  for (const auto& [day, count] : days) {
    if (day.second != oldest[day.first]) counts.push_back(count);
  }
  ASSERT_GT(counts.size(), 90'000U);
  expect_uniform(counts, 1, 3);
}

TEST(Laws, TimesOfDayFollowTheHours) {
  TransactionsSpec spec;
  spec.users = 50;
  spec.seed = 11;
  spec.hours.assign(24, 0);
  spec.hours[3] = 1;
  spec.hours[9] = 0.5;
  spec.hours[22] = 2.5;
  const Rows rows = rows_of(spec);
  std::vector<double> seen(24);
  std::vector<Index> minutes;
  for (const std::int64_t time : rows.time) {
    const std::int64_t second = time / 1'000'000 % 86'400;
    ++seen[static_cast<std::size_t>(second / 3600)];
    minutes.push_back(second % 3600);
  }
  const auto n = static_cast<double>(rows.size());
  EXPECT_EQ(seen[3] + seen[9] + seen[22], n);
  EXPECT_LT(chi_square({seen[3], seen[9], seen[22]}, {n / 4, n / 8, n * 5 / 8}),
            chi_square_limit(2));
  expect_uniform(minutes, 0, 3599);
}

TEST(Laws, DefaultHoursAreLowAtNightWithTwoPeaks) {
  const std::vector<double> hours = default_hours();
  ASSERT_EQ(hours.size(), 24U);
  const double night = *std::max_element(hours.begin(), hours.begin() + 6);
  for (int hour = 7; hour < 21; ++hour) {
    EXPECT_GT(hours[static_cast<std::size_t>(hour)], 2 * night);
  }
  int peaks = 0;
  for (std::size_t hour = 8; hour < 23; ++hour) {
    peaks += hours[hour] >= 10 && hours[hour] > hours[hour - 1] &&
                     hours[hour] > hours[hour + 1]
                 ? 1
                 : 0;
  }
  EXPECT_EQ(peaks, 2);
  TransactionsSpec spec;
  spec.users = 50;
  std::vector<double> seen(24);
  const Rows rows = rows_of(spec);
  for (const std::int64_t time : rows.time) {
    ++seen[static_cast<std::size_t>(time / 3'600'000'000 % 24)];
  }
  std::vector<double> expected = hours;
  const double sum = std::accumulate(hours.begin(), hours.end(), 0.0);
  for (double& share : expected) share *= static_cast<double>(rows.size()) / sum;
  EXPECT_LT(chi_square(seen, expected), chi_square_limit(23));
}

TEST(Laws, CodesAreUniform) {
  TransactionsSpec spec;
  spec.users = 50;
  spec.seed = 11;
  const Rows rows = rows_of(spec);
  std::map<std::pair<int, int>, double> pairs;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    ++pairs[{rows.type[r], rows.country[r]}];
    ASSERT_EQ(rows.currency[r], 110);
  }
  std::vector<double> seen;
  for (const int type : {1, 3, 4, 7, 9}) {
    for (const int country : {15, 217}) seen.push_back(pairs[{type, country}]);
  }
  const auto n = static_cast<double>(rows.size());
  EXPECT_EQ(std::accumulate(seen.begin(), seen.end(), 0.0), n);
  EXPECT_LT(chi_square(seen, std::vector<double>(10, n / 10)), chi_square_limit(9));
}

TEST(Laws, NormalAmountsAreNormal) {
  const Rows rows = rows_of(of_one_law({AmountKind::normal, 5, 3}));
  const auto n = static_cast<double>(rows.size());
  const Moments moments = moments_of(rows.amount);
  EXPECT_NEAR(moments.mean, 5, kDeviations * 3 / std::sqrt(n));
  EXPECT_NEAR(moments.variance, 9, kDeviations * 9 * std::sqrt(2 / n));
  expect_law(rows.amount, [](double x) { return normal_below((x - 5) / 3); });
}

TEST(Laws, LognormalAmountsAreLognormal) {
  const Rows rows = rows_of(of_one_law({AmountKind::lognormal, 2, 0.5}));
  const auto n = static_cast<double>(rows.size());
  const double mean = std::exp(2 + 0.125);
  const double variance = (std::exp(0.25) - 1) * mean * mean;
  EXPECT_NEAR(moments_of(rows.amount).mean, mean,
              kDeviations * std::sqrt(variance / n));
  expect_law(rows.amount,
             [](double x) { return normal_below((std::log(x) - 2) / 0.5); });
}

TEST(Laws, UniformAmountsAreUniform) {
  const Rows rows = rows_of(of_one_law({AmountKind::uniform, -2, 6}));
  const auto n = static_cast<double>(rows.size());
  EXPECT_NEAR(moments_of(rows.amount).mean, 2, kDeviations * 8 / std::sqrt(12 * n));
  expect_law(rows.amount, [](double x) { return (x + 2) / 8; });
}

TEST(Laws, ASignTurnsAmounts) {
  const AmountLaw law{AmountKind::lognormal, 2, 0.5};
  AmountLaw turned = law;
  turned.negative = true;
  const Rows plus = rows_of(of_one_law(law));
  const Rows minus = rows_of(of_one_law(turned));
  for (std::size_t r = 0; r < plus.size(); ++r) {
    ASSERT_EQ(minus.amount[r], -plus.amount[r]);
  }
}

TEST(Laws, AmountsAreRoundedToCentsHalfToEven) {
  TransactionsSpec spec = of_one_law({AmountKind::normal, 0, 0.5});
  const Rows plain = rows_of(spec);
  spec.cents = true;
  const Rows cents = rows_of(spec);
  for (std::size_t r = 0; r < plain.size(); ++r) {
    ASSERT_EQ(cents.amount[r], std::nearbyint(plain.amount[r] * 100) / 100);
    ASSERT_FALSE(cents.amount[r] == 0 && std::signbit(cents.amount[r]));
  }
  spec.amount = AmountLaw{AmountKind::constant, 0.125};
  EXPECT_EQ(rows_of(spec).amount[0], 0.12);
  spec.amount = AmountLaw{AmountKind::constant, -0.375};
  EXPECT_EQ(rows_of(spec).amount[0], -0.38);
  spec.amount = AmountLaw{AmountKind::constant, 1e300};
  EXPECT_EQ(rows_of(spec).amount[0], 1e300);
}

/// Mean share of each category over users, against E[w E / sum w E] by numbers of our
/// own; and how much users differ.
TEST(Laws, CategoriesOfTheMixtureFollowTheirWeights) {
  TransactionsSpec spec;
  spec.users = 2'000;
  spec.events = {200, 200};
  spec.mccs = 5;
  spec.seed = 11;
  const Rows rows = rows_of(spec);
  std::vector<double> share(5);
  std::vector<double> first(2'000);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    share[static_cast<std::size_t>(rows.mcc[r])] += 1.0 / 200 / 2'000;
    if (rows.mcc[r] == 0) first[static_cast<std::size_t>(rows.user_id[r])] += 1.0 / 200;
  }
  std::vector<double> expected(5);
  std::vector<double> first_expected;
  std::uint64_t i = 0;
  for (int user = 0; user < 100'000; ++user) {
    double weight[5];
    double sum = 0;
    for (int c = 0; c < 5; ++c) {
      weight[c] =
          std::pow(c + 1, -1.1) * -std::log1p(-random::unit(random::draw(1, i++)));
      sum += weight[c];
    }
    for (std::size_t c = 0; c < 5; ++c) expected[c] += weight[c] / sum / 100'000;
    first_expected.push_back(weight[0] / sum);
  }
  for (std::size_t c = 0; c < 5; ++c) {
    // Shares of a user have a deviation below 0.3.
    EXPECT_NEAR(share[c], expected[c], kDeviations * 0.3 * (1 / std::sqrt(2'000.0)))
        << c;
  }
  const double own = moments_of(first_expected).variance;
  EXPECT_NEAR(moments_of(first).variance, own, 0.2 * own) << "users differ";
}

TEST(Laws, SharesOfPlantedEntriesAreIndependentRows) {
  TransactionsSpec spec;
  spec.users = 50;
  spec.seed = 11;
  spec.planted = {{.mcc = 10, .p = 0.1}, {.mcc = 20, .p = 0.6}, {.mcc = 30, .p = 0.3}};
  const Rows rows = rows_of(spec);
  std::vector<double> seen(3);
  std::vector<double> after(3);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto c = static_cast<std::size_t>(rows.mcc[r] / 10 - 1);
    ++seen[c];
    if (r > 0 && rows.mcc[r - 1] == 10) ++after[c];
  }
  const auto n = static_cast<double>(rows.size());
  EXPECT_LT(chi_square(seen, {n * 0.1, n * 0.6, n * 0.3}), chi_square_limit(2));
  const double m = after[0] + after[1] + after[2];
  EXPECT_LT(chi_square(after, {m * 0.1, m * 0.6, m * 0.3}), chi_square_limit(2));
}

TEST(Laws, PlantedRowsLieInEveryOrderEquallyOften) {
  TransactionsSpec spec;
  spec.users = 6'000;
  spec.events = {4, 4};
  spec.seed = 11;
  for (int c = 0; c < 4; ++c)
    spec.planted.push_back({.mcc = c, .count = ClosedRange{1, 1}});
  const Rows rows = rows_of(spec);
  std::map<std::vector<int>, double> orders;
  for (std::size_t r = 0; r < rows.size(); r += 4) {
    ++orders[{rows.mcc[r], rows.mcc[r + 1], rows.mcc[r + 2], rows.mcc[r + 3]}];
  }
  std::vector<double> seen;
  for (const auto& [order, count] : orders) seen.push_back(count);
  ASSERT_EQ(seen.size(), 24U);
  EXPECT_LT(chi_square(seen, std::vector<double>(24, 6'000.0 / 24)),
            chi_square_limit(23));
}

TEST(Laws, ExtraColumnsAreUniformAndDiffer) {
  TransactionsSpec spec;
  spec.users = 10;
  spec.extra = 2;
  spec.seed = 11;
  const RecordBatch batch = transactions(spec, 0, 10);
  std::vector<double> x[2];
  for (int c = 0; c < 2; ++c) {
    for (const float v :
         testing::values<arrow::FloatArray>(batch, "x" + std::to_string(c))) {
      ASSERT_GE(v, 0.0F);
      ASSERT_LT(v, 1.0F);
      ASSERT_EQ(std::floor(v * 0x1p24F), v * 0x1p24F);
      x[c].push_back(static_cast<double>(v));
    }
    expect_law(x[c], [](double v) { return v; });
  }
  double product = 0;
  const auto n = static_cast<double>(x[0].size());
  for (std::size_t r = 0; r < x[0].size(); ++r)
    product += (x[0][r] - .5) * (x[1][r] - .5);
  EXPECT_NEAR(product / n, 0, kDeviations / 12 / std::sqrt(n));
}

TEST(Laws, CategoriesHaveAmountLawsOfTheirOwnFromTheSeed) {
  TransactionsSpec spec;
  spec.users = 200;
  spec.mccs = 3;
  spec.cents = false;
  spec.seed = 11;
  const Rows rows = rows_of(spec);
  const std::uint64_t k = random::key(11, 0, 40, -1, 9);
  std::map<std::int32_t, std::vector<double>> logs;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    logs[rows.mcc[r]].push_back(std::log(rows.amount[r]));
  }
  ASSERT_EQ(logs.size(), 3U);
  for (const auto& [mcc, values] : logs) {
    const auto c = static_cast<std::uint64_t>(mcc);
    const double mu = 1.5 + 4 * random::unit(random::draw(k, 2 * c));
    const double sigma = 0.4 + 0.6 * random::unit(random::draw(k, 2 * c + 1));
    expect_law(values, [&](double x) { return normal_below((x - mu) / sigma); });
  }
}

TEST(AliasTable, PicksByWeight) {
  const std::vector<std::vector<double>> laws = {
      {1}, {1, 1}, {0, 3, 0, 1}, {1e-9, 1, 1e9}, {5, 4, 3, 2, 1, 0.5, 0.25}};
  AliasTable table;
  for (const auto& weights : laws) {
    table.assign(weights);
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    std::vector<double> seen(weights.size());
    constexpr int kDraws = 200'000;
    for (std::uint64_t i = 0; i < kDraws; ++i) {
      ++seen[static_cast<std::size_t>(table.pick(random::draw(5, i)))];
    }
    for (std::size_t c = 0; c < weights.size(); ++c) {
      const double p = weights[c] / sum;
      EXPECT_NEAR(seen[c], kDraws * p,
                  kDeviations * std::sqrt(kDraws * p * (1 - p)) + 1e-3);
    }
  }
}

TEST(AliasTable, NeverPicksAWeightOfZero) {
  std::vector<double> weights(1'000, 0.0);
  for (std::size_t c = 0; c < weights.size(); c += 3)
    weights[c] = 0.1 * static_cast<double>(c % 7 + 1);
  AliasTable table;
  table.assign(weights);
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    ASSERT_GT(weights[static_cast<std::size_t>(table.pick(random::draw(5, i)))], 0);
  }
  EXPECT_EQ(table.pick(~std::uint64_t{0}) % 3, 0);
  EXPECT_EQ(table.pick(0) % 3, 0);
}

}  // namespace
}  // namespace lade
