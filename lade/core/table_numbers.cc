// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <charconv>

#include "lade/core/table_numbers_internal.h"

namespace lade {

float widen_half(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000U) << 16U;
  const std::uint32_t exponent = (half >> 10U) & 0x1FU;
  const std::uint32_t fraction = half & 0x3FFU;
  if (exponent == 0) {
    const float tiny = static_cast<float>(fraction) * 0x1p-24F;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(tiny) | sign);
  }
  const std::uint32_t wide = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | (wide << 23U) | (fraction << 13U));
}

double nearest_double(Int128 value, int scale) {
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  const bool negative = value.high < 0;
  auto wide =
      (static_cast<unsigned __int128>(static_cast<std::uint64_t>(value.high)) << 64U) |
      value.low;
  if (negative) wide = -wide;
  // Both operands exact, so the one division (or product) rounds once.
  if (wide <= (std::uint64_t{1} << 53U) && scale >= 0 && scale <= 22) {
    const double whole = static_cast<double>(static_cast<std::uint64_t>(wide));
    return (negative ? -whole : whole) / kPowers[scale];
  }
  char text[64];
  char* const digits_end = text + 48;
  char* at = digits_end;
  do {
    *--at = static_cast<char>('0' + static_cast<int>(wide % 10));
    wide /= 10;
  } while (wide != 0);
  if (negative) *--at = '-';
  *digits_end = 'e';
  char* const end = std::to_chars(digits_end + 1, text + sizeof(text), -scale).ptr;
  double result = 0;
  std::from_chars(at, end, result);
  return result;
}

}  // namespace lade
