// SPDX-License-Identifier: Apache-2.0
#include "lade/cli/report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace lade::cli {

using Json = nlohmann::ordered_json;

namespace {

Json to_json(const Place& place) {
  Json json = {{"source", escape_text(place.source)}};
  if (place.offset) json["offset"] = *place.offset;
  if (place.row) json["row"] = *place.row;
  if (!place.column.empty()) json["column"] = escape_text(place.column);
  if (!place.rule.empty()) json["rule"] = place.rule;
  if (!place.value.empty()) json["value"] = escape_text(place.value);
  return json;
}

}  // namespace

Json to_json(const ReadReport& report) {
  Json dropped = Json::object();
  for (int reason = 0; reason < kDropReasons; ++reason) {
    if (report.dropped[reason] > 0) {
      dropped[std::string(name(static_cast<DropReason>(reason)))] =
          report.dropped[reason];
    }
  }
  Json places = Json::array();
  for (const Place& place : report.first_bad) places.push_back(to_json(place));
  return {{"rows_seen", report.rows_seen},
          {"rows_given", report.rows_given},
          {"rows_filtered", report.rows_filtered},
          {"dropped", dropped},
          {"rows_out_of_order", report.rows_out_of_order},
          {"nulls_made", report.nulls_made},
          {"unverified_pages", report.unverified_pages},
          {"unproven_end", report.unproven_end},
          {"first_bad", places}};
}

std::string to_text(const ReadReport& report) {
  std::string text = fmt::format("{} rows given of {} seen", grouped(report.rows_given),
                                 grouped(report.rows_seen));
  if (report.rows_filtered > 0) {
    text += fmt::format(", {} filtered", grouped(report.rows_filtered));
  }
  std::string dropped;
  for (int reason = 0; reason < kDropReasons; ++reason) {
    if (report.dropped[reason] > 0) {
      dropped += fmt::format(" {} {}", name(static_cast<DropReason>(reason)),
                             grouped(report.dropped[reason]));
    }
  }
  if (!dropped.empty()) text += "; dropped:" + dropped;
  if (report.rows_out_of_order > 0) {
    text += fmt::format("; {} out of order, sorted", grouped(report.rows_out_of_order));
  }
  if (report.unproven_end) text += "; a cut at the end could not have been seen";
  return text;
}

std::string grouped(Index number) {
  std::string digits = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string sized(double bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= 1024 && unit < 4) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", bytes, unit == 0 ? 0 : 1, kUnits[unit]);
}

}  // namespace lade::cli
