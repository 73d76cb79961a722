// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/instant.h"

namespace lade {
namespace {

/// Takes pieces from the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}
  bool done() const { return text_.empty(); }
  char peek() const { return text_.empty() ? '\0' : text_.front(); }
  bool skip(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  /// Exactly `count` digits.
  std::optional<std::int32_t> digits(std::size_t count) {
    if (text_.size() < count) return std::nullopt;
    std::int32_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (text_[i] < '0' || text_[i] > '9') return std::nullopt;
      value = value * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(count);
    return value;
  }
  /// One to nine digits after the point, as nanoseconds.
  std::optional<std::int32_t> fraction() {
    std::int32_t value = 0;
    std::int32_t count = 0;
    for (; !text_.empty() && text_.front() >= '0' && text_.front() <= '9'; ++count) {
      if (count == 9) return std::nullopt;
      value = value * 10 + (text_.front() - '0');
      text_.remove_prefix(1);
    }
    if (count == 0) return std::nullopt;
    for (; count < 9; ++count) value *= 10;
    return value;
  }

 private:
  std::string_view text_;
};

bool in_range(std::optional<std::int32_t> value, std::int32_t least,
              std::int32_t most) {
  return value && *value >= least && *value <= most;
}

}  // namespace

std::optional<Instant> parse_instant(std::string_view text) noexcept {
  Scanner scan(text);
  const auto year = scan.digits(4);
  if (!in_range(year, 1, 9999) || !scan.skip('-')) return std::nullopt;
  const auto month = scan.digits(2);
  if (!month || !scan.skip('-')) return std::nullopt;
  const auto day = scan.digits(2);
  if (!day || !is_valid({*year, *month, *day})) return std::nullopt;
  Instant instant{to_day({*year, *month, *day}) * 86'400, 0, false};
  if (scan.done()) return instant;
  if (!scan.skip('T') && !scan.skip(' ')) return std::nullopt;
  const auto hour = scan.digits(2);
  if (!in_range(hour, 0, 23) || !scan.skip(':')) return std::nullopt;
  const auto minute = scan.digits(2);
  if (!in_range(minute, 0, 59)) return std::nullopt;
  instant.second += *hour * 3'600 + *minute * 60;
  if (scan.skip(':')) {
    const auto second = scan.digits(2);
    if (!in_range(second, 0, 59)) return std::nullopt;
    instant.second += *second;
    if (scan.skip('.')) {
      const auto fraction = scan.fraction();
      if (!fraction) return std::nullopt;
      instant.nanosecond = *fraction;
    }
  }
  if (scan.done()) return instant;
  instant.has_offset = true;
  if (scan.skip('Z')) return scan.done() ? std::optional(instant) : std::nullopt;
  const bool west = scan.peek() == '-';
  if (!scan.skip(west ? '-' : '+')) return std::nullopt;
  const auto hours = scan.digits(2);
  if (!in_range(hours, 0, 23) || !scan.skip(':')) return std::nullopt;
  const auto minutes = scan.digits(2);
  if (!in_range(minutes, 0, 59) || !scan.done()) return std::nullopt;
  const std::int64_t offset = *hours * 3'600 + *minutes * 60;
  instant.second -= west ? -offset : offset;
  return instant;
}

std::int64_t utc_second(const Instant& instant, const Zone* zone) {
  if (instant.has_offset || zone == nullptr) return instant.second;
  return zone->to_utc(instant.second);
}

}  // namespace lade
