// SPDX-License-Identifier: Apache-2.0
#include "lade/core/elementary_kernels.h"

#include <algorithm>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lade/core/elementary_kernels.cc"
#include "hwy/foreach_target.h"  // compiles this file once per instruction set
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace lade::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

/// 2^k of whole k in [-1022, 1023].
template <class D, class V>
V power_of_two(D d, V k) {
  const hn::RebindToUnsigned<D> du;
  const V biased = hn::Add(k, hn::Set(d, kRounder + 1023));
  return hn::BitCast(d, hn::ShiftLeft<52>(hn::BitCast(du, biased)));
}

template <class D, class V>
V exp_of(D d, V x) {
  const V rounder = hn::Set(d, kRounder);
  const V kept =
      hn::Min(hn::Max(x, hn::Set(d, kLeastExponent)), hn::Set(d, kMostExponent));
  const V k =
      hn::Sub(hn::Add(hn::Mul(kept, hn::Set(d, kInverseLog2)), rounder), rounder);
  const V high = hn::Sub(kept, hn::Mul(k, hn::Set(d, kLog2High)));
  const V low = hn::Mul(k, hn::Set(d, kLog2Low));
  const V r = hn::Sub(high, low);
  const V r_low = hn::Sub(hn::Sub(high, r), low);
  const V z = hn::Mul(r, r);
  V even = hn::Set(d, kInverseFactorial[10]);
  V odd = hn::Set(d, kInverseFactorial[11]);
  for (int i = 8; i >= 0; i -= 2) {
    even = hn::Add(hn::Mul(even, z), hn::Set(d, kInverseFactorial[i]));
    odd = hn::Add(hn::Mul(odd, z), hn::Set(d, kInverseFactorial[i + 1]));
  }
  const V series = hn::Mul(z, hn::Add(even, hn::Mul(r, odd)));
  const V one = hn::Set(d, 1.0);
  const V y = hn::Add(one, hn::Add(r, hn::Add(r_low, series)));
  // In two steps, so that subnormal results are rounded once.
  const V half = hn::Sub(hn::Add(hn::Mul(k, hn::Set(d, 0.5)), rounder), rounder);
  const V rest = hn::Sub(k, half);
  const V scaled = hn::Mul(hn::Mul(y, power_of_two(d, half)), power_of_two(d, rest));
  return hn::IfThenElse(hn::Eq(x, x), scaled,
                        hn::Set(d, std::numeric_limits<double>::quiet_NaN()));
}

template <class D, class V>
V polynomial(D d, const double (&coefficients)[8], V x) {
  V y = hn::Set(d, coefficients[7]);
  for (int i = 6; i >= 0; --i) {
    y = hn::Add(hn::Mul(y, x), hn::Set(d, coefficients[i]));
  }
  return y;
}

template <class D, class VU>
auto central_normal(D d, VU bits) {
  const hn::RebindToUnsigned<D> du;
  const auto one_and =
      hn::Or(hn::ShiftRight<12>(bits), hn::Set(du, 0x3FF0000000000000U));
  const auto p = hn::Sub(hn::BitCast(d, one_and), hn::Set(d, 1 - 0x1p-53));
  const auto q = hn::Sub(p, hn::Set(d, 0.5));
  const auto r = hn::Sub(hn::Set(d, kCentralSquare), hn::Mul(q, q));
  return hn::Div(hn::Mul(q, polynomial(d, kCentralAbove, r)),
                 polynomial(d, kCentralBelow, r));
}

void exp(const double* x, Index count, double* out) {
  const hn::ScalableTag<double> d;
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  Index i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(exp_of(d, hn::LoadU(d, x + i)), d, out + i);
  }
  if (i == count) return;
  HWY_ALIGN double rest[hn::MaxLanes(d)] = {};
  std::copy(x + i, x + count, rest);
  hn::Store(exp_of(d, hn::Load(d, rest)), d, rest);
  std::copy(rest, rest + (count - i), out + i);
}

void central_normals(const std::uint64_t* HWY_RESTRICT bits, Index count,
                     double* HWY_RESTRICT out) {
  const hn::ScalableTag<double> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  Index i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(central_normal(d, hn::LoadU(du, bits + i)), d, out + i);
  }
  if (i == count) return;
  HWY_ALIGN std::uint64_t rest[hn::MaxLanes(du)] = {};
  HWY_ALIGN double results[hn::MaxLanes(d)];
  std::copy(bits + i, bits + count, rest);
  hn::Store(central_normal(d, hn::Load(du, rest)), d, results);
  std::copy(results, results + (count - i), out + i);
}

}  // namespace
}  // namespace lade::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lade::kernels {

HWY_EXPORT(exp);
HWY_EXPORT(central_normals);

void exp(const double* x, Index count, double* out) noexcept {
  HWY_DYNAMIC_DISPATCH(exp)(x, count, out);
}

void central_normals(const std::uint64_t* bits, Index count, double* out) noexcept {
  HWY_DYNAMIC_DISPATCH(central_normals)(bits, count, out);
}

}  // namespace lade::kernels
#endif  // HWY_ONCE
