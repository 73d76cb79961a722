// SPDX-License-Identifier: Apache-2.0
// The form that TOML, JSON and Python objects become before they are checked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "lade/core/limits.h"

namespace lade {

/// A JSON value. Numbers written without point and exponent are whole if they fit i64.
struct Json {
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;  // as written, no key twice
  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object>
      value;
  Index line = 0;  // of TOML; 0 = unknown

  Json() = default;
  template <class T>
  Json(T of, Index at_line = 0) : value(std::move(of)), line(at_line) {}

  template <class T>
  const T* as() const {
    return std::get_if<T>(&value);
  }
  /// The member, nullptr if absent or if this is no object.
  const Json* find(std::string_view key) const;
  /// Adds a member to an object.
  void set(std::string key, Json member) {
    std::get<Object>(value).emplace_back(std::move(key), std::move(member));
  }
};

/// Errors: ArgumentError "SOURCE: byte N: ..." for broken syntax, invalid UTF-8, a key
///         twice, nesting beyond max_nesting, more than max_metadata_memory.
Json parse_json(std::string_view text, std::string_view source, const Limits& limits);

/// Canonical: keys sorted by bytes, no blanks, shortest numbers that read back equal.
std::string write_json(const Json& json);

/// TOML as the same form; dates become texts. Errors: ArgumentError with the line.
Json parse_toml(std::string_view text, std::string_view source, const Limits& limits);

/// Byte of the first place that is not UTF-8, -1 if there is none.
Index invalid_utf8(std::string_view text) noexcept;

}  // namespace lade
