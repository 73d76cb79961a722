// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lade/core/matrix.h"

namespace lade {

/// Proleptic Gregorian calendar. `day` counts days since 1970-01-01, also before it.
struct Date {
  std::int32_t year = 1970;
  std::int32_t month = 1;  // 1..12
  std::int32_t day = 1;    // 1..31
};
/// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2013.
Date to_date(std::int64_t day) noexcept;
std::int64_t to_day(Date date) noexcept;
bool is_valid(Date date) noexcept;

/// floor(a / b) and a - b * floor(a / b) for b > 0, also below zero.
constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) noexcept {
  return a / b - ((a % b != 0 && a < 0) ? 1 : 0);
}
constexpr std::int64_t floor_mod(std::int64_t a, std::int64_t b) noexcept {
  const std::int64_t rest = a % b;  // b * floor(a / b) may not fit
  return rest < 0 ? rest + b : rest;
}

/// A time zone: UTC, a fixed offset ("+03:00") or an IANA name ("Europe/Prague").
class Zone {
 public:
  /// Errors: ArgumentError naming the zone if it is unknown here.
  static std::shared_ptr<const Zone> find(std::string_view name);
  static std::shared_ptr<const Zone> utc();

  /// Seconds to add to UTC at that instant.
  struct Span {
    std::int64_t begin;  // first second (UTC, since 1970) for which `offset` holds
    std::int64_t end;    // first for which it does not
    std::int32_t offset;
  };
  Span at(std::int64_t utc_second) const;
  /// The UTC second of a local second; in a gap the instant after it, in a fold the
  /// first.
  std::int64_t to_utc(std::int64_t local_second) const;
  bool fixed() const;
  const std::string& name() const;

  struct Data;
  explicit Zone(std::unique_ptr<const Data> data);
  ~Zone();

 private:
  std::unique_ptr<const Data> data_;
};

}  // namespace lade
