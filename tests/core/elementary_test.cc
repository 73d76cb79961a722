// SPDX-License-Identifier: Apache-2.0
#include "lade/core/elementary.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "lade/core/random.h"

namespace lade {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Distance in units of the last place of the double nearest to `exact`.
double ulps(double got, long double exact) {
  const double nearest = static_cast<double>(exact);
  const double ulp = std::nextafter(std::fabs(nearest), kInfinity) - std::fabs(nearest);
  return static_cast<double>(std::fabs(static_cast<long double>(got) - exact) /
                             static_cast<long double>(ulp));
}

/// Positive doubles of every exponent, and many near 1.
std::vector<double> arguments() {
  std::vector<double> all;
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    const std::uint64_t bits = random::draw(7, i);
    all.push_back(std::bit_cast<double>(bits & 0x7FEFFFFFFFFFFFFFU));
    all.push_back(1 + (random::unit(bits) - 0.5) *
                          std::ldexp(1, -static_cast<int>(i % 50)));
    all.push_back(random::unit(bits) * 1e6);
  }
  for (int e = -1074; e < 1024; ++e) all.push_back(std::ldexp(1.0, e));
  return all;
}

// 64 bits of x87 are 2048 times finer than a double; its log is within 1 of those.
static_assert(std::numeric_limits<long double>::digits >= 64);

TEST(Log, IsWithinOneUlpOfTheReference) {
  double worst = 0;
  for (const double x : arguments()) {
    if (x == 0 || x == 1) continue;
    const double error = ulps(log(x), std::log(static_cast<long double>(x)));
    EXPECT_LE(error, 0.55) << std::hexfloat << x;
    worst = std::max(worst, error);
  }
  EXPECT_GT(worst, 0.4) << "the reference must be finer than a double";
}

TEST(LogTen, IsWithinOneUlpOfTheReference) {
  for (const double x : arguments()) {
    if (x == 0 || x == 1) continue;
    EXPECT_LE(ulps(log10(x), std::log10(static_cast<long double>(x))), 0.55)
        << std::hexfloat << x;
  }
}

TEST(LogTen, IsExactAtPowersOfTen) {
  double power = 1;
  for (int n = 0; n <= 22; ++n, power *= 10) EXPECT_EQ(log10(power), n);
  EXPECT_EQ(log10(1e100), 100);
  EXPECT_EQ(log10(1e-300), -300);
  EXPECT_EQ(log10(0.1), -1);
}

TEST(Log, IsExactAtOne) {
  EXPECT_EQ(log(1), 0);
  EXPECT_FALSE(std::signbit(log(1)));
  EXPECT_EQ(log10(1), 0);
  EXPECT_FALSE(std::signbit(log10(1)));
}

TEST(Log, AnswersWhatHasNoLogarithm) {
  for (double (*f)(double) noexcept : {&log, &log10}) {
    EXPECT_EQ(f(0.0), -kInfinity);
    EXPECT_EQ(f(-0.0), -kInfinity);
    EXPECT_EQ(f(kInfinity), kInfinity);
    for (const double x : {-1.0, -kInfinity, -std::numeric_limits<double>::denorm_min(),
                           std::bit_cast<double>(0xFFF800000000DEADU),
                           std::bit_cast<double>(0x7FF0000000000001U)}) {
      EXPECT_EQ(std::bit_cast<std::uint64_t>(f(x)), 0x7FF8000000000000U) << x;
    }
  }
}

TEST(Log, TakesSubnormalsAndTheLargest) {
  EXPECT_EQ(log(std::numeric_limits<double>::denorm_min()), -0x1.74385446d71c3p+9);
  EXPECT_EQ(log(std::numeric_limits<double>::max()), 0x1.62e42fefa39efp+9);
}

TEST(Log, HasTheBytesOfTwo) {
  EXPECT_EQ(std::bit_cast<std::uint64_t>(log(2)), 0x3FE62E42FEFA39EFU);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(log10(2)), 0x3FD34413509F79FFU);
}

// Bytes frozen on one machine must come out on every other.
TEST(Log, HasTheSameBytesEverywhere) {
  std::uint64_t all = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const double x = std::bit_cast<double>(random::draw(8, i) & 0x7FEFFFFFFFFFFFFFU);
    all = random::extend(all, std::bit_cast<std::uint64_t>(log(x)));
    all = random::extend(all, std::bit_cast<std::uint64_t>(log10(x)));
  }
  EXPECT_EQ(all, 9319246081820240354U);
}

}  // namespace
}  // namespace lade
