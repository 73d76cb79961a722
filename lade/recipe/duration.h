// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lade/core/sequence.h"
#include "lade/targets/spec.h"

namespace lade {

/// A duration text: a whole number and ns, us, ms, s, min, h, d or w ("30d", "15min").
struct Duration {
  std::int64_t count = 0;
  std::int64_t unit_ns = 1;  // of one: 1 .. 604'800'000'000'000
};
/// nullopt if the text is no duration (a plain number is none).
std::optional<Duration> parse_duration(std::string_view text) noexcept;

/// The duration in units of a time column.
/// Errors: ArgumentError naming `what` and the text if it is not a whole number of
/// units or
///         overflows.
std::int64_t in_units(Duration duration, TimeUnit unit, std::string_view what,
                      std::string_view text);

/// `every` as a boundary of a time column in `unit`: minute, hour, day, week, month,
/// quarter, year, event, sequence, or a width such as "15min", "6h". Errors:
/// ArgumentError naming `what`, the text and the nearest word.
Boundary parse_every(std::string_view text, TimeUnit unit, std::string_view what);

}  // namespace lade
