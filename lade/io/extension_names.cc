// SPDX-License-Identifier: Apache-2.0
// Arrow's registry of extension types belongs to the whole process: a type registered
// by any Python package would run its code on the bytes of a file.
#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "lade/io/parquet_footer.h"

namespace lade::io {
namespace {

constexpr std::string_view kKey = "ARROW:extension:name";
constexpr std::string_view kInert = "lade:inert:extension";
static_assert(kKey.size() == kInert.size());

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<int, 256> make_digits() {
  std::array<int, 256> digits{};
  digits.fill(-1);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<int>(i);
  }
  return digits;
}
constexpr std::array<int, 256> kDigits = make_digits();

// Six bits at position i of the text.
unsigned digit(std::span<const char> text, std::size_t i) {
  const char c = text[i];
  return c == '=' ? 0U : static_cast<unsigned>(kDigits[static_cast<unsigned char>(c)]);
}

std::string decode(std::span<const char> text) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const unsigned bits = digit(text, i) << 18 | digit(text, i + 1) << 12 |
                          digit(text, i + 2) << 6 | digit(text, i + 3);
    for (const unsigned shift : {16U, 8U, 0U})
      bytes += static_cast<char>(bits >> shift & 255);
  }
  return bytes;
}

void encode(std::string_view bytes, std::span<char> text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '=') continue;
    const std::size_t at = i / 4 * 3;
    unsigned bits = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      bits = bits << 8 | static_cast<unsigned char>(bytes[at + k]);
    }
    text[i] = kAlphabet[bits >> (18 - 6 * (i % 4)) & 63];
  }
}

bool is_base64(std::span<const char> text) {
  if (text.size() % 4 != 0) return false;
  std::size_t digits = text.size();
  while (digits > 0 && text.size() - digits < 2 && text[digits - 1] == '=') --digits;
  return std::all_of(
      text.begin(), text.begin() + static_cast<std::ptrdiff_t>(digits),
      [](char c) { return kDigits[static_cast<unsigned char>(c)] >= 0; });
}

}  // namespace

void make_extensions_inert(std::span<std::byte> bytes) {
  const auto* key = reinterpret_cast<const std::byte*>(kKey.data());
  auto at = bytes.begin();
  while ((at = std::search(at, bytes.end(), key, key + kKey.size())) != bytes.end()) {
    std::memcpy(&*at, kInert.data(), kInert.size());
    at += static_cast<std::ptrdiff_t>(kInert.size());
  }
}

bool make_extensions_inert(std::span<char> base64) {
  if (!is_base64(base64)) return false;
  std::string bytes = decode(base64);
  make_extensions_inert(std::as_writable_bytes(std::span(bytes)));
  encode(bytes, base64);
  return true;
}

}  // namespace lade::io
