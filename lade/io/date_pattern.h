// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lade/core/sequence.h"

namespace lade::io {

/// A strptime pattern, checked once: docs/formats/csv.md lists what it may hold.
///
/// %Y four digits, %y two (69..99 are 19yy, 00..68 are 20yy), %m %d %H %M %S one or
/// two, %j one to three, %f one to six (of a second), %N one to nine (likewise;
/// the column is then in nanoseconds), %b an English month's first three
/// letters, %z Z, +hhmm or +hh:mm (the result is in UTC), %% a percent sign. Numbers
/// that touch have all their digits. Everything else stands for itself.
class DatePattern {
 public:
  /// Errors: ArgumentError naming the pattern and the rule: unknown or repeated
  /// directive,
  ///         no year, %j beside %m or %d, minutes without hours.
  explicit DatePattern(std::string_view pattern);

  /// A date (seconds at midnight) if the pattern has no time of day, nanoseconds if it
  /// has %N, else microseconds.
  ColumnType type() const;
  /// Empty if the text does not match, or names no day of the calendar, or no time of
  /// day.
  std::optional<std::int64_t> parse(std::string_view text) const;
  const std::string& pattern() const { return pattern_; }

 private:
  struct Part {
    char directive = 0;  // 0: the byte `literal`
    char literal = 0;
    std::uint8_t least = 0;  // digits
    std::uint8_t most = 0;
  };
  void add(char directive);
  void widen_alone();
  void check_parts() const;
  bool has(char directive) const;

  std::string pattern_;
  std::vector<Part> parts_;
  bool time_of_day_ = false;
  bool nanoseconds_ = false;
};

}  // namespace lade::io
