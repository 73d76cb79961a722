// SPDX-License-Identifier: Apache-2.0
#include "lade/synth/transactions_text.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "lade/core/error.h"

namespace lade {
namespace {

[[noreturn]] void refuse(std::string_view what, std::string_view form,
                         std::string_view text) {
  throw ArgumentError(
      fmt::format("{} must be {}, got '{}'", what, form, escape_text(text)));
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

template <class T>
bool read(std::string_view text, T& out) {
  text = trimmed(text);
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

bool read_range(std::string_view text, ClosedRange& out) {
  const std::size_t dots = text.find("..");
  if (dots == text.npos) {
    const bool ok = read(text, out.low);
    out.high = out.low;
    return ok;
  }
  return read(text.substr(0, dots), out.low) && read(text.substr(dots + 2), out.high);
}

/// name = value, cut at the commas outside of parentheses.
std::vector<std::pair<std::string_view, std::string_view>> members_of(
    std::string_view text, std::string_view what, std::string_view form) {
  std::vector<std::pair<std::string_view, std::string_view>> members;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    if (at < text.size()) {
      depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
      if (text[at] != ',' || depth > 0) continue;
    }
    const std::string_view member = text.substr(begin, at - begin);
    const std::size_t equals = member.find('=');
    if (equals == member.npos) refuse(what, form, text);
    members.emplace_back(trimmed(member.substr(0, equals)),
                         trimmed(member.substr(equals + 1)));
    begin = at + 1;
  }
  return members;
}

nlohmann::ordered_json json_of(ClosedRange range) { return {range.low, range.high}; }

nlohmann::ordered_json json_of(const Planted& planted) {
  nlohmann::ordered_json json = {{"mcc", planted.mcc}};
  if (planted.count) json["count"] = json_of(*planted.count);
  if (planted.p) json["p"] = *planted.p;
  if (planted.amount) json["amount"] = to_string(*planted.amount);
  return json;
}

}  // namespace

ClosedRange parse_closed_range(std::string_view text, std::string_view what) {
  ClosedRange range;
  if (!read_range(text, range)) refuse(what, "a number or a range like 1..3", text);
  return range;
}

Planted parse_planted(std::string_view text, std::string_view what) {
  constexpr std::string_view kForm =
      "like mcc=0,count=90..110,amount=normal(1, 1) or mcc=0,p=0.5";
  Planted planted;
  bool has_mcc = false;
  for (const auto& [name, value] : members_of(text, what, kForm)) {
    bool ok = false;
    if (name == "mcc" && !has_mcc) {
      ok = has_mcc = read(value, planted.mcc);
    } else if (name == "count" && !planted.count) {
      ok = read_range(value, planted.count.emplace());
    } else if (name == "p" && !planted.p) {
      ok = read(value, planted.p.emplace());
    } else if (name == "amount" && !planted.amount) {
      planted.amount = parse_amount_law(value, what);
      ok = true;
    }
    if (!ok) refuse(what, kForm, text);
  }
  if (!has_mcc) refuse(what, kForm, text);
  return planted;
}

std::vector<std::pair<std::string, double>> parse_splits(std::string_view text,
                                                         std::string_view what) {
  constexpr std::string_view kForm = "like train=.5,val=.25,test=.25";
  std::vector<std::pair<std::string, double>> splits;
  for (const auto& [name, value] : members_of(text, what, kForm)) {
    splits.emplace_back(std::string(name), 0);
    if (!read(value, splits.back().second)) refuse(what, kForm, text);
  }
  return splits;
}

Date parse_date(std::string_view text, std::string_view what) {
  Date date;
  const bool form = text.size() == 10 && text[4] == '-' && text[7] == '-';
  if (!form || !read(text.substr(0, 4), date.year) ||
      !read(text.substr(5, 2), date.month) || !read(text.substr(8, 2), date.day) ||
      !is_valid(date)) {
    refuse(what, "a date like 2021-11-29", text);
  }
  return date;
}

DayLayout parse_day_layout(std::string_view text, std::string_view what) {
  if (text == "plain") return DayLayout::plain;
  if (text == "hppl") return DayLayout::hppl;
  refuse(what, "plain or hppl", text);
}

std::string to_json(const TransactionsSpec& spec) {
  nlohmann::ordered_json json = {
      {"users", spec.users},
      {"first_user", spec.first_user},
      {"events", json_of(spec.events)},
      {"per_day", json_of(spec.per_day)},
      {"mccs", spec.mccs},
      {"extra", spec.extra},
      {"end",
       fmt::format("{:04}-{:02}-{:02}", spec.end.year, spec.end.month, spec.end.day)},
      {"seed", spec.seed},
      {"layout", spec.layout == DayLayout::hppl ? "hppl" : "plain"},
      {"cents", spec.cents},
      {"hours", spec.hours.empty() ? default_hours() : spec.hours}};
  if (spec.amount) json["amount"] = to_string(*spec.amount);
  for (const Planted& planted : spec.planted)
    json["planted"].push_back(json_of(planted));
  if (spec.filler) json["filler"] = json_of(*spec.filler);
  for (const auto& [name, share] : spec.splits) {
    json["splits"].push_back({{"name", name}, {"share", share}});
  }
  return json.dump();
}

}  // namespace lade
