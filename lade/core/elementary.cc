// SPDX-License-Identifier: Apache-2.0
#include "lade/core/elementary.h"

#include <bit>
#include <cstdint>
#include <limits>

namespace lade {
namespace {

// x = 2^k m with m in [sqrt(1/2), sqrt(2)), s = (m - 1) / (m + 1):
// log x = k log 2 + 2 (s + s^3/3 + s^5/5 + ...), all but the small terms kept as an
// unevaluated sum of two doubles. |s| < 0.172, so 13 terms reach 2^-65.
// features/columns_kernels.cc does the same steps in vector lanes.

struct Pair {
  double high;
  double low;
};

constexpr double kLog2High = 0x1.62e42fefa3p-1;  // 41 bits: k times it is exact
constexpr double kLog2Low = 0x1.3de6af278ece6p-42;
constexpr double kInverseLog10High = 0x1.bcb7b1526e50ep-2;
constexpr double kInverseLog10Low = 0x1.95355baaafad3p-57;

/// a + b and its rounding error.  Requires: |a| >= |b| or a == 0.
Pair sum(double a, double b) {
  const double s = a + b;
  return {s, b - (s - a)};
}

/// a * b and its rounding error.  Source: Veltkamp's split and Dekker's product.
Pair product(double a, double b) {
  constexpr double kSplit = 0x1p27 + 1;
  const double p = a * b;
  const double a_big = kSplit * a;
  const double a_high = a_big - (a_big - a);
  const double a_low = a - a_high;
  const double b_big = kSplit * b;
  const double b_high = b_big - (b_big - b);
  const double b_low = b - b_high;
  return {p,
          a_low * b_low - (((p - a_high * b_high) - a_low * b_high) - a_high * b_low)};
}

/// 2/3 + 2/5 z + 2/7 z^2 + ... + 2/27 z^12.
double series(double z) {
  const double z2 = z * z;
  double even = 2.0 / 27;
  double odd = 2.0 / 25;
  even = even * z2 + 2.0 / 23;
  odd = odd * z2 + 2.0 / 21;
  even = even * z2 + 2.0 / 19;
  odd = odd * z2 + 2.0 / 17;
  even = even * z2 + 2.0 / 15;
  odd = odd * z2 + 2.0 / 13;
  even = even * z2 + 2.0 / 11;
  odd = odd * z2 + 2.0 / 9;
  even = even * z2 + 2.0 / 7;
  odd = odd * z2 + 2.0 / 5;
  return (even * z2 + 2.0 / 3) + odd * z;
}

/// log of a positive finite number as high + low, |low| <= half an ulp of high.
Pair log_pair(double x) {
  double k = 0;
  if (x < std::numeric_limits<double>::min()) {
    x *= 0x1p54;
    k = -54;
  }
  // Adding the distance from sqrt(1/2) to 1 in the exponent's place rounds m into
  // range.
  constexpr std::uint64_t kOne = 0x3FF0000000000000U;
  constexpr std::uint64_t kHalfRoot = 0x3FE6A09E667F3BCDU;
  const std::uint64_t shifted = std::bit_cast<std::uint64_t>(x) + (kOne - kHalfRoot);
  k += static_cast<double>(static_cast<std::int64_t>(shifted >> 52U) - 1023);
  const double m = std::bit_cast<double>((shifted & 0x000FFFFFFFFFFFFFU) + kHalfRoot);

  const double f = m - 1;
  const double t = 2 + f;
  const double t_low = f - (t - 2);
  const double s = f / t;
  const Pair st = product(s, t);
  const double s_low = (((f - st.high) - st.low) - s * t_low) / t;
  const double z = s * s;
  const double small = (s * z) * series(z) + (2 * s_low + k * kLog2Low);
  const Pair large = sum(k * kLog2High, 2 * s);
  return sum(large.high, large.low + small);
}

/// The answer for what has no finite logarithm.
double special(double x) {
  if (x == 0) return -std::numeric_limits<double>::infinity();
  if (x > 0) return x;  // infinity
  return std::numeric_limits<double>::quiet_NaN();
}

bool is_ordinary(double x) { return x > 0 && x <= std::numeric_limits<double>::max(); }

}  // namespace

double log(double x) noexcept { return is_ordinary(x) ? log_pair(x).high : special(x); }

double log10(double x) noexcept {
  if (!is_ordinary(x)) return special(x);
  const Pair l = log_pair(x);
  const Pair p = product(l.high, kInverseLog10High);
  return p.high + (p.low + (l.high * kInverseLog10Low + l.low * kInverseLog10High));
}

}  // namespace lade
