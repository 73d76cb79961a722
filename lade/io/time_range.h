// SPDX-License-Identifier: Apache-2.0
// Which times a row may have.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "lade/core/sequence.h"

namespace lade::io {

/// The times from the first of the year 0001 to the last of 9999 in a time column's
/// unit; all that a column of another kind can hold.
struct TimeRange {
  std::int64_t first = std::numeric_limits<std::int64_t>::min();
  std::int64_t last = std::numeric_limits<std::int64_t>::max();

  explicit TimeRange(const Column& column) {
    if (column.kind != Kind::time || column.unit == TimeUnit::ns) return;
    first = -62'135'596'800 * per_second(column.unit);
    last = 253'402'300'800 * per_second(column.unit) - 1;
  }
  bool holds(std::int64_t time) const { return time >= first && time <= last; }
};

inline constexpr std::string_view kTimeRangeRule =
    "time must be in the years 0001 to 9999";

}  // namespace lade::io
