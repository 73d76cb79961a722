// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "lade/features/vocabulary.h"

namespace lade {
namespace {

std::string cleaned(const std::string& text, const std::string& step) {
  CleanOptions options;
  options.steps = {parse_clean_step(step)};
  options.nulls = {};
  return *clean(text, options);
}

TEST(Clean, TrimTakesUnicodeWhiteSpace) {
  EXPECT_EQ(cleaned(" \t a b\u3000", "trim"), "a b");
  EXPECT_EQ(cleaned("\u2028\u00A0x\u001C", "trim"), "x");
  EXPECT_EQ(cleaned("\u200Bx", "trim"), "\u200Bx");  // zero width space is none
  EXPECT_EQ(cleaned("   ", "trim"), "");
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
