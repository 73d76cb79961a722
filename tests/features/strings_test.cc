// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "lade/core/hash.h"
#include "lade/features/vocabulary.h"

namespace lade {
namespace {

std::string cleaned(const std::string& text, const std::string& step) {
  CleanOptions options;
  options.steps = {parse_clean_step(step)};
  options.nulls = {};
  return *clean(text, options);
}

std::string utf8(char32_t point) {
  const auto byte = [](char32_t bits) { return static_cast<char>(bits); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xC0 | point >> 6U), byte(0x80 | (point & 0x3F))};
  if (point < 0x10000) {
    return {byte(0xE0 | point >> 12U), byte(0x80 | (point >> 6U & 0x3F)),
            byte(0x80 | (point & 0x3F))};
  }
  return {byte(0xF0 | point >> 18U), byte(0x80 | (point >> 12U & 0x3F)),
          byte(0x80 | (point >> 6U & 0x3F)), byte(0x80 | (point & 0x3F))};
}

/// Hash of what a step makes of all code points, one after the other.
std::uint64_t hash_of_mapping(const std::string& step) {
  Hasher hasher;
  CleanOptions options;
  options.steps = {parse_clean_step(step)};
  options.nulls = {};
  for (char32_t point = 0; point < 0x110000; ++point) {
    if (point < 0xD800 || point >= 0xE000) hasher.update(*clean(utf8(point), options));
  }
  return hasher.digest64();
}

TEST(Clean, TrimTakesUnicodeWhiteSpace) {
  EXPECT_EQ(cleaned(" \t a b\u3000", "trim"), "a b");
  EXPECT_EQ(cleaned("\u2028\u00A0x\u001C", "trim"), "x");
  EXPECT_EQ(cleaned("\u200Bx", "trim"), "\u200Bx");  // zero width space is none
  EXPECT_EQ(cleaned("   ", "trim"), "");
}

TEST(Clean, TrimTakesExactlyTwentyNineCodePoints) {
  int taken = 0;
  for (char32_t point = 1; point < 0x11000; ++point) {
    if (point >= 0xD800 && point < 0xE000) continue;
    if (cleaned(utf8(point), "trim").empty()) ++taken;
  }
  EXPECT_EQ(taken, 29);
}

// Compared with the simple mappings of Unicode 14.0 once, then frozen.
TEST(Clean, CaseMappingsOfAllCodePointsAreTheSimpleOnes) {
  EXPECT_EQ(hash_of_mapping("lower"), 3336846867841094281U);
  EXPECT_EQ(hash_of_mapping("upper"), 2127442494591222124U);
}

TEST(Clean, StepsRunFromLeftToRight) {
  CleanOptions options;
  options.nulls = {};
  options.steps = {parse_clean_step("replace('a', ' ')"), parse_clean_step("trim"),
                   parse_clean_step("upper")};
  EXPECT_EQ(clean("abca", options), "BC");
  options.steps = {parse_clean_step("trim"), parse_clean_step("replace('a', ' ')")};
  EXPECT_EQ(clean("abca", options), " bc ");
  options.steps = {};
  EXPECT_EQ(clean(" x ", options), " x ");
}

TEST(Clean, KeepsBytesThatAreNotUtf8WithinTheirText) {
  for (const char* text : {"\xff", "\xc3", "\xe2\x82", "a\xf0\x9f", "\x80"}) {
    for (const char* step : {"trim", "collapse", "replace('q', 'r')"}) {
      EXPECT_EQ(cleaned(text, step), text) << step;
    }
    cleaned(text, "lower");  // any bytes, but within bounds
    cleaned(text, "upper");
  }
}

TEST(Clean, CaseMapsOneCodePointToOne) {
  EXPECT_EQ(cleaned("Éa", "lower"), "éa");
  EXPECT_EQ(cleaned("\u0130", "lower"), "i");
  EXPECT_EQ(cleaned("ΑΣ", "lower"), "ασ");
  EXPECT_EQ(cleaned("straße é", "upper"), "STRAßE É");
  EXPECT_EQ(cleaned("Ab1_[z]", "lower"), "ab1_[z]");
  EXPECT_EQ(cleaned("\U0001F600", "upper"), "\U0001F600");
}

TEST(Clean, ReplaceIsLiteralAndNeverOverlaps) {
  EXPECT_EQ(cleaned("aaa", "replace('aa', 'b')"), "ba");
  EXPECT_EQ(cleaned("a b c", "replace(' ', '_')"), "a_b_c");
  EXPECT_EQ(cleaned("x", "replace(\"y\", \"\")"), "x");
}

TEST(Clean, CollapseMakesEachRunOneSpace) {
  EXPECT_EQ(cleaned(" a \t\u3000b ", "collapse"), " a b ");
}

TEST(Clean, NullTextsAreComparedAfterCleaningWithoutCase) {
  CleanOptions options;
  options.nulls = {"", "nan"};
  EXPECT_EQ(clean("  NaN ", options), std::nullopt);
  EXPECT_EQ(clean("   ", options), std::nullopt);
  EXPECT_EQ(clean("nano", options), "nano");
}

TEST(ParseCleanStep, RefusesUnknownStepsWithTheNearest) {
  try {
    parse_clean_step("lowre");
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'lower'"),
              std::string::npos);
  }
  EXPECT_THROW(parse_clean_step("replace('', 'x')"), ArgumentError);
  EXPECT_THROW(parse_clean_step("replace('a' 'x')"), ArgumentError);
  EXPECT_THROW(parse_clean_step("replace('a', 'x'"), ArgumentError);
}

}  // namespace
}  // namespace lade
