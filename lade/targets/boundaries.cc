// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "lade/core/error.h"
#include "lade/targets/boundaries_internal.h"
#include "lade/targets/boundary_kernels.h"
#include "lade/targets/compute.h"

namespace lade {
namespace {

constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kGreatest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kDaySeconds = 86'400;

/// Width of the intervals that rows are cut into, in units of the time column.
std::int64_t row_width(const Boundary& boundary) {
  const std::int64_t second = per_second(boundary.unit);
  switch (boundary.every) {
    case Every::minute:
      return 60 * second;
    case Every::hour:
      return 3600 * second;
    case Every::fixed:
      return boundary.width;
    default:
      return kDaySeconds * second;
  }
}

void check_boundary(const Boundary& boundary, const char* function) {
  if (boundary.every == Every::fixed && boundary.width <= 0) {
    throw ArgumentError(std::string(function) + ": width must be > 0, got " +
                        std::to_string(boundary.width));
  }
  if (boundary.week_start < 1 || boundary.week_start > 7) {
    throw ArgumentError(std::string(function) +
                        ": week_start must be 1 (Monday) to 7 (Sunday), got " +
                        std::to_string(boundary.week_start));
  }
}

/// Rows [begin, end) lie in one span of the zone. Local time never runs backwards: what
/// a clock set back shows a second time counts to the last instant before (`least`).
void cut_span(std::span<const std::int64_t> time, Index begin, Index end,
              std::int64_t shift, std::int64_t least, std::int64_t width,
              kernels::RunWriter& writer) {
  const auto bound = [&](std::int64_t instant) {
    return std::lower_bound(time.begin() + begin, time.begin() + end, instant) -
           time.begin();
  };
  // Sums that would leave i64 stay at its end.
  const Index first = bound(subtract_saturating(least, shift));
  const Index last = shift > 0 ? bound(kGreatest - shift + 1) : end;
  if (first > begin) {
    kernels::append_run(floor_div(least, width), begin, first - 1, writer);
  }
  if (last > first) {
    kernels::cut_rows(time.data() + first, last - first, shift, width, first, writer);
  }
  if (end > last) {
    kernels::append_run(floor_div(kGreatest, width), last, end - 1, writer);
  }
}

/// Keys floor(local / width) of all rows, span of the zone by span.
Index cut_by_width(std::span<const std::int64_t> time, const Boundary& boundary,
                   std::int64_t width, kernels::RunWriter writer) {
  const auto n = static_cast<Index>(time.size());
  if (boundary.zone == nullptr) {
    cut_span(time, 0, n, 0, kLeast, width, writer);
    return writer.runs;
  }
  const std::int64_t second = per_second(boundary.unit);
  for (Index begin = 0; begin < n;) {
    const auto t = time[static_cast<std::size_t>(begin)];
    const Zone::Span span = boundary.zone->at(floor_div(t, second));
    std::int64_t least = kLeast;
    if (span.begin != kLeast) {
      const Zone::Span before = boundary.zone->at(span.begin - 1);
      if (before.offset > span.offset) {
        least = multiply_saturating(span.begin + before.offset, second) - 1;
      }
    }
    const auto stop = std::lower_bound(time.begin() + begin, time.end(),
                                       multiply_saturating(span.end, second));
    const Index end = span.end == kGreatest ? n : stop - time.begin();
    cut_span(time, begin, std::max(end, begin + 1), span.offset * second, least, width,
             writer);
    begin = std::max(end, begin + 1);
  }
  return writer.runs;
}

/// First day of the interval, for units of whole days.
std::int64_t first_day(const Boundary& boundary, std::int64_t key) {
  constexpr std::int64_t kYears =
      1'000'000;  // far outside the years that times may have
  const auto of_month = [](std::int64_t months) {
    const std::int64_t m = std::clamp(months, -12 * kYears, 12 * kYears);
    return to_day({static_cast<std::int32_t>(floor_div(m, 12)),
                   static_cast<std::int32_t>(floor_mod(m, 12)) + 1, 1});
  };
  const std::int64_t k = std::clamp(key, -366 * kYears, 366 * kYears);
  switch (boundary.every) {
    case Every::week:
      return 7 * k - 4 + boundary.week_start;
    case Every::month:
      return of_month(k);
    case Every::quarter:
      return of_month(3 * k);
    case Every::year:
      return of_month(12 * std::clamp(k, -kYears, kYears));
    default:
      return k;
  }
}

std::int64_t key_of_day(const Boundary& boundary, std::int64_t day) {
  if (boundary.every == Every::day) return day;
  if (has_hppl_weeks(boundary)) return hppl_week_key(day);
  if (boundary.every == Every::week) return floor_div(day + 4 - boundary.week_start, 7);
  const Date date = to_date(day);
  const std::int64_t month = std::int64_t{date.year} * 12 + date.month - 1;
  if (boundary.every == Every::month) return month;
  return boundary.every == Every::quarter ? floor_div(month, 3) : date.year;
}

/// The instant at which the local clock first shows `local` (units of the time column).
std::int64_t instant_of(const Boundary& boundary, std::int64_t local) {
  if (boundary.zone == nullptr || local == kLeast || local == kGreatest) return local;
  const std::int64_t second = per_second(boundary.unit);
  const std::int64_t whole = floor_div(local, second);
  const std::int64_t utc = boundary.zone->to_utc(whole);
  const bool gap = utc + boundary.zone->at(utc).offset != whole;
  return add_saturating(multiply_saturating(utc, second),
                        gap ? 0 : local - whole * second);
}

std::string text_of_width(std::int64_t width, TimeUnit unit) {
  struct Word {
    std::int64_t seconds;
    const char* name;
  };
  const std::int64_t second = per_second(unit);
  for (const Word word : {Word{kDaySeconds, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}}) {
    const std::int64_t size = word.seconds * second;
    if (width % size == 0) return std::to_string(width / size) + word.name;
  }
  std::int64_t size = second / 1000;
  for (const char* name : {"ms", "us", "ns"}) {
    if (size > 0 && width % size == 0) return std::to_string(width / size) + name;
    size /= 1000;
  }
  return std::to_string(width);
}

}  // namespace

bool of_days(Every every) noexcept {
  return every == Every::day || every == Every::week || every == Every::month ||
         every == Every::quarter || every == Every::year;
}

std::string to_string(const Boundary& boundary) {
  switch (boundary.every) {
    case Every::event:
      return "event";
    case Every::minute:
      return "minute";
    case Every::hour:
      return "hour";
    case Every::day:
      return "day";
    case Every::week:
      return "week";
    case Every::month:
      return "month";
    case Every::quarter:
      return "quarter";
    case Every::year:
      return "year";
    case Every::sequence:
      return "sequence";
    case Every::fixed:
      return text_of_width(boundary.width, boundary.unit);
  }
  return {};
}

std::string boundary_key(const Boundary& boundary) {
  std::string key = to_string(boundary);
  if (boundary.every == Every::event || boundary.every == Every::sequence) return key;
  if (boundary.every == Every::week)
    key += boundary.compat == Compat::hppl
               ? " of hppl"
               : " from " + std::to_string(boundary.week_start);
  const bool utc = boundary.zone == nullptr || boundary.zone->name() == "UTC";
  return key + " in " + (utc ? "UTC" : boundary.zone->name()) + " of " +
         std::string(name(boundary.unit));
}

namespace {

/// Runs of equal keys, which do not ascend.
Index group_hppl_weeks(std::span<const std::int64_t> days, std::span<std::int32_t> last,
                       std::span<std::int64_t> keys) {
  std::size_t groups = 0;
  for (std::size_t d = 0; d < days.size(); ++d) {
    const std::int64_t key = hppl_week_key(days[d]);
    if (groups == 0 || keys[groups - 1] != key) ++groups;
    last[groups - 1] = static_cast<std::int32_t>(d);
    keys[groups - 1] = key;
  }
  return static_cast<Index>(groups);
}

}  // namespace

Index group_days(std::span<const std::int64_t> days, const Boundary& boundary,
                 std::span<std::int32_t> last, std::span<std::int64_t> keys) {
  if (has_hppl_weeks(boundary)) return group_hppl_weeks(days, last, keys);
  Index groups = 0;
  std::int64_t key = 0;
  std::int64_t next = kLeast;  // first day of the interval after `key`
  for (std::size_t d = 0; d < days.size(); ++d) {
    const std::int64_t day = days[d];
    if (day >= next) {
      key = key_of_day(boundary, day);
      next = first_day(boundary, key + 1);
      ++groups;
    }
    last[static_cast<std::size_t>(groups - 1)] = static_cast<std::int32_t>(d);
    keys[static_cast<std::size_t>(groups - 1)] = key;
  }
  return groups;
}

Index cut_intervals(std::span<const std::int64_t> time, const Boundary& boundary,
                    std::span<std::int32_t> ends, std::span<std::int64_t> keys,
                    std::uint64_t* begins) {
  return cut_by_width(time, boundary, row_width(boundary),
                      {ends.data(), keys.data(), begins, 0});
}

Index interval_ends(std::span<const std::int64_t> time, const Boundary& boundary,
                    std::span<std::int32_t> ends, std::span<std::int64_t> keys) {
  check_boundary(boundary, "interval_ends");
  require(time.size() <= std::numeric_limits<std::int32_t>::max(),
          "interval_ends: a sequence must have fewer than 2^31 rows");
  require(ends.size() >= time.size() && keys.size() >= time.size(),
          "interval_ends: ends and keys must have room for every row");
  const auto n = static_cast<Index>(time.size());
  if (n == 0) return 0;
  if (boundary.every == Every::sequence) {
    ends[0] = static_cast<std::int32_t>(n - 1);
    keys[0] = 0;
    return 1;
  }
  if (boundary.every == Every::event) {
    for (std::size_t r = 0; r < time.size(); ++r) {
      ends[r] = static_cast<std::int32_t>(r);
      keys[r] = static_cast<std::int64_t>(r);
    }
    return n;
  }
  const Index runs = cut_intervals(time, boundary, ends, keys, nullptr);
  if (!of_days(boundary.every) || boundary.every == Every::day) return runs;
  // A group's index is never beyond its days', so it may take their place.
  const auto days = static_cast<std::size_t>(runs);
  std::vector<std::int32_t> last(days);
  const Index groups = group_days(keys.first(days), boundary, last, keys);
  for (std::size_t g = 0; g < static_cast<std::size_t>(groups); ++g) {
    ends[g] = ends[static_cast<std::size_t>(last[g])];
  }
  return groups;
}

std::int64_t interval_begin(const Boundary& boundary, std::int64_t key) {
  check_boundary(boundary, "interval_begin");
  require(!has_hppl_weeks(boundary),
          "interval_begin: a key names no week with compat = \"hppl\"");
  if (boundary.every == Every::event || boundary.every == Every::sequence) {
    throw ArgumentError("interval_begin: every must be a unit of time, got " +
                        to_string(boundary));
  }
  const std::int64_t units = of_days(boundary.every) ? first_day(boundary, key) : key;
  return instant_of(boundary, multiply_saturating(units, row_width(boundary)));
}

std::int64_t interval_end(const Boundary& boundary, std::int64_t key) {
  return interval_begin(boundary, add_saturating(key, 1));
}

IntervalEdges interval_edges(const Boundary& boundary, std::int64_t key,
                             std::int64_t first, std::int64_t last) {
  if (!has_hppl_weeks(boundary)) {
    return {interval_begin(boundary, key), interval_end(boundary, key)};
  }
  const auto day_of = [&](std::int64_t time) {
    const std::int64_t second = floor_div(time, per_second(boundary.unit));
    const Zone* zone = boundary.zone.get();
    return floor_div(second + (zone == nullptr ? 0 : zone->at(second).offset),
                     kDaySeconds);
  };
  const auto midnight = [&](std::int64_t day) {
    return instant_of(boundary, multiply_saturating(day, row_width(boundary)));
  };
  return {midnight(hppl_week_begin(day_of(first))),
          midnight(hppl_week_end(day_of(last)))};
}

}  // namespace lade
