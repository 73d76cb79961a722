// SPDX-License-Identifier: Apache-2.0
#include "lade/core/sequence.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lade {
namespace {

TEST(Kind, HasWidthNameAndClass) {
  EXPECT_EQ(width(Kind::boolean), 1);
  EXPECT_EQ(width(Kind::u16), 2);
  EXPECT_EQ(width(Kind::f32), 4);
  EXPECT_EQ(width(Kind::text), 4);
  EXPECT_EQ(width(Kind::time), 8);
  EXPECT_EQ(name(Kind::i64), "i64");
  EXPECT_TRUE(is_integer(Kind::i8));
  EXPECT_TRUE(is_integer(Kind::u64));
  EXPECT_FALSE(is_integer(Kind::boolean));
  EXPECT_FALSE(is_integer(Kind::f32));
  EXPECT_TRUE(is_number(Kind::boolean));
  EXPECT_TRUE(is_number(Kind::f64));
  EXPECT_FALSE(is_number(Kind::time));
  EXPECT_FALSE(is_number(Kind::text));
}

TEST(TimeUnit, HasNameAndTicks) {
  EXPECT_EQ(per_second(TimeUnit::s), 1);
  EXPECT_EQ(per_second(TimeUnit::ns), 1'000'000'000);
  EXPECT_EQ(name(TimeUnit::ms), "ms");
}

TEST(ColumnType, PrintsAsUsersKnowIt) {
  EXPECT_EQ(to_string({.kind = Kind::i64}), "i64");
  EXPECT_EQ(to_string({.kind = Kind::text}), "text");
  EXPECT_EQ(to_string({.kind = Kind::time, .unit = TimeUnit::us, .zone = "UTC"}),
            "timestamp[us, UTC]");
  EXPECT_EQ(to_string({.kind = Kind::time, .unit = TimeUnit::ns}), "timestamp[ns]");
  EXPECT_EQ(to_string({.kind = Kind::time, .unit = TimeUnit::s, .date = true}), "date");
}

TEST(Schema, FindsAColumnByName) {
  const Schema schema{{{.name = "a"}, {.name = "b"}}};
  EXPECT_EQ(schema.find("b"), 1);
  EXPECT_EQ(schema.find("c"), -1);
  EXPECT_EQ(schema.names(), (std::vector<std::string>{"a", "b"}));
}

TEST(Dictionary, KeepsItsTexts) {
  const std::vector<std::string> texts = {"b", "", "ž"};
  const auto dictionary = Dictionary::of(texts);
  EXPECT_EQ(dictionary->size(), 3);
  EXPECT_EQ((*dictionary)[0], "b");
  EXPECT_EQ((*dictionary)[1], "");
  EXPECT_EQ((*dictionary)[2], "ž");
  EXPECT_EQ(Dictionary::of({})->size(), 0);
}

TEST(Dictionary, HasAnIdOfItsOwn) {
  const std::vector<std::string> texts = {"a"};
  EXPECT_NE(Dictionary::of(texts)->id(), Dictionary::of(texts)->id());
}

TEST(Column, ReadsValidityBitByBit) {
  const std::uint8_t bits[2] = {0b10000001, 0b00000010};
  const Column column{.validity = bits};
  EXPECT_TRUE(column.valid(0));
  EXPECT_FALSE(column.valid(1));
  EXPECT_TRUE(column.valid(7));
  EXPECT_FALSE(column.valid(8));
  EXPECT_TRUE(column.valid(9));
  EXPECT_TRUE(Column{}.valid(123));
}

}  // namespace
}  // namespace lade
