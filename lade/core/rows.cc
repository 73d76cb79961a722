// SPDX-License-Identifier: Apache-2.0
#include "lade/core/rows.h"

#include <cstdint>
#include <cstring>
#include <utility>

#include "hwy/cache_control.h"
#include "lade/core/rows_kernels.h"

namespace lade {
namespace {

constexpr Index kLine = 64;
constexpr Index kLong = 1024;  // shorter stretches are not worth leaving the caches

/// Bytes before the first whole line of [to, to + bytes), and those of whole lines.
std::pair<Index, Index> whole_lines(const std::byte* to, Index bytes) noexcept {
  const auto place = static_cast<Index>(reinterpret_cast<std::uintptr_t>(to) % kLine);
  const Index head = (kLine - place) % kLine;
  return {head, (bytes - head) / kLine * kLine};
}

}  // namespace

void interleave(std::span<const float* const> in, Index rows, float* out) noexcept {
  kernels::interleave(in.data(), static_cast<Index>(in.size()), rows, out);
}

void clear(std::byte* to, Index bytes) noexcept {
  if (bytes < kLong) {
    if (bytes > 0) std::memset(to, 0, static_cast<std::size_t>(bytes));
    return;
  }
  const auto [head, middle] = whole_lines(to, bytes);
  std::memset(to, 0, static_cast<std::size_t>(head));
  kernels::stream_zeroes(to + head, middle);
  std::memset(to + head + middle, 0, static_cast<std::size_t>(bytes - head - middle));
}

void stream(const std::byte* from, std::byte* to, Index bytes) noexcept {
  const auto copy = [=](Index begin, Index count) {
    if (count > 0)
      std::memcpy(to + begin, from + begin, static_cast<std::size_t>(count));
  };
  if (bytes < kLong) return copy(0, bytes);
  const auto [head, middle] = whole_lines(to, bytes);
  copy(0, head);
  kernels::stream_copy(from + head, to + head, middle);
  copy(head + middle, bytes - head - middle);
}

void settle() noexcept { hwy::FlushStream(); }

void prefetch(const void* from, Index bytes) noexcept {
  const auto* const first = static_cast<const std::byte*>(from);
  for (Index i = 0; i < bytes; i += kLine) hwy::Prefetch(first + i);
}

}  // namespace lade
