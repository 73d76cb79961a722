// SPDX-License-Identifier: Apache-2.0
#include "lade/core/hash.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace lade {
namespace {

std::string pattern(std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i)
    text[i] = static_cast<char>(i * 131 + (i >> 8U));
  return text;
}

// Published vectors of XXH3, seed 0, empty input.
TEST(Hash, EqualsThePublishedValuesOfTheEmptyInput) {
  EXPECT_EQ(hex(xxh3_64("")), "2d06800538d394c2");
  EXPECT_EQ(hex(xxh3_128("")), "99aa06d3014798d86001c324468d497f");
}

TEST(Hash, PartsGiveTheHashOfTheirConcatenation) {
  for (const std::size_t bytes : {0, 1, 16, 17, 128, 129, 240, 241, 1024, 5000}) {
    const std::string text = pattern(bytes);
    for (const std::size_t cut : {std::size_t{0}, bytes / 3, bytes}) {
      Hasher hasher;
      hasher.update(std::string_view(text).substr(0, cut));
      hasher.update(std::string_view(text).substr(cut));
      EXPECT_EQ(hasher.digest64(), xxh3_64(text)) << bytes;
      EXPECT_EQ(hasher.digest128(), xxh3_128(text)) << bytes;
    }
  }
}

TEST(Hash, FieldsDoNotRunIntoEachOther) {
  Hasher one;
  one.field("ab");
  one.field("c");
  Hasher other;
  other.field("a");
  other.field("bc");
  EXPECT_NE(one.digest128(), other.digest128());
  Hasher number;
  number.field(1);
  number.field("x");
  EXPECT_EQ(number.digest64(),
            xxh3_64(std::string_view("\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0x", 17)));
}

TEST(Hash, AMovedHasherGoesOn) {
  Hasher first;
  first.update("ab");
  Hasher second = std::move(first);
  second.update("c");
  EXPECT_EQ(second.digest64(), xxh3_64("abc"));
}

TEST(Hash, PrintsSixteenAndThirtyTwoDigits) {
  EXPECT_EQ(hex(std::uint64_t{0x1F}), "000000000000001f");
  EXPECT_EQ(hex(Hash128{.low = 1, .high = 2}), "00000000000000020000000000000001");
}

}  // namespace
}  // namespace lade
