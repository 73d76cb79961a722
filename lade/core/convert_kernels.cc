// SPDX-License-Identifier: Apache-2.0
#include "lade/core/convert_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lade/core/convert_kernels.cc"
#include "hwy/foreach_target.h"  // compiles this file once per instruction set

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace lade::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<std::int32_t>;
using V = hn::Vec<D>;

struct F16 {
  static constexpr std::int32_t kOverflow = 0x477FF000;  // 65520
  static constexpr std::int32_t kNan = 0x7E00;
  /// `a`: bits of |x|.
  HWY_ATTR static V round(D d, V a) {
    const hn::Rebind<float, D> df;
    const V half = hn::Set(d, 0x3F000000);
    const V small = hn::Sub(
        hn::BitCast(d, hn::Add(hn::BitCast(df, a), hn::BitCast(df, half))), half);
    const V odd = hn::And(hn::ShiftRight<13>(a), hn::Set(d, 1));
    const V normal =
        hn::ShiftRight<13>(hn::Add(a, hn::Add(odd, hn::Set(d, 0xFFF - (112 << 23)))));
    const V r = hn::IfThenElse(hn::Lt(a, hn::Set(d, 0x38800000)), small, normal);
    return hn::IfThenElse(hn::Lt(a, hn::Set(d, kOverflow)), r, hn::Set(d, 0x7C00));
  }
};

struct Bf16 {
  static constexpr std::int32_t kOverflow = 0x7F7F8000;
  static constexpr std::int32_t kNan = 0x7FC0;
  HWY_ATTR static V round(D d, V a) {
    const V odd = hn::And(hn::ShiftRight<16>(a), hn::Set(d, 1));
    return hn::ShiftRight<16>(hn::Add(a, hn::Add(odd, hn::Set(d, 0x7FFF))));
  }
};

struct Sums {
  V overflow, underflow, nonfinite;
};

template <class Type>
HWY_ATTR void convert_vector(D d, const float* in, std::uint16_t* out, Sums& sums) {
  const hn::Rebind<std::uint16_t, D> d16;
  const V infinity = hn::Set(d, 0x7F800000);
  const V bits = hn::LoadU(d, reinterpret_cast<const std::int32_t*>(in));
  const V a = hn::And(bits, hn::Set(d, 0x7FFFFFFF));
  const V sign = hn::And(hn::ShiftRight<16>(bits), hn::Set(d, 0x8000));
  V r = Type::round(d, a);
  r = hn::IfThenElse(hn::Gt(a, infinity), hn::Set(d, Type::kNan), r);
  const auto finite = hn::Lt(a, infinity);
  const auto beyond = hn::Gt(a, hn::Set(d, Type::kOverflow - 1));
  const V zero = hn::Zero(d);
  const auto lost = hn::And(hn::Ne(a, zero), hn::Eq(r, zero));
  sums.overflow = hn::Sub(sums.overflow, hn::VecFromMask(d, hn::And(finite, beyond)));
  sums.underflow = hn::Sub(sums.underflow, hn::VecFromMask(d, lost));
  sums.nonfinite = hn::Sub(sums.nonfinite, hn::VecFromMask(d, hn::Not(finite)));
  hn::StoreU(hn::DemoteTo(d16, hn::Or(r, sign)), d16, out);
}

template <class Type>
HWY_ATTR void convert_all(const float* in, Index count, std::uint16_t* out,
                          HalfTally& tally) {
  const D d;
  const Index lanes = static_cast<Index>(hn::Lanes(d));
  Sums sums{hn::Zero(d), hn::Zero(d), hn::Zero(d)};
  Index i = 0;
  for (; i + lanes <= count; i += lanes) convert_vector<Type>(d, in + i, out + i, sums);
  if (i < count) {
    // The rest beside zeros, which count for nothing.
    HWY_ALIGN float rest[HWY_MAX_BYTES / sizeof(float)] = {};
    HWY_ALIGN std::uint16_t converted[HWY_MAX_BYTES / sizeof(float)];
    for (Index k = i; k < count; ++k) rest[k - i] = in[k];
    convert_vector<Type>(d, rest, converted, sums);
    for (Index k = i; k < count; ++k) out[k] = converted[k - i];
  }
  tally.overflow += hn::GetLane(hn::SumOfLanes(d, sums.overflow));
  tally.underflow += hn::GetLane(hn::SumOfLanes(d, sums.underflow));
  tally.nonfinite += hn::GetLane(hn::SumOfLanes(d, sums.nonfinite));
}

HWY_ATTR void f32_to_f16(const float* in, Index count, std::uint16_t* out,
                         HalfTally& tally) {
  convert_all<F16>(in, count, out, tally);
}
HWY_ATTR void f32_to_bf16(const float* in, Index count, std::uint16_t* out,
                          HalfTally& tally) {
  convert_all<Bf16>(in, count, out, tally);
}

}  // namespace lade::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lade::kernels {

HWY_EXPORT(f32_to_f16);
HWY_EXPORT(f32_to_bf16);

void f32_to_f16(const float* in, Index count, std::uint16_t* out,
                HalfTally& tally) noexcept {
  HWY_DYNAMIC_DISPATCH(f32_to_f16)(in, count, out, tally);
}
void f32_to_bf16(const float* in, Index count, std::uint16_t* out,
                 HalfTally& tally) noexcept {
  HWY_DYNAMIC_DISPATCH(f32_to_bf16)(in, count, out, tally);
}

}  // namespace lade::kernels
#endif
