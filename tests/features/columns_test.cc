// SPDX-License-Identifier: Apache-2.0
#include "lade/features/columns.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "lade/core/random.h"
#include "tests/testing/targets.h"

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

/// Values of every size and sign, and those with rules of their own.
std::vector<double> any_values() {
  std::vector<double> all = {0.0,
                             -0.0,
                             1e-320,
                             -1e-320,
                             9,
                             99,
                             1e300,
                             std::numeric_limits<double>::max(),
                             std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN(),
                             std::bit_cast<double>(0xFFF0000000000123ULL)};
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    all.push_back(std::bit_cast<double>(random::draw(1, i)));
    all.push_back((random::unit(random::draw(2, i)) - 0.5) * 1e5);
  }
  return all;
}

TEST(SignedLog, MatchesReferenceWithinOneUlp) {
  const std::vector<double> x = any_values();
  std::vector<float> out(x.size());
  for (const double shift : {1.0, 2.5, 100.0}) {
    signed_log10(x.data(), static_cast<Index>(x.size()), shift, out.data());
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (x[i] == 0 || !std::isfinite(x[i])) continue;
      const long double size = std::fabs(static_cast<long double>(x[i]));
      const long double size_log =
          shift == 1.0 ? std::log1p(size) / std::log(10.0L) : std::log10(size + shift);
      const auto want = static_cast<float>(x[i] < 0 ? -size_log : size_log);
      const float ulp = std::nextafter(std::fabs(want), HUGE_VALF) - std::fabs(want);
      ASSERT_LE(std::fabs(out[i] - want), ulp) << std::hexfloat << x[i];
    }
  }
}

TEST(SignedLog, KeepsWhatIsNotFinite) {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> x = {infinity, -infinity,
                                 std::bit_cast<double>(0xFFF8000000000123ULL),
                                 std::bit_cast<double>(0x7FF0000000000001ULL)};
  std::vector<float> out(4);
  signed_log10(x.data(), 4, 1.0, out.data());
  EXPECT_EQ(out[0], HUGE_VALF);
  EXPECT_EQ(out[1], -HUGE_VALF);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(out[2]), 0x7FC00000U);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(out[3]), 0x7FC00000U);
}

TEST(SignedLog, ZeroOfEitherSignIsZero) {
  const double x[] = {0.0, -0.0};
  float out[2] = {1, 1};
  signed_log10(x, 2, 100.0, out);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(out[0]), 0U);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(out[1]), 0U);
}

TEST(SignedLog, HasTheSameBytesForEveryInstructionSetLengthAndPlace) {
  const std::vector<double> x = any_values();
  std::vector<float> want(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) signed_log10(&x[i], 1, 1.0, &want[i]);
  testing::for_each_target([&] {
    std::vector<float> out(x.size());
    signed_log10(x.data(), static_cast<Index>(x.size()), 1.0, out.data());
    ASSERT_EQ(std::memcmp(out.data(), want.data(), out.size() * sizeof(float)), 0);
    for (Index count = 0; count <= 35; ++count) {
      for (std::size_t from = 0; from < 3; ++from) {
        std::vector<float> part(static_cast<std::size_t>(count) + 1, -77.0F);
        signed_log10(x.data() + from, count, 1.0, part.data());
        ASSERT_EQ(std::memcmp(part.data(), want.data() + from,
                              static_cast<std::size_t>(count) * sizeof(float)),
                  0);
        EXPECT_EQ(part.back(), -77.0F) << "writes past the end";
      }
    }
  });
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

/// A column of one type with its extreme values, and what f32 makes of them.
template <class T>
void expect_extremes(Kind kind) {
  const std::vector<T> values = {std::numeric_limits<T>::min(), T{0}, T{1},
                                 std::numeric_limits<T>::max()};
  std::vector<float> out(4, -1.0F);
  EXPECT_EQ(numeric({}, column_of(kind, values), 0, 4, out.data(), 1), 0);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(out[i], static_cast<float>(values[i])) << name(kind);
  }
  float from_two = 0;
  numeric({}, column_of(kind, values), 2, 1, &from_two, 1);
  EXPECT_EQ(from_two, 1.0F);
}

TEST(Numeric, TakesTheExtremesOfEveryKind) {
  expect_extremes<std::int8_t>(Kind::i8);
  expect_extremes<std::int16_t>(Kind::i16);
  expect_extremes<std::int32_t>(Kind::i32);
  expect_extremes<std::int64_t>(Kind::i64);
  expect_extremes<std::int64_t>(Kind::time);
  expect_extremes<std::uint8_t>(Kind::u8);
  expect_extremes<std::uint16_t>(Kind::u16);
  expect_extremes<std::uint32_t>(Kind::u32);
  expect_extremes<std::uint64_t>(Kind::u64);
  expect_extremes<float>(Kind::f32);
  expect_extremes<double>(Kind::f64);
}

TEST(Numeric, RoundsWholeNumbersOnce) {
  const std::vector<std::int64_t> values = {(std::int64_t{1} << 53) + 1,
                                            (std::int64_t{1} << 24) + 1,
                                            (std::int64_t{1} << 54) + (1 << 30) + 1};
  std::vector<float> out(3);
  numeric({}, column_of(Kind::i64, values), 0, 3, out.data(), 1);
  EXPECT_EQ(out[0], 0x1p53F);
  EXPECT_EQ(out[1], 0x1p24F);
  EXPECT_EQ(out[2], 0x1.000002p54F) << "rounded to f64 first it would be 0x1p54";
}

TEST(Numeric, KeepsSubnormalsAndInfinities) {
  const std::vector<float> values = {std::numeric_limits<float>::denorm_min(), -0.0F,
                                     -HUGE_VALF};
  std::vector<float> out(3);
  numeric({}, column_of(Kind::f32, values), 0, 3, out.data(), 1);
  EXPECT_EQ(std::memcmp(out.data(), values.data(), sizeof(float) * 3), 0);
}

TEST(Numeric, ScalesSixtyFourBitsInDoubleAndOthersInSingle) {
  NumericInput input;
  input.scale = 1.1;
  input.shift = 0.1;
  const std::vector<std::int64_t> wide = {16'777'217};
  const std::vector<std::int32_t> narrow = {16'777'217};
  float out = 0;
  numeric(input, column_of(Kind::i64, wide), 0, 1, &out, 1);
  EXPECT_EQ(out, static_cast<float>(16'777'217 * 1.1 + 0.1));
  numeric(input, column_of(Kind::i32, narrow), 0, 1, &out, 1);
  EXPECT_EQ(out, 16'777'216.0F * 1.1F + 0.1F);
}

TEST(Numeric, ScaleAfterTheLogarithm) {
  NumericInput input;
  input.transform = NumericInput::Transform::log10;
  input.scale = 2.0;
  input.shift = 1.0;
  const std::vector<std::int16_t> values = {99, 0, -9};
  std::vector<float> out(6, -1.0F);
  numeric(input, column_of(Kind::i16, values), 0, 3, out.data(), 2);
  EXPECT_EQ(out, (std::vector<float>{5, -1, 1, -1, -1, -1}));
}

TEST(Numeric, TakesZeroRowsAndAllNulls) {
  const std::vector<double> values(9, 0.0);
  Column column = column_of(Kind::f64, values);
  EXPECT_EQ(numeric({}, column, 0, 0, nullptr, 1), 0);
  const std::uint8_t validity[2] = {};
  column.validity = validity;
  std::vector<float> out(9, -1.0F);
  NumericInput input;
  input.transform = NumericInput::Transform::log10;
  input.fill = -2.0F;
  EXPECT_EQ(numeric(input, column, 0, 9, out.data(), 1), 9);
  EXPECT_EQ(out, std::vector<float>(9, -2.0F));
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

TEST(Numeric, OfF64AreRoundedAlikeOnEveryInstructionSet) {
  const std::vector<double> x = any_values();
  const Column column = column_of(Kind::f64, x);
  std::vector<std::uint32_t> want;
  for (const double value : x) {
    const auto rounded = static_cast<float>(value);
    want.push_back(std::isnan(rounded) ? 0x7FC00000U
                                       : std::bit_cast<std::uint32_t>(rounded));
  }
  testing::for_each_target([&] {
    for (Index n = 0; n <= static_cast<Index>(x.size()); n = n < 40 ? n + 1 : 2 * n) {
      std::vector<float> out(static_cast<std::size_t>(n) + 1, 7.0F);
      numeric({}, column, 0, n, out.data(), 1);
      for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
        ASSERT_EQ(std::bit_cast<std::uint32_t>(out[i]), want[i]) << x[i];
      }
      ASSERT_EQ(out.back(), 7.0F);
    }
  });
}

}  // namespace
}  // namespace lade
