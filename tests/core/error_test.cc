// SPDX-License-Identifier: Apache-2.0
#include "lade/core/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

namespace lade {
namespace {

TEST(EscapeText, MakesTerminalCodesVisible) {
  EXPECT_EQ(escape_text("\x1b[2Jp"), "\\x1B[2Jp");
  EXPECT_EQ(escape_text("a\nb"), "a\\x0Ab");
  EXPECT_EQ(escape_text("\x7f"), "\\x7F");
  EXPECT_EQ(escape_text("\xe2\x80\xae"), "\\u202E");
  EXPECT_EQ(escape_text("\xc2\x85"), "\\u0085");
  EXPECT_EQ(escape_text(std::string_view("a\0b", 3)), "a\\x00b");
}

TEST(EscapeText, KeepsPlainUtf8) {
  EXPECT_EQ(escape_text("café"), "café");
  EXPECT_EQ(escape_text("😀 ok"), "😀 ok");
  EXPECT_EQ(escape_text("a\\n"), "a\\\\n");
  EXPECT_EQ(escape_text(""), "");
}

TEST(EscapeText, ShowsBytesThatAreNotUtf8) {
  EXPECT_EQ(escape_text("\xff"), "\\xFF");
  EXPECT_EQ(escape_text("\xc3"), "\\xC3");                    // cut
  EXPECT_EQ(escape_text("\xc0\xaf"), "\\xC0\\xAF");           // too long a form
  EXPECT_EQ(escape_text("\xed\xa0\x80"), "\\xED\\xA0\\x80");  // surrogate
  EXPECT_EQ(escape_text("\xf4\x90\x80\x80"), "\\xF4\\x90\\x80\\x80");  // over U+10FFFF
}

TEST(EscapeText, CutsAfterTwoHundredBytesAndNeverInsideACharacter) {
  EXPECT_EQ(escape_text(std::string(200, 'a')), std::string(200, 'a'));
  EXPECT_EQ(escape_text(std::string(201, 'a')), std::string(200, 'a') + "...");
  EXPECT_EQ(escape_text(std::string(199, 'a') + "é"), std::string(199, 'a') + "...");
  EXPECT_EQ(escape_text(std::string(199, 'a') + "\n"), std::string(199, 'a') + "...");
}

TEST(EscapeText, GivesOnlyPrintableBytesForEveryByte) {
  for (int first = 0; first < 256; ++first) {
    const std::string text = {static_cast<char>(first), static_cast<char>(0x80)};
    for (const char c : escape_text(text)) {
      const auto byte = static_cast<unsigned char>(c);
      EXPECT_TRUE(byte >= 0x20 && byte != 0x7F) << first;
    }
  }
}

TEST(DataError, NamesSourcePlaceRuleAndValue) {
  Place place;
  place.source = "ticks.dbn";
  place.offset = 536;
  place.row = 6;
  place.rule = "dbn.record_length";
  const DataError error(place, "record must be 56 bytes, 32 left");
  EXPECT_STREQ(error.what(),
               "ticks.dbn: byte 536, record 6: dbn.record_length: record must be 56 "
               "bytes, 32 left");
  EXPECT_EQ(error.detail(), "record must be 56 bytes, 32 left");
  EXPECT_EQ(error.place().row, 6);
}

TEST(DataError, CallsARowWhatItsFormatCallsIt) {
  Place place;
  place.source = "bank.csv";
  place.row = 49104;
  place.column = "amount";
  place.rule = "csv.field_count";
  EXPECT_STREQ(DataError(place, "9 fields needed, got 3").what(),
               "bank.csv: line 49104, column amount: csv.field_count: 9 fields needed, "
               "got 3");
  place.rule = "table.utf8";
  EXPECT_STREQ(DataError(place, "not UTF-8").what(),
               "bank.csv: row 49104, column amount: table.utf8: not UTF-8");
}

TEST(DataError, EscapesWhatCameFromTheInput) {
  Place place;
  place.source = "a\x1b.csv";
  place.column = "b\n";
  EXPECT_STREQ(DataError(place, "got \x07 and \\x07").what(),
               "a\\x1B.csv: column b\\x0A: got \\x07 and \\x07");
}

TEST(DataError, ShowsOnlyWhatIsKnown) {
  EXPECT_STREQ(DataError({}, "bad").what(), "bad");
}

TEST(IoError, KeepsPathAndErrno) {
  const IoError error("/data/x", ENOENT, "opening");
  EXPECT_STREQ(error.what(), "/data/x: opening: No such file or directory");
  EXPECT_EQ(error.error_number(), ENOENT);
  EXPECT_EQ(error.path(), "/data/x");
  EXPECT_STREQ(IoError("x", EIO).what(), "x: Input/output error");
}

TEST(Require, RefusesWithTheRule) {
  EXPECT_NO_THROW(require(true, "fine"));
  try {
    require(false, "rolling_moments: window must be >= 1, got 0");
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_STREQ(error.what(), "rolling_moments: window must be >= 1, got 0");
  }
}

TEST(EditDistance, CountsInsertionsChangesAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0);
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("abc", ""), 3);
  EXPECT_EQ(edit_distance("amount", "amuont"), 1);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
  EXPECT_EQ(edit_distance("ca", "abc"), 3);  // optimal string alignment, not 2
  EXPECT_EQ(edit_distance("same", "same"), 0);
}

TEST(NearestName, FindsTheNearestOrNone) {
  const std::vector<std::string> names = {"amount", "account_id", "date"};
  EXPECT_EQ(nearest_name("amout", names), "amount");
  EXPECT_EQ(nearest_name("acount_id", names), "account_id");
  EXPECT_EQ(nearest_name("quantity", names), "");
  EXPECT_EQ(nearest_name(std::string(5000, 'a'), names), "");
}

}  // namespace
}  // namespace lade
