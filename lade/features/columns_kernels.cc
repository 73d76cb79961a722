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

template <class V>
struct Pair {
  V high;
  V low;
};

/// a + b and its rounding error.  Requires: |a| >= |b| or a == 0.
template <class V>
Pair<V> ordered_sum(V a, V b) {
  const V s = hn::Add(a, b);
  return {s, hn::Sub(b, hn::Sub(s, a))};
}

/// a + b and its rounding error, in any order.  Source: Knuth's TwoSum.
template <class V>
Pair<V> sum(V a, V b) {
  const V s = hn::Add(a, b);
  const V b_kept = hn::Sub(s, a);
  return {s, hn::Add(hn::Sub(a, hn::Sub(s, b_kept)), hn::Sub(b, b_kept))};
}

/// a * b and its rounding error.  Source: Veltkamp's split and Dekker's product.
template <class D, class V>
Pair<V> product(D d, V a, V b) {
  const V split = hn::Set(d, 0x1p27 + 1);
  const V p = hn::Mul(a, b);
  const V a_big = hn::Mul(split, a);
  const V a_high = hn::Sub(a_big, hn::Sub(a_big, a));
  const V a_low = hn::Sub(a, a_high);
  const V b_big = hn::Mul(split, b);
  const V b_high = hn::Sub(b_big, hn::Sub(b_big, b));
  const V b_low = hn::Sub(b, b_high);
  const V rest =
      hn::Sub(hn::Sub(hn::Sub(p, hn::Mul(a_high, b_high)), hn::Mul(a_low, b_high)),
              hn::Mul(a_high, b_low));
  return {p, hn::Sub(hn::Mul(a_low, b_low), rest)};
}

/// 2/3 + 2/5 z + ... + 2/27 z^12.
template <class D, class V>
V series(D d, V z) {
  const V z2 = hn::Mul(z, z);
  V even = hn::Set(d, 2.0 / 27);
  V odd = hn::Set(d, 2.0 / 25);
  for (int k = 23; k >= 7; k -= 4) {
    even = hn::Add(hn::Mul(even, z2), hn::Set(d, 2.0 / k));
    odd = hn::Add(hn::Mul(odd, z2), hn::Set(d, 2.0 / (k - 2)));
  }
  return hn::Add(hn::Add(hn::Mul(even, z2), hn::Set(d, 2.0 / 3)), hn::Mul(odd, z));
}

/// log of x.high + x.low for x.high >= 1: the steps of core/elementary.cc.
template <class D, class V>
Pair<V> log_of(D d, Pair<V> x) {
  const hn::RebindToUnsigned<D> du;
  const auto half_root = hn::Set(du, 0x3FE6A09E667F3BCDU);
  const auto fraction_mask = hn::Set(du, 0x000FFFFFFFFFFFFFU);
  const auto shifted = hn::Add(hn::BitCast(du, x.high),
                               hn::Set(du, 0x3FF0000000000000U - 0x3FE6A09E667F3BCDU));
  // The exponent as the low bits of 2^52 + exponent: exact without a conversion.
  const V k = hn::Sub(hn::BitCast(d, hn::Or(hn::ShiftRight<52>(shifted),
                                            hn::Set(du, 0x4330000000000000U))),
                      hn::Set(d, 0x1p52 + 1023));
  const V m = hn::BitCast(d, hn::Add(hn::And(shifted, fraction_mask), half_root));

  const V two = hn::Set(d, 2.0);
  const V f = hn::Sub(m, hn::Set(d, 1.0));
  const V t = hn::Add(two, f);
  const V t_low = hn::Sub(f, hn::Sub(t, two));
  const V s = hn::Div(f, t);
  const Pair<V> st = product(d, s, t);
  const V s_low =
      hn::Div(hn::Sub(hn::Sub(hn::Sub(f, st.high), st.low), hn::Mul(s, t_low)), t);
  const V z = hn::Mul(s, s);
  const V tail =
      hn::Add(hn::Mul(two, s_low), hn::Mul(k, hn::Set(d, 0x1.3de6af278ece6p-42)));
  const V small = hn::Add(hn::Add(hn::Mul(hn::Mul(s, z), series(d, z)), tail),
                          hn::Div(x.low, x.high));
  const Pair<V> large =
      ordered_sum(hn::Mul(k, hn::Set(d, 0x1.62e42fefa3p-1)), hn::Mul(two, s));
  return ordered_sum(large.high, hn::Add(large.low, small));
}

/// Both factors as pairs, rounded once.
template <class D, class V>
V times_inverse_log_of_ten(D d, Pair<V> l) {
  const V high = hn::Set(d, 0x1.bcb7b1526e50ep-2);
  const Pair<V> p = product(d, l.high, high);
  const V low =
      hn::Add(hn::Mul(l.high, hn::Set(d, 0x1.95355baaafad3p-57)), hn::Mul(l.low, high));
  return hn::Add(p.high, hn::Add(p.low, low));
}

template <class D, class V>
V signed_log10_of(D d, V x, V shift) {
  const V infinity = hn::Set(d, std::numeric_limits<double>::infinity());
  const V not_a_number = hn::Set(d, std::numeric_limits<double>::quiet_NaN());
  const V size = hn::Abs(x);
  V y = times_inverse_log_of_ten(d, log_of(d, sum(size, shift)));
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

}  // namespace
}  // namespace lade::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lade::kernels {

HWY_EXPORT(signed_log10);

void signed_log10(const double* x, Index count, double shift, float* out) noexcept {
  HWY_DYNAMIC_DISPATCH(signed_log10)(x, count, shift, out);
}

}  // namespace lade::kernels
#endif  // HWY_ONCE
