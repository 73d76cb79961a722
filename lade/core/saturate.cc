// SPDX-License-Identifier: Apache-2.0
#include "lade/core/saturate.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace lade {
namespace {

/// Finite inputs of at least `limit` become `largest`, with their sign.
void clamp_half(const float* in, Index count, float limit, std::uint16_t largest,
                std::uint16_t* out, Index stride) noexcept {
  for (Index i = 0; i < count; ++i) {
    if (!std::isfinite(in[i]) || std::fabs(in[i]) < limit) continue;
    out[i * stride] =
        static_cast<std::uint16_t>(largest | (std::signbit(in[i]) ? 0x8000U : 0U));
  }
}

template <class Out>
void clamp_integer(const float* in, Index count, Out* out, Index stride) noexcept {
  using Range = std::numeric_limits<Out>;
  constexpr double kBeyond = static_cast<double>(Range::max() / 2 + 1) * 2;
  for (Index i = 0; i < count; ++i) {
    const double y = std::nearbyint(static_cast<double>(in[i]));
    if (y < static_cast<double>(Range::min())) out[i * stride] = Range::min();
    if (y >= kBeyond) out[i * stride] = Range::max();
  }
}

}  // namespace

void saturate(const float* in, Index count, DType type, void* out,
              Index stride) noexcept {
  switch (type) {
    case DType::f16:
      return clamp_half(in, count, 65520.0F, 0x7BFF, static_cast<std::uint16_t*>(out),
                        stride);
    case DType::bf16:
      return clamp_half(in, count, std::bit_cast<float>(0x7F7F8000U), 0x7F7F,
                        static_cast<std::uint16_t*>(out), stride);
    case DType::u8:
      return clamp_integer(in, count, static_cast<std::uint8_t*>(out), stride);
    case DType::i8:
      return clamp_integer(in, count, static_cast<std::int8_t*>(out), stride);
    case DType::i16:
      return clamp_integer(in, count, static_cast<std::int16_t*>(out), stride);
    case DType::i32:
      return clamp_integer(in, count, static_cast<std::int32_t*>(out), stride);
    case DType::i64:
      return clamp_integer(in, count, static_cast<std::int64_t*>(out), stride);
    case DType::boolean:
    case DType::f32:
      return;
  }
}

}  // namespace lade
