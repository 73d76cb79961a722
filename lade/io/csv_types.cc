// SPDX-License-Identifier: Apache-2.0
#include "lade/io/csv_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "lade/core/unknown_name.h"

namespace lade::io {
namespace {

constexpr std::array<std::pair<std::string_view, Kind>, 28> kTypeWords{{
    {"bool", Kind::boolean}, {"boolean", Kind::boolean}, {"int8", Kind::i8},
    {"int16", Kind::i16},    {"int32", Kind::i32},       {"int64", Kind::i64},
    {"uint8", Kind::u8},     {"uint16", Kind::u16},      {"uint32", Kind::u32},
    {"uint64", Kind::u64},   {"float32", Kind::f32},     {"float64", Kind::f64},
    {"string", Kind::text},  {"float", Kind::f32},       {"double", Kind::f64},
    {"utf8", Kind::text},    {"text", Kind::text},       {"i8", Kind::i8},
    {"i16", Kind::i16},      {"i32", Kind::i32},         {"i64", Kind::i64},
    {"u8", Kind::u8},        {"u16", Kind::u16},         {"u32", Kind::u32},
    {"u64", Kind::u64},      {"f32", Kind::f32},         {"f64", Kind::f64},
    {"str", Kind::text},
}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Adds what one value that is not null shows.
void look_at(std::string_view text, char decimal, CsvEvidence& seen) {
  const std::size_t sign = !text.empty() && text[0] == '-' ? 1 : 0;
  std::size_t i = sign;
  while (i < text.size() && is_digit(text[i])) ++i;
  if (i > sign && i == text.size()) {
    std::int64_t value = 0;
    const bool fits =
        text.size() < 19 ||
        std::from_chars(text.data(), text.data() + text.size(), value).ec ==
            std::errc();
    (fits ? seen.integer : seen.wide_integer) = true;
    return;
  }
  if (i > sign && i < text.size() && text[i] == decimal) {  // digits, a point, digits
    ++i;
    while (i < text.size() && is_digit(text[i])) ++i;
    if (i == text.size() && i < 300) {
      seen.number = true;
      return;
    }
  }
  (parse_decimal(text, decimal) ? seen.number : seen.text) = true;
}

}  // namespace

void CsvEvidence::add(const CsvEvidence& other) {
  integer |= other.integer;
  wide_integer |= other.wide_integer;
  number |= other.number;
  text |= other.text;
}

ColumnType CsvEvidence::type() const {
  if (text) return {.kind = Kind::text};
  if (number) return {.kind = Kind::f64};
  return {.kind = integer && !wide_integer ? Kind::i64 : Kind::text};
}

CsvNulls::CsvNulls(const std::vector<std::string>& texts) {
  for (const auto& text : texts) {
    if (text.empty()) {
      empty_ = true;
    } else {
      others_.push_back(text);
    }
  }
}

bool CsvNulls::contains_other(std::string_view text) const {
  return std::find(others_.begin(), others_.end(), text) != others_.end();
}

ColumnType parse_csv_type(std::string_view column, std::string_view word) {
  std::vector<std::string> known;
  for (const auto& [text, kind] : kTypeWords) {
    if (text == word) return {.kind = kind};
    known.emplace_back(text);
  }
  throw ArgumentError(
      fmt::format("types: column '{}' must be bool, int8 .. uint64, float32, float64 "
                  "or string, got "
                  "'{}'{}",
                  escape_text(column), escape_text(word), did_you_mean(word, known)));
}

std::optional<double> parse_decimal(std::string_view text, char decimal) {
  std::string other;
  if (decimal != '.') {
    if (text.find('.') != std::string_view::npos) return std::nullopt;
    other = text;
    std::replace(other.begin(), other.end(), decimal, '.');
    text = other;
  }
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (std::isnan(value)) {
    if (text.back() == ')') return std::nullopt;  // nan(payload)
    return std::numeric_limits<double>::quiet_NaN();
  }
  return value;
}

CsvEvidence gather_evidence(std::string_view text, const CsvRows& rows, Index c,
                            CsvDialect dialect, const CsvNulls& nulls) {
  CsvEvidence seen;
  std::string scratch;
  for (Index r = 0; r < rows.rows && !seen.text; ++r) {
    const auto value = field_text(text, rows.field(r, c), dialect.quote, scratch);
    if (!nulls.contains(value)) look_at(value, dialect.decimal, seen);
  }
  return seen;
}

}  // namespace lade::io
