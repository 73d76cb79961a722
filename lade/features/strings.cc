// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lade/core/unknown_name.h"
#include "lade/features/vocabulary.h"

namespace lade {
namespace {

/// Code points first, first + step .. last map to themselves plus delta.
struct CaseRange {
  std::int32_t first, last, step, delta;
};
#include "lade/features/case_table.inc"

/// White space by str.strip of Python: Unicode's, and U+001C..U+001F.
constexpr std::array<std::array<std::int32_t, 2>, 10> kSpaces = {{{0x09, 0x0D},
                                                                  {0x1C, 0x20},
                                                                  {0x85, 0x85},
                                                                  {0xA0, 0xA0},
                                                                  {0x1680, 0x1680},
                                                                  {0x2000, 0x200A},
                                                                  {0x2028, 0x2029},
                                                                  {0x202F, 0x202F},
                                                                  {0x205F, 0x205F},
                                                                  {0x3000, 0x3000}}};

bool is_space(std::int32_t point) {
  return std::any_of(kSpaces.begin(), kSpaces.end(), [point](const auto& range) {
    return range[0] <= point && point <= range[1];
  });
}

/// One code point and its bytes. Text was checked to be UTF-8 when it was read.
struct Point {
  std::int32_t value;
  std::size_t bytes;
};

Point decode(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::int32_t>(static_cast<unsigned char>(text[at + i]));
  };
  const std::int32_t lead = byte(0);
  const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (bytes == 1 || at + bytes > text.size()) return {lead, 1};
  std::int32_t value = lead & (0x7F >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) value = (value << 6) | (byte(i) & 0x3F);
  return {value, bytes};
}

void append(std::string& out, std::int32_t point) {
  const auto put = [&](std::int32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | (point >> 6));
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | (point >> 12));
    put(0x80 | ((point >> 6) & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | (point >> 18));
    put(0x80 | ((point >> 12) & 0x3F));
    put(0x80 | ((point >> 6) & 0x3F));
    put(0x80 | (point & 0x3F));
  }
}

template <class Table>
std::int32_t mapped(const Table& table, std::int32_t point) {
  const auto after = std::upper_bound(
      table.begin(), table.end(), point,
      [](std::int32_t p, const CaseRange& range) { return p < range.first; });
  if (after == table.begin()) return point;
  const CaseRange& range = *(after - 1);
  const bool in = point <= range.last && (point - range.first) % range.step == 0;
  return in ? point + range.delta : point;
}

std::string change_case(std::string_view text, bool to_lower) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Point point = decode(text, at);
    const auto base = static_cast<unsigned char>(to_lower ? 'A' : 'a');
    if (point.value < 0x80) {
      const bool letter = point.value >= base && point.value < base + 26;
      out += static_cast<char>(letter ? point.value ^ 0x20 : point.value);
    } else {
      append(out, to_lower ? mapped(kLower, point.value) : mapped(kUpper, point.value));
    }
    at += point.bytes;
  }
  return out;
}

std::string trim(std::string_view text) {
  std::size_t begin = 0;
  std::size_t end = 0;  // behind the last code point that is no space
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    const Point point = decode(text, at);
    at += point.bytes;
    if (is_space(point.value)) {
      if (!inside) begin = at;
      continue;
    }
    inside = true;
    end = at;
  }
  return inside ? std::string(text.substr(begin, end - begin)) : std::string();
}

std::string collapse(std::string_view text) {
  std::string out;
  bool in_run = false;
  for (std::size_t at = 0; at < text.size();) {
    const Point point = decode(text, at);
    const bool space = is_space(point.value);
    if (!space) out.append(text.substr(at, point.bytes));
    if (space && !in_run) out += ' ';
    in_run = space;
    at += point.bytes;
  }
  return out;
}

std::string replace(std::string_view text, const std::string& from,
                    const std::string& to) {
  std::string out;
  std::size_t at = 0;
  for (auto found = text.find(from); found != std::string_view::npos;
       found = text.find(from, at)) {
    out.append(text.substr(at, found - at));
    out += to;
    at = found + from.size();
  }
  out.append(text.substr(at));
  return out;
}

bool equal_ascii_folded(std::string_view a, std::string_view b) {
  const auto fold = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return fold(x) == fold(y); });
}

/// One quoted argument of replace('a', 'b'); moves `at` behind it.
std::optional<std::string> quoted(std::string_view text, std::size_t& at) {
  while (at < text.size() && text[at] == ' ') ++at;
  if (at >= text.size() || (text[at] != '\'' && text[at] != '"')) return std::nullopt;
  const char quote = text[at++];
  const auto end = text.find(quote, at);
  if (end == std::string_view::npos) return std::nullopt;
  std::string value(text.substr(at, end - at));
  at = end + 1;
  while (at < text.size() && text[at] == ' ') ++at;
  return value;
}

}  // namespace

std::optional<std::string> clean(std::string_view text, const CleanOptions& options) {
  std::string value(text);
  for (const CleanStep& step : options.steps) {
    switch (step.kind) {
      case CleanStep::Kind::trim:
        value = trim(value);
        break;
      case CleanStep::Kind::lower:
        value = change_case(value, true);
        break;
      case CleanStep::Kind::upper:
        value = change_case(value, false);
        break;
      case CleanStep::Kind::collapse:
        value = collapse(value);
        break;
      case CleanStep::Kind::replace:
        value = replace(value, step.from, step.to);
        break;
    }
  }
  for (const std::string& null : options.nulls) {
    if (equal_ascii_folded(value, null)) return std::nullopt;
  }
  return value;
}

CleanStep parse_clean_step(std::string_view text) {
  using Step = CleanStep::Kind;
  constexpr std::array<std::pair<std::string_view, Step>, 4> kWords = {
      {{"trim", Step::trim},
       {"lower", Step::lower},
       {"upper", Step::upper},
       {"collapse", Step::collapse}}};
  for (const auto& [word, kind] : kWords) {
    if (text == word) return {kind, "", ""};
  }
  if (text.starts_with("replace(")) {
    std::size_t at = 8;
    const auto from = quoted(text, at);
    const bool comma = from && at < text.size() && text[at] == ',';
    const auto to = comma ? quoted(text, ++at) : std::nullopt;
    if (!from || !to || at + 1 != text.size() || text[at] != ')') {
      throw ArgumentError("clean: replace must be written as replace('a', 'b'), got '" +
                          escape_text(text) + "'");
    }
    require(!from->empty(),
            "clean: replace needs a text to look for, got '" + escape_text(text) + "'");
    return {Step::replace, *from, *to};
  }
  const std::array<std::string, 5> names = {"trim", "lower", "upper", "collapse",
                                            "replace"};
  throw ArgumentError("clean: " + unknown_name("step", text, names));
}

}  // namespace lade
