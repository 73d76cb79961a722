// SPDX-License-Identifier: Apache-2.0
#include "lade/core/convert.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "lade/core/error.h"
#include "lade/core/random.h"
#include "tests/testing/targets.h"

namespace lade {
namespace {

const float kNan = std::numeric_limits<float>::quiet_NaN();
const float kInfinity = std::numeric_limits<float>::infinity();

template <class Out, class In>
std::vector<Out> converted(const std::vector<In>& in, DType type,
                           ConvertCounts& counts) {
  std::vector<Out> out(in.size(), Out{77});
  convert(in.data(), static_cast<Index>(in.size()), type, out.data(), 1, counts);
  return out;
}
template <class Out, class In>
std::vector<Out> converted(const std::vector<In>& in, DType type) {
  ConvertCounts counts;
  return converted<Out>(in, type, counts);
}

// The value of a 16-bit float, in double, read off its bits.
double value(std::uint16_t bits, int exponent_bits) {
  const int mantissa_bits = 15 - exponent_bits;
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = (bits >> mantissa_bits) & ((1 << exponent_bits) - 1);
  const int mantissa = bits & ((1 << mantissa_bits) - 1);
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == 0) return sign * std::ldexp(mantissa, 1 - bias - mantissa_bits);
  return sign *
         std::ldexp(mantissa + (1 << mantissa_bits), exponent - bias - mantissa_bits);
}
struct HalfType {
  DType type;
  int exponent_bits;
  std::uint16_t infinity;
};
constexpr HalfType kHalfTypes[] = {{DType::f16, 5, 0x7C00}, {DType::bf16, 8, 0x7F80}};

TEST(Convert, EveryHalfValueIsKept) {
  for (const auto& half : kHalfTypes) {
    std::vector<float> in;
    std::vector<std::uint16_t> expected;
    for (std::uint32_t bits = 0; bits < half.infinity; ++bits) {
      for (const std::uint32_t sign : {0U, 0x8000U}) {
        expected.push_back(static_cast<std::uint16_t>(bits | sign));
        in.push_back(static_cast<float>(value(expected.back(), half.exponent_bits)));
      }
    }
    testing::for_each_target(
        [&] { EXPECT_EQ(converted<std::uint16_t>(in, half.type), expected); });
  }
}

TEST(Convert, MatchesReferenceOnAllTiesAndTheirNeighbours) {
  for (const auto& half : kHalfTypes) {
    std::vector<double> in;
    std::vector<std::uint16_t> expected;
    for (std::uint16_t low = 0; low + 1 < half.infinity; ++low) {
      const auto high = static_cast<std::uint16_t>(low + 1);
      const double tie =
          (value(low, half.exponent_bits) + value(high, half.exponent_bits)) / 2;
      in.push_back(std::nextafter(tie, 0.0));
      expected.push_back(low);
      in.push_back(tie);
      expected.push_back(low % 2 == 0 ? low : high);
      in.push_back(std::nextafter(tie, 1e300));
      expected.push_back(high);
    }
    testing::for_each_target([&] {
      EXPECT_EQ(converted<std::uint16_t>(in, half.type), expected);
      std::vector<float> ties;
      std::vector<std::uint16_t> rounded;
      for (std::size_t i = 1; i < in.size(); i += 3) {
        ties.push_back(static_cast<float>(in[i]));
        rounded.push_back(expected[i]);
      }
      EXPECT_EQ(converted<std::uint16_t>(ties, half.type), rounded);
    });
  }
}

TEST(Convert, SameBytesForEveryInstructionSetLengthAndAlignment) {
  std::vector<float> in(1100);
  for (std::size_t i = 0; i < in.size(); ++i) {
    in[i] = std::bit_cast<float>(static_cast<std::uint32_t>(random::draw(3, i)));
  }
  for (const DType type :
       {DType::f16, DType::bf16, DType::f32, DType::u8, DType::i32}) {
    for (const Index count :
         {0, 1, 3, 4, 7, 8, 15, 16, 17, 31, 67, 255, 256, 257, 1030}) {
      for (const Index skip : {0, 1, 3}) {
        std::vector<std::vector<std::byte>> outs;
        std::vector<Index> sums;
        testing::for_each_target([&] {
          std::vector<std::byte> out(8 * 1100);
          ConvertCounts counts;
          convert(in.data() + skip, count, type, out.data(), 1, counts);
          outs.push_back(out);
          sums.push_back(counts.overflow + 10'000 * counts.nonfinite +
                         100'000'000 * counts.underflow + counts.first_overflow);
        });
        for (std::size_t t = 1; t < outs.size(); ++t) {
          EXPECT_EQ(outs[t], outs[0]);
          EXPECT_EQ(sums[t], sums[0]);
        }
      }
    }
  }
}

TEST(Convert, ExamplesOfHalfFloats) {
  ConvertCounts counts;
  EXPECT_EQ(
      converted<std::uint16_t>(
          std::vector<float>{65519.996F, 65520, 2049, -0.0F, kNan, -kInfinity},
          DType::f16, counts),
      (std::vector<std::uint16_t>{0x7BFF, 0x7C00, 0x6800, 0x8000, 0x7E00, 0xFC00}));
  EXPECT_EQ(counts.overflow, 1);
  EXPECT_EQ(counts.first_overflow, 1);
  EXPECT_EQ(counts.nonfinite, 2);
  EXPECT_EQ(counts.underflow, 0);
  EXPECT_EQ(
      converted<std::uint16_t>(
          std::vector<float>{1.00390625F, 1.01171875F, 0.1F, 257, 1e-40F}, DType::bf16),
      (std::vector<std::uint16_t>{0x3F80, 0x3F82, 0x3DCD, 0x4380, 0x0001}));
}

TEST(Convert, CountsWhatIsLost) {
  ConvertCounts counts;
  converted<std::uint16_t>(std::vector<float>{1, 70000, -kInfinity, kNan, 1e-9F, 65519},
                           DType::f16, counts);
  EXPECT_EQ(counts.overflow, 1);
  EXPECT_EQ(counts.underflow, 1);
  EXPECT_EQ(counts.nonfinite, 2);
}

TEST(Convert, DoublesAreRoundedOnce) {
  const double x = 1 + std::ldexp(1, -11) + std::ldexp(1, -30);
  EXPECT_EQ(converted<std::uint16_t>(std::vector<double>{x, -x}, DType::f16),
            (std::vector<std::uint16_t>{0x3C01, 0xBC01}));
  ConvertCounts counts;
  EXPECT_EQ(converted<std::uint16_t>(
                std::vector<double>{1e300, 1e-320, std::ldexp(3, -134), -1e-45},
                DType::bf16, counts),
            (std::vector<std::uint16_t>{0x7F80, 0x0000, 0x0002, 0x8000}));
  EXPECT_EQ(counts.overflow, 1);
  EXPECT_EQ(counts.underflow, 2);
}

TEST(Convert, IntegersAreRoundedOnce) {
  // 2^24 + 1 lies between two f32; one more bit decides the tie of bf16.
  const std::int64_t tie = (std::int64_t{1} << 40) + (std::int64_t{1} << 32);
  EXPECT_EQ(converted<std::uint16_t>(
                std::vector<std::int64_t>{tie, tie + 1, -tie - 1, 3}, DType::bf16),
            (std::vector<std::uint16_t>{0x5380, 0x5381, 0xD381, 0x4040}));
  EXPECT_EQ(converted<float>(std::vector<std::int64_t>{16777217, 16777219, INT64_MIN},
                             DType::f32),
            (std::vector<float>{16777216, 16777220, -0x1p63F}));
}

TEST(Convert, NansBecomeTheQuietNanOfTheirSign) {
  const std::vector<float> in{std::bit_cast<float>(0x7F800001U),
                              std::bit_cast<float>(0xFFFFFFFFU)};
  EXPECT_EQ(converted<std::uint16_t>(in, DType::f16),
            (std::vector<std::uint16_t>{0x7E00, 0xFE00}));
  EXPECT_EQ(converted<std::uint16_t>(in, DType::bf16),
            (std::vector<std::uint16_t>{0x7FC0, 0xFFC0}));
  const auto out = converted<float>(in, DType::f32);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(out[0]), 0x7FC00000U);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(out[1]), 0xFFC00000U);
}

TEST(Convert, FloatsBecomeTheNearestEvenInteger) {
  ConvertCounts counts;
  EXPECT_EQ(converted<std::uint8_t>(
                std::vector<float>{0, 127.5F, 128.5F, 255.4F, kNan, 0.25F}, DType::u8,
                counts),
            (std::vector<std::uint8_t>{0, 128, 128, 255, 0, 0}));
  EXPECT_EQ(counts.missing, 1);
  EXPECT_EQ(counts.underflow, 1);
  EXPECT_EQ(counts.overflow, 0);
}

TEST(Convert, IntegersThatDoNotFitAreNotWrittenAndTheFirstIsNamed) {
  ConvertCounts counts;
  EXPECT_EQ(
      converted<std::int8_t>(std::vector<float>{1, 127.5F, -128.5F, -129, kInfinity},
                             DType::i8, counts),
      (std::vector<std::int8_t>{1, 77, -128, 77, 77}));
  EXPECT_EQ(counts.overflow, 3);
  EXPECT_EQ(counts.first_overflow, 1);
  ConvertCounts wide;
  converted<std::int64_t>(std::vector<double>{-0x1p63, 0x1p63}, DType::i64, wide);
  EXPECT_EQ(wide.first_overflow, 1);
  EXPECT_EQ(wide.overflow, 1);
  ConvertCounts ids;
  EXPECT_EQ(converted<std::int32_t>(
                std::vector<std::int64_t>{INT32_MAX, std::int64_t{INT32_MAX} + 1, -1},
                DType::i32, ids),
            (std::vector<std::int32_t>{INT32_MAX, 77, -1}));
  EXPECT_EQ(ids.first_overflow, 1);
}

TEST(Convert, WritesElementsAStrideApart) {
  std::vector<float> in(600);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>(i) * 0.37F;
  for (const DType type : {DType::f16, DType::i16, DType::f32, DType::i64}) {
    const auto size = static_cast<std::size_t>(width(type));
    std::vector<std::byte> dense(600 * size);
    std::vector<std::byte> spread(600 * size * 3);
    ConvertCounts counts;
    convert(in.data(), 600, type, dense.data(), 1, counts);
    convert(in.data(), 600, type, spread.data(), 3, counts);
    for (std::size_t i = 0; i < 600; ++i) {
      EXPECT_EQ(std::memcmp(&dense[i * size], &spread[i * size * 3], size), 0);
    }
  }
}

TEST(Convert, BooleanIsWhetherItIsNotZero) {
  EXPECT_EQ(
      converted<std::uint8_t>(std::vector<float>{0, -0.0F, 2, kNan}, DType::boolean),
      (std::vector<std::uint8_t>{0, 0, 1, 0}));
}

TEST(DType, NamesAndWidthsAgree) {
  for (const DType type : {DType::boolean, DType::u8, DType::i8, DType::i16, DType::i32,
                           DType::i64, DType::f16, DType::bf16, DType::f32}) {
    EXPECT_EQ(parse_dtype(name(type), "dtype"), type);
  }
  EXPECT_EQ(parse_dtype("bfloat16", "dtype"), DType::bf16);
  EXPECT_EQ(width(DType::bf16), 2);
  EXPECT_EQ(width(DType::i64), 8);
}

TEST(DType, RefusesAnUnknownWordWithTheNearest) {
  EXPECT_THROW(parse_dtype("f64", "dtypes"), ArgumentError);
  try {
    parse_dtype("flaot32", "dtypes");
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_NE(std::string(error.what()).find("float32"), std::string::npos);
  }
}

}  // namespace
}  // namespace lade
