// SPDX-License-Identifier: Apache-2.0
#include "lade/core/limits.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace lade {
namespace {

std::string message(const auto& call) {
  try {
    call();
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Limits, AreSetAndReadByName) {
  Limits limits;
  for (const std::string& name : limit_names()) {
    set_limit(limits, name, 7);
    EXPECT_EQ(get_limit(limits, name), 7) << name;
  }
  EXPECT_EQ(limits.max_row_bytes, 7);
  EXPECT_EQ(limits.io_deadline_s, 7);
}

TEST(Limits, AcceptTheEndsOfTheirRange) {
  Limits limits;
  set_limit(limits, "max_files", 1);
  set_limit(limits, "max_files", Index{1} << 62);
  EXPECT_EQ(limits.max_files, Index{1} << 62);
}

TEST(Limits, RefusesAValueOutsideTheRange) {
  Limits limits;
  EXPECT_EQ(message([&] { set_limit(limits, "max_files", 0); }),
            "limits: max_files must be in 1..2^62, got 0");
  EXPECT_THROW(set_limit(limits, "max_files", (Index{1} << 62) + 1), ArgumentError);
  EXPECT_THROW(set_limit(limits, "max_files", -1), ArgumentError);
  EXPECT_EQ(limits.max_files, 1'000'000);
}

TEST(Limits, RefusesAnUnknownNameWithTheNearest) {
  Limits limits;
  EXPECT_EQ(message([&] { set_limit(limits, "max_row_byte", 1); }),
            "limits: unknown limit 'max_row_byte'; did you mean 'max_row_bytes'?");
  EXPECT_TRUE(message([&] {
                get_limit(limits, "\n");
              }).starts_with("limits: unknown limit '\\x0A'; there are"));
}

TEST(ParseBytes, ReadsNumbersAndUnits) {
  EXPECT_EQ(parse_bytes("0", "x"), 0);
  EXPECT_EQ(parse_bytes("65536", "x"), 65536);
  EXPECT_EQ(parse_bytes("12B", "x"), 12);
  EXPECT_EQ(parse_bytes("64KiB", "x"), 65536);
  EXPECT_EQ(parse_bytes("64 MiB", "x"), Index{64} << 20);
  EXPECT_EQ(parse_bytes("1.5GiB", "x"), Index{3} << 29);
  EXPECT_EQ(parse_bytes("10MB", "x"), 10'000'000);
  EXPECT_EQ(parse_bytes("1tib", "x"), Index{1} << 40);
  EXPECT_EQ(parse_bytes("9223372036854775807", "x"), std::numeric_limits<Index>::max());
}

TEST(ParseBytes, RefusesWhatIsNoNumberOfBytes) {
  for (const char* text :
       {"", "-1", "B", "1.5", "1..5KiB", "64XiB", "64  MiB", " 64",
        "9223372036854775808", "9000000TiB", "1e3", "inf", "64MiB "}) {
    EXPECT_THROW(parse_bytes(text, "memory_budget"), ArgumentError) << text;
  }
  EXPECT_EQ(message([] { parse_bytes("much", "memory_budget"); }),
            "memory_budget: must be bytes such as 65536, 64KiB, 64MiB or 1.5GiB, got "
            "'much'");
}

TEST(Policies, AreParsedFromTheirNames) {
  for (const char* word : {"fail", "skip", "null"}) {
    EXPECT_EQ(name(parse_on_bad(word)), word);
  }
  for (const char* word : {"fail", "stop", "strict"}) {
    EXPECT_EQ(name(parse_on_truncated(word)), word);
  }
  for (const char* word : {"sort", "fail", "skip", "keep"}) {
    EXPECT_EQ(name(parse_on_disorder(word)), word);
  }
}

TEST(Policies, RefusesOtherWordsWithTheAllowedOnes) {
  EXPECT_EQ(message([] { parse_on_bad("raise"); }),
            "on_bad: must be one of fail, skip, null, got 'raise'");
  EXPECT_THROW(parse_on_truncated("Fail"), ArgumentError);
  EXPECT_THROW(parse_on_disorder(""), ArgumentError);
}

TEST(MaxBad, IsACountOrAFractionOfAtLeastAHundred) {
  MaxBad fraction;
  EXPECT_EQ(fraction.allowed(0), 100);
  EXPECT_EQ(fraction.allowed(5'000), 100);
  EXPECT_EQ(fraction.allowed(20'000), 200);
  EXPECT_EQ(fraction.allowed(20'099), 200);
  fraction.fraction = 0.29;
  EXPECT_EQ(fraction.allowed(1'000), 290);
  MaxBad count;
  count.count = 3;
  EXPECT_EQ(count.allowed(1'000'000), 3);
}

TEST(ReadReport, CountsEveryDropByReasonAndKeepsAHundredPlaces) {
  ReadReport report;
  report.rows_seen = 250;
  report.rows_given = 98;
  report.rows_filtered = 2;
  for (Index row = 0; row < 150; ++row) {
    Place place;
    place.row = row;
    report.drop(row % 2 == 0 ? DropReason::bad_value : DropReason::bad_file, place);
  }
  EXPECT_EQ(report.dropped_total(), 150);
  EXPECT_EQ(report.dropped[static_cast<int>(DropReason::bad_file)], 75);
  EXPECT_EQ(report.first_bad.size(), 100U);
  EXPECT_EQ(report.first_bad.back().row, 99);
  EXPECT_TRUE(report.balanced());
  ++report.rows_seen;
  EXPECT_FALSE(report.balanced());
}

TEST(ReadReport, AddsALaterPart) {
  ReadReport first;
  first.rows_seen = 2;
  first.rows_given = 1;
  first.drop(DropReason::short_row, {});
  ReadReport later = first;
  later.unproven_end = true;
  later.nulls_made = 4;
  first.add(later);
  EXPECT_EQ(first.rows_seen, 4);
  EXPECT_EQ(first.dropped_total(), 2);
  EXPECT_EQ(first.nulls_made, 4);
  EXPECT_EQ(first.first_bad.size(), 2U);
  EXPECT_TRUE(first.unproven_end);
  EXPECT_TRUE(first.balanced());
}

TEST(DropReason, HasTheWordOfTheClosedList) {
  EXPECT_EQ(name(DropReason::bad_value), "bad_value");
  EXPECT_EQ(name(DropReason::truncated_tail), "truncated_tail");
  EXPECT_EQ(name(DropReason::bad_file), "bad_file");
}

}  // namespace
}  // namespace lade
