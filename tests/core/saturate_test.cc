// SPDX-License-Identifier: Apache-2.0
#include "lade/core/saturate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace lade {
namespace {

template <class Out>
std::vector<Out> saturated(const std::vector<float>& in, DType type,
                           ConvertCounts& counts) {
  const auto count = static_cast<Index>(in.size());
  std::vector<Out> spread(2 * in.size(), Out{7});
  convert(in.data(), count, type, spread.data(), 2, counts);
  saturate(in.data(), count, type, spread.data(), 2);
  std::vector<Out> out;
  for (std::size_t i = 0; i < in.size(); ++i) {
    out.push_back(spread[2 * i]);
    EXPECT_EQ(spread[2 * i + 1], Out{7});
  }
  return out;
}

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(Saturate, ClampsHalfsAndKeepsInfinities) {
  ConvertCounts counts;
  EXPECT_EQ(
      (saturated<std::uint16_t>({1, 70000, -kInf, kNan, 1e-9F, 65519, -70000},
                                DType::f16, counts)),
      (std::vector<std::uint16_t>{0x3C00, 0x7BFF, 0xFC00, 0x7E00, 0, 0x7BFF, 0xFBFF}));
  EXPECT_EQ(counts.overflow, 2);
  EXPECT_EQ(counts.underflow, 1);
  EXPECT_EQ(counts.nonfinite, 2);
}

TEST(Saturate, ClampsBrainFloats) {
  ConvertCounts counts;
  EXPECT_EQ((saturated<std::uint16_t>({3.4e38F, -3.4e38F, 3.39e38F, kInf}, DType::bf16,
                                      counts)),
            (std::vector<std::uint16_t>{0x7F7F, 0xFF7F, 0x7F7F, 0x7F80}));
  EXPECT_EQ(counts.overflow, 2);
}

TEST(Saturate, ClampsIntegersAfterRounding) {
  ConvertCounts counts;
  std::vector<float> scaled;
  for (const float x : {0.0F, 0.5F, 1.0F, 1.2F, -0.1F, kNan}) scaled.push_back(x * 255);
  EXPECT_EQ((saturated<std::uint8_t>(scaled, DType::u8, counts)),
            (std::vector<std::uint8_t>{0, 128, 255, 255, 0, 0}));
  EXPECT_EQ(counts.overflow, 2);
  EXPECT_EQ(counts.missing, 1);
  EXPECT_EQ((saturated<std::int64_t>({1e19F, -1e19F, kInf}, DType::i64, counts)),
            (std::vector<std::int64_t>{INT64_MAX, INT64_MIN, INT64_MAX}));
  EXPECT_EQ((saturated<std::int32_t>({3e9F, -3e9F, 5}, DType::i32, counts)),
            (std::vector<std::int32_t>{INT32_MAX, INT32_MIN, 5}));
}

}  // namespace
}  // namespace lade
