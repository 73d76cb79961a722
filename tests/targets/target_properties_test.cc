// SPDX-License-Identifier: Apache-2.0
// What holds for all users, units, aggregates and windows.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "rows.h"

namespace lade {
namespace {

using namespace lade::testing;  // NOLINT: the words of a recipe
using By = LookWindow::By;
using Direction = LookWindow::Direction;

const char* const kWhere = "mcc < 60";

/// Ties, gaps of hours to years, times before 1970, values that cancel, missing ones.
Rows random_rows(std::mt19937_64& random, std::size_t rows) {
  Rows out;
  std::int64_t t =
      static_cast<std::int64_t>(random() % 40'000) * kDayUs - 20'000 * kDayUs;
  for (std::size_t r = 0; r < rows; ++r) {
    const std::int64_t scales[] = {0,           1,          kHourUs / 3,
                                   9 * kHourUs, 3 * kDayUs, 90 * kDayUs};
    t += static_cast<std::int64_t>(random() % 1000) * scales[random() % 6] / 500;
    out.time.push_back(t);
    const double size = std::pow(10.0, static_cast<double>(random() % 9) - 3.0);
    const double amount = (static_cast<double>(random() % 2001) - 1000.0) * size;
    out.amount.push_back(random() % 16 == 0 ? std::nan("") : amount);
    if (r > 0 && random() % 5 == 0) out.amount.back() = out.amount[random() % r];
    out.mcc.push_back(static_cast<std::int32_t>(random() % 100));
    if (r % 8 == 0) out.amount_validity.push_back(0xFF);
    if (random() % 16 == 0) {
      out.amount_validity.back() &= static_cast<std::uint8_t>(~(1U << (r % 8)));
    }
  }
  return out;
}

std::vector<LookWindow> windows_of(Every unit) {
  if (unit == Every::sequence) return {LookWindow{}};
  if (unit == Every::event) {
    return {back(1),
            back(4),
            back(1000),
            back_all(),
            back_duration(1),
            back_duration(30 * kHourUs),
            within(Every::day),
            within(Every::day, 1),
            within(Every::month, 2),
            within(Every::hour),
            ahead(1),
            ahead(5),
            ahead_duration(30 * kHourUs)};
  }
  return {back(1),
          back(2),
          back(7),
          back(30, 3),
          back(1, 1),
          present(1),
          present(4),
          present(3, 2),
          back_all(),
          back_all(2),
          back_duration(30 * kHourUs),
          back_duration(40 * kDayUs, kDayUs),
          ahead(1),
          ahead(6),
          ahead(2, 1),
          ahead_duration(50 * kHourUs, kHourUs)};
}

constexpr Every kUnits[] = {Every::event, Every::minute,  Every::hour,    Every::day,
                            Every::week,  Every::month,   Every::quarter, Every::year,
                            Every::fixed, Every::sequence};

std::vector<TargetSpec> all_targets(const std::vector<std::string>& aggregates,
                                    const std::shared_ptr<const Zone>& zone = nullptr) {
  std::vector<TargetSpec> specs;
  for (const Every unit : kUnits) {
    for (const LookWindow& window : windows_of(unit)) {
      for (const std::string& aggregate : aggregates) {
        specs.push_back(target("t" + std::to_string(specs.size()), aggregate,
                               specs.size() % 4 == 3 ? "" : kWhere, unit, window));
        specs.back().boundary.zone = zone;
        if (specs.back().window.within) specs.back().window.within->zone = zone;
        if (specs.size() % 3 == 0 && window.direction == Direction::back) {
          specs.back().warmup = Warmup::invalid;
        }
      }
    }
  }
  return specs;
}

std::int64_t reference_key(const Boundary& boundary, std::int64_t time) {
  const std::int64_t offset = boundary.zone ? boundary.zone->at(0).offset : 0;
  const std::int64_t local = time + offset * 1'000'000;
  const std::int64_t day = floor_div(local, kDayUs);
  const Date date = to_date(day);
  switch (boundary.every) {
    case Every::minute:
      return floor_div(local, kHourUs / 60);
    case Every::hour:
      return floor_div(local, kHourUs);
    case Every::day:
      return day;
    case Every::week:
      return floor_div(day + 4 - boundary.week_start, 7);
    case Every::month:
      return 12 * date.year + date.month - 1;
    case Every::quarter:
      return 4 * date.year + (date.month - 1) / 3;
    case Every::year:
      return date.year;
    case Every::fixed:
      return floor_div(local, boundary.width);
    default:
      return 0;
  }
}

/// The definition of a target, read word for word. Row `b` is the last one of its
/// interval.
class Reference {
 public:
  Reference(const TargetSpec& spec, const Rows& rows, std::int64_t observed_until)
      : spec_(spec), rows_(rows), observed_until_(observed_until) {
    if (spec.value) reads_ = spec.value->columns()[0] == 1 ? Reads::amount : Reads::mcc;
    const LookWindow& window = spec.window;
    const Boundary& boundary = window.within ? *window.within : spec.boundary;
    for (const std::int64_t t : rows.time) keys_.push_back(reference_key(boundary, t));
  }

  bool ends_here(std::size_t b) const {
    if (spec_.boundary.every == Every::event) return true;
    return b + 1 == keys_.size() || keys_[b + 1] != keys_[b];
  }
  void check(std::size_t b, float value, bool valid) const;

 private:
  bool looks_at(std::size_t b, std::size_t j) const;
  bool whole(std::size_t b) const;
  std::int64_t end(std::size_t b) const {
    return interval_end(spec_.boundary, keys_[b]);
  }

  enum class Reads : std::uint8_t { nothing, amount, mcc } reads_ = Reads::nothing;
  const TargetSpec& spec_;
  const Rows& rows_;
  std::int64_t observed_until_;
  std::vector<std::int64_t> keys_;
};

bool Reference::looks_at(std::size_t b, std::size_t j) const {
  const LookWindow& w = spec_.window;
  const bool ahead = w.direction == Direction::ahead;
  const std::int64_t t = rows_.time[j];
  if (spec_.boundary.every == Every::sequence) return true;
  if (spec_.boundary.every == Every::event) {
    const std::int64_t now = rows_.time[b];
    if (w.within) return j <= b && keys_[j] == keys_[b] - w.lag;
    if (w.by == By::all) return j <= b;
    if (w.by == By::duration) {
      return ahead ? now < t && t <= now + w.length : j <= b && t > now - w.length;
    }
    const auto apart = static_cast<std::int64_t>(j) - static_cast<std::int64_t>(b);
    return ahead ? apart >= 1 && apart <= w.length : apart <= 0 && apart > -w.length;
  }
  if (w.by == By::duration) {
    const std::int64_t from = ahead ? end(b) + w.lag : end(b) - w.lag - w.length;
    return from <= t && t < from + w.length;
  }
  const std::int64_t k = keys_[b];
  if (ahead) return keys_[j] > k + w.lag && keys_[j] <= k + w.lag + w.length;
  if (w.by == By::all) return keys_[j] <= k - w.lag;
  if (w.by == By::calendar)
    return keys_[j] > k - w.lag - w.length && keys_[j] <= k - w.lag;
  if (j > b) return false;  // present: intervals between the row's and the interval's
  std::int64_t apart = 0;
  for (std::size_t r = j; r < b; ++r) apart += keys_[r] != keys_[r + 1] ? 1 : 0;
  return apart >= w.lag && apart < w.lag + w.length;
}

bool Reference::whole(std::size_t b) const {
  const LookWindow& w = spec_.window;
  const bool event = spec_.boundary.every == Every::event;
  const std::int64_t now = rows_.time[b];
  if (w.direction == Direction::ahead) {
    if (event && w.by == By::duration) return now + w.length + 1 <= observed_until_;
    if (event) return static_cast<std::int64_t>(b) + w.length < rows_.size();
    if (w.by == By::duration) return end(b) + w.lag + w.length <= observed_until_;
    return interval_end(spec_.boundary, keys_[b] + w.lag + w.length) <= observed_until_;
  }
  if (spec_.warmup == Warmup::partial || w.by == By::all) return true;
  if (spec_.boundary.every == Every::sequence) return true;
  if (w.within) return keys_[b] - w.lag >= keys_[0];
  if (w.by == By::duration) {
    return event
               ? now - w.length + 1 >= rows_.time[0]
               : end(b) - w.lag - w.length >= interval_begin(spec_.boundary, keys_[0]);
  }
  std::int64_t number = keys_[b] - keys_[0];
  if (event) number = static_cast<std::int64_t>(b);
  if (w.by == By::present) {
    number = 0;
    for (std::size_t r = 0; r < b; ++r) number += keys_[r] != keys_[r + 1] ? 1 : 0;
  }
  return number - w.lag - w.length + 1 >= 0;
}

/// What a window holds, and the aggregate of it, by the definition.
struct Expected {
  double value = 0;
  double tolerance = 0;  // beside the rounding to f32
  bool valid = true;
};

Expected sum_of(const std::vector<double>& x, double over) {
  long double sum = 0;
  double magnitude = 0;
  for (const double value : x) {
    sum += static_cast<long double>(value);
    magnitude += std::fabs(value);
  }
  // One f64 rounding an addition.
  return {static_cast<double>(sum / static_cast<long double>(over)),
          static_cast<double>(x.size()) * std::ldexp(magnitude / over, -52)};
}

Expected spread_of(const std::vector<double>& x, const TargetSpec& spec) {
  const auto n = static_cast<double>(x.size());
  if (n < spec.ddof + 1) return {0, 0, false};
  long double mean = 0;
  long double squares = 0;
  double largest = 0;
  for (const double value : x) {
    mean += static_cast<long double>(value) / static_cast<long double>(n);
    largest = std::max(largest, std::fabs(value));
  }
  for (const double value : x) {
    const long double apart = static_cast<long double>(value) - mean;
    squares += apart * apart;
  }
  const double over = n - spec.ddof;
  const double variance = static_cast<double>(squares) / over;
  // n roundings of means as large as the largest value, each times a distance.
  const double slip = 4 * n * std::ldexp(largest, -52);
  const double error = (2 * std::sqrt(n * static_cast<double>(squares)) * slip +
                        n * slip * slip + std::ldexp(n * variance * over, -50)) /
                       over;
  if (spec.aggregate == AggregateKind::variance) return {variance, error, true};
  return {std::sqrt(variance), std::sqrt(variance + error) - std::sqrt(variance), true};
}

Expected quantile_of(std::vector<double> x, double q) {
  std::sort(x.begin(), x.end());
  const double place = static_cast<double>(x.size() - 1) * q;
  const auto below = static_cast<std::size_t>(place);
  const double part = place - static_cast<double>(below);
  if (part == 0) return {x[below], 0, true};
  const double low = x[below];
  const double high = x[below + 1];
  const double reach = std::fabs(low) + std::fabs(high);
  return {low * (1 - part) + high * part, std::ldexp(reach, -51), true};
}

/// `x` are the values of the selected rows, `rows` those themselves, in their order.
Expected aggregate_of(const TargetSpec& spec, const std::vector<double>& x,
                      const std::vector<std::int64_t>& times, std::int64_t now) {
  const auto n = static_cast<double>(times.size());
  if (times.empty()) return {0, 0, is_total(spec.aggregate)};
  switch (spec.aggregate) {
    case AggregateKind::count:
      return {n, 0, true};
    case AggregateKind::sum:
      return sum_of(x, 1);
    case AggregateKind::mean:
      return sum_of(x, n);
    case AggregateKind::min:
      return {*std::min_element(x.begin(), x.end()), 0, true};
    case AggregateKind::max:
      return {*std::max_element(x.begin(), x.end()), 0, true};
    case AggregateKind::variance:
    case AggregateKind::deviation:
      return spread_of(x, spec);
    case AggregateKind::quantile:
      return quantile_of(x, spec.quantile);
    case AggregateKind::nunique:
      return {static_cast<double>(std::set<double>(x.begin(), x.end()).size()), 0,
              true};
    case AggregateKind::any:
      return {1, 0, true};
    case AggregateKind::first:
      return {x.front(), 0, true};
    case AggregateKind::last:
      return {x.back(), 0, true};
    case AggregateKind::days_since_last:
      return {static_cast<double>(now - times.back()) / static_cast<double>(kDayUs), 0,
              true};
  }
  return {};
}

void Reference::check(std::size_t b, float value, bool valid) const {
  std::vector<double> values;
  std::vector<std::int64_t> times;
  for (std::size_t j = 0; j < rows_.time.size(); ++j) {
    if (spec_.where && rows_.mcc[j] >= 60) continue;
    if (!looks_at(b, j)) continue;
    const bool null = !rows_.amount_validity.empty() &&
                      (rows_.amount_validity[j / 8] >> (j % 8) & 1) == 0;
    if (reads_ != Reads::nothing) {
      const bool amount = reads_ == Reads::amount;
      if (amount && (null || std::isnan(rows_.amount[j]))) continue;
      values.push_back(amount ? rows_.amount[j] : rows_.mcc[j]);
    }
    times.push_back(rows_.time[j]);
  }
  const Expected expected = aggregate_of(spec_, values, times, rows_.time[b]);
  ASSERT_EQ(valid, whole(b) && expected.valid);
  if (!valid || times.empty()) {
    ASSERT_EQ(value, 0.0F);
    return;
  }
  if (expected.tolerance == 0) {
    ASSERT_EQ(value, static_cast<float>(expected.value));
    return;
  }
  // One rounding to f32; half of the smallest f32 where it would be smaller.
  const double rounding =
      std::max(std::ldexp(std::fabs(expected.value), -24), 0x1p-150);
  ASSERT_LE(std::fabs(static_cast<double>(value) - expected.value),
            rounding + expected.tolerance * (1 + 0x1p-23));
}

const std::vector<std::string> kCombined{"count()", "sum(amount)", "mean(amount)",
                                         "min(amount)", "max(amount)"};
const std::vector<std::string> kOfRows{
    "std(amount)",     "var(amount)",           "std(amount, ddof = 0)",
    "median(amount)",  "quantile(amount, 0.1)", "quantile(amount, 1)",
    "nunique(amount)", "nunique(mcc)",          "any()",
    "first(amount)",   "last(amount)",          "days_since_last()"};

/// All units and windows; users of 0 to 300 rows.
void expect_reference(const std::vector<std::string>& aggregates, unsigned seed) {
  std::mt19937_64 random(seed);
  for (const std::size_t size : {0, 1, 2, 3, 9, 30, 31, 80, 300}) {
    const auto zone = size % 2 == 0 ? nullptr : Zone::find("-03:30");
    const auto specs = all_targets(aggregates, zone);
    const Rows rows = random_rows(random, size);
    const TargetPlan plan(rows_schema(), 0, specs, {}, observed(rows));
    const SequenceTargets out = run(plan, rows);
    for (std::size_t t = 0; t < specs.size(); ++t) {
      SCOPED_TRACE(to_string(specs[t].boundary) + " " +
                   aggregates[t % aggregates.size()] + ", target " + std::to_string(t) +
                   ", rows " + std::to_string(size));
      const Reference reference(specs[t], rows, observed(rows));
      std::size_t i = 0;
      for (std::size_t b = 0; b < size; ++b) {
        if (!reference.ends_here(b)) continue;
        ASSERT_LT(i, out.value[t].size());
        // The reference is quadratic: of many rows each target has a third checked.
        if (size < 50 || (b + t) % 3 == 0) {
          reference.check(b, out.value[t][i], out.valid[t][i] != 0);
        }
        if (::testing::Test::HasFatalFailure()) FAIL() << "row " << b;
        ++i;
      }
      ASSERT_EQ(i, out.value[t].size());
    }
  }
}

TEST(ComputeTargets, MatchesReferenceOfJoinedAggregatesForAllUnitsAndWindows) {
  expect_reference(kCombined, 20);
}

TEST(ComputeTargets, MatchesReferenceOfSpreadOrderAndPlacesForAllUnitsAndWindows) {
  expect_reference(kOfRows, 27);
}

/// Intervals of each target's set, and where it lies.
const SequenceTargets::Set& set_of(const TargetPlan& plan, const SequenceTargets& out,
                                   std::size_t target) {
  for (std::size_t s = 0; s < plan.sets().size(); ++s) {
    const auto& targets = plan.sets()[s].targets;
    if (std::find(targets.begin(), targets.end(), static_cast<Index>(target)) !=
        targets.end()) {
      return out.sets[s];
    }
  }
  return out.sets.at(0);
}

/// One of each way to compute.
const std::vector<std::string> kSome{
    "sum(amount)",  "max(amount)",   "std(amount)",      "quantile(amount, 0.3)",
    "nunique(mcc)", "first(amount)", "days_since_last()"};

TEST(ComputeTargets, BackNeverSeesLaterRowsAndAheadNeverEarlierOnes) {
  std::mt19937_64 random(21);
  const auto specs = all_targets(kSome);
  for (int round = 0; round < 12; ++round) {
    const Rows rows = random_rows(random, 1 + random() % 80);
    const TargetPlan plan(rows_schema(), 0, specs, {}, observed(rows));
    const SequenceTargets before = run(plan, rows);
    const std::size_t changed = random() % rows.time.size();
    Rows other = rows;
    other.amount[changed] = 123456.789;
    other.mcc[changed] = other.mcc[changed] < 60 ? 99 : 1;
    const SequenceTargets after = run(plan, other);
    for (std::size_t t = 0; t < specs.size(); ++t) {
      const bool ahead = specs[t].window.direction == Direction::ahead;
      const auto& ends = set_of(plan, before, t).ends;
      for (std::size_t i = 0; i < ends.size(); ++i) {
        const bool later = static_cast<std::size_t>(ends[i]) < changed;
        if (later == ahead) continue;
        ASSERT_EQ(before.value[t][i], after.value[t][i]) << t << " interval " << i;
        ASSERT_EQ(before.valid[t][i], after.valid[t][i]) << t << " interval " << i;
      }
    }
  }
}

TEST(ComputeTargets, HiddenRowsChangeNothingForIntervalsThatEndBefore) {
  std::mt19937_64 random(22);
  const auto specs = all_targets(kSome);
  for (int round = 0; round < 12; ++round) {
    const Rows rows = random_rows(random, 2 + random() % 80);
    const TargetPlan plan(rows_schema(), 0, specs, {}, observed(rows));
    const SequenceTargets whole = run(plan, rows);
    const std::size_t visible = random() % rows.time.size();
    const SequenceTargets part = run(plan, rows, static_cast<Index>(visible));
    for (std::size_t t = 0; t < specs.size(); ++t) {
      const auto& ends = set_of(plan, part, t).ends;
      for (std::size_t i = 0; i < ends.size(); ++i) {
        ASSERT_LT(static_cast<std::size_t>(ends[i]), visible);
        const bool cut = set_of(plan, whole, t).ends[i] != ends[i];
        // An interval that is cut lacks rows; what lies ahead of it stays the same, but
        // not how far from its last row.
        if (cut && specs[t].window.direction == Direction::back) continue;
        if (cut && specs[t].aggregate == AggregateKind::days_since_last) continue;
        ASSERT_EQ(whole.value[t][i], part.value[t][i]) << t << " interval " << i;
        ASSERT_EQ(whole.valid[t][i], part.valid[t][i]) << t << " interval " << i;
      }
    }
  }
}

TEST(ComputeTargets, SameBytesForAnyCompanyOrderAndSharing) {
  std::mt19937_64 random(23);
  std::vector<std::string> aggregates = kSome;
  aggregates.insert(aggregates.end(), {"mean(amount)", "min(amount)", "count()"});
  auto specs = all_targets(aggregates);
  auto twins = specs;
  for (auto& twin : twins) twin.name += "_twin";
  specs.insert(specs.end(), twins.begin(), twins.end());
  const auto reversed = std::vector<TargetSpec>(specs.rbegin(), specs.rend());
  for (int round = 0; round < 3; ++round) {
    const Rows rows = random_rows(random, 20 + random() % 60);
    const std::int64_t until = observed(rows);
    const auto shared = run(TargetPlan(rows_schema(), 0, specs, {}, until), rows);
    const auto unshared =
        run(TargetPlan(rows_schema(), 0, specs, {}, until, Sharing::off), rows);
    const auto turned = run(TargetPlan(rows_schema(), 0, reversed, {}, until), rows);
    ASSERT_EQ(shared.value, unshared.value);
    ASSERT_EQ(shared.valid, unshared.valid);
    for (std::size_t t = 0; t < specs.size(); ++t) {
      ASSERT_EQ(shared.value[t], turned.value[specs.size() - 1 - t]) << t;
    }
    const std::size_t alone = random() % specs.size();
    ASSERT_EQ(
        run(TargetPlan(rows_schema(), 0, {specs[alone]}, {}, until), rows).value[0],
        shared.value[alone]);
  }
}

std::vector<float> one(const Rows& rows, const std::string& aggregate, Every unit,
                       LookWindow window) {
  const TargetPlan plan(rows_schema(), 0,
                        {target("t", aggregate, kWhere, unit, std::move(window))}, {},
                        observed(rows));
  return run(plan, rows).value[0];
}

TEST(ComputeTargets, OneIntervalBackIsTheSamePresentAndAllAtTheLastIsTheSequence) {
  std::mt19937_64 random(24);
  for (int round = 0; round < 12; ++round) {
    const Rows rows = random_rows(random, 1 + random() % 120);
    for (const std::string& aggregate : kSome) {
      SCOPED_TRACE(aggregate);
      const float total = one(rows, aggregate, Every::sequence, {}).at(0);
      for (const Every unit :
           {Every::day, Every::week, Every::month, Every::quarter, Every::year}) {
        ASSERT_EQ(one(rows, aggregate, unit, back(1)),
                  one(rows, aggregate, unit, present(1)));
        ASSERT_EQ(one(rows, aggregate, unit, back_all()).back(), total);
      }
    }
  }
}

TEST(ComputeTargets, EventsThatSeeAllRowsEqualTheRunningValue) {
  std::mt19937_64 random(28);
  for (int round = 0; round < 12; ++round) {
    Rows rows = random_rows(random, 1 + random() % 120);
    // Sums of whole numbers are exact, so their order does not show.
    for (auto& amount : rows.amount) amount = static_cast<double>(random() % 1000);
    for (const std::string& aggregate : kSome) {
      SCOPED_TRACE(aggregate);
      const auto running = one(rows, aggregate, Every::event, back_all());
      ASSERT_EQ(running.size(), rows.time.size());
      for (const std::int64_t k : {rows.size(), rows.size() + 1, Index{1000}}) {
        const auto many = one(rows, aggregate, Every::event, back(k));
        for (std::size_t r = 0; r < running.size(); ++r) {
          const bool spread = aggregate == "std(amount)";
          ASSERT_NEAR(many[r], running[r], spread ? 1e-4 : 0.0) << k;
        }
      }
    }
  }
}

TEST(ComputeTargets, WithinADayAtItsLastRowEqualsTheDay) {
  std::mt19937_64 random(29);
  for (int round = 0; round < 12; ++round) {
    const Rows rows = random_rows(random, 1 + random() % 120);
    for (const std::string& aggregate : kSome) {
      SCOPED_TRACE(aggregate);
      const TargetPlan days(rows_schema(), 0,
                            {target("t", aggregate, kWhere, Every::day)}, {}, 0);
      const SequenceTargets day = run(days, rows);
      const auto so_far = one(rows, aggregate, Every::event, within(Every::day));
      for (std::size_t i = 0; i < day.sets[0].ends.size(); ++i) {
        const auto last = static_cast<std::size_t>(day.sets[0].ends[i]);
        ASSERT_EQ(so_far[last], day.value[0][i]);
      }
    }
  }
}

TEST(ComputeTargets, CalendarEqualsPresentWithoutEmptyIntervals) {
  std::mt19937_64 random(25);
  Rows rows = random_rows(random, 200);
  for (std::size_t r = 0; r < rows.time.size(); ++r) {
    rows.time[r] = static_cast<std::int64_t>(r) * 9 * kHourUs;
  }
  for (const std::string& aggregate : kSome) {
    for (const Every unit : {Every::day, Every::week, Every::month}) {
      for (const std::int64_t length : {1, 2, 7, 30}) {
        ASSERT_EQ(one(rows, aggregate, unit, back(length, 1)),
                  one(rows, aggregate, unit, present(length, 1)))
            << aggregate;
      }
    }
  }
}

TEST(ComputeTargets, MonthsAreTheSumOfTheirDays) {
  std::mt19937_64 random(26);
  Rows rows = random_rows(random, 250);
  for (auto& amount : rows.amount)
    amount = static_cast<double>(random() % 1000);  // exact sums
  const TargetPlan plan(rows_schema(), 0,
                        {target("d", "sum(amount)", kWhere, Every::day),
                         target("m", "sum(amount)", kWhere, Every::month)},
                        {}, 0);
  const SequenceTargets out = run(plan, rows);
  std::size_t day = 0;
  for (std::size_t month = 0; month < out.value[1].size(); ++month) {
    float sum = 0;
    for (;
         day < out.value[0].size() && out.sets[0].ends[day] <= out.sets[1].ends[month];
         ++day) {
      sum += out.value[0][day];
    }
    ASSERT_EQ(sum, out.value[1][month]);
  }
  ASSERT_EQ(day, out.value[0].size());
}

}  // namespace
}  // namespace lade
