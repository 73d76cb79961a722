// SPDX-License-Identifier: Apache-2.0
#include "lade/core/rows_kernels.h"

#include <algorithm>
#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lade/core/rows_kernels.cc"
#include "hwy/foreach_target.h"  // compiles this file once per instruction set

#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace lade::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

void copy_rows(const float* in, Index stride, Index columns, Index first, Index last,
               float* out) {
  for (Index r = first; r < last; ++r) {
    for (Index c = 0; c < columns; ++c) out[r * columns + c] = in[c * stride + r];
  }
}

#if HWY_TARGET != HWY_SCALAR
/// Four rows of four columns.
HWY_ATTR void transpose_block(const float* in, Index stride, Index columns,
                              float* out) {
  const hn::FixedTag<float, 4> d;
  const auto a = hn::LoadU(d, in);
  const auto b = hn::LoadU(d, in + stride);
  const auto c = hn::LoadU(d, in + 2 * stride);
  const auto e = hn::LoadU(d, in + 3 * stride);
  const auto ab_low = hn::InterleaveLower(d, a, b);
  const auto ce_low = hn::InterleaveLower(d, c, e);
  const auto ab_high = hn::InterleaveUpper(d, a, b);
  const auto ce_high = hn::InterleaveUpper(d, c, e);
  hn::StoreU(hn::ConcatLowerLower(d, ce_low, ab_low), d, out);
  hn::StoreU(hn::ConcatUpperUpper(d, ce_low, ab_low), d, out + columns);
  hn::StoreU(hn::ConcatLowerLower(d, ce_high, ab_high), d, out + 2 * columns);
  hn::StoreU(hn::ConcatUpperUpper(d, ce_high, ab_high), d, out + 3 * columns);
}

/// Columns in groups of four; the last group overlaps the one before, so that nothing
/// beyond a row is written.
HWY_ATTR void interleave_many(const float* in, Index stride, Index columns, Index rows,
                              float* out) {
  Index r = 0;
  for (; r + 4 <= rows; r += 4) {
    for (Index c = 0; c < columns; c += 4) {
      const Index from = std::min(c, columns - 4);
      transpose_block(in + from * stride + r, stride, columns,
                      out + r * columns + from);
    }
  }
  copy_rows(in, stride, columns, r, rows, out);
}

HWY_ATTR void interleave_two_or_three(const float* in, Index stride, Index columns,
                                      Index rows, float* out) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  Index r = 0;
  for (; r + lanes <= rows; r += lanes) {
    const auto a = hn::LoadU(d, in + r);
    const auto b = hn::LoadU(d, in + stride + r);
    if (columns == 2) {
      hn::StoreInterleaved2(a, b, d, out + r * 2);
    } else {
      hn::StoreInterleaved3(a, b, hn::LoadU(d, in + 2 * stride + r), d, out + r * 3);
    }
  }
  copy_rows(in, stride, columns, r, rows, out);
}
#endif

HWY_ATTR void interleave(const float* in, Index stride, Index columns, Index rows,
                         float* out) {
#if HWY_TARGET == HWY_SCALAR
  copy_rows(in, stride, columns, 0, rows, out);
#else
  if (columns >= 4) return interleave_many(in, stride, columns, rows, out);
  if (columns >= 2) return interleave_two_or_three(in, stride, columns, rows, out);
  copy_rows(in, stride, columns, 0, rows, out);
#endif
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

void interleave(const float* in, Index stride, Index columns, Index rows,
                float* out) noexcept {
  HWY_DYNAMIC_DISPATCH(interleave)(in, stride, columns, rows, out);
}
void stream_zeroes(std::byte* to, Index bytes) noexcept {
  HWY_DYNAMIC_DISPATCH(stream_zeroes)(to, bytes);
}

}  // namespace lade::kernels
#endif
