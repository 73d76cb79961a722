// SPDX-License-Identifier: Apache-2.0
#include "lade/core/random_kernels.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lade/core/random_kernels.cc"
#include "hwy/foreach_target.h"  // compiles this file once per instruction set
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace lade::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

/// x * constant mod 2^64 out of three products of 32 bits: most instruction sets have
/// no other.
template <class D, class V>
V multiply(D d, V x, std::uint64_t constant) {
#if HWY_TARGET == HWY_SCALAR
  return hn::Set(d, hn::GetLane(x) * constant);
#else
  const hn::Repartition<std::uint32_t, D> half;
  const auto low = hn::BitCast(half, hn::Set(d, constant & 0xFFFFFFFFU));
  const auto high = hn::BitCast(half, hn::Set(d, constant >> 32U));
  const auto x_low = hn::BitCast(half, x);
  const auto x_high = hn::BitCast(half, hn::ShiftRight<32>(x));
  const auto cross = hn::Add(hn::MulEven(x_low, high), hn::MulEven(x_high, low));
  return hn::Add(hn::MulEven(x_low, low), hn::ShiftLeft<32>(cross));
#endif
}

template <class D, class V>
V mix(D d, V z) {
  z = multiply(d, hn::Xor(z, hn::ShiftRight<30>(z)), 0xBF58476D1CE4E5B9U);
  z = multiply(d, hn::Xor(z, hn::ShiftRight<27>(z)), 0x94D049BB133111EBU);
  return hn::Xor(z, hn::ShiftRight<31>(z));
}

void feistel(const std::uint64_t* keys, unsigned high_bits, unsigned low_bits,
             std::uint64_t* HWY_RESTRICT x, Index count) {
  const hn::ScalableTag<std::uint64_t> d;
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  const int cut = static_cast<int>(low_bits);
  const int to_high = static_cast<int>(64 - high_bits);
  const int to_low = static_cast<int>(64 - low_bits);
  const auto low_mask = hn::Set(d, (std::uint64_t{1} << low_bits) - 1);
  for (Index i = 0; i < count; i += lanes) {
    const auto all = hn::LoadU(d, x + i);
    auto high = hn::ShiftRightSame(all, cut);
    auto low = hn::And(all, low_mask);
    for (int r = 0; r < 6; r += 2) {
      const auto even = mix(d, hn::Xor(low, hn::Set(d, keys[r])));
      high = hn::Xor(high, hn::ShiftRightSame(even, to_high));
      const auto odd = mix(d, hn::Xor(high, hn::Set(d, keys[r + 1])));
      low = hn::Xor(low, hn::ShiftRightSame(odd, to_low));
    }
    hn::StoreU(hn::Or(hn::ShiftLeftSame(high, cut), low), d, x + i);
  }
}

constexpr std::uint64_t kGamma = 0x9E3779B97F4A7C15U;

/// counter, counter + kGamma, ... one in each lane.
template <class D>
hn::Vec<D> counters(D d, std::uint64_t counter) {
  HWY_ALIGN std::uint64_t lane[hn::MaxLanes(d)];
  for (std::uint64_t& each : lane) {
    each = counter;
    counter += kGamma;
  }
  return hn::Load(d, lane);
}

void draws(std::uint64_t counter, Index count, std::uint64_t* HWY_RESTRICT out) {
  const hn::ScalableTag<std::uint64_t> d;
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  const auto step = hn::Set(d, kGamma * hn::Lanes(d));
  auto at = counters(d, counter);
  Index i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreU(mix(d, at), d, out + i);
    at = hn::Add(at, step);
  }
  if (i == count) return;
  HWY_ALIGN std::uint64_t rest[hn::MaxLanes(d)];
  hn::Store(mix(d, at), d, rest);
  std::copy(rest, rest + (count - i), out + i);
}

#if HWY_TARGET == HWY_SCALAR  // one lane of 64 bits is not two of 32
void draw_floats(std::uint64_t counter, Index count, float* HWY_RESTRICT out) {
  const hn::ScalableTag<std::uint64_t> d;
  for (Index i = 0; i < count; ++i) {
    const std::uint64_t draw = hn::GetLane(
        mix(d, hn::Set(d, counter + kGamma * static_cast<std::uint64_t>(i / 2))));
    const auto word = static_cast<std::uint32_t>(i % 2 == 0 ? draw : draw >> 32U);
    out[i] = static_cast<float>(word >> 8U) * 0x1p-24F;
  }
}
#else
void draw_floats(std::uint64_t counter, Index count, float* HWY_RESTRICT out) {
  const hn::ScalableTag<std::uint64_t> d;
  const hn::Repartition<std::int32_t, decltype(d)> d32;
  const hn::Repartition<float, decltype(d)> df;
  const auto lanes = static_cast<Index>(hn::Lanes(df));
  const auto step = hn::Set(d, kGamma * hn::Lanes(d));
  const auto unit = hn::Set(df, 0x1p-24F);
  auto at = counters(d, counter);
  const hn::Repartition<std::uint32_t, decltype(d)> du32;
  const auto next = [&] {
    const auto words = hn::ShiftRight<8>(hn::BitCast(du32, mix(d, at)));
    at = hn::Add(at, step);
    return hn::Mul(hn::ConvertTo(df, hn::BitCast(d32, words)), unit);
  };
  Index i = 0;
  for (; i + lanes <= count; i += lanes) hn::StoreU(next(), df, out + i);
  if (i == count) return;
  HWY_ALIGN float rest[hn::MaxLanes(df)];
  hn::Store(next(), df, rest);
  std::copy(rest, rest + (count - i), out + i);
}
#endif

}  // namespace
}  // namespace lade::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lade::kernels {

HWY_EXPORT(feistel);
HWY_EXPORT(draws);
HWY_EXPORT(draw_floats);

void draws(std::uint64_t counter, Index count, std::uint64_t* out) noexcept {
  HWY_DYNAMIC_DISPATCH(draws)(counter, count, out);
}

void draw_floats(std::uint64_t counter, Index count, float* out) noexcept {
  HWY_DYNAMIC_DISPATCH(draw_floats)(counter, count, out);
}

void feistel(const std::uint64_t* keys, unsigned high_bits, unsigned low_bits,
             std::uint64_t* x, Index count) noexcept {
  HWY_DYNAMIC_DISPATCH(feistel)(keys, high_bits, low_bits, x, count);
}

}  // namespace lade::kernels
#endif  // HWY_ONCE
