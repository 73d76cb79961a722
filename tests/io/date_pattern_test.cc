// SPDX-License-Identifier: Apache-2.0
#include "lade/io/date_pattern.h"

#include <gtest/gtest.h>

#include <limits>

#include "lade/core/calendar.h"
#include "lade/core/error.h"

namespace lade::io {
namespace {

constexpr std::int64_t kDay = 86'400;

std::int64_t midnight(int year, int month, int day) {
  return kDay * to_day({year, month, day});
}

TEST(DatePattern, TwoDigitYearsFromSixtyNineBelongToTheLastCentury) {
  const DatePattern pattern("%y%m%d");
  EXPECT_EQ(pattern.parse("690101"), midnight(1969, 1, 1));
  EXPECT_EQ(pattern.parse("991231"), midnight(1999, 12, 31));
  EXPECT_EQ(pattern.parse("000229"), midnight(2000, 2, 29));
  EXPECT_EQ(pattern.parse("681231"), midnight(2068, 12, 31));
}

TEST(DatePattern, WithoutATimeOfDayGivesADateInSeconds) {
  const ColumnType type = DatePattern("%d.%m.%Y").type();
  EXPECT_EQ(type.kind, Kind::time);
  EXPECT_EQ(type.unit, TimeUnit::s);
  EXPECT_TRUE(type.date);
}

TEST(DatePattern, WithATimeOfDayGivesMicroseconds) {
  const DatePattern pattern("%Y-%m-%d %H:%M:%S.%f");
  EXPECT_EQ(pattern.type().unit, TimeUnit::us);
  EXPECT_FALSE(pattern.type().date);
  EXPECT_EQ(pattern.parse("1970-01-02 03:04:05.6"),
            (kDay + 3 * 3600 + 4 * 60 + 5) * 1'000'000 + 600'000);
  EXPECT_EQ(pattern.parse("1969-12-31 23:59:59.999999"), -1);
}

TEST(DatePattern, NumbersThatTouchHaveAllTheirDigits) {
  EXPECT_FALSE(DatePattern("%y%m%d").parse("93011"));
  EXPECT_FALSE(DatePattern("%y%m%d").parse("9301011"));
  EXPECT_EQ(DatePattern("%d/%m/%Y").parse("1/2/1993"), midnight(1993, 2, 1));
}

TEST(DatePattern, RefusesDaysThatDoNotExist) {
  const DatePattern pattern("%Y-%m-%d");
  for (const auto* text :
       {"1993-02-29", "1993-00-01", "1993-13-01", "1993-04-31", "1993-01-00",
        "0000-01-01", "1993-01-01x", " 1993-01-01", "", "1993-01", "93-01-01"}) {
    EXPECT_FALSE(pattern.parse(text)) << text;
  }
  EXPECT_TRUE(pattern.parse("1992-02-29"));
}

TEST(DatePattern, RefusesTimesOfDayThatDoNotExist) {
  const DatePattern pattern("%Y-%m-%dT%H:%M:%S");
  for (const auto* text :
       {"1993-01-01T24:00:00", "1993-01-01T00:60:00", "1993-01-01T00:00:60"}) {
    EXPECT_FALSE(pattern.parse(text)) << text;
  }
}

TEST(DatePattern, DayOfTheYearKnowsLeapYears) {
  const DatePattern pattern("%Y.%j");
  EXPECT_EQ(pattern.parse("1992.366"), midnight(1992, 12, 31));
  EXPECT_FALSE(pattern.parse("1993.366"));
  EXPECT_FALSE(pattern.parse("1993.0"));
}

TEST(DatePattern, MonthsHaveEnglishNames) {
  EXPECT_EQ(DatePattern("%d%b%Y").parse("07Feb1993"), midnight(1993, 2, 7));
  EXPECT_EQ(DatePattern("%d%b%Y").parse("7FEB1993"), midnight(1993, 2, 7));
  EXPECT_FALSE(DatePattern("%d%b%Y").parse("07Fev1993"));
}

TEST(DatePattern, OffsetsAreTakenAway) {
  const DatePattern pattern("%Y-%m-%dT%H:%M%z");
  EXPECT_EQ(pattern.type().zone, "UTC");
  EXPECT_EQ(pattern.parse("1970-01-01T02:00+02:00"), 0);
  EXPECT_EQ(pattern.parse("1969-12-31T19:30-0430"), 0);
  EXPECT_EQ(pattern.parse("1970-01-01T00:00Z"), 0);
  EXPECT_FALSE(pattern.parse("1970-01-01T00:00+2"));
}

TEST(DatePattern, NanosecondsHaveUpToNineDigitsAndAUnitOfTheirOwn) {
  const DatePattern pattern("%Y-%m-%d %H:%M:%S.%N");
  EXPECT_EQ(pattern.type().unit, TimeUnit::ns);
  EXPECT_EQ(pattern.parse("1970-01-01 00:00:01.000000007"), 1'000'000'007);
  EXPECT_EQ(pattern.parse("1970-01-01 00:00:01.5"), 1'500'000'000);
  EXPECT_EQ(pattern.parse("1969-12-31 23:59:59.999999999"), -1);
  EXPECT_FALSE(pattern.parse("1970-01-01 00:00:01.0000000071"));
  EXPECT_EQ(pattern.parse("2262-04-11 23:47:16.854775807"),
            std::numeric_limits<std::int64_t>::max());
  EXPECT_FALSE(pattern.parse("2262-04-11 23:47:16.854775808")) << "it would wrap";
  EXPECT_FALSE(pattern.parse("1600-01-01 00:00:00.0")) << "it would wrap";
}

TEST(DatePattern, RefusesPatternsThatNameNoDay) {
  for (const auto* text :
       {"%q", "%", "%m%d", "%H:%M", "%Y%y%m%d", "%Y%Y", "%Y%d", "%Y%j%m", "%Y%m%d%M",
        "%Y%m%d%H%S", "%Y%m%d%z", "%Y-%m-%b", "%Y%m%d%H%M%N", "%Y%m%d%H%M%S%f%N"}) {
    EXPECT_THROW(DatePattern{text}, ArgumentError) << text;
  }
  EXPECT_NO_THROW(DatePattern("100%% %Y"));
}

}  // namespace
}  // namespace lade::io
