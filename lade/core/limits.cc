// SPDX-License-Identifier: Apache-2.0
#include "lade/core/limits.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "lade/core/unknown_name.h"

namespace lade {
namespace {

constexpr Index kMaxLimit = Index{1} << 62;

struct LimitMember {
  std::string_view name;
  Index Limits::* member;
};
// In the order of the struct.
constexpr LimitMember kLimits[] = {
    {"max_metadata_bytes", &Limits::max_metadata_bytes},
    {"max_metadata_memory", &Limits::max_metadata_memory},
    {"max_columns", &Limits::max_columns},
    {"max_row_groups", &Limits::max_row_groups},
    {"max_name_bytes", &Limits::max_name_bytes},
    {"max_nesting", &Limits::max_nesting},
    {"max_row_bytes", &Limits::max_row_bytes},
    {"max_value_bytes", &Limits::max_value_bytes},
    {"max_block_bytes", &Limits::max_block_bytes},
    {"max_dictionary_entries", &Limits::max_dictionary_entries},
    {"max_decoded_ratio", &Limits::max_decoded_ratio},
    {"max_decoded_floor", &Limits::max_decoded_floor},
    {"max_zstd_window_bytes", &Limits::max_zstd_window_bytes},
    {"max_pixels", &Limits::max_pixels},
    {"max_scans", &Limits::max_scans},
    {"max_files", &Limits::max_files},
    {"max_recipe_bytes", &Limits::max_recipe_bytes},
    {"max_recipe_parts", &Limits::max_recipe_parts},
    {"max_state_bytes", &Limits::max_state_bytes},
    {"io_timeout_s", &Limits::io_timeout_s},
    {"io_attempts", &Limits::io_attempts},
    {"io_deadline_s", &Limits::io_deadline_s},
};
static_assert(sizeof(Limits) == sizeof(kLimits) / sizeof(kLimits[0]) * sizeof(Index),
              "every limit has a name");

Index Limits::* limit_member(std::string_view name) {
  for (const LimitMember& limit : kLimits) {
    if (limit.name == name) return limit.member;
  }
  throw ArgumentError("limits: " + unknown_name("limit", name, limit_names()));
}

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// Bytes of one unit, 0 if the word is none.
Index unit_bytes(std::string_view word) {
  static constexpr std::pair<std::string_view, Index> kUnits[] = {
      {"", 1},
      {"b", 1},
      {"kib", Index{1} << 10},
      {"mib", Index{1} << 20},
      {"gib", Index{1} << 30},
      {"tib", Index{1} << 40},
      {"kb", 1'000},
      {"mb", 1'000'000},
      {"gb", 1'000'000'000},
      {"tb", 1'000'000'000'000},
  };
  const std::string wanted = lower_ascii(word);
  for (const auto& [unit, bytes] : kUnits) {
    if (unit == wanted) return bytes;
  }
  return 0;
}

/// Whole numbers are exact, others are cut to whole bytes. -1 if the text is no number.
Index scaled(std::string_view number, Index unit) {
  const char* const begin = number.data();
  const char* const end = begin + number.size();
  Index whole = 0;
  const auto as_whole = std::from_chars(begin, end, whole);
  if (as_whole.ec == std::errc() && as_whole.ptr == end) {
    Index bytes = 0;
    return __builtin_mul_overflow(whole, unit, &bytes) ? -1 : bytes;
  }
  double real = 0;
  const auto as_real = std::from_chars(begin, end, real, std::chars_format::fixed);
  if (as_real.ec != std::errc() || as_real.ptr != end || unit == 1) return -1;
  const double bytes = std::floor(real * static_cast<double>(unit));
  return bytes >= 0 && bytes < 0x1p62 ? static_cast<Index>(bytes) : -1;
}

template <class Policy, std::size_t N>
Policy parse_policy(std::string_view option, std::string_view word,
                    const std::array<Policy, N>& all) {
  std::string allowed;
  for (const Policy policy : all) {
    if (name(policy) == word) return policy;
    if (!allowed.empty()) allowed += ", ";
    allowed += name(policy);
  }
  throw ArgumentError(std::string(option) + ": must be one of " + allowed + ", got '" +
                      escape_text(word) + "'");
}

}  // namespace

void set_limit(Limits& limits, std::string_view name, Index value) {
  Index Limits::* const member = limit_member(name);
  if (value < 1 || value > kMaxLimit) {
    throw ArgumentError("limits: " + std::string(name) + " must be in 1..2^62, got " +
                        std::to_string(value));
  }
  limits.*member = value;
}

std::vector<std::string> limit_names() {
  std::vector<std::string> names;
  for (const LimitMember& limit : kLimits) names.emplace_back(limit.name);
  return names;
}

Index get_limit(const Limits& limits, std::string_view name) {
  return limits.*limit_member(name);
}

Index parse_bytes(std::string_view text, std::string_view what) {
  const std::size_t digits =
      std::min(text.find_first_not_of("0123456789."), text.size());
  std::string_view word = text.substr(digits);
  if (word.starts_with(' ')) word.remove_prefix(1);
  const Index unit = unit_bytes(word);
  const Index bytes = unit == 0 ? -1 : scaled(text.substr(0, digits), unit);
  if (bytes < 0) {
    throw ArgumentError(std::string(what) +
                        ": must be bytes such as 65536, 64KiB, 64MiB or 1.5GiB, got '" +
                        escape_text(text) + "'");
  }
  return bytes;
}

OnBad parse_on_bad(std::string_view word) {
  return parse_policy("on_bad", word,
                      std::array{OnBad::fail, OnBad::skip, OnBad::null});
}

OnTruncated parse_on_truncated(std::string_view word) {
  return parse_policy(
      "on_truncated", word,
      std::array{OnTruncated::fail, OnTruncated::stop, OnTruncated::strict});
}

OnDisorder parse_on_disorder(std::string_view word) {
  return parse_policy("on_disorder", word,
                      std::array{OnDisorder::sort, OnDisorder::fail, OnDisorder::skip,
                                 OnDisorder::keep});
}

std::string_view name(OnBad value) {
  static constexpr std::string_view kNames[] = {"fail", "skip", "null"};
  return kNames[static_cast<std::size_t>(value)];
}

std::string_view name(OnTruncated value) {
  static constexpr std::string_view kNames[] = {"fail", "stop", "strict"};
  return kNames[static_cast<std::size_t>(value)];
}

std::string_view name(OnDisorder value) {
  static constexpr std::string_view kNames[] = {"sort", "fail", "skip", "keep"};
  return kNames[static_cast<std::size_t>(value)];
}

std::string_view name(DropReason reason) {
  static constexpr std::string_view kNames[kDropReasons] = {
      "bad_value",  "short_row",     "long_row",       "bad_utf8",  "null_key",
      "time_range", "time_disorder", "truncated_tail", "bad_block", "bad_file"};
  return kNames[static_cast<std::size_t>(reason)];
}

Index MaxBad::allowed(Index rows_seen) const {
  if (count) return *count;
  // The small addend keeps 0.29 of 100 at 29, as sample_fraction does.
  const double share = std::floor(fraction * static_cast<double>(rows_seen) + 1e-6);
  return std::max(Index{100}, static_cast<Index>(share));
}

Index ReadReport::dropped_total() const {
  Index total = 0;
  for (const Index n : dropped) total += n;
  return total;
}

void ReadReport::drop(DropReason reason, Place place) {
  ++dropped[static_cast<std::size_t>(reason)];
  if (first_bad.size() < kMaxPlaces) first_bad.push_back(std::move(place));
}

void ReadReport::add(const ReadReport& later) {
  rows_seen += later.rows_seen;
  rows_given += later.rows_given;
  rows_filtered += later.rows_filtered;
  for (std::size_t r = 0; r < kDropReasons; ++r) dropped[r] += later.dropped[r];
  rows_out_of_order += later.rows_out_of_order;
  unverified_pages += later.unverified_pages;
  nulls_made += later.nulls_made;
  for (const Place& place : later.first_bad) {
    if (first_bad.size() >= kMaxPlaces) break;
    first_bad.push_back(place);
  }
  unproven_end = unproven_end || later.unproven_end;
}

}  // namespace lade
