// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <span>

#include "lade/targets/spec.h"

namespace lade {

/// True for units that are made of whole days: day, week, month, quarter, year.
bool of_days(Every every) noexcept;

/// interval_ends of units that rows are cut into: minute, hour, fixed, and for all
/// others days; `begins` (nullptr or words of 0) gets the bits of first rows.
Index cut_intervals(std::span<const std::int64_t> time, const Boundary& boundary,
                    std::span<std::int32_t> ends, std::span<std::int64_t> keys,
                    std::uint64_t* begins);

/// Groups day keys into the longer calendar unit of `boundary`.
///
/// Shapes:   days [D] ascending; last (index of the last day of each group), keys room
/// for D.
///           Returns the number of groups. `keys` may be the same memory as `days`.
Index group_days(std::span<const std::int64_t> days, const Boundary& boundary,
                 std::span<std::int32_t> last, std::span<std::int64_t> keys);

/// Key, first day and day after the last of a day's week with compat = "hppl": 54 Y + 7
/// times the ISO week, Y the calendar year; so weeks are cut at New Year.
std::int64_t hppl_week_key(std::int64_t day);
std::int64_t hppl_week_begin(std::int64_t day);
std::int64_t hppl_week_end(std::int64_t day);
inline bool has_hppl_weeks(const Boundary& boundary) noexcept {
  return boundary.compat == Compat::hppl && boundary.every == Every::week;
}

/// a + b, a - b, a * b within the range of i64: what would leave it stays at its end.
inline std::int64_t add_saturating(std::int64_t a, std::int64_t b) noexcept {
  using Limits = std::numeric_limits<std::int64_t>;
  std::int64_t out = 0;
  return __builtin_add_overflow(a, b, &out) ? (b < 0 ? Limits::min() : Limits::max())
                                            : out;
}
inline std::int64_t subtract_saturating(std::int64_t a, std::int64_t b) noexcept {
  using Limits = std::numeric_limits<std::int64_t>;
  std::int64_t out = 0;
  return __builtin_sub_overflow(a, b, &out) ? (b > 0 ? Limits::min() : Limits::max())
                                            : out;
}
inline std::int64_t multiply_saturating(std::int64_t a, std::int64_t b) noexcept {
  using Limits = std::numeric_limits<std::int64_t>;
  std::int64_t out = 0;
  if (!__builtin_mul_overflow(a, b, &out)) return out;
  return (a < 0) != (b < 0) ? Limits::min() : Limits::max();
}

}  // namespace lade
