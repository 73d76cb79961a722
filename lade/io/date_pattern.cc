// SPDX-License-Identifier: Apache-2.0
#include "lade/io/date_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lade/core/calendar.h"
#include "lade/core/error.h"

namespace lade::io {
namespace {

constexpr std::string_view kDirectives = "YymdjHMSfNbz";
constexpr std::array<std::string_view, 12> kMonths{
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};

/// The parts of a stamp as they are read.
struct Stamp {
  std::int32_t year = 1970, month = 1, day = 1, day_of_year = 0;
  std::int64_t hour = 0, minute = 0, second = 0, nanosecond = 0;
  std::int64_t zone_s = 0;
};

/// Takes between `least` and `most` digits; -1 if there are fewer.
std::int64_t take_digits(std::string_view text, std::size_t& at, int least, int most,
                         int* count = nullptr) {
  std::int64_t value = 0;
  int n = 0;
  while (n < most && at < text.size() && text[at] >= '0' && text[at] <= '9') {
    value = 10 * value + (text[at++] - '0');
    ++n;
  }
  if (count != nullptr) *count = n;
  return n < least ? -1 : value;
}

bool take_month(std::string_view text, std::size_t& at, Stamp& stamp) {
  if (text.size() < at + 3) return false;
  std::string name(text.substr(at, 3));
  for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  const auto found = std::find(kMonths.begin(), kMonths.end(), name);
  if (found == kMonths.end()) return false;
  stamp.month = static_cast<std::int32_t>(found - kMonths.begin()) + 1;
  at += 3;
  return true;
}

bool take_zone(std::string_view text, std::size_t& at, Stamp& stamp) {
  if (at >= text.size()) return false;
  const char sign = text[at++];
  if (sign == 'Z') return true;
  if (sign != '+' && sign != '-') return false;
  const std::int64_t hours = take_digits(text, at, 2, 2);
  if (at < text.size() && text[at] == ':') ++at;
  const std::int64_t minutes = take_digits(text, at, 2, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
  stamp.zone_s = (sign == '+' ? 1 : -1) * (3600 * hours + 60 * minutes);
  return true;
}

bool take_number(char directive, std::int64_t value, int digits, Stamp& stamp) {
  const auto small = static_cast<std::int32_t>(value);
  switch (directive) {
    case 'Y':
      stamp.year = small;
      return value >= 1;
    case 'y':
      stamp.year = small + (small >= 69 ? 1900 : 2000);
      return true;
    case 'm':
      stamp.month = small;
      return true;
    case 'd':
      stamp.day = small;
      return true;
    case 'j':
      stamp.day_of_year = small;
      return value >= 1;
    case 'H':
      stamp.hour = value;
      return value <= 23;
    case 'M':
      stamp.minute = value;
      return value <= 59;
    case 'S':
      stamp.second = value;
      return value <= 59;
    default:
      for (; digits < 9; ++digits) value *= 10;  // %f and %N are fractions
      stamp.nanosecond = value;
      return true;
  }
}

std::optional<std::int64_t> day_of(const Stamp& stamp) {
  if (stamp.day_of_year == 0) {
    const Date date{stamp.year, stamp.month, stamp.day};
    if (!is_valid(date)) return std::nullopt;
    return to_day(date);
  }
  const std::int64_t first = to_day({stamp.year, 1, 1});
  const std::int64_t day = first + stamp.day_of_year - 1;
  if (day >= to_day({stamp.year + 1, 1, 1})) return std::nullopt;
  return day;
}

}  // namespace

DatePattern::DatePattern(std::string_view pattern) : pattern_(pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      parts_.push_back({.literal = pattern[i]});
    } else if (++i < pattern.size() && pattern[i] == '%') {
      parts_.push_back({.literal = '%'});
    } else {
      add(i < pattern.size() ? pattern[i] : '\0');
    }
  }
  widen_alone();
  check_parts();
  time_of_day_ = has('H');
  nanoseconds_ = has('N');
}

void DatePattern::add(char directive) {
  const auto rule = [&](std::string_view what) {
    return fmt::format("dates: pattern '{}': {}", escape_text(pattern_), what);
  };
  require(directive != 0 && kDirectives.find(directive) != std::string_view::npos,
          rule(fmt::format(
              "%{} is not known; known are %Y %y %m %d %j %H %M %S %f %N %b %z %%",
              escape_text(std::string(directive != 0, directive)))));
  require(!has(directive), rule(fmt::format("%{} stands twice", directive)));
  const int digits = directive == 'Y'   ? 4
                     : directive == 'j' ? 3
                     : directive == 'f' ? 6
                     : directive == 'N' ? 9
                                        : 2;
  const bool number = directive != 'b' && directive != 'z';
  parts_.push_back({.directive = directive,
                    .least = static_cast<std::uint8_t>(number ? digits : 0),
                    .most = static_cast<std::uint8_t>(number ? digits : 0)});
}

/// A number that touches no other may have fewer digits, years apart.
void DatePattern::widen_alone() {
  const auto number = [&](std::size_t i) {
    return i < parts_.size() && parts_[i].most > 0;
  };
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const char directive = parts_[i].directive;
    if (!number(i) || directive == 'Y' || directive == 'y') continue;
    const bool last_of_run = !number(i + 1);
    const bool alone = last_of_run && (i == 0 || !number(i - 1));
    const bool fraction = directive == 'f' || directive == 'N';
    if (alone || (fraction && last_of_run)) parts_[i].least = 1;
  }
}

void DatePattern::check_parts() const {
  const auto rule = [&](std::string_view what) {
    return fmt::format("dates: pattern '{}' {}", escape_text(pattern_), what);
  };
  require(has('Y') != has('y'), rule("must hold one of %Y and %y"));
  require(!(has('m') && has('b')), rule("must not hold both %m and %b"));
  const bool month = has('m') || has('b');
  require(!(has('j') && (month || has('d'))),
          rule("must not hold %j beside a month or day"));
  require(month || !has('d'), rule("holds a day but no month"));
  require(has('H') || !(has('M') || has('S') || has('f') || has('N') || has('z')),
          rule("holds a part of a time of day but no hours"));
  require(!(has('f') && has('N')), rule("must not hold both %f and %N"));
  require((has('M') || !has('S')) && (has('S') || !(has('f') || has('N'))),
          rule("skips minutes or seconds"));
}

bool DatePattern::has(char directive) const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [&](const Part& part) { return part.directive == directive; });
}

ColumnType DatePattern::type() const {
  return {.kind = Kind::time,
          .unit = nanoseconds_   ? TimeUnit::ns
                  : time_of_day_ ? TimeUnit::us
                                 : TimeUnit::s,
          .date = !time_of_day_,
          .zone = has('z') ? "UTC" : ""};
}

std::optional<std::int64_t> DatePattern::parse(std::string_view text) const {
  Stamp stamp;
  std::size_t at = 0;
  for (const Part& part : parts_) {
    bool ok = false;
    if (part.directive == 0) {
      ok = at < text.size() && text[at++] == part.literal;
    } else if (part.directive == 'b') {
      ok = take_month(text, at, stamp);
    } else if (part.directive == 'z') {
      ok = take_zone(text, at, stamp);
    } else {
      int digits = 0;
      const std::int64_t value = take_digits(text, at, part.least, part.most, &digits);
      ok = value >= 0 && take_number(part.directive, value, digits, stamp);
    }
    if (!ok) return std::nullopt;
  }
  const auto day = day_of(stamp);
  if (at != text.size() || !day) return std::nullopt;
  const std::int64_t second = 86'400 * *day + 3'600 * stamp.hour + 60 * stamp.minute +
                              stamp.second - stamp.zone_s;
  if (!nanoseconds_) {
    return time_of_day_ ? 1'000'000 * second + stamp.nanosecond / 1'000 : second;
  }
  // The fraction counts back from the next second before 1970, so that the first second
  // of the range is reached.
  const std::int64_t next = second < 0 ? 1 : 0;
  const std::int64_t fraction = stamp.nanosecond - next * 1'000'000'000;
  std::int64_t value = 0;
  if (__builtin_mul_overflow(second + next, std::int64_t{1'000'000'000}, &value) ||
      __builtin_add_overflow(value, fraction, &value)) {
    return std::nullopt;  // beyond the years 1677 to 2262
  }
  return value;
}

}  // namespace lade::io
