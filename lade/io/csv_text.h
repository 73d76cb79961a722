// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lade/core/sequence.h"

namespace lade::io {

/// Gives equal texts equal codes, 0, 1, 2 ... in the order in which they first come.
class TextCodes {
 public:
  TextCodes();
  /// -1 for a text that is not UTF-8.
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
  Slot& find(std::string_view text, std::uint64_t hash);
  void grow();
  std::vector<Slot> slots_;
  std::size_t used_ = 0;
  std::string bytes_;  // of all texts, those refused at the end
  std::vector<std::int64_t> offsets_;
  std::string refused_;
};

/// UTF-8 as RFC 3629 has it: no surrogates, nothing overlong, at most U+10FFFF.
bool is_utf8(std::string_view text) noexcept;

}  // namespace lade::io
