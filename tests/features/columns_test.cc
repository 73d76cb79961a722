// SPDX-License-Identifier: Apache-2.0
#include "lade/features/columns.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

namespace lade {
namespace {

template <class T>
Column column_of(Kind kind, const std::vector<T>& values) {
  Column column;
  column.kind = kind;
  column.values = values.data();
  return column;
}

TEST(SignedLog, KeepsSignAndZero) {
  const std::vector<double> x = {9, -9, -0.5, 0, -0.0, 99};
  std::vector<float> out(x.size());
  signed_log10(x.data(), 6, 1.0, out.data());
  EXPECT_EQ(out[0], 1.0F);
  EXPECT_EQ(out[1], -1.0F);
  EXPECT_EQ(out[2], -0.17609125F);
  EXPECT_EQ(out[3], 0.0F);
  EXPECT_EQ(out[5], 2.0F);
  const double large = 99'900;
  signed_log10(&large, 1, 100.0, out.data());
  EXPECT_EQ(out[0], 5.0F);
}

TEST(SignedLog, MatchesReferenceWithinOneUlp) {
  for (double x = 1e-9; x < 1e12; x *= 1.37) {
    float out = 0;
    signed_log10(&x, 1, 1.0, &out);
    const auto want =
        static_cast<float>(std::log10(static_cast<long double>(x) + 1.0L));
    EXPECT_NEAR(out, want, std::fabs(std::nextafter(want, 10.0F) - want)) << x;
  }
}

TEST(Numeric, WritesWithAStrideAndFillsNulls) {
  const std::vector<std::int32_t> values = {5, 0, -7};
  Column column = column_of(Kind::i32, values);
  const std::uint8_t validity = 0b101;
  column.validity = &validity;
  std::vector<float> out(6, -1.0F);
  NumericInput input;
  input.fill = 3.5F;
  EXPECT_EQ(numeric(input, column, 0, 3, out.data(), 2), 1);
  EXPECT_EQ(out, (std::vector<float>{5, -1, 3.5F, -1, -7, -1}));
}

TEST(Numeric, ScalesWithoutFusing) {
  const std::vector<float> values = {0.1F};
  NumericInput input;
  input.scale = 3.0;
  input.shift = -0.3F;
  float out = 1;
  numeric(input, column_of(Kind::f32, values), 0, 1, &out, 1);
  EXPECT_EQ(out, 0.1F * 3.0F + -0.3F);
}

TEST(Numeric, GivesCanonicalNan) {
  const std::vector<double> values = {std::bit_cast<double>(0xFFF8000000000123ULL),
                                      std::numeric_limits<double>::infinity(), 1e300,
                                      -0.0};
  std::vector<float> out(4);
  numeric({}, column_of(Kind::f64, values), 0, 4, out.data(), 1);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(out[0]), 0x7FC00000U);
  EXPECT_TRUE(std::isinf(out[1]));
  EXPECT_TRUE(std::isinf(out[2]));
  EXPECT_EQ(std::bit_cast<std::uint32_t>(out[3]), 0x80000000U);
}

TEST(Numeric, EveryTileIsWritten) {
  std::vector<double> values(1000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  NumericInput input;
  input.scale = 2.0;
  std::vector<float> out(1000);
  numeric(input, column_of(Kind::f64, values), 0, 1000, out.data(), 1);
  for (std::size_t i = 0; i < out.size(); ++i)
    EXPECT_EQ(out[i], 2.0F * static_cast<float>(i));
}

}  // namespace
}  // namespace lade
