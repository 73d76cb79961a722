// SPDX-License-Identifier: Apache-2.0
#include "lade/core/cursor.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace lade {
namespace {

constexpr std::array<std::byte, 15> kBytes = {
    std::byte{1},    std::byte{2},    std::byte{3},    std::byte{4},
    std::byte{5},    std::byte{6},    std::byte{7},    std::byte{0xFF},
    std::byte{0xFF}, std::byte{0xFF}, std::byte{0xFF}, std::byte{0xFF},
    std::byte{0xFF}, std::byte{0xFF}, std::byte{0xFF}};

TEST(Cursor, ReadsLittleEndianNumbersInOrder) {
  Cursor cursor(kBytes, "x.bin", "x.cut");
  EXPECT_EQ(cursor.u8(), 1);
  EXPECT_EQ(cursor.u16(), 0x0302);
  EXPECT_EQ(cursor.u32(), 0x07060504U);
  EXPECT_EQ(cursor.offset(), 7);
  EXPECT_EQ(cursor.i64(), -1);
  EXPECT_TRUE(cursor.done());
  EXPECT_EQ(cursor.take(0).size(), 0U);
}

TEST(Cursor, RefusesToReadPastTheEnd) {
  Cursor cursor(kBytes, "x.bin", "x.cut");
  cursor.take(10);
  try {
    cursor.u64();
    FAIL();
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(), "x.bin: byte 10: x.cut: 8 bytes needed, 5 left");
    EXPECT_EQ(error.place().offset, 10);
    EXPECT_EQ(error.place().rule, "x.cut");
  }
  EXPECT_EQ(cursor.left(), 5U) << "a refused read must not move";
}

TEST(Cursor, RefusesLengthsThatWouldWrap) {
  Cursor cursor(kBytes, "x.bin", "x.cut");
  EXPECT_THROW(cursor.take(std::numeric_limits<std::uint64_t>::max()), DataError);
  EXPECT_THROW(cursor.text(std::uint64_t{1} << 63U), DataError);
  EXPECT_EQ(cursor.text(2), "\1\2");
}

TEST(Cursor, FailsAtItsPlace) {
  Cursor cursor(kBytes, "x.bin", "x.cut");
  cursor.u32();
  try {
    cursor.fail("version must be 1, got 9");
    FAIL();
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(), "x.bin: byte 4: x.cut: version must be 1, got 9");
  }
}

}  // namespace
}  // namespace lade
