// SPDX-License-Identifier: Apache-2.0
#include "lade/core/elementary.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "lade/core/random.h"

namespace lade {
namespace {

/// Distance in units in the last place of the exact value (long double has 11 bits
/// more).
double ulps(double got, long double exact) {
  const auto nearest = static_cast<double>(exact);
  const double unit = std::nextafter(std::fabs(nearest), HUGE_VAL) - std::fabs(nearest);
  return static_cast<double>(std::fabs(static_cast<long double>(got) - exact)) / unit;
}

/// A positive double of any exponent.
double any_positive(std::uint64_t i) {
  const std::uint64_t bits = random::draw(random::key(1), i) & 0x7FFFFFFFFFFFFFFFU;
  const auto x = std::bit_cast<double>(bits);
  return std::isfinite(x) && x > 0 ? x : 1.5;
}

TEST(Log, IsWithinOneUlpEverywhere) {
  double worst = 0;
  double worst10 = 0;
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    // Half of the values of any size, half around 1, where cancellation is worst.
    const double x =
        i % 2 == 0 ? any_positive(i) : 0.5 + 1.5 * random::unit(random::draw(7, i));
    worst = std::max(worst, ulps(lade::log(x), std::log(static_cast<long double>(x))));
    worst10 = std::max(worst10,
                       ulps(lade::log10(x), std::log10(static_cast<long double>(x))));
  }
  EXPECT_LT(worst, 1.0);
  EXPECT_LT(worst10, 1.0);
}

TEST(Log, TakesSubnormals) {
  const double x = std::numeric_limits<double>::denorm_min();
  EXPECT_LT(ulps(lade::log(x), std::log(static_cast<long double>(x))), 1.0);
  EXPECT_LT(ulps(lade::log10(x), std::log10(static_cast<long double>(x))), 1.0);
}

TEST(Log, IsExactForPowersOfTen) {
  double power = 1;
  for (int n = 0; n <= 22; ++n, power *= 10) EXPECT_EQ(lade::log10(power), n);
  EXPECT_EQ(lade::log(1.0), 0.0);
}

TEST(Log, GivesSpecialValues) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(lade::log(0.0), -infinity);
  EXPECT_EQ(lade::log10(-0.0), -infinity);
  EXPECT_EQ(lade::log(infinity), infinity);
  for (const double bad : {-1.0, -infinity, std::nan("7")}) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(lade::log(bad)), 0x7FF8000000000000U);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(lade::log10(bad)), 0x7FF8000000000000U);
  }
}

TEST(Log, GoldenBytesAreTheSameEverywhere) {
  EXPECT_EQ(std::bit_cast<std::uint64_t>(lade::log(2.0)), 0x3FE62E42FEFA39EFU);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(lade::log10(2.0)), 0x3FD34413509F79FFU);
}

}  // namespace
}  // namespace lade
