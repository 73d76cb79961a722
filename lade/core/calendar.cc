// SPDX-License-Identifier: Apache-2.0
#include "lade/core/calendar.h"

#include <date/tz.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

#include "lade/core/error.h"

namespace lade {
namespace {

constexpr std::int64_t kDaysPerEra = 146'097;  // 400 years
constexpr std::int64_t kEraOffset = 719'468;   // from 0000-03-01 to 1970-01-01
constexpr std::int64_t kAlways = std::numeric_limits<std::int64_t>::max();

bool digit(char c) { return c >= '0' && c <= '9'; }

/// Seconds of "+hh:mm" or "-hh:mm", hours up to 23.
std::optional<std::int32_t> parse_offset(std::string_view text) {
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':')
    return {};
  if (!digit(text[1]) || !digit(text[2]) || !digit(text[4]) || !digit(text[5]))
    return {};
  const int hours = (text[1] - '0') * 10 + (text[2] - '0');
  const int minutes = (text[4] - '0') * 10 + (text[5] - '0');
  if (hours > 23 || minutes > 59) return {};
  const int seconds = hours * 3600 + minutes * 60;
  return text[0] == '-' ? -seconds : seconds;
}

[[noreturn]] void refuse_zone(std::string_view name, const std::string& nearest) {
  std::string rule =
      "time zone: must be UTC, an offset such as \"+03:00\" or a name such as "
      "\"Europe/Prague\", got \"" +
      escape_text(name) + "\"";
  if (!nearest.empty()) rule += "; the nearest known name is \"" + nearest + "\"";
  throw ArgumentError(rule);
}

const date::time_zone* find_named(std::string_view name) {
  try {
    const auto& zones = date::get_tzdb().zones;
    for (const auto& zone : zones) {
      if (zone.name() == name) return date::locate_zone(zone.name());
    }
    std::vector<std::string> names;
    names.reserve(zones.size());
    for (const auto& zone : zones) names.push_back(zone.name());
    refuse_zone(name, nearest_name(name, names));
  } catch (const ArgumentError&) {
    throw;
  } catch (const std::exception& problem) {
    throw ArgumentError("time zone: \"" + escape_text(name) +
                        "\" needs the zone tables of this machine: " + problem.what());
  }
}

std::int64_t count(date::sys_seconds instant) {
  return instant.time_since_epoch().count();
}

}  // namespace

Date to_date(std::int64_t day) noexcept {
  const std::int64_t shifted = day + kEraOffset;
  const std::int64_t era = floor_div(shifted, kDaysPerEra);
  const auto of_era = static_cast<std::uint32_t>(shifted - era * kDaysPerEra);
  const std::uint32_t year_of_era =
      (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  const std::uint32_t of_year =
      of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint32_t march = (5 * of_year + 2) / 153;  // 0 = March
  const std::uint32_t month = march < 10 ? march + 3 : march - 9;
  const std::int64_t year = era * 400 + year_of_era + (month <= 2 ? 1 : 0);
  return {static_cast<std::int32_t>(year), static_cast<std::int32_t>(month),
          static_cast<std::int32_t>(of_year - (153 * march + 2) / 5 + 1)};
}

std::int64_t to_day(Date date) noexcept {
  const std::int64_t year = std::int64_t{date.year} - (date.month <= 2 ? 1 : 0);
  const std::int64_t era = floor_div(year, 400);
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t march = date.month > 2 ? date.month - 3 : date.month + 9;
  const std::int64_t of_year = (153 * march + 2) / 5 + date.day - 1;
  const std::int64_t of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
  return era * kDaysPerEra + of_era - kEraOffset;
}

bool is_valid(Date date) noexcept {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (date.year < 1 || date.year > 9999 || date.month < 1 || date.month > 12)
    return false;
  const bool leap =
      date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);
  const int last = kDays[date.month - 1] + (date.month == 2 && leap ? 1 : 0);
  return date.day >= 1 && date.day <= last;
}

struct Zone::Data {
  std::string name;
  std::int32_t offset = 0;                 // where `named` is null
  const date::time_zone* named = nullptr;  // owned by the library's table
};

Zone::Zone(std::unique_ptr<const Data> data) : data_(std::move(data)) {}
Zone::~Zone() = default;

std::shared_ptr<const Zone> Zone::utc() {
  return std::make_shared<const Zone>(
      std::make_unique<const Data>(Data{"UTC", 0, nullptr}));
}

std::shared_ptr<const Zone> Zone::find(std::string_view name) {
  if (name == "UTC" || name == "Z") return utc();
  auto data = std::make_unique<Data>();
  data->name = std::string(name);
  if (const auto offset = parse_offset(name)) {
    data->offset = *offset;
  } else {
    data->named = find_named(name);
  }
  return std::make_shared<const Zone>(std::move(data));
}

Zone::Span Zone::at(std::int64_t utc_second) const {
  if (data_->named == nullptr) return {-kAlways - 1, kAlways, data_->offset};
  // The tables cover the years 0001..9999 and more; outside, their first and last
  // offset.
  constexpr std::int64_t kFirst = -62'135'769'600;
  constexpr std::int64_t kLast = 253'402'387'200;
  const std::int64_t second = std::clamp(utc_second, kFirst, kLast);
  const auto info =
      data_->named->get_info(date::sys_seconds{std::chrono::seconds{second}});
  const std::int64_t begin = count(info.begin);
  const std::int64_t end = count(info.end);
  return {begin <= kFirst ? -kAlways - 1 : begin, end >= kLast ? kAlways : end,
          static_cast<std::int32_t>(info.offset.count())};
}

std::int64_t Zone::to_utc(std::int64_t local_second) const {
  if (data_->named == nullptr) return local_second - data_->offset;
  // Offsets stay within a day. The first span that reaches the local second holds it,
  // or begins after it (a gap).
  Span span = at(local_second - 86'400);
  while (span.end != kAlways && span.end + span.offset <= local_second)
    span = at(span.end);
  return std::max(span.begin, local_second - span.offset);
}

bool Zone::fixed() const { return data_->named == nullptr; }
const std::string& Zone::name() const { return data_->name; }

}  // namespace lade
