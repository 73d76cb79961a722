// SPDX-License-Identifier: Apache-2.0
#include "lade/core/calendar.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "lade/core/error.h"

namespace lade {
namespace {

constexpr int kMonthDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

std::string text_of(Date date) {
  return std::to_string(date.year) + "-" + std::to_string(date.month) + "-" +
         std::to_string(date.day);
}

std::int64_t second_of(Date date, int hour, int minute = 0) {
  return to_day(date) * 86'400 + hour * 3600 + minute * 60;
}

TEST(Calendar, WalksDayByDayThroughFourHundredYearsBothWays) {
  Date date{1799, 1, 1};
  std::int64_t day = to_day(date);
  for (; date.year < 2201; ++day) {
    ASSERT_EQ(to_day(date), day) << text_of(date);
    ASSERT_EQ(text_of(to_date(day)), text_of(date));
    ASSERT_TRUE(is_valid(date));
    const bool leap =
        date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);
    const int last = kMonthDays[date.month - 1] + (leap && date.month == 2 ? 1 : 0);
    if (++date.day <= last) continue;
    ASSERT_FALSE(is_valid(date)) << text_of(date);
    date.day = 1;
    if (++date.month <= 12) continue;
    date.month = 1;
    ++date.year;
  }
}

TEST(Calendar, KnowsTheDaysPeopleKnow) {
  EXPECT_EQ(to_day({1970, 1, 1}), 0);
  EXPECT_EQ(to_day({1969, 12, 31}), -1);
  EXPECT_EQ(to_day({2020, 2, 29}), 18'321);
  EXPECT_EQ(to_day({2000, 3, 1}), 11'017);
  EXPECT_EQ(to_day({1, 1, 1}), -719'162);
  EXPECT_EQ(to_day({9999, 12, 31}), 2'932'896);
  EXPECT_EQ(text_of(to_date(-719'162)), "1-1-1");
  EXPECT_EQ(text_of(to_date(2'932'896)), "9999-12-31");
}

TEST(Calendar, RefusesDatesThatDoNotExist) {
  for (const Date date :
       {Date{0, 1, 1}, Date{10'000, 1, 1}, Date{2023, 2, 29}, Date{1900, 2, 29},
        Date{2024, 13, 1}, Date{2024, 0, 1}, Date{2024, 4, 31}, Date{2024, 1, 0}}) {
    EXPECT_FALSE(is_valid(date)) << text_of(date);
  }
  EXPECT_TRUE(is_valid({2000, 2, 29}));
}

TEST(Calendar, FloorsBelowZero) {
  EXPECT_EQ(floor_div(-1, 7), -1);
  EXPECT_EQ(floor_div(-7, 7), -1);
  EXPECT_EQ(floor_div(-8, 7), -2);
  EXPECT_EQ(floor_mod(-1, 7), 6);
  EXPECT_EQ(floor_mod(-7, 7), 0);
  EXPECT_EQ(floor_mod(std::numeric_limits<std::int64_t>::min(), 1'000'000'000),
            145'224'192);
  EXPECT_EQ(floor_div(6, 7), 0);
}

TEST(Zone, OffsetsAreTheSameForever) {
  const auto zone = Zone::find("-03:30");
  EXPECT_TRUE(zone->fixed());
  EXPECT_EQ(zone->name(), "-03:30");
  EXPECT_EQ(zone->at(0).offset, -12'600);
  EXPECT_LT(zone->at(0).begin, -62'135'596'800);
  EXPECT_GT(zone->at(0).end, 253'402'300'800);
  EXPECT_EQ(zone->to_utc(0), 12'600);
  EXPECT_EQ(Zone::find("+03:00")->at(7).offset, 10'800);
  EXPECT_EQ(Zone::utc()->at(-5).offset, 0);
  EXPECT_EQ(Zone::find("UTC")->to_utc(-5), -5);
}

TEST(Zone, PragueHasSummerBetweenTheLastSundays) {
  const auto zone = Zone::find("Europe/Prague");
  EXPECT_FALSE(zone->fixed());
  const std::int64_t spring = second_of({2024, 3, 31}, 1);
  const std::int64_t autumn = second_of({2024, 10, 27}, 1);
  EXPECT_EQ(zone->at(spring - 1).offset, 3600);
  EXPECT_EQ(zone->at(spring - 1).end, spring);
  EXPECT_EQ(zone->at(spring).offset, 7200);
  EXPECT_EQ(zone->at(spring).begin, spring);
  EXPECT_EQ(zone->at(autumn - 1).end, autumn);
  EXPECT_EQ(zone->at(autumn).offset, 3600);
}

TEST(Zone, LocalSecondsOfAGapComeAfterItAndOfAFoldFirst) {
  const auto zone = Zone::find("Europe/Prague");
  const std::int64_t spring = second_of({2024, 3, 31}, 1);
  EXPECT_EQ(zone->to_utc(second_of({2024, 3, 31}, 1, 59)), spring - 60);
  EXPECT_EQ(zone->to_utc(second_of({2024, 3, 31}, 2, 30)), spring);
  EXPECT_EQ(zone->to_utc(second_of({2024, 3, 31}, 3)), spring);
  EXPECT_EQ(zone->to_utc(second_of({2024, 3, 31}, 3, 1)), spring + 60);
  const std::int64_t autumn = second_of({2024, 10, 27}, 1);
  EXPECT_EQ(zone->to_utc(second_of({2024, 10, 27}, 2, 30)), autumn - 1800);
  EXPECT_EQ(zone->to_utc(second_of({2024, 10, 27}, 3)), autumn + 3600);
}

TEST(Zone, RoundTripsEverySecondOutsideFolds) {
  const auto zone = Zone::find("America/New_York");
  for (std::int64_t t = second_of({1995, 1, 1}, 0); t < second_of({2000, 1, 1}, 0);
       t += 1799) {
    const auto span = zone->at(t);
    ASSERT_LE(span.begin, t);
    ASSERT_LT(t, span.end);
    const std::int64_t back = zone->to_utc(t + span.offset);
    ASSERT_TRUE(back == t || back == t - 3600) << t;
    if (t - span.begin >= 3600) {
      ASSERT_EQ(back, t);
    }
  }
}

TEST(Zone, AnswersForTheWholeRangeOfYears) {
  const auto zone = Zone::find("Europe/Prague");
  for (const std::int64_t t : {second_of({1, 1, 1}, 0), second_of({9999, 12, 31}, 23),
                               std::int64_t{-1} << 61, std::int64_t{1} << 61}) {
    const auto span = zone->at(t);
    EXPECT_LE(span.begin, t);
    EXPECT_LT(t, span.end);
  }
  EXPECT_EQ(zone->to_utc(second_of({9999, 12, 31}, 23)), second_of({9999, 12, 31}, 22));
}

TEST(Zone, RefusesUnknownNamesWithTheNearest) {
  try {
    Zone::find("Europe/Prag");
    FAIL() << "found";
  } catch (const ArgumentError& error) {
    EXPECT_NE(std::string(error.what()).find("Europe/Prag"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("\"Europe/Prague\""), std::string::npos);
  }
}

TEST(Zone, RefusesWhatIsNoOffset) {
  for (const char* name :
       {"", "+3:00", "+24:00", "+03:60", "03:00", "+0300", "../etc/passwd"}) {
    EXPECT_THROW(Zone::find(name), ArgumentError) << name;
  }
}

}  // namespace
}  // namespace lade
