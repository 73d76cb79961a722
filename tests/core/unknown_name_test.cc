// SPDX-License-Identifier: Apache-2.0
#include "lade/core/unknown_name.h"

#include <gtest/gtest.h>

#include <vector>

namespace lade {
namespace {

TEST(UnknownName, SuggestsTheNearest) {
  const std::vector<std::string> known = {"account", "amount", "time"};
  EXPECT_EQ(unknown_name("column", "amont", known),
            "unknown column 'amont'; did you mean 'amount'?");
  EXPECT_EQ(did_you_mean("tine", known), "; did you mean 'time'?");
  EXPECT_EQ(did_you_mean("operation", known), "");
}

TEST(UnknownName, ListsWhatThereIsWhenNothingIsNear) {
  EXPECT_EQ(unknown_name("column", "operation", std::vector<std::string>{"x", "y"}),
            "unknown column 'operation'; there are 'x', 'y'");
  std::vector<std::string> many;
  for (int i = 0; i < 9; ++i)
    many.push_back("column_of_a_wide_table_" + std::to_string(i));
  const std::string text = unknown_name("column", "z", many);
  EXPECT_NE(text.find("_7' ..."), std::string::npos) << text;
  EXPECT_EQ(text.find("_8"), std::string::npos) << text;
  EXPECT_EQ(unknown_name("column", "z", {}), "unknown column 'z'");
}

TEST(UnknownName, EscapesBothNames) {
  EXPECT_EQ(unknown_name("column", "\x1b[2", std::vector<std::string>{"\x1b[2J"}),
            "unknown column '\\x1B[2'; did you mean '\\x1B[2J'?");
}

}  // namespace
}  // namespace lade
