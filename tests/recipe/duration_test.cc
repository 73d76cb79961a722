// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/duration.h"

#include <gtest/gtest.h>

#include "lade/core/error.h"

namespace lade {
namespace {

TEST(ParseDuration, TakesANumberAndAUnit) {
  const auto thirty = parse_duration("30d");
  ASSERT_TRUE(thirty);
  EXPECT_EQ(in_units(*thirty, TimeUnit::s, "x", "30d"), 30 * 86'400);
  EXPECT_EQ(in_units(*thirty, TimeUnit::us, "x", "30d"), 30 * 86'400'000'000);
  EXPECT_EQ(in_units(*parse_duration("15min"), TimeUnit::ms, "x", ""), 900'000);
}

TEST(ParseDuration, IsEmptyForAnythingElse) {
  for (const char* text :
       {"", "d", "30", "30 d", "1.5h", "30days", "x", "99999999999999999999d"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(InUnits, RefusesPartsOfAUnit) {
  EXPECT_THROW(in_units(*parse_duration("1ms"), TimeUnit::s, "lag", "1ms"),
               ArgumentError);
  EXPECT_THROW(in_units({INT64_MAX, 604'800'000'000'000}, TimeUnit::ns, "lag", ""),
               ArgumentError);
}

TEST(ParseEvery, KnowsUnitsAndWidths) {
  EXPECT_EQ(parse_every("week", TimeUnit::s, "every").every, Every::week);
  const Boundary quarter_hour = parse_every("15min", TimeUnit::s, "every");
  EXPECT_EQ(quarter_hour.every, Every::fixed);
  EXPECT_EQ(quarter_hour.width, 900);
}

TEST(ParseEvery, RefusesUnknownWordsWithTheNearest) {
  try {
    parse_every("wek", TimeUnit::s, "[[target]] x: every");
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'week'"), std::string::npos);
  }
  EXPECT_THROW(parse_every("0h", TimeUnit::s, "every"), ArgumentError);
}

}  // namespace
}  // namespace lade
