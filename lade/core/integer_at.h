// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "lade/core/sequence.h"

namespace lade {

/// The whole number, boolean or time in a row; a u64 above 2^63 - 1 wraps below 0.
/// Requires: a column of one of these kinds, and a row that is not null.
// Here, as a fit reads every row with it.
inline std::int64_t integer_at(const Column& column, Index row) noexcept {
  switch (column.kind) {
    case Kind::i8:
      return column.as<std::int8_t>()[row];
    case Kind::i16:
      return column.as<std::int16_t>()[row];
    case Kind::i32:
      return column.as<std::int32_t>()[row];
    case Kind::boolean:
    case Kind::u8:
      return column.as<std::uint8_t>()[row];
    case Kind::u16:
      return column.as<std::uint16_t>()[row];
    case Kind::u32:
      return column.as<std::uint32_t>()[row];
    case Kind::u64:
      return static_cast<std::int64_t>(column.as<std::uint64_t>()[row]);
    default:
      return column.as<std::int64_t>()[row];
  }
}

}  // namespace lade
