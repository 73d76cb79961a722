// SPDX-License-Identifier: Apache-2.0
#include "lade/core/elementary.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "lade/core/elementary_kernels.h"
#include "lade/core/random.h"

namespace lade {
namespace {

using kernels::kLog2High;
using kernels::kLog2Low;

// x = 2^k m with m in [sqrt(1/2), sqrt(2)), s = (m - 1) / (m + 1):
// log x = k log 2 + 2 (s + s^3/3 + s^5/5 + ...), all but the small terms kept as an
// unevaluated sum of two doubles. |s| < 0.172, so 13 terms reach 2^-65.
// features/columns_kernels.cc does the same steps in vector lanes.

struct Pair {
  double high;
  double low;
};

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

/// 2^k of whole k in [-1022, 1023].
double power_of_two(double k) {
  return std::bit_cast<double>(
      std::bit_cast<std::uint64_t>(k + (kernels::kRounder + 1023)) << 52U);
}

double polynomial(const double (&coefficients)[8], double x) {
  double y = coefficients[7];
  for (int i = 6; i >= 0; --i) y = y * x + coefficients[i];
  return y;
}

// Tails of AS 241 in r = sqrt(-log p): r <= 5, and beyond.
constexpr double kNearAbove[] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                 5.76949722146069140550e0,  3.64784832476320460504e0,
                                 1.27045825245236838258e0,  2.41780725177450611770e-1,
                                 2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr double kNearBelow[] = {1.0,
                                 2.05319162663775882187e0,
                                 1.67638483018380384940e0,
                                 6.89767334985100004550e-1,
                                 1.48103976427480074590e-1,
                                 1.51986665636164571966e-2,
                                 5.47593808499534494600e-4,
                                 1.05075007164441684324e-9};
constexpr double kFarAbove[] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                1.78482653991729133580e0,  2.96560571828504891230e-1,
                                2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr double kFarBelow[] = {1.0,
                                5.99832206555887937690e-1,
                                1.36929880922735805310e-1,
                                1.48753612908506148525e-2,
                                7.86869131145613259100e-4,
                                1.84631831751005468180e-5,
                                1.42151175831644588870e-7,
                                2.04426310338993978564e-15};

/// Distance of the quantile of p from 0.  Requires: 0 < p < 1/2.
double tail_quantile(double p) {
  const double r = std::sqrt(-lade::log(p));
  return r <= 5 ? polynomial(kNearAbove, r - 1.6) / polynomial(kNearBelow, r - 1.6)
                : polynomial(kFarAbove, r - 5) / polynomial(kFarBelow, r - 5);
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

double exp(double x) noexcept {
  using namespace kernels;
  if (x != x) return std::numeric_limits<double>::quiet_NaN();
  const double kept = std::min(std::max(x, kLeastExponent), kMostExponent);
  const double k = (kept * kInverseLog2 + kRounder) - kRounder;
  const double high = kept - k * kLog2High;
  const double low = k * kLog2Low;
  const double r = high - low;
  const double r_low = (high - r) - low;
  const double z = r * r;
  double even = kInverseFactorial[10];
  double odd = kInverseFactorial[11];
  for (int i = 8; i >= 0; i -= 2) {
    even = even * z + kInverseFactorial[i];
    odd = odd * z + kInverseFactorial[i + 1];
  }
  const double y = 1 + (r + (r_low + z * (even + r * odd)));
  const double half = (k * 0.5 + kRounder) - kRounder;
  return y * power_of_two(half) * power_of_two(k - half);
}

double normal_quantile(double p) noexcept {
  if (!(p >= 0 && p <= 1)) return std::numeric_limits<double>::quiet_NaN();
  const double q = p - 0.5;
  if (std::abs(q) <= kernels::kCentral) {
    const double r = kernels::kCentralSquare - q * q;
    return q * polynomial(kernels::kCentralAbove, r) /
           polynomial(kernels::kCentralBelow, r);
  }
  const double nearer = q < 0 ? p : 1 - p;
  if (nearer == 0) return std::copysign(std::numeric_limits<double>::infinity(), q);
  return std::copysign(tail_quantile(nearer), q);
}

void exp(const double* x, Index count, double* out) noexcept {
  kernels::exp(x, count, out);
}

void normals(const std::uint64_t* bits, Index count, double* out) noexcept {
  // open_unit(bits) is further than kCentral from 1/2 iff the bits are outside these.
  constexpr std::uint64_t kLeast = 0x1333333333333000U;
  constexpr std::uint64_t kRange = 0xD99999999999A000U;
  constexpr Index kBlock = 256;
  Index tail[kBlock];
  for (Index first = 0; first < count; first += kBlock) {
    const Index size = std::min(kBlock, count - first);
    kernels::central_normals(bits + first, size, out + first);
    Index tails = 0;
    for (Index i = first; i < first + size; ++i) {
      tail[tails] = i;
      tails += bits[i] - kLeast >= kRange ? 1 : 0;
    }
    for (Index t = 0; t < tails; ++t) {
      out[tail[t]] = normal_quantile(random::open_unit(bits[tail[t]]));
    }
  }
}

}  // namespace lade
