// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/picture.h"

#include <arrow/type.h>
#include <gtest/gtest.h>

#include "lade/recipe/picture_internal.h"
#include "tests/testing/datasets.h"
#include "tests/testing/tables.h"

namespace lade {
namespace {

using testing::dataset_of;

Recipe recipe() {
  return Recipe::from_toml(R"toml(
target = [
  { name = "spent", aggregate = "sum(amount)", every = "day", look_back = 7 },
  { name = "next", aggregate = "sum(amount)", every = "week", look_ahead = 1 },
  { name = "events", aggregate = "count()", every = "sequence" },
]
)toml",
                           "test.toml");
}

Index count(const std::string& text, const std::string& part) {
  Index n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + 1)) {
    ++n;
  }
  return n;
}

std::string refusal(const PictureOptions& options) {
  try {
    picture(recipe(), dataset_of(testing::example_events()), options);
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Picture, ShowsEventsTargetsAndWhatIsNotValid) {
  const std::string svg = picture(recipe(), dataset_of(testing::example_events()));
  EXPECT_TRUE(svg.starts_with("<svg"));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_EQ(count(svg, "<g><title>"), 8);                // a stem for each event
  EXPECT_EQ(count(svg, "<path class=\"step\""), 3 + 1);  // and one in the legend
  EXPECT_NE(svg.find("every day: sum(amount), look_back 7"), std::string::npos);
  EXPECT_NE(svg.find("[amount]"), std::string::npos);
  // The last week is not observed to its end: its ground, and the sign of the legend.
  EXPECT_EQ(count(svg, "fill=\"url(#invalid)\""), 2);
  EXPECT_NE(svg.find("prefers-color-scheme:dark"), std::string::npos);
}

TEST(Picture, NeedsNothingFromElsewhere) {
  const PictureOptions page{.html = true};
  const std::string html =
      picture(recipe(), dataset_of(testing::example_events()), page);
  EXPECT_TRUE(html.starts_with("<!doctype html>"));
  EXPECT_EQ(count(html, "http"), 1);  // the name of the SVG language
  EXPECT_EQ(count(html, "<script"), 0);
  EXPECT_EQ(count(html, "<svg"), 1);
}

TEST(Picture, TextOfTheDataIsEscaped) {
  const auto batch =
      testing::batch_of({{"user", arrow::utf8(), R"(["<script>&\"'", "<script>&\"'"])"},
                         {"time", arrow::timestamp(arrow::TimeUnit::SECOND),
                          R"(["2024-03-01 09:00:00", "2024-03-02 09:00:00"])"},
                         {"amount", arrow::float64(), "[-9, 1]"}});
  const std::string svg = picture(recipe(), dataset_of(batch));
  EXPECT_EQ(svg.find("<script>"), std::string::npos);
  EXPECT_NE(svg.find("&lt;script&gt;&amp;&quot;&#39;"), std::string::npos);
}

TEST(Picture, ManyEventsAreDrawnByThePixel) {
  std::string users = "[0", times = "[0", amounts = "[1";
  for (int r = 1; r < 20'000; ++r) {
    users += ",0";
    times += "," + std::to_string(r * 977);
    amounts += "," + std::to_string(r % 7 - 3);
  }
  const auto batch = testing::batch_of(
      {{"user", arrow::int64(), users + "]"},
       {"time", arrow::timestamp(arrow::TimeUnit::SECOND), times + "]"},
       {"amount", arrow::float64(), amounts + "]"}});
  const std::string svg = picture(recipe(), dataset_of(batch));
  EXPECT_LT(svg.size(), 400'000U);
  EXPECT_EQ(count(svg, "<g><title>"), 0);
}

TEST(Picture, OneEventIsAPictureToo) {
  const auto batch =
      testing::batch_of({{"user", arrow::int64(), "[3]"},
                         {"time", arrow::timestamp(arrow::TimeUnit::SECOND),
                          R"(["1965-03-01 09:00:00"])"},
                         {"amount", arrow::float64(), "[null]"}});
  const std::string svg = picture(recipe(), dataset_of(batch));
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
  EXPECT_NE(svg.find("1 events, 1965-03-01 09:00"), std::string::npos);
}

TEST(Picture, RefusesUnknownTargetsAndEntities) {
  EXPECT_NE(refusal({.targets = {"spend"}}).find("did you mean 'spent'"),
            std::string::npos);
  EXPECT_NE(refusal({.of = "77"}).find("there is no '77' in 'user'"),
            std::string::npos);
  EXPECT_EQ(refusal({.of = "7", .targets = {"next"}}).find("unknown target"),
            std::string::npos);
}

std::vector<std::string> labels(const std::vector<AxisTick>& ticks) {
  std::vector<std::string> out;
  for (const AxisTick& tick : ticks) out.push_back(tick.label);
  return out;
}
using Labels = std::vector<std::string>;

TEST(PictureAxis, NumbersAreRoundAndCoverTheValues) {
  EXPECT_EQ(labels(number_ticks(0, 9.3, 3)), (Labels{"0", "5", "10"}));
  EXPECT_EQ(labels(number_ticks(-2, 9, 3)), (Labels{"-5", "0", "5", "10"}));
  EXPECT_EQ(labels(number_ticks(0, 222'220, 3)), (Labels{"0", "100k", "200k", "300k"}));
  EXPECT_EQ(labels(number_ticks(0, 1, 3)), (Labels{"0.0", "0.5", "1.0"}));
  EXPECT_EQ(labels(number_ticks(0, 0, 3)), (Labels{"0.0", "0.5", "1.0"}));
}

TEST(PictureAxis, TimesAreRound) {
  const double day = 86'400;
  EXPECT_EQ(labels(time_ticks(0, 10 * 365.25 * day, 8)),
            (Labels{"1970", "1972", "1974", "1976", "1978", "1980"}));
  EXPECT_EQ(labels(time_ticks(10 * day, 200 * day, 8)),
            (Labels{"1970-02", "1970-03", "1970-04", "1970-05", "1970-06", "1970-07"}));
  EXPECT_EQ(labels(time_ticks(0, 2 * day, 8)),
            (Labels{"1970-01-01", "06:00", "12:00", "18:00", "1970-01-02", "06:00",
                    "12:00", "18:00", "1970-01-03"}));
  EXPECT_EQ(labels(time_ticks(-3 * day, 0, 3)),
            (Labels{"1969-12-29", "1969-12-30", "1969-12-31", "1970-01-01"}));
}

TEST(PictureAxis, NumbersAreWrittenOut) {
  EXPECT_EQ(plain_number(1234567.5), "1,234,567.5");
  EXPECT_EQ(plain_number(-0.00001), "0");
  EXPECT_EQ(plain_number(-1000), "-1,000");
  EXPECT_EQ(plain_number(12), "12");
}

}  // namespace
}  // namespace lade
