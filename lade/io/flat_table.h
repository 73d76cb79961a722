// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace lade::io {

/// One flatbuffer table. Every access is checked; nullopt where the bytes do not fit.
class FlatTable {
 public:
  static std::optional<FlatTable> root(std::string_view bytes) {
    const auto at = number<std::uint32_t>(bytes, 0);
    return at ? FlatTable{bytes, *at}.checked() : std::nullopt;
  }
  template <class T>
  std::optional<T> scalar(std::size_t field) const {
    const auto place = position(field);
    return place ? number<T>(bytes_, *place) : std::nullopt;
  }
  std::optional<FlatTable> table(std::size_t field) const {
    const auto place = position(field);
    const auto step = place ? number<std::uint32_t>(bytes_, *place) : std::nullopt;
    return step ? FlatTable{bytes_, *place + *step}.checked() : std::nullopt;
  }
  /// Elements of a vector of structs; empty if the field is absent, nullopt if it is
  /// broken.
  std::optional<std::string_view> structs(std::size_t field, std::size_t width) const {
    const auto place = position(field);
    if (!place) return std::string_view();
    const auto step = number<std::uint32_t>(bytes_, *place);
    if (!step) return std::nullopt;
    const std::size_t begin = *place + *step;
    const auto count = number<std::uint32_t>(bytes_, begin);
    if (!count || *count > (bytes_.size() - begin - 4) / width) return std::nullopt;
    return bytes_.substr(begin + 4, *count * width);
  }
  /// Where it begins.
  std::size_t at() const { return at_; }
  template <class T>
  static std::optional<T> number(std::string_view bytes, std::size_t at) {
    if (at > bytes.size() || bytes.size() - at < sizeof(T)) return std::nullopt;
    return word<T>(bytes, at);
  }
  /// @pre the bytes are there
  template <class T>
  static T word(std::string_view bytes, std::size_t at) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
  }

 private:
  FlatTable(std::string_view bytes, std::size_t at) : bytes_(bytes), at_(at) {}

  std::optional<FlatTable> checked() {
    const auto back = number<std::int32_t>(bytes_, at_);
    if (!back) return std::nullopt;
    const auto vtable = static_cast<std::int64_t>(at_) - *back;
    if (vtable < 0 || vtable > static_cast<std::int64_t>(bytes_.size()))
      return std::nullopt;
    vtable_ = static_cast<std::size_t>(vtable);
    const auto size = number<std::uint16_t>(bytes_, vtable_);
    if (!size || *size < 4 || *size > bytes_.size() - vtable_) return std::nullopt;
    vtable_bytes_ = *size;
    return *this;
  }
  /// Where a field's value lies; nullopt if it is absent.
  std::optional<std::size_t> position(std::size_t field) const {
    const std::size_t entry = 4 + 2 * field;
    if (entry + 2 > vtable_bytes_) return std::nullopt;
    const auto step = number<std::uint16_t>(bytes_, vtable_ + entry);
    if (!step || *step == 0) return std::nullopt;
    return at_ + *step;
  }

  std::string_view bytes_;
  std::size_t at_;
  std::size_t vtable_ = 0;
  std::size_t vtable_bytes_ = 0;
};

}  // namespace lade::io
