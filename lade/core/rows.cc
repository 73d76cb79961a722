// SPDX-License-Identifier: Apache-2.0
#include "lade/core/rows.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "hwy/cache_control.h"
#include "lade/core/rows_kernels.h"

namespace lade {
namespace {

constexpr Index kLine = 64;
constexpr Index kLong = 1024;     // shorter stretches are not worth leaving the caches
constexpr Index kNear = 2 << 10;  // beyond it the processor has seen the pattern

}  // namespace

void interleave(const float* in, Index stride, Index columns, Index rows,
                float* out) noexcept {
  if (rows == 0) return;  // there may be no memory then
  if (columns == 1) {
    std::memcpy(out, in, static_cast<std::size_t>(rows) * sizeof(float));
  } else {
    kernels::interleave(in, stride, columns, rows, out);
  }
}

void clear(std::byte* to, Index bytes) noexcept {
  if (bytes == 0) return;
  if (bytes < kLong) {
    std::memset(to, 0, static_cast<std::size_t>(bytes));
    return;
  }
  const auto place = static_cast<Index>(reinterpret_cast<std::uintptr_t>(to) % kLine);
  const Index head = (kLine - place) % kLine;
  const Index middle = (bytes - head) / kLine * kLine;
  std::memset(to, 0, static_cast<std::size_t>(head));
  kernels::stream_zeroes(to + head, middle);
  std::memset(to + head + middle, 0, static_cast<std::size_t>(bytes - head - middle));
}

void settle() noexcept { hwy::FlushStream(); }

void prefetch(const Column& column, Index begin, Index rows) noexcept {
  const auto* const from =
      static_cast<const std::byte*>(column.values) + begin * width(column.kind);
  const Index bytes = std::min(kNear, rows * width(column.kind));
  for (Index i = 0; i < bytes; i += kLine) hwy::Prefetch(from + i);
}

}  // namespace lade
