// SPDX-License-Identifier: Apache-2.0
#include "lade/io/csv_text.h"

#include <cstring>
#include <random>

#include "lade/core/hash.h"

namespace lade::io {
namespace {

/// Differs between processes, so that nobody can prepare texts that collide.
std::uint64_t table_seed() {
  static const std::uint64_t seed = [] {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
  }();
  return seed;
}

/// Bytes of the code point at `at`, 0 if it is not UTF-8.
std::size_t code_point_bytes(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t k) {
    return at + k < text.size() ? static_cast<unsigned char>(text[at + k]) : 0U;
  };
  const auto more = [&](std::size_t k) { return (byte(k) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return more(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) >= 0xA0;
    return more(1) && more(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && byte(1) < 0x90;
    const bool beyond = first == 0xF4 && byte(1) >= 0x90;
    return more(1) && more(2) && more(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

struct Texts {
  std::string bytes;
  std::vector<std::int64_t> offsets;
};

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    std::uint64_t eight = 0;
    if (at + 8 <= text.size()) {
      std::memcpy(&eight, text.data() + at, 8);
      if ((eight & 0x8080808080808080U) == 0) {
        at += 8;
        continue;
      }
    }
    const std::size_t bytes = code_point_bytes(text, at);
    if (bytes == 0) return false;
    at += bytes;
  }
  return true;
}

TextCodes::TextCodes(bool any_bytes)
    : any_bytes_(any_bytes), recent_(256), slots_(64), offsets_{0} {}

TextCodes::Slot& TextCodes::find(std::string_view text, std::uint64_t hash) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    if (!slot.used) return slot;
    if (slot.hash != hash || slot.size != static_cast<std::int64_t>(text.size()))
      continue;
    const std::string& bytes = slot.code < 0 ? refused_ : bytes_;
    const auto size = static_cast<std::size_t>(slot.size);
    if (std::memcmp(bytes.data() + slot.begin, text.data(), size) == 0) return slot;
  }
}

std::int32_t TextCodes::code(std::string_view text) {
  const ShortText key = ShortText::of(text);
  Recent& recent = recent_[key.hash() & 255];
  if (key.size > 0 && recent.text == key) return recent.code;
  const std::int32_t code = look_up(text);
  if (key.size > 0) recent = {key, code};
  return code;
}

std::int32_t TextCodes::look_up(std::string_view text) {
  const std::uint64_t hash = xxh3_64(text, table_seed());
  Slot& slot = find(text, hash);
  if (slot.used) return slot.code;
  const bool good = any_bytes_ || is_utf8(text);
  std::string& bytes = good ? bytes_ : refused_;
  slot = {.hash = hash,
          .code = good ? static_cast<std::int32_t>(offsets_.size() - 1) : -1,
          .used = true,
          .begin = static_cast<std::int64_t>(bytes.size()),
          .size = static_cast<std::int64_t>(text.size())};
  bytes += text;
  const std::int32_t code = slot.code;
  if (good) offsets_.push_back(static_cast<std::int64_t>(bytes_.size()));
  if (++used_ * 2 > slots_.size()) grow();
  return code;
}

void TextCodes::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (!slot.used) continue;
    std::size_t at = slot.hash & mask;
    while (slots_[at].used) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

std::shared_ptr<const Dictionary> TextCodes::take_dictionary(Index* bytes) {
  auto texts = std::make_shared<Texts>(Texts{std::move(bytes_), std::move(offsets_)});
  *bytes = static_cast<Index>(texts->bytes.capacity() + 8 * texts->offsets.capacity());
  *this = TextCodes(any_bytes_);
  const char* data = texts->bytes.data();
  const std::span<const std::int64_t> offsets(texts->offsets);
  return std::make_shared<Dictionary>(offsets, data, std::move(texts));
}

}  // namespace lade::io
