// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "lade/core/error.h"
#include "lade/targets/compute.h"

namespace lade {
namespace {

using Times = std::vector<std::int64_t>;
constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kDayUs = 86'400'000'000;

struct Runs {
  std::vector<std::int32_t> ends;
  std::vector<std::int64_t> keys;
  bool operator==(const Runs&) const = default;
};

Runs cut(const Times& time, const Boundary& boundary) {
  Runs runs;
  runs.ends.resize(time.size());
  runs.keys.resize(time.size());
  const auto count =
      static_cast<std::size_t>(interval_ends(time, boundary, runs.ends, runs.keys));
  runs.ends.resize(count);
  runs.keys.resize(count);
  return runs;
}

Boundary of(Every every, TimeUnit unit = TimeUnit::s) {
  return {.every = every, .unit = unit};
}

std::int64_t key_of(const Boundary& boundary, std::int64_t time) {
  return cut({time}, boundary).keys.at(0);
}

std::int64_t second_of(Date date, int hour = 0, int minute = 0) {
  return to_day(date) * kDay + hour * 3600 + minute * 60;
}

TEST(IntervalEnds, GivesThePrintedKeys) {
  const Boundary week = of(Every::week);
  EXPECT_EQ(cut({second_of({2019, 12, 30}), second_of({2019, 12, 31}),
                 second_of({2020, 1, 1})},
                week),
            (Runs{{2}, {2609}}));
  EXPECT_EQ(
      cut({second_of({1969, 12, 29}), second_of({1970, 1, 1}), second_of({1970, 1, 5})},
          week),
      (Runs{{1, 2}, {0, 1}}));
  const std::int64_t leap = second_of({2020, 2, 29});
  EXPECT_EQ(key_of(of(Every::day), leap), 18'321);
  EXPECT_EQ(key_of(week, leap), 2617);
  EXPECT_EQ(key_of(of(Every::month), leap), 24'241);
  EXPECT_EQ(key_of(of(Every::quarter), leap), 8080);
  EXPECT_EQ(key_of(of(Every::year), leap), 2020);
}

TEST(IntervalEnds, EveryUnitTakesTheLastRowOfEachRun) {
  const Times time{second_of({2024, 3, 1}, 9),  second_of({2024, 3, 1}, 18, 30),
                   second_of({2024, 3, 2}, 10), second_of({2024, 3, 4}, 8),
                   second_of({2024, 3, 4}, 8),  second_of({2024, 3, 10}, 23, 59),
                   second_of({2024, 3, 11}),    second_of({2024, 4, 1}, 12)};
  using Ends = std::vector<std::int32_t>;
  EXPECT_EQ(cut(time, of(Every::day)).ends, (Ends{1, 2, 4, 5, 6, 7}));
  EXPECT_EQ(cut(time, of(Every::week)), (Runs{{2, 5, 6, 7}, {2826, 2827, 2828, 2831}}));
  EXPECT_EQ(cut(time, of(Every::month)).ends, (Ends{6, 7}));
  EXPECT_EQ(cut(time, of(Every::quarter)).ends, (Ends{6, 7}));
  EXPECT_EQ(cut(time, of(Every::year)).ends, (Ends{7}));
  EXPECT_EQ(cut(time, of(Every::hour)).ends, (Ends{0, 1, 2, 4, 5, 6, 7}));
  EXPECT_EQ(cut(time, of(Every::minute)).keys[1], time[1] / 60);
  EXPECT_EQ(cut(time, of(Every::sequence)), (Runs{{7}, {0}}));
  EXPECT_EQ(cut(time, of(Every::event)).keys, (Times{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(cut({}, of(Every::sequence)), Runs{});
  EXPECT_EQ(cut({}, of(Every::day)), Runs{});
}

// ISO 8601: weeks begin on Monday, week 1 holds the year's first Thursday.
TEST(IntervalEnds, WeeksAreIsoWeeksForEveryDayOfTwoCenturies) {
  std::int64_t number = 0;
  for (std::int64_t day = to_day({1900, 1, 1}); day < to_day({2101, 1, 1}); ++day) {
    const std::int64_t weekday = floor_mod(day + 3, 7);  // 0 = Monday
    const Date thursday = to_date(day - weekday + 3);
    const std::int64_t iso =
        (day - weekday + 3 - to_day({thursday.year, 1, 1})) / 7 + 1;
    const std::int64_t key = key_of(of(Every::week), day * kDay + 5);
    const std::int64_t first =
        key_of(of(Every::week), to_day({thursday.year, 1, 4}) * kDay);
    ASSERT_EQ(key - first + 1, iso) << day;
    number += weekday == 0 ? 1 : 0;
  }
  EXPECT_EQ(number, 10'488);
}

TEST(IntervalEnds, WeekStartMovesTheCut) {
  for (int start = 1; start <= 7; ++start) {
    Boundary week = of(Every::week);
    week.week_start = start;
    for (std::int64_t day = -400; day < 400; ++day) {
      const bool cut_here = floor_mod(day + 3, 7) + 1 == start;
      ASSERT_EQ(key_of(week, day * kDay) - key_of(week, day * kDay - 1),
                cut_here ? 1 : 0);
      ASSERT_EQ(key_of(week, day * kDay), floor_div(day + 4 - start, 7));
    }
  }
}

TEST(IntervalEnds, MonthsEndRightInLeapYears) {
  for (const int year : {1900, 1968, 1999, 2000, 2023, 2024, 2100}) {
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    const std::int64_t march = second_of({year, 3, 1});
    const Runs runs = cut({march - 1, march}, of(Every::month));
    EXPECT_EQ(runs.keys, (Times{year * 12 + 1, year * 12 + 2}));
    EXPECT_EQ(march - interval_begin(of(Every::month), year * 12 + 1),
              (leap ? 29 : 28) * kDay);
  }
}

TEST(IntervalEnds, HoldAtEveryDayEdge) {
  Times time;
  Times keys;
  for (std::int64_t k = -800'000; k < 800'000; k += k % 64 == 0 ? 997 : 1) {
    if (k > -719'000 && k < 2'900'000 && k % 3 != 0 && k % 64 > 4) continue;
    for (const std::int64_t by : {-1, 0, 1}) {
      time.push_back(k * kDayUs + by);
      keys.push_back(by < 0 ? k - 1 : k);
    }
  }
  std::sort(time.begin(), time.end());
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  EXPECT_EQ(cut(time, of(Every::day, TimeUnit::us)).keys, keys);
}

TEST(IntervalEnds, MatchesReferenceForAllWidthsSpansAndLengths) {
  std::mt19937_64 random(7);
  const std::int64_t widths[] = {1,
                                 3,
                                 7,
                                 1000,
                                 86'400,
                                 900'000'000,
                                 kDayUs,
                                 3 * kDayUs,
                                 1'000'003,
                                 (std::int64_t{1} << 40) + 1,
                                 std::int64_t{1} << 62};
  for (int round = 0; round < 400; ++round) {
    Boundary boundary = of(Every::fixed, TimeUnit::us);
    boundary.width = widths[random() % std::size(widths)];
    const int bits = 4 + static_cast<int>(random() % 60);
    Times time(random() % 1200);
    for (auto& t : time) t = static_cast<std::int64_t>(random()) >> (64 - bits);
    std::sort(time.begin(), time.end());
    Runs expected;
    for (std::size_t r = 0; r < time.size(); ++r) {
      const std::int64_t key = floor_div(time[r], boundary.width);
      if (expected.keys.empty() || expected.keys.back() != key) {
        expected.keys.push_back(key);
        expected.ends.push_back(0);
      }
      expected.ends.back() = static_cast<std::int32_t>(r);
    }
    ASSERT_EQ(cut(time, boundary), expected) << boundary.width << " bits " << bits;
  }
}

TEST(IntervalEnds, ZoneMovesTheDayAtMidnight) {
  Boundary east = of(Every::day);
  east.zone = Zone::find("+03:00");
  const std::int64_t midnight = second_of({2024, 5, 5}) - 3 * 3600;
  EXPECT_EQ(
      cut({midnight - 1, midnight, midnight + kDay - 1, midnight + kDay}, east).ends,
      (std::vector<std::int32_t>{0, 2, 3}));
  Boundary prague = of(Every::day, TimeUnit::ms);
  prague.zone = Zone::find("Europe/Prague");
  for (const auto& [date, offset] : {std::pair{Date{2024, 1, 5}, 1},
                                     {Date{2024, 7, 5}, 2},
                                     {Date{2024, 3, 31}, 1},
                                     {Date{2024, 4, 1}, 2},
                                     {Date{2024, 10, 27}, 2},
                                     {Date{2024, 10, 28}, 1}}) {
    const std::int64_t edge = (second_of(date) - offset * 3600) * 1000;
    EXPECT_EQ(cut({edge - 1, edge}, prague).keys,
              (Times{to_day(date) - 1, to_day(date)}));
    EXPECT_EQ(interval_begin(prague, to_day(date)), edge);
    EXPECT_EQ(interval_end(prague, to_day(date) - 1), edge);
  }
}

TEST(IntervalEnds, LocalTimeNeverRunsBackwards) {
  Boundary minute = of(Every::minute);
  minute.zone = Zone::find("Europe/Prague");
  Times time;
  const std::int64_t fold = second_of({2024, 10, 27}, 1);  // 03:00 becomes 02:00
  for (std::int64_t t = fold - 300; t < fold + 3900; t += 30) time.push_back(t);
  const Runs runs = cut(time, minute);
  EXPECT_TRUE(std::is_sorted(runs.keys.begin(), runs.keys.end()));
  for (std::size_t i = 0; i < runs.keys.size(); ++i) {
    const std::int64_t end = interval_end(minute, runs.keys[i]);
    const auto last = static_cast<std::size_t>(runs.ends[i]);
    EXPECT_LT(time[last], end);
    if (last + 1 < time.size()) {
      EXPECT_GE(time[last + 1], end);
    }
  }
  // America/St_Johns put the clock back at 00:01: the day before does not come again.
  Boundary day = of(Every::day);
  day.zone = Zone::find("America/St_Johns");
  const std::int64_t back = day.zone->to_utc(second_of({2001, 10, 28}, 0, 0));
  const Runs days = cut({back - 1, back, back + 70, back + 1800, back + 3700}, day);
  EXPECT_EQ(days.ends, (std::vector<std::int32_t>{0, 4}));
}

TEST(IntervalEnds, RowsLieBetweenBeginAndEndOfTheirInterval) {
  std::mt19937_64 random(11);
  std::vector<std::shared_ptr<const Zone>> zones{nullptr, Zone::find("-03:30"),
                                                 Zone::find("America/New_York")};
  for (const auto& zone : zones) {
    for (const Every every :
         {Every::minute, Every::hour, Every::day, Every::week, Every::month,
          Every::quarter, Every::year, Every::fixed}) {
      Boundary boundary{every, 5'400'000, 3, zone, TimeUnit::ms};
      Times time(500);
      for (auto& t : time)
        t = static_cast<std::int64_t>(random() % 4'000'000'000'000) - 2'000'000'000'000;
      std::sort(time.begin(), time.end());
      const Runs runs = cut(time, boundary);
      std::size_t row = 0;
      for (std::size_t i = 0; i < runs.ends.size(); ++i) {
        for (; row <= static_cast<std::size_t>(runs.ends[i]); ++row) {
          ASSERT_LE(interval_begin(boundary, runs.keys[i]), time[row])
              << to_string(boundary);
          ASSERT_LT(time[row], interval_end(boundary, runs.keys[i]))
              << to_string(boundary);
        }
      }
      ASSERT_EQ(row, time.size());
    }
  }
}

TEST(IntervalEnds, NeverWraps) {
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kGreatest = std::numeric_limits<std::int64_t>::max();
  for (const char* name : {"+14:00", "-12:00", "Europe/Prague"}) {
    for (const Every every : {Every::minute, Every::day, Every::month}) {
      Boundary boundary = of(every, TimeUnit::ns);
      boundary.zone = Zone::find(name);
      const Runs runs =
          cut({kLeast, kLeast + 5, -1, 0, kGreatest - 5, kGreatest}, boundary);
      EXPECT_TRUE(std::is_sorted(runs.keys.begin(), runs.keys.end()));
      EXPECT_EQ(runs.ends.back(), 5);
      EXPECT_EQ(interval_begin(boundary, runs.keys.front()), kLeast);
      EXPECT_EQ(interval_end(boundary, runs.keys.back() + 1), kGreatest);
    }
  }
  EXPECT_EQ(interval_end(of(Every::month), kGreatest),
            interval_end(of(Every::month), kGreatest - 1));
}

TEST(IntervalEnds, RefusesWhatIsNoBoundary) {
  Times time{1};
  std::vector<std::int32_t> ends(1);
  Times keys(1);
  Boundary fixed = of(Every::fixed);
  EXPECT_THROW(interval_ends(time, fixed, ends, keys), ArgumentError);
  Boundary week = of(Every::week);
  week.week_start = 8;
  EXPECT_THROW(interval_ends(time, week, ends, keys), ArgumentError);
  EXPECT_THROW(interval_begin(of(Every::event), 0), ArgumentError);
  EXPECT_THROW(interval_ends(time, of(Every::day), std::span(ends).first(0), keys),
               ArgumentError);
}

TEST(BoundaryName, IsTheTextOfTheRecipe) {
  EXPECT_EQ(to_string(of(Every::quarter)), "quarter");
  EXPECT_EQ(to_string(Boundary{.every = Every::fixed, .width = 900'000'000}), "15min");
  EXPECT_EQ(
      to_string(Boundary{.every = Every::fixed, .width = 21'600, .unit = TimeUnit::s}),
      "6h");
  EXPECT_EQ(
      to_string(Boundary{.every = Every::fixed, .width = 250, .unit = TimeUnit::ns}),
      "250ns");
  EXPECT_EQ(boundary_key(of(Every::day)), boundary_key(Boundary{.every = Every::day,
                                                                .week_start = 3,
                                                                .zone = Zone::utc(),
                                                                .unit = TimeUnit::s}));
  EXPECT_NE(
      boundary_key(of(Every::day)),
      boundary_key(Boundary{
          .every = Every::day, .zone = Zone::find("+01:00"), .unit = TimeUnit::s}));
}

}  // namespace
}  // namespace lade
