// SPDX-License-Identifier: Apache-2.0
#include "lade/core/set_kernels.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lade/core/set_kernels.cc"
#include "hwy/foreach_target.h"  // compiles this file once per instruction set

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace lade::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

void look_up_rows(const std::uint8_t* table, const std::uint8_t* at, Index from,
                  Index to, std::uint8_t flip, std::uint8_t* out) {
  for (Index i = from; i < to; ++i) {
    out[i] = static_cast<std::uint8_t>(((table[at[i] >> 3] >> (at[i] & 7)) & 1) ^ flip);
  }
}

HWY_ATTR void look_up_bits(const std::uint8_t* table, const std::uint8_t* at, Index n,
                           std::uint8_t flip, std::uint8_t* out) {
  Index i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<std::uint8_t> d;
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  HWY_ALIGN constexpr std::uint8_t kBit[16] = {1, 2, 4, 8, 16, 32, 64, 128,
                                               1, 2, 4, 8, 16, 32, 64, 128};
  const auto low = hn::LoadDup128(d, table);
  const auto high = hn::LoadDup128(d, table + 16);
  const auto bit_of = hn::LoadDup128(d, kBit);
  const auto half = hn::Set(d, 0x80);
  const auto one = hn::Set(d, 1);
  const auto flips = hn::Set(d, flip);
  for (; i + lanes <= n; i += lanes) {
    const auto x = hn::LoadU(d, at + i);
    const auto byte = hn::And(hn::ShiftRight<3>(x), hn::Set(d, 15));
    const auto bits =
        hn::IfThenElse(hn::Eq(hn::And(x, half), half), hn::TableLookupBytes(high, byte),
                       hn::TableLookupBytes(low, byte));
    const auto bit = hn::TableLookupBytes(bit_of, hn::And(x, hn::Set(d, 7)));
    const auto found = hn::VecFromMask(d, hn::Eq(hn::And(bits, bit), bit));
    hn::StoreU(hn::Xor(hn::And(found, one), flips), d, out + i);
  }
#endif
  look_up_rows(table, at, i, n, flip, out);
}

template <class T>
HWY_ATTR HWY_INLINE void find_between(const T* x, Index n, T low, T high,
                                      std::uint8_t flip, std::uint8_t* out) {
  Index i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  const auto lows = hn::Set(d, low);
  const auto highs = hn::Set(d, high);
  const std::uint64_t flips = flip == 0 ? 0 : 0x0101010101010101ULL;
  std::uint8_t flags[8] = {};
  for (; lanes >= 4 && i + lanes <= n; i += lanes) {
    const auto v = hn::LoadU(d, x + i);
    hn::StoreMaskBits(d, hn::And(hn::Ge(v, lows), hn::Le(v, highs)), flags);
    for (Index k = 0; k < lanes; k += 8) {
      const std::uint64_t bytes = spread(flags[k / 8]) ^ flips;
      std::memcpy(out + i + k, &bytes,
                  static_cast<std::size_t>(std::min<Index>(lanes, 8)));
    }
  }
#endif
  for (; i < n; ++i) {
    out[i] = static_cast<std::uint8_t>(((x[i] >= low) & (x[i] <= high)) ^ flip);
  }
}

HWY_ATTR void between_f64(const double* x, Index n, double low, double high,
                          std::uint8_t flip, std::uint8_t* out) {
  find_between(x, n, low, high, flip, out);
}

HWY_ATTR void between_f32(const float* x, Index n, float low, float high,
                          std::uint8_t flip, std::uint8_t* out) {
  find_between(x, n, low, high, flip, out);
}

HWY_ATTR void offsets_from(const std::int32_t* HWY_RESTRICT x, Index n,
                           std::int32_t first, std::uint8_t* HWY_RESTRICT out) {
  for (Index i = 0; i < n; ++i) {
    const std::uint32_t above =
        static_cast<std::uint32_t>(x[i]) - static_cast<std::uint32_t>(first);
    out[i] = static_cast<std::uint8_t>(above < 255 ? above : 255);
  }
}

}  // namespace
}  // namespace lade::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lade::kernels {

HWY_EXPORT(look_up_bits);
HWY_EXPORT(offsets_from);
HWY_EXPORT(between_f64);
HWY_EXPORT(between_f32);

void look_up_bits(const std::uint8_t* table, const std::uint8_t* at, Index n,
                  std::uint8_t flip, std::uint8_t* out) noexcept {
  HWY_DYNAMIC_DISPATCH(look_up_bits)(table, at, n, flip, out);
}

void between(const double* x, Index n, double low, double high, std::uint8_t flip,
             std::uint8_t* out) noexcept {
  HWY_DYNAMIC_DISPATCH(between_f64)(x, n, low, high, flip, out);
}

void between(const float* x, Index n, float low, float high, std::uint8_t flip,
             std::uint8_t* out) noexcept {
  HWY_DYNAMIC_DISPATCH(between_f32)(x, n, low, high, flip, out);
}

void offsets_from(const std::int32_t* x, Index n, std::int32_t first,
                  std::uint8_t* out) noexcept {
  HWY_DYNAMIC_DISPATCH(offsets_from)(x, n, first, out);
}

}  // namespace lade::kernels
#endif
