// SPDX-License-Identifier: Apache-2.0
// Arrow's numbers that no C++ type holds, widened.
#pragma once

#include <cstdint>

namespace lade {

/// Exact: every f16 is an f32. NaNs keep sign and payload.
float widen_half(std::uint16_t half);

struct Int128 {
  std::uint64_t low;
  std::int64_t high;
};

/// The double nearest to value / 10^scale.
double nearest_double(Int128 value, int scale);

}  // namespace lade
