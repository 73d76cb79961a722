// SPDX-License-Identifier: Apache-2.0
#include "lade/synth/amounts_kernels.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lade/synth/amounts_kernels.cc"
#include "hwy/foreach_target.h"  // compiles this file once per instruction set
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace lade::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

template <class D, class V>
V cents_of(D d, V x) {
  const V hundred = hn::Set(d, 100.0);
  const V whole = hn::Set(d, 0x1p52);
  const V size = hn::Abs(hn::Mul(x, hundred));
  const V rounded = hn::Div(hn::Sub(hn::Add(size, whole), whole), hundred);
  // + 0 turns -0 into 0.
  const V y = hn::Add(hn::CopySign(rounded, x), hn::Zero(d));
  return hn::IfThenElse(hn::Lt(size, whole), y, x);
}

void round_to_cents(double* x, Index count) {
  const hn::ScalableTag<double> d;
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  Index i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(cents_of(d, hn::LoadU(d, x + i)), d, x + i);
  }
  if (i == count) return;
  HWY_ALIGN double rest[hn::MaxLanes(d)] = {};
  std::copy(x + i, x + count, rest);
  hn::Store(cents_of(d, hn::Load(d, rest)), d, rest);
  std::copy(rest, rest + (count - i), x + i);
}

}  // namespace
}  // namespace lade::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lade::kernels {

HWY_EXPORT(round_to_cents);

void round_to_cents(double* x, Index count) noexcept {
  HWY_DYNAMIC_DISPATCH(round_to_cents)(x, count);
}

}  // namespace lade::kernels
#endif  // HWY_ONCE
