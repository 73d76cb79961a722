// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lade/core/calendar.h"
#include "lade/recipe/picture_internal.h"

namespace lade {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr double kMonthDays = 30.4;

std::int64_t whole(double value) {
  return static_cast<std::int64_t>(std::floor(value));
}

/// 50000 as "50k" on an axis whose ticks are `step` apart.
std::string short_number(double value, double step) {
  constexpr const char* kUnits[] = {"", "k", "M", "G", "T"};
  const double most = std::abs(value);
  if (most != 0 && (most >= 1e15 || most < 1e-4)) return fmt::format("{:.2g}", value);
  int unit = 0;
  double scale = 1;
  while (unit < 4 && most >= 10'000 * (unit == 0 ? 1 : scale / 10) &&
         most >= 1000 * scale) {
    scale *= 1000;
    ++unit;
  }
  int decimals = 0;
  for (double s = step / scale; decimals < 6 && std::abs(s - std::round(s)) > 1e-6;
       s *= 10) {
    ++decimals;
  }
  return fmt::format("{:.{}f}{}", value / scale, decimals, kUnits[unit]);
}

/// Days on which months that are multiples of `months` begin.
void month_ticks(double begin, double end, int months, std::vector<AxisTick>& out) {
  Date date = to_date(whole(begin / kDay));
  date.day = 1;
  date.month = (date.month - 1) / months * months + 1;
  if (months >= 12) {
    const int years = months / 12;
    date.month = 1;
    date.year = static_cast<std::int32_t>(floor_div(date.year, years)) * years;
  }
  for (;;) {
    const double at = static_cast<double>(to_day(date)) * kDay;
    if (at > end) return;
    if (at >= begin) {
      out.push_back({at, months >= 12
                             ? fmt::format("{}", date.year)
                             : fmt::format("{}-{:02}", date.year, date.month)});
    }
    const std::int32_t month = date.month - 1 + months;
    date.year += month / 12;
    date.month = month % 12 + 1;
  }
}

std::string clock_of(double second, double step) {
  const std::int64_t s = whole(second);
  const Date date = to_date(floor_div(s, kDay));
  const std::int64_t of_day = floor_mod(s, kDay);
  if (of_day == 0)
    return fmt::format("{}-{:02}-{:02}", date.year, date.month, date.day);
  const std::string time = fmt::format("{:02}:{:02}", of_day / 3600, of_day / 60 % 60);
  return step < 60 ? time + fmt::format(":{:02}", of_day % 60) : time;
}

}  // namespace

std::vector<AxisTick> number_ticks(double low, double high, int count) {
  if (!(high > low)) high = low + (low == 0 ? 1 : std::abs(low) * 0.1);
  const double rough = (high - low) / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
    if (factor * power >= rough * (1 - 1e-9)) {
      step = factor * power;
      break;
    }
  }
  std::vector<AxisTick> ticks;
  const double first = std::floor(low / step + 1e-9);
  const double last = std::ceil(high / step - 1e-9);
  for (double k = first; k <= last + 0.5; k += 1) {
    const double at = k == 0 ? 0.0 : k * step;
    ticks.push_back({at, short_number(at, step)});
  }
  return ticks;
}

std::vector<AxisTick> time_ticks(double begin, double end, int count) {
  std::vector<AxisTick> ticks;
  const double span = end - begin;
  for (const int step : {1, 5, 15, 60, 300, 900, 3600, 10'800, 21'600, 43'200, 86'400,
                         2 * 86'400, 7 * 86'400, 14 * 86'400}) {
    if (span / step > count) continue;
    const double first = std::ceil(begin / step) * step;
    for (double at = first; at <= end; at += step) {
      ticks.push_back({at, clock_of(at, step)});
    }
    return ticks;
  }
  for (const int months : {1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000, 12'000}) {
    if (span / (months * kMonthDays * kDay) > count) continue;
    month_ticks(begin, end, months, ticks);
    return ticks;
  }
  return ticks;
}

std::string plain_number(double value) {
  if (std::abs(value) >= 1e15) return fmt::format("{:.6g}", value);
  std::string text = fmt::format("{:.4f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  const std::size_t sign = text.starts_with("-") ? 1 : 0;
  const std::size_t digits = std::min(text.find('.'), text.size());
  for (std::size_t at = digits; at > sign + 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text == "-0" ? "0" : text;
}

std::string plain_time(double second) {
  const std::int64_t s = whole(second);
  const Date date = to_date(floor_div(s, kDay));
  const std::int64_t of_day = floor_mod(s, kDay);
  std::string text = fmt::format("{}-{:02}-{:02}", date.year, date.month, date.day);
  if (of_day != 0) {
    text += fmt::format(" {:02}:{:02}", of_day / 3600, of_day / 60 % 60);
    if (of_day % 60 != 0) text += fmt::format(":{:02}", of_day % 60);
  }
  return text;
}

}  // namespace lade
