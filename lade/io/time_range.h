// SPDX-License-Identifier: Apache-2.0
// Which times a row may have.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "lade/core/sequence.h"

namespace lade::io {

/// The times from the first of the year 0001 to the last of 9999 in a time column's
/// unit; of nanoseconds, which do not reach so far, all but the first and last two
/// days, so that each lies in a whole day of any zone; all that a column of another
/// kind can hold.
struct TimeRange {
  std::int64_t first = std::numeric_limits<std::int64_t>::min();
  std::int64_t last = std::numeric_limits<std::int64_t>::max();

  explicit TimeRange(const Column& column) {
    if (column.kind != Kind::time) return;
    if (column.unit == TimeUnit::ns) {
      constexpr std::int64_t kTwoDays = std::int64_t{2} * 86'400 * 1'000'000'000;
      first += kTwoDays;
      last -= kTwoDays;
      rule = "time of nanoseconds must be from 1677-09-24 to 2262-04-09";
      return;
    }
    first = -62'135'596'800 * per_second(column.unit);
    last = 253'402'300'800 * per_second(column.unit) - 1;
  }
  bool holds(std::int64_t time) const { return time >= first && time <= last; }
  std::string_view rule = "time must be in the years 0001 to 9999";
};

}  // namespace lade::io
