// SPDX-License-Identifier: Apache-2.0
// Windows over the rows themselves, for aggregates that one partial value of each
// interval does not give: order, different values, first and last.
#pragma once

#include <algorithm>
#include <cstdint>

#include "lade/core/matrix.h"

namespace lade {

/// Window i holds the elements [low[i], high[i]); neither bound decreases.
struct RowWindows {
  const std::int32_t* low = nullptr;
  const std::int32_t* high = nullptr;
  Index windows = 0;
};

/// Lets the elements enter and leave as the windows go forward; those that no window
/// holds do neither. give(i, size) is called when exactly window i's elements are in.
template <class Enter, class Leave, class Give>
void go_forward(RowWindows over, Enter enter, Leave leave, Give give) {
  Index low = 0;
  Index high = 0;
  for (Index i = 0; i < over.windows; ++i) {
    const Index first = over.low[i];
    const Index last = std::max<Index>(over.high[i], first);
    for (; low < std::min(first, high); ++low) leave(low);
    low = std::max(low, first);
    high = std::max(high, first);
    for (; high < last; ++high) enter(high);
    give(i, last - first);
  }
}

}  // namespace lade
