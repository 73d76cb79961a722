// SPDX-License-Identifier: Apache-2.0
#include "lade/core/elementary.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "lade/core/random.h"
#include "tests/testing/targets.h"

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

/// Arguments of exp: all of its range, and where it rounds, overflows and vanishes.
std::vector<double> exponents() {
  std::vector<double> all;
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    const double u = random::unit(random::draw(9, i));
    all.push_back((u - 0.5) * 1490);
    all.push_back((u - 0.5) * 2);
    all.push_back((u - 0.5) * std::ldexp(1, -static_cast<int>(i % 60)));
  }
  for (int k = -1074; k <= 1023; ++k) {  // just beside the places where k changes
    const double edge = (k + 0.5) * 0x1.62e42fefa39efp-1;
    for (const double x : {edge, std::nextafter(edge, 0.0), edge + 1e-14}) {
      all.push_back(x);
    }
  }
  return all;
}

TEST(Exp, IsWithinOneUlpOfTheReference) {
  double worst = 0;
  for (const double x : exponents()) {
    const long double exact = std::exp(static_cast<long double>(x));
    if (exact > std::numeric_limits<double>::max()) {
      EXPECT_EQ(exp(x), kInfinity) << std::hexfloat << x;
      continue;
    }
    const double error = ulps(exp(x), exact);
    EXPECT_LE(error, 1) << std::hexfloat << x;
    worst = std::max(worst, error);
  }
  EXPECT_GT(worst, 0.45) << "the reference must be finer than a double";
}

TEST(Exp, AnswersTheEnds) {
  EXPECT_EQ(exp(0), 1);
  EXPECT_EQ(exp(-0.0), 1);
  EXPECT_NEAR(exp(1), 0x1.5bf0a8b145769p+1, 0x1p-51);
  EXPECT_EQ(exp(kInfinity), kInfinity);
  EXPECT_EQ(exp(-kInfinity), 0);
  EXPECT_FALSE(std::signbit(exp(-kInfinity)));
  EXPECT_EQ(exp(709.782712893384), 0x1.fffffffffff2ap+1023);
  EXPECT_EQ(exp(709.782712893385), kInfinity);
  EXPECT_EQ(exp(-745.1332191019411), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(exp(-745.1332191019412), 0);
  EXPECT_EQ(exp(1e308), kInfinity);
  EXPECT_EQ(exp(-1e308), 0);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(exp(-std::nan(""))), 0x7FF8000000000000U);
}

TEST(Exp, HasTheSameBytesInVectorLanesOfEveryInstructionSet) {
  std::vector<double> x = exponents();
  for (const double odd :
       {0.0, -0.0, kInfinity, -kInfinity, 1e308, -1e308, -std::nan("")})
    x.push_back(odd);
  testing::for_each_target([&] {
    for (const std::size_t count : {x.size(), std::size_t{0}, std::size_t{1},
                                    std::size_t{3}, std::size_t{9}, std::size_t{31}}) {
      std::vector<double> got(x.end() - static_cast<std::ptrdiff_t>(count), x.end());
      got.push_back(7);
      exp(got.data(), static_cast<Index>(count), got.data());
      for (std::size_t i = 0; i < count; ++i) {
        const double want = exp(x[x.size() - count + i]);
        ASSERT_EQ(std::bit_cast<std::uint64_t>(got[i]),
                  std::bit_cast<std::uint64_t>(want))
            << x[x.size() - count + i];
      }
      EXPECT_EQ(got.back(), 7) << "writes past the end";
    }
  });
}

/// Probabilities: everywhere, at both borders of the method, deep in the tails.
std::vector<double> probabilities() {
  std::vector<double> all;
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    const std::uint64_t bits = random::draw(10, i);
    all.push_back(random::open_unit(bits));
    all.push_back(std::ldexp(random::open_unit(bits), -static_cast<int>(i % 1000)));
    all.push_back(0.5 + (random::unit(bits) - 0.5) *
                            std::ldexp(1, -static_cast<int>(i % 50)));
    for (const double edge : {0.075, 0.925, 0x1.df3b6cep-37 /* e^-25 */}) {
      all.push_back(edge + (random::unit(bits) - 0.5) * edge * 1e-12);
    }
  }
  all.push_back(std::numeric_limits<double>::denorm_min());
  all.push_back(0x1p-53);
  return all;
}

/// Distance of x from the quantile of p, to first order: (Phi(x) - p) / phi(x).
long double distance(double x, double p) {
  const long double at = x;
  const long double q = static_cast<long double>(p) - 0.5L;
  const long double root = std::sqrt(2.0L);
  const long double off =
      std::fabs(q) < 0.3L ? std::erf(at / root) / 2 - q
      : q < 0             ? std::erfc(-at / root) / 2 - p
              : (1 - static_cast<long double>(p)) - std::erfc(at / root) / 2;
  return off * std::sqrt(2 * std::acos(-1.0L)) * std::exp(at * at / 2);
}

TEST(NormalQuantile, IsWithinEightUlpOfTheReference) {
  double worst = 0;
  for (const double p : probabilities()) {
    if (p == 0.5) continue;
    const double x = normal_quantile(p);
    const double ulp = std::nextafter(std::fabs(x), kInfinity) - std::fabs(x);
    const double error =
        static_cast<double>(std::fabs(distance(x, p)) / static_cast<long double>(ulp));
    EXPECT_LE(error, 8) << std::hexfloat << p;
    worst = std::max(worst, error);
  }
  EXPECT_GT(worst, 0.5) << "the reference must be finer than a double";
}

TEST(NormalQuantile, KnowsTheTables) {
  EXPECT_EQ(normal_quantile(0.5), 0);
  EXPECT_NEAR(normal_quantile(0.975), 1.9599639845400545, 1e-15);
  EXPECT_NEAR(normal_quantile(0.001), -3.090232306167813, 1e-15);
  EXPECT_NEAR(normal_quantile(1e-20), -9.262340089798408, 1e-14);
}

TEST(NormalQuantile, IsSymmetricAndGrows) {
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    const double p = random::open_unit(random::draw(11, i));
    EXPECT_EQ(normal_quantile(1 - p), -normal_quantile(p)) << p;
    EXPECT_LE(normal_quantile(p), normal_quantile(std::nextafter(p, 1.0) + 1e-14)) << p;
  }
}

TEST(NormalQuantile, AnswersWhatIsNoProbability) {
  EXPECT_EQ(normal_quantile(0), -kInfinity);
  EXPECT_EQ(normal_quantile(1), kInfinity);
  for (const double p : {-1e-300, 1.0000000000000002, kInfinity, -std::nan("")}) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(normal_quantile(p)), 0x7FF8000000000000U);
  }
}

TEST(Normals, HaveTheSameBytesInVectorLanesOfEveryInstructionSet) {
  std::vector<std::uint64_t> bits;
  for (std::uint64_t i = 0; i < 10'000; ++i) bits.push_back(random::draw(12, i));
  for (const std::uint64_t edge : {0x1333333333333000U, 0xECCCCCCCCCCCD000U}) {
    for (std::uint64_t d = 0; d < 5; ++d) bits.push_back(edge + (d - 2) * 0x1000U);
  }
  for (const std::uint64_t end : {std::uint64_t{0}, ~std::uint64_t{0}})
    bits.push_back(end);
  testing::for_each_target([&] {
    for (const std::size_t count : {bits.size(), std::size_t{0}, std::size_t{1},
                                    std::size_t{7}, std::size_t{257}}) {
      const std::uint64_t* first = bits.data() + bits.size() - count;
      std::vector<double> got(count + 1, 7.0);
      normals(first, static_cast<Index>(count), got.data());
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_EQ(got[i], normal_quantile(random::open_unit(first[i]))) << first[i];
      }
      EXPECT_EQ(got.back(), 7) << "writes past the end";
    }
  });
}

// Bytes frozen on one machine must come out on every other.
TEST(Normals, HaveTheSameBytesEverywhere) {
  std::uint64_t all = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const double z = normal_quantile(random::open_unit(random::draw(13, i)));
    all = random::extend(all, std::bit_cast<std::uint64_t>(z));
    all = random::extend(all, std::bit_cast<std::uint64_t>(exp(z * 90)));
  }
  EXPECT_EQ(all, 5678723327069333131U);
}

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
