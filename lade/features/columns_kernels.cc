// SPDX-License-Identifier: Apache-2.0
#include "lade/features/columns_kernels.h"

#include <algorithm>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lade/features/columns_kernels.cc"
#include "hwy/foreach_target.h"  // compiles this file once per instruction set
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace lade::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

/// 2/3 + 2/5 z + ... + 2/17 z^7.
template <class D, class V>
V series(D d, V z) {
  const V z2 = hn::Mul(z, z);
  V even = hn::Set(d, 2.0 / 15);
  V odd = hn::Set(d, 2.0 / 17);
  for (int k = 11; k >= 3; k -= 4) {
    even = hn::Add(hn::Mul(even, z2), hn::Set(d, 2.0 / k));
    odd = hn::Add(hn::Mul(odd, z2), hn::Set(d, 2.0 / (k + 2)));
  }
  return hn::Add(even, hn::Mul(odd, z));
}

/// log of x >= 1: with x = 2^k m, f = m - 1 and s = f / (2 + f) it is
/// k log 2 + 2 s (1 + s^2 / 3 + s^4 / 5 + ...), |s| < 0.172. Cut after s^17 the rest is
/// below 2^-45 of it: a result of f32 hardly ever sees that.
template <class D, class V>
V log_of(D d, V x) {
  const hn::RebindToUnsigned<D> du;
  const auto half_root = hn::Set(du, 0x3FE6A09E667F3BCDU);
  const auto fraction_mask = hn::Set(du, 0x000FFFFFFFFFFFFFU);
  const auto shifted = hn::Add(hn::BitCast(du, x),
                               hn::Set(du, 0x3FF0000000000000U - 0x3FE6A09E667F3BCDU));
  // The exponent as the low bits of 2^52 + exponent: exact without a conversion.
  const V k = hn::Sub(hn::BitCast(d, hn::Or(hn::ShiftRight<52>(shifted),
                                            hn::Set(du, 0x4330000000000000U))),
                      hn::Set(d, 0x1p52 + 1023));
  const V m = hn::BitCast(d, hn::Add(hn::And(shifted, fraction_mask), half_root));
  const V f = hn::Sub(m, hn::Set(d, 1.0));
  const V s = hn::Div(f, hn::Add(hn::Set(d, 2.0), f));
  const V z = hn::Mul(s, s);
  const V of_m = hn::Add(hn::Add(s, s), hn::Mul(hn::Mul(s, z), series(d, z)));
  return hn::Add(hn::Mul(k, hn::Set(d, 0x1.62e42fefa39efp-1)), of_m);
}

template <class D, class V>
V signed_log10_of(D d, V x, V shift) {
  const V infinity = hn::Set(d, std::numeric_limits<double>::infinity());
  const V not_a_number = hn::Set(d, std::numeric_limits<double>::quiet_NaN());
  const V size = hn::Abs(x);
  const V sum = hn::Add(size, shift);
  // What the sum lost is all there is of a tiny number: below 2 its own logarithm.
  const V lost = hn::Sub(size, hn::Sub(sum, shift));
  const V small = hn::IfThenElseZero(hn::Lt(sum, hn::Set(d, 2.0)), lost);
  V y = hn::Mul(hn::Add(log_of(d, sum), small), hn::Set(d, 0x1.bcb7b1526e50ep-2));
  y = hn::IfThenElse(hn::Eq(size, infinity), infinity, y);
  y = hn::IfThenElse(hn::Eq(size, hn::Zero(d)), hn::Zero(d), hn::CopySign(y, x));
  return hn::IfThenElse(hn::Eq(x, x), y, not_a_number);
}

/// Rounded to f32.
template <class D, class V>
auto rounded(D d, V y) {
#if HWY_TARGET == HWY_SCALAR  // its DemoteTo makes infinity the largest float
  return hn::Set(d, static_cast<float>(hn::GetLane(y)));
#else
  return hn::DemoteTo(d, y);
#endif
}

void signed_log10(const double* HWY_RESTRICT x, Index count, double shift,
                  float* HWY_RESTRICT out) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> df;
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  const auto shifts = hn::Set(d, shift);
  Index i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto y = signed_log10_of(d, hn::LoadU(d, x + i), shifts);
    hn::StoreU(rounded(df, y), df, out + i);
  }
  if (i == count) return;
  HWY_ALIGN double rest[hn::MaxLanes(d)] = {};
  HWY_ALIGN float results[hn::MaxLanes(d)] = {};
  std::copy(x + i, x + count, rest);
  hn::Store(rounded(df, signed_log10_of(d, hn::Load(d, rest), shifts)), df, results);
  std::copy(results, results + (count - i), out + i);
}

void round_to_f32(const double* HWY_RESTRICT x, Index count, float* HWY_RESTRICT out) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> df;
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  const auto nan = hn::Set(df, std::numeric_limits<float>::quiet_NaN());
  Index i = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto y = rounded(df, hn::LoadU(d, x + i));
    hn::StoreU(hn::IfThenElse(hn::Eq(y, y), y, nan), df, out + i);
  }
  for (; i < count; ++i) {
    const auto y = static_cast<float>(x[i]);
    out[i] = y == y ? y : std::numeric_limits<float>::quiet_NaN();
  }
}

}  // namespace
}  // namespace lade::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lade::kernels {

HWY_EXPORT(signed_log10);
HWY_EXPORT(round_to_f32);

void round_to_f32(const double* x, Index count, float* out) noexcept {
  HWY_DYNAMIC_DISPATCH(round_to_f32)(x, count, out);
}

void signed_log10(const double* x, Index count, double shift, float* out) noexcept {
  HWY_DYNAMIC_DISPATCH(signed_log10)(x, count, shift, out);
}

}  // namespace lade::kernels
#endif  // HWY_ONCE
