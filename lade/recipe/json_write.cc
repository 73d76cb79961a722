// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "lade/core/error.h"
#include "lade/recipe/json.h"

namespace lade {
namespace {

void write_text(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

template <class Number>
void write_number(Number number, std::string& out) {
  std::array<char, 32> room;
  const auto end = std::to_chars(room.data(), room.data() + room.size(), number).ptr;
  out.append(room.data(), end);
}

void write(const Json& json, std::string& out) {
  if (json.as<std::nullptr_t>() != nullptr) out += "null";
  if (const auto* truth = json.as<bool>()) out += *truth ? "true" : "false";
  if (const auto* whole = json.as<std::int64_t>()) write_number(*whole, out);
  if (const auto* real = json.as<double>()) {
    LADE_DCHECK(std::isfinite(*real));
    const std::size_t from = out.size();
    write_number(*real == 0.0 ? 0.0 : *real, out);
    // A real stays one when it is read back.
    if (out.find_first_of(".e", from) == std::string::npos) out += ".0";
  }
  if (const auto* text = json.as<std::string>()) write_text(*text, out);
  if (const auto* array = json.as<Json::Array>()) {
    out += '[';
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (i > 0) out += ',';
      write((*array)[i], out);
    }
    out += ']';
  }
  if (const auto* object = json.as<Json::Object>()) {
    std::vector<const std::pair<std::string, Json>*> sorted;
    for (const auto& member : *object) sorted.push_back(&member);
    std::sort(sorted.begin(), sorted.end(),
              [](const auto* a, const auto* b) { return a->first < b->first; });
    out += '{';
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      if (i > 0) out += ',';
      write_text(sorted[i]->first, out);
      out += ':';
      write(sorted[i]->second, out);
    }
    out += '}';
  }
}

}  // namespace

const Json* Json::find(std::string_view key) const {
  const auto* object = as<Object>();
  if (object == nullptr) return nullptr;
  for (const auto& [name, member] : *object) {
    if (name == key) return &member;
  }
  return nullptr;
}

std::string write_json(const Json& json) {
  std::string out;
  write(json, out);
  return out;
}

Index invalid_utf8(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned lead = byte(i);
    const unsigned next = byte(i + 1);
    std::size_t size = 0;
    if (lead < 0x80) size = 1;
    if (lead >= 0xC2 && lead <= 0xDF) size = 2;
    // No overlong forms, no surrogates, nothing above U+10FFFF.
    if (lead >= 0xE0 && lead <= 0xEF && (lead != 0xE0 || next >= 0xA0) &&
        (lead != 0xED || next < 0xA0)) {
      size = 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4 && (lead != 0xF0 || next >= 0x90) &&
        (lead != 0xF4 || next < 0x90)) {
      size = 4;
    }
    if (size == 0) return static_cast<Index>(i);
    for (std::size_t k = 1; k < size; ++k) {
      if (!continues(i + k)) return static_cast<Index>(i);
    }
    i += size;
  }
  return -1;
}

}  // namespace lade
