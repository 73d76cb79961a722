// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lade/core/calendar.h"

namespace lade {

/// A written date or time: "1993-01-31", "1993-01-31T10:00:00.25" (also with a blank
/// instead of T), with "Z" or "+03:00" behind it. Years 0001 to 9999.
struct Instant {
  std::int64_t second = 0;  // since 1970; local unless an offset was written
  std::int32_t nanosecond = 0;
  bool has_offset = false;  // `second` is UTC then
};
/// nullopt if the text is none.
std::optional<Instant> parse_instant(std::string_view text) noexcept;

/// Its second in UTC; `zone` is of times without an offset (nullptr = UTC).
std::int64_t utc_second(const Instant& instant, const Zone* zone);

}  // namespace lade
