// SPDX-License-Identifier: Apache-2.0
#include "lade/core/error.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <system_error>
#include <vector>

namespace lade {
namespace {

constexpr std::size_t kShownBytes = 200;

/// One code point of a text, or one byte that is not UTF-8 (`bytes` = 1, `valid`
/// false).
struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

CodePoint first_code_point(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return {lead, 1, true};
  std::size_t bytes = 0;
  char32_t value = 0;
  char32_t least = 0;
  if ((lead & 0xE0) == 0xC0) {
    bytes = 2, value = lead & 0x1FU, least = 0x80;
  } else if ((lead & 0xF0) == 0xE0) {
    bytes = 3, value = lead & 0x0FU, least = 0x800;
  } else if ((lead & 0xF8) == 0xF0) {
    bytes = 4, value = lead & 0x07U, least = 0x10000;
  } else {
    return {lead, 1, false};
  }
  if (text.size() < bytes) return {lead, 1, false};
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((at(i) & 0xC0) != 0x80) return {lead, 1, false};
    value = (value << 6U) | (at(i) & 0x3FU);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < least || value > 0x10FFFF || surrogate) return {lead, 1, false};
  return {value, bytes, true};
}

bool is_bidi_control(char32_t c) {
  return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069);
}

void append_hex(std::string& out, std::string_view prefix, unsigned value, int digits) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  out += prefix;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
    out += kDigits[(value >> static_cast<unsigned>(shift)) & 0xFU];
  }
}

/// Appends what may be shown of the first code point of `text`; returns its bytes.
std::size_t append_escaped(std::string& out, std::string_view text,
                           bool double_backslash) {
  const CodePoint c = first_code_point(text);
  if (!c.valid || c.value < 0x20 || c.value == 0x7F) {
    append_hex(out, "\\x", static_cast<unsigned>(c.value), 2);
  } else if ((c.value >= 0x80 && c.value < 0xA0) || is_bidi_control(c.value)) {
    append_hex(out, "\\u", static_cast<unsigned>(c.value), 4);
  } else if (c.value == '\\' && double_backslash) {
    out += "\\\\";
  } else {
    out += text.substr(0, c.bytes);
  }
  return c.bytes;
}

/// The whole text without anything a terminal would obey. `double_backslash` false
/// leaves a text alone that is already escaped.
std::string without_controls(std::string_view text, bool double_backslash) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) text.remove_prefix(append_escaped(out, text, double_backslash));
  return out;
}

/// What a row is called where the rule belongs: DBN has records, text files have lines.
std::string_view row_word(std::string_view rule) {
  if (rule.starts_with("dbn.")) return "record";
  if (rule.starts_with("csv.") || rule.starts_with("ts.")) return "line";
  return "row";
}

std::string data_error_text(const Place& place, std::string_view detail) {
  std::string text;
  if (!place.source.empty()) text = without_controls(place.source, true) + ": ";
  std::string where;
  const auto add = [&](std::string_view word, const std::string& value) {
    if (!where.empty()) where += ", ";
    where.append(word).append(" ").append(value);
  };
  if (place.offset) add("byte", std::to_string(*place.offset));
  if (place.row) add(row_word(place.rule), std::to_string(*place.row));
  if (!place.column.empty()) add("column", escape_text(place.column));
  if (!where.empty()) text += where + ": ";
  if (!place.rule.empty()) text += place.rule + ": ";
  return text + without_controls(detail, false);
}

std::string io_error_text(const std::string& path, int errno_value,
                          std::string_view doing) {
  std::string text = without_controls(path, true);
  if (!doing.empty()) text += ": " + without_controls(doing, false);
  return text + ": " + std::generic_category().message(errno_value);
}

}  // namespace

DataError::DataError(Place place, std::string_view what)
    : std::runtime_error(data_error_text(place, what)),
      place_(std::move(place)),
      detail_(what) {}

IoError::IoError(std::string path, int errno_value, std::string_view doing)
    : std::runtime_error(io_error_text(path, errno_value, doing)),
      path_(std::move(path)),
      errno_(errno_value) {}

void require(bool ok, std::string_view rule) {
  if (!ok) throw ArgumentError(std::string(rule));
}

std::string escape_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t before = out.size();
    text.remove_prefix(append_escaped(out, text, true));
    if (out.size() > kShownBytes) {
      out.resize(before);
      return out + "...";
    }
  }
  return out;
}

Index edit_distance(std::string_view a, std::string_view b) {
  const std::size_t width = b.size() + 1;
  std::array<std::vector<Index>, 3> rows;  // distances of a[..i] for i - 2, i - 1, i
  for (auto& row : rows) row.resize(width);
  std::iota(rows[0].begin(), rows[0].end(), Index{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    const auto& above = rows[(i + 2) % 3];
    const auto& two_above = rows[(i + 1) % 3];
    auto& here = rows[i % 3];
    here[0] = static_cast<Index>(i);
    for (std::size_t j = 1; j < width; ++j) {
      const Index change = a[i - 1] == b[j - 1] ? 0 : 1;
      here[j] = std::min({above[j] + 1, here[j - 1] + 1, above[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        here[j] = std::min(here[j], two_above[j - 2] + 1);
      }
    }
  }
  return rows[a.size() % 3][b.size()];
}

}  // namespace lade
