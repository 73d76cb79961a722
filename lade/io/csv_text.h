// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lade/core/sequence.h"

namespace lade::io {

/// A text of 1 to 16 bytes as numbers, for small tables in front of larger ones. Equal
/// exactly for equal texts; size 0 for those that do not fit.
struct ShortText {
  std::uint64_t head = 0;
  std::uint64_t tail = 0;
  std::uint64_t size = 0;
  static ShortText of(std::string_view text) noexcept;
  std::uint64_t hash() const noexcept {
    const std::uint64_t mixed = (head ^ (tail * 0x9E3779B97F4A7C15U)) + size;
    return (mixed * 0xBF58476D1CE4E5B9U) >> 32;
  }
  bool operator==(const ShortText&) const = default;
};

inline ShortText ShortText::of(std::string_view text) noexcept {
  const std::size_t n = text.size();
  ShortText out;
  if (n == 0 || n > 16) return out;
  out.size = n;
  // Two loads that overlap cover every byte.
  if (n >= 8) {
    std::memcpy(&out.head, text.data(), 8);
    std::memcpy(&out.tail, text.data() + n - 8, 8);
  } else if (n >= 4) {
    std::memcpy(&out.head, text.data(), 4);
    std::memcpy(&out.tail, text.data() + n - 4, 4);
  } else {
    out.head = static_cast<unsigned char>(text[0]);
    out.tail = static_cast<unsigned char>(text[n / 2]) |
               std::uint64_t{static_cast<unsigned char>(text[n - 1])} << 8;
  }
  return out;
}

/// Gives equal texts equal codes, 0, 1, 2 ... in the order in which they first come.
class TextCodes {
 public:
  /// `any_bytes`: what is not UTF-8 is as good as any other text.
  explicit TextCodes(bool any_bytes = false);
  /// -1 for a text that is not UTF-8, unless any bytes will do.
  std::int32_t code(std::string_view text);
  /// What was seen; the object is empty afterwards.
  std::shared_ptr<const Dictionary> take_dictionary(Index* bytes);

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::int32_t code = -1;  // of the text; -1 with used: not UTF-8
    bool used = false;
    std::int64_t begin = 0;
    std::int64_t size = 0;
  };
  struct Recent {
    ShortText text;
    std::int32_t code = 0;
  };
  std::int32_t look_up(std::string_view text);
  Slot& find(std::string_view text, std::uint64_t hash);
  void grow();
  bool any_bytes_ = false;
  std::vector<Recent> recent_;  // short texts met last, by hash
  std::vector<Slot> slots_;
  std::size_t used_ = 0;
  std::string bytes_;  // of all texts, those refused at the end
  std::vector<std::int64_t> offsets_;
  std::string refused_;
};

/// UTF-8 as RFC 3629 has it: no surrogates, nothing overlong, at most U+10FFFF.
bool is_utf8(std::string_view text) noexcept;

}  // namespace lade::io
