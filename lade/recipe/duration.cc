// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/duration.h"

#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "lade/core/error.h"
#include "lade/core/unknown_name.h"

namespace lade {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::array<std::pair<std::string_view, std::int64_t>, 8> kUnits = {
    {{"ns", 1},
     {"us", 1'000},
     {"ms", 1'000'000},
     {"s", kSecond},
     {"min", 60 * kSecond},
     {"h", 3'600 * kSecond},
     {"d", 86'400 * kSecond},
     {"w", 604'800 * kSecond}}};

constexpr std::array<std::pair<std::string_view, Every>, 9> kEvery = {
    {{"event", Every::event},
     {"minute", Every::minute},
     {"hour", Every::hour},
     {"day", Every::day},
     {"week", Every::week},
     {"month", Every::month},
     {"quarter", Every::quarter},
     {"year", Every::year},
     {"sequence", Every::sequence}}};

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) noexcept {
  Duration result;
  const char* end = text.data() + text.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): its end is given
  const auto [at, error] = std::from_chars(text.data(), end, result.count);
  if (error != std::errc{} || at == text.data()) return std::nullopt;
  const std::string_view unit(at, static_cast<std::size_t>(end - at));
  for (const auto& [name, ns] : kUnits) {
    if (unit == name) {
      result.unit_ns = ns;
      return result;
    }
  }
  return std::nullopt;
}

std::int64_t in_units(Duration duration, TimeUnit unit, std::string_view what,
                      std::string_view text) {
  const std::int64_t unit_ns = kSecond / per_second(unit);
  const __int128 ns = static_cast<__int128>(duration.count) * duration.unit_ns;
  const __int128 units = ns / unit_ns;
  const bool whole = ns % unit_ns == 0;
  const bool fits = units <= INT64_MAX / 4 && units >= INT64_MIN / 4;
  require(fits, std::string(what) + ": duration is longer than a column of " +
                    std::string(name(unit)) + " can measure, got '" +
                    escape_text(text) + "'");
  require(whole, std::string(what) + ": duration must be a whole number of " +
                     std::string(name(unit)) + ", the unit of the time column, got '" +
                     escape_text(text) + "'");
  return static_cast<std::int64_t>(units);
}

Boundary parse_every(std::string_view text, TimeUnit unit, std::string_view what) {
  Boundary boundary;
  boundary.unit = unit;
  for (const auto& [name, every] : kEvery) {
    if (text == name) {
      boundary.every = every;
      return boundary;
    }
  }
  const auto duration = parse_duration(text);
  if (!duration) {
    std::vector<std::string> names;
    names.reserve(kEvery.size() + 1);
    for (const auto& entry : kEvery) names.emplace_back(entry.first);
    names.emplace_back("15min");
    throw ArgumentError(std::string(what) + ": " +
                        unknown_name("interval", text, names));
  }
  boundary.every = Every::fixed;
  boundary.width = in_units(*duration, unit, what, text);
  require(boundary.width > 0,
          std::string(what) + ": width must be > 0, got '" + escape_text(text) + "'");
  return boundary;
}

}  // namespace lade
