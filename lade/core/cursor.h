// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "lade/core/error.h"

namespace lade {

/// Checked reading of bytes from a stranger; the only pointer arithmetic in a decoder.
///
/// Every take moves forward or throws DataError{source, offset, rule} "N bytes needed,
/// M left". Numbers are little-endian.
class Cursor {
 public:
  Cursor(std::span<const std::byte> bytes, std::string source, std::string rule)
      : begin_(bytes.data()),
        at_(begin_),
        end_(begin_ + bytes.size()),
        source_(std::move(source)),
        rule_(std::move(rule)) {}

  std::span<const std::byte> take(std::uint64_t n) {
    if (n > left()) fail_short(n);
    const std::byte* from = at_;
    at_ += n;
    return {from, static_cast<std::size_t>(n)};
  }
  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint16_t u16() { return number<std::uint16_t>(); }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint64_t u64() { return number<std::uint64_t>(); }
  std::int64_t i64() { return number<std::int64_t>(); }
  std::string_view text(std::uint64_t n) {
    const auto bytes = take(n);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::uint64_t left() const { return static_cast<std::uint64_t>(end_ - at_); }
  Index offset() const { return at_ - begin_; }
  bool done() const { return at_ == end_; }
  /// DataError at the current offset.
  [[noreturn]] void fail(std::string_view what) const;

 private:
  [[noreturn]] void fail_short(std::uint64_t wanted) const;
  template <class T>
  T number() {
    static_assert(std::endian::native == std::endian::little);
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  const std::byte* begin_;
  const std::byte* at_;
  const std::byte* end_;
  std::string source_;
  std::string rule_;
};

}  // namespace lade
