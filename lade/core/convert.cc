// SPDX-License-Identifier: Apache-2.0
#include "lade/core/convert.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "lade/core/convert_kernels.h"
#include "lade/core/error.h"
#include "lade/core/unknown_name.h"

namespace lade {
namespace {

struct TypeName {
  Index width;
  std::string_view name, long_name;
};
constexpr std::array<TypeName, 9> kTypes = {{{1, "bool", "boolean"},
                                             {1, "u8", "uint8"},
                                             {1, "i8", "int8"},
                                             {2, "i16", "int16"},
                                             {4, "i32", "int32"},
                                             {8, "i64", "int64"},
                                             {2, "f16", "float16"},
                                             {2, "bf16", "bfloat16"},
                                             {4, "f32", "float32"}}};

}  // namespace

Index width(DType type) noexcept {
  return kTypes[static_cast<std::size_t>(type)].width;
}
std::string_view name(DType type) {
  return kTypes[static_cast<std::size_t>(type)].name;
}

DType parse_dtype(std::string_view word, std::string_view what) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kTypes.size(); ++i) {
    if (word == kTypes[i].name || word == kTypes[i].long_name)
      return static_cast<DType>(i);
    names.emplace_back(kTypes[i].name);
    names.emplace_back(kTypes[i].long_name);
  }
  throw ArgumentError(std::string(what) + ": " + unknown_name("type", word, names));
}

namespace {

constexpr Index kBlock = 256;  // converted in one go, in the first-level cache

float quiet_nan(bool negative) noexcept {
  return std::bit_cast<float>(negative ? 0xFFC00000U : 0x7FC00000U);
}

// Significand bits below the 24 of an f32 become one sticky last bit: rounding the
// result once more to fewer bits is then the same as rounding the original directly.
float round_to_odd(double x) noexcept {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const auto sign = static_cast<std::uint32_t>(bits >> 32U) & 0x80000000U;
  const int exponent = static_cast<int>((bits >> 52U) & 0x7FFU) - 1023;
  std::uint64_t significand = bits & ((std::uint64_t{1} << 52U) - 1);
  if (exponent == 1024) return static_cast<float>(x);
  if (exponent > 127) return std::bit_cast<float>(sign | 0x7F7FFFFFU);
  std::uint32_t field = 0;  // exponent field of the f32
  unsigned shift = 29;
  if (exponent >= -126) {
    field = static_cast<std::uint32_t>(exponent + 127);
  } else {
    if (exponent > -1023) significand |= std::uint64_t{1} << 52U;
    shift = static_cast<unsigned>(std::min(63, 29 + (-126 - exponent)));
  }
  const std::uint64_t kept = significand >> shift;
  const bool sticky = (kept << shift) != significand;
  return std::bit_cast<float>(sign | (field << 23U) | static_cast<std::uint32_t>(kept) |
                              static_cast<std::uint32_t>(sticky));
}

float round_to_odd(std::int64_t x) noexcept {
  const bool negative = x < 0;
  auto size = static_cast<std::uint64_t>(x);
  if (negative) size = 0 - size;
  const int extra = static_cast<int>(std::bit_width(size)) - 24;
  if (extra > 0) {
    const std::uint64_t kept = size >> static_cast<unsigned>(extra);
    const bool sticky = (kept << static_cast<unsigned>(extra)) != size;
    size = (kept | static_cast<std::uint64_t>(sticky)) << static_cast<unsigned>(extra);
  }
  const auto y = static_cast<float>(size);  // 24 bits: exact
  return negative ? -y : y;
}

// Counts for one block that begins at element `first`.
void add(const kernels::HalfTally& tally, const float* block, Index count, DType type,
         Index first, ConvertCounts& counts) noexcept {
  counts.overflow += tally.overflow;
  counts.underflow += tally.underflow;
  counts.nonfinite += tally.nonfinite;
  if (tally.overflow == 0 || counts.first_overflow >= 0) return;
  const float limit = type == DType::f16 ? 65520.0F : std::bit_cast<float>(0x7F7F8000U);
  for (Index i = 0; i < count; ++i) {
    if (std::isinf(block[i]) || !(std::fabs(block[i]) >= limit)) continue;
    counts.first_overflow = first + i;
    return;
  }
}

template <class In>
void to_half(const In* in, Index count, DType type, std::uint16_t* out, Index stride,
             ConvertCounts& counts) noexcept {
  std::array<float, kBlock> block;
  std::array<std::uint16_t, kBlock> half;
  for (Index first = 0; first < count; first += kBlock) {
    const Index n = std::min(kBlock, count - first);
    const float* from = block.data();
    if constexpr (std::is_same_v<In, float>) {
      from = in + first;
    } else {
      for (Index i = 0; i < n; ++i) {
        block[static_cast<std::size_t>(i)] = round_to_odd(in[first + i]);
      }
    }
    kernels::HalfTally tally;
    std::uint16_t* const to = stride == 1 ? out + first : half.data();
    if (type == DType::f16) {
      kernels::f32_to_f16(from, n, to, tally);
    } else {
      kernels::f32_to_bf16(from, n, to, tally);
    }
    if (stride != 1) {
      for (Index i = 0; i < n; ++i) out[(first + i) * stride] = to[i];
    }
    add(tally, from, n, type, first, counts);
  }
}

void note_overflow(Index i, ConvertCounts& counts) noexcept {
  ++counts.overflow;
  if (counts.first_overflow < 0) counts.first_overflow = i;
}

template <class In>
void to_f32(const In* in, Index count, float* out, Index stride,
            ConvertCounts& counts) noexcept {
  for (Index i = 0; i < count; ++i) {
    const In x = in[i];
    auto y = static_cast<float>(x);
    if constexpr (std::is_floating_point_v<In>) {
      if (!std::isfinite(x)) {
        ++counts.nonfinite;
        if (std::isnan(x)) y = quiet_nan(std::signbit(x));
      } else if (std::isinf(y)) {
        note_overflow(i, counts);
      } else if (y == 0 && x != 0) {
        ++counts.underflow;
      }
    }
    out[i * stride] = y;
  }
}

template <class Out, class In>
void to_integer(const In* in, Index count, Out* out, Index stride,
                ConvertCounts& counts) noexcept {
  using Range = std::numeric_limits<Out>;
  for (Index i = 0; i < count; ++i) {
    if constexpr (std::is_integral_v<In>) {
      const In x = in[i];
      const auto y = static_cast<Out>(x);
      if (static_cast<In>(y) != x) {
        note_overflow(i, counts);
        continue;
      }
      out[i * stride] = y;
    } else {
      const double y = std::nearbyint(static_cast<double>(in[i]));
      constexpr double kBeyond =
          2.0 * static_cast<double>(std::uint64_t{1} << (Range::digits - 1));
      if (std::isnan(y)) {
        ++counts.missing;
        out[i * stride] = 0;
      } else if (y < static_cast<double>(Range::min()) || y >= kBeyond) {
        counts.nonfinite += std::isinf(y) ? 1 : 0;
        note_overflow(i, counts);
      } else {
        counts.underflow += y == 0 && in[i] != 0 ? 1 : 0;
        out[i * stride] = static_cast<Out>(y);
      }
    }
  }
}

template <class In>
void to_boolean(const In* in, Index count, std::uint8_t* out, Index stride,
                ConvertCounts& counts) noexcept {
  for (Index i = 0; i < count; ++i) {
    const bool missing = in[i] != in[i];
    counts.missing += missing ? 1 : 0;
    out[i * stride] = !missing && in[i] != 0 ? 1 : 0;
  }
}

template <class In>
void convert_any(const In* in, Index count, DType type, void* out, Index stride,
                 ConvertCounts& counts) noexcept {
  switch (type) {
    case DType::boolean:
      return to_boolean(in, count, static_cast<std::uint8_t*>(out), stride, counts);
    case DType::u8:
      return to_integer(in, count, static_cast<std::uint8_t*>(out), stride, counts);
    case DType::i8:
      return to_integer(in, count, static_cast<std::int8_t*>(out), stride, counts);
    case DType::i16:
      return to_integer(in, count, static_cast<std::int16_t*>(out), stride, counts);
    case DType::i32:
      return to_integer(in, count, static_cast<std::int32_t*>(out), stride, counts);
    case DType::i64:
      return to_integer(in, count, static_cast<std::int64_t*>(out), stride, counts);
    case DType::f16:
    case DType::bf16:
      return to_half(in, count, type, static_cast<std::uint16_t*>(out), stride, counts);
    case DType::f32:
      return to_f32(in, count, static_cast<float*>(out), stride, counts);
  }
}

}  // namespace

void convert(const float* in, Index count, DType type, void* out, Index stride,
             ConvertCounts& counts) noexcept {
  convert_any(in, count, type, out, stride, counts);
}
void convert(const double* in, Index count, DType type, void* out, Index stride,
             ConvertCounts& counts) noexcept {
  convert_any(in, count, type, out, stride, counts);
}
void convert(const std::int64_t* in, Index count, DType type, void* out, Index stride,
             ConvertCounts& counts) noexcept {
  convert_any(in, count, type, out, stride, counts);
}

}  // namespace lade
