// SPDX-License-Identifier: Apache-2.0
#include "lade/core/elementary.h"

#include <array>
#include <bit>
#include <cstdint>
#include <limits>

namespace lade {
namespace {

// Minimax polynomial of log(1+f) and split constants; figures from Sun's fdlibm
// (e_log.c) and FreeBSD's msun (k_log.h, e_log10.c), published 1993 and 2011.
constexpr std::array<double, 7> kLog = {
    6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01,
    2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01,
    1.479819860511658591e-01};
constexpr double kLn2High = 6.93147180369123816490e-01;
constexpr double kLn2Low = 1.90821492927058770002e-10;
constexpr double kInverseLn10High = 4.34294481878168880939e-01;
constexpr double kInverseLn10Low = 2.50829467116452752298e-11;
constexpr double kLog10Of2High = 3.01029995663611771306e-01;
constexpr double kLog10Of2Low = 3.69423907715893078616e-13;

constexpr std::array<double, 23> kPowersOfTen = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// x = 2^exponent * (1 + f), sqrt(1/2) <= 1 + f < sqrt(2).
struct Reduced {
  double exponent;
  double f;
};

Reduced reduce(double x) noexcept {
  auto bits = std::bit_cast<std::uint64_t>(x);
  std::int64_t exponent = -1023;
  if (bits < 0x0010000000000000U) {  // subnormal
    bits = std::bit_cast<std::uint64_t>(x * 0x1p54);
    exponent -= 54;
  }
  // Adding the distance from sqrt(1/2) to 1 lets the carry choose the exponent.
  bits += 0x3FF0000000000000U - 0x3FE6A09E667F3BCDU;
  exponent += static_cast<std::int64_t>(bits >> 52U);
  const std::uint64_t fraction = (bits & 0x000FFFFFFFFFFFFFU) + 0x3FE6A09E667F3BCDU;
  return {static_cast<double>(exponent), std::bit_cast<double>(fraction) - 1.0};
}

/// s (f^2/2 + R(f)), so that log(1 + f) = f - f^2/2 + this.
double correction(double f, double half_square) noexcept {
  const double s = f / (2.0 + f);
  const double z = s * s;
  const double w = z * z;
  const double even = w * (kLog[1] + w * (kLog[3] + w * kLog[5]));
  const double odd = z * (kLog[0] + w * (kLog[2] + w * (kLog[4] + w * kLog[6])));
  return s * (half_square + (even + odd));
}

/// True if `x` has no finite logarithm; `result` is then what it has.
bool is_special(double x, double& result) noexcept {
  if (x > 0.0 && x <= std::numeric_limits<double>::max()) return false;
  if (x == 0.0) {
    result = -std::numeric_limits<double>::infinity();
  } else if (x > 0.0) {
    result = x;
  } else {
    result = std::bit_cast<double>(std::uint64_t{0x7FF8000000000000U});
  }
  return true;
}

}  // namespace

double log(double x) noexcept {
  double result = 0.0;
  if (is_special(x, result)) return result;
  const auto [exponent, f] = reduce(x);
  const double half_square = 0.5 * f * f;
  const double low = correction(f, half_square) + exponent * kLn2Low;
  return exponent * kLn2High - ((half_square - low) - f);
}

double log10(double x) noexcept {
  double result = 0.0;
  if (is_special(x, result)) return result;
  const auto [exponent, f] = reduce(x);
  const double half_square = 0.5 * f * f;
  // log(1 + f) = high + low, high with its lower half cleared so that products are
  // exact.
  const double high = std::bit_cast<double>(
      std::bit_cast<std::uint64_t>(f - half_square) & 0xFFFFFFFF00000000U);
  const double low = ((f - high) - half_square) + correction(f, half_square);
  const double high10 = high * kInverseLn10High;
  const double exponent10 = exponent * kLog10Of2High;
  double low10 =
      exponent * kLog10Of2Low + (low + high) * kInverseLn10Low + low * kInverseLn10High;
  const double sum = exponent10 + high10;
  low10 += (exponent10 - sum) + high10;
  result = low10 + sum;
  // A power of ten may come out one unit off; its logarithm is a whole number.
  const auto whole = static_cast<std::int64_t>(result + 0.5);
  const bool power = whole >= 0 &&
                     whole < static_cast<std::int64_t>(kPowersOfTen.size()) &&
                     kPowersOfTen[static_cast<std::size_t>(whole)] == x;
  return power ? static_cast<double>(whole) : result;
}

}  // namespace lade
