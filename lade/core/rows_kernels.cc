// SPDX-License-Identifier: Apache-2.0
#include "lade/core/rows_kernels.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lade/core/rows_kernels.cc"
#include "hwy/foreach_target.h"  // compiles this file once per instruction set

#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace lade::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

float canonical(float value) {
  return value == value ? value : std::numeric_limits<float>::quiet_NaN();
}

/// Rows [first, rows).
void copy_rows(const float* const* in, Index columns, Index first, Index rows,
               float* out) {
  for (Index r = first; r < rows; ++r) {
    for (Index c = 0; c < columns; ++c) out[r * columns + c] = canonical(in[c][r]);
  }
}

#if HWY_TARGET != HWY_SCALAR

template <class D>
HWY_ATTR auto load_canonical(D d, const float* from) {
  const auto x = hn::LoadU(d, from);
  const auto nan = hn::Set(d, std::numeric_limits<float>::quiet_NaN());
  return hn::IfThenElse(hn::Eq(x, x), x, nan);
}

/// Stores block b of `rows`, a row of four columns, `4 * columns * b` further on.
template <class D, class V>
HWY_ATTR void store_blocks(D d, V rows, Index columns, float* out) {
  const hn::FixedTag<float, 4> quarter;
  if constexpr (hn::MaxLanes(d) == 8) {
    hn::StoreU(hn::LowerHalf(quarter, rows), quarter, out);
    hn::StoreU(hn::UpperHalf(quarter, rows), quarter, out + 4 * columns);
  } else {
    hn::StoreU(rows, d, out);
  }
}

/// Columns [from, from + 4), as many rows as fill vectors; returns how many.
HWY_ATTR Index interleave_four(const float* const* in, Index columns, Index from,
                               Index rows, float* out) {
#if HWY_HAVE_SCALABLE
  const hn::FixedTag<float, 4> d;
#else
  const hn::CappedTag<float, 8> d;
#endif
  const hn::RepartitionToWide<decltype(d)> pairs;
  const auto lower = [=](auto x, auto y) HWY_ATTR {
    return hn::BitCast(
        d, hn::InterleaveLower(pairs, hn::BitCast(pairs, x), hn::BitCast(pairs, y)));
  };
  const auto upper = [=](auto x, auto y) HWY_ATTR {
    return hn::BitCast(
        d, hn::InterleaveUpper(pairs, hn::BitCast(pairs, x), hn::BitCast(pairs, y)));
  };
  const float* const a_of = in[from];
  const float* const b_of = in[from + 1];
  const float* const c_of = in[from + 2];
  const float* const e_of = in[from + 3];
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  Index r = 0;
  for (; r + lanes <= rows; r += lanes) {
    const auto a = load_canonical(d, a_of + r);
    const auto b = load_canonical(d, b_of + r);
    const auto c = load_canonical(d, c_of + r);
    const auto e = load_canonical(d, e_of + r);
    const auto ab_low = hn::InterleaveLower(d, a, b);
    const auto ce_low = hn::InterleaveLower(d, c, e);
    const auto ab_high = hn::InterleaveUpper(d, a, b);
    const auto ce_high = hn::InterleaveUpper(d, c, e);
    float* const to = out + r * columns + from;
    store_blocks(d, lower(ab_low, ce_low), columns, to);
    store_blocks(d, upper(ab_low, ce_low), columns, to + columns);
    store_blocks(d, lower(ab_high, ce_high), columns, to + 2 * columns);
    store_blocks(d, upper(ab_high, ce_high), columns, to + 3 * columns);
  }
  return r;
}

/// Columns in groups of four; the last group overlaps the one before, so that nothing
/// beyond a row is written.
HWY_ATTR void interleave_many(const float* const* in, Index columns, Index rows,
                              float* out) {
  Index done = 0;
  for (Index c = 0; c < columns; c += 4) {
    done = interleave_four(in, columns, std::min(c, columns - 4), rows, out);
  }
  copy_rows(in, columns, done, rows, out);
}

HWY_ATTR void interleave_few(const float* const* in, Index columns, Index rows,
                             float* out) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  Index r = 0;
  for (; r + lanes <= rows; r += lanes) {
    const auto a = load_canonical(d, in[0] + r);
    if (columns == 1) {
      hn::StoreU(a, d, out + r);
      continue;
    }
    const auto b = load_canonical(d, in[1] + r);
    if (columns == 2) {
      hn::StoreInterleaved2(a, b, d, out + r * 2);
    } else {
      hn::StoreInterleaved3(a, b, load_canonical(d, in[2] + r), d, out + r * 3);
    }
  }
  copy_rows(in, columns, r, rows, out);
}
#endif

HWY_ATTR void interleave(const float* const* in, Index columns, Index rows,
                         float* out) {
#if HWY_TARGET == HWY_SCALAR
  copy_rows(in, columns, 0, rows, out);
#else
  if (columns >= 4) return interleave_many(in, columns, rows, out);
  if (columns >= 1) interleave_few(in, columns, rows, out);
#endif
}

HWY_ATTR void stream_copy(const std::byte* from, std::byte* to, Index bytes) {
  const hn::ScalableTag<std::uint64_t> d;
  const auto step = static_cast<Index>(hn::Lanes(d));
  const auto* const in = reinterpret_cast<const std::uint64_t*>(from);
  auto* const out = reinterpret_cast<std::uint64_t*>(to);
  for (Index i = 0; i < bytes / 8; i += step)
    hn::Stream(hn::LoadU(d, in + i), d, out + i);
}

HWY_ATTR void stream_zeroes(std::byte* to, Index bytes) {
  const hn::ScalableTag<std::uint64_t> d;
  const auto step = static_cast<Index>(hn::Lanes(d));
  const auto zero = hn::Zero(d);
  auto* const out = reinterpret_cast<std::uint64_t*>(to);
  for (Index i = 0; i < bytes / 8; i += step) hn::Stream(zero, d, out + i);
}

}  // namespace
}  // namespace lade::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lade::kernels {

HWY_EXPORT(interleave);
HWY_EXPORT(stream_zeroes);
HWY_EXPORT(stream_copy);

void interleave(const float* const* in, Index columns, Index rows,
                float* out) noexcept {
  HWY_DYNAMIC_DISPATCH(interleave)(in, columns, rows, out);
}
void stream_zeroes(std::byte* to, Index bytes) noexcept {
  HWY_DYNAMIC_DISPATCH(stream_zeroes)(to, bytes);
}
void stream_copy(const std::byte* from, std::byte* to, Index bytes) noexcept {
  HWY_DYNAMIC_DISPATCH(stream_copy)(from, to, bytes);
}

}  // namespace lade::kernels
#endif
