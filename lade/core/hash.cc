// SPDX-License-Identifier: Apache-2.0
#include "lade/core/hash.h"

#include <bit>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace lade {

static_assert(std::endian::native == std::endian::little);

std::uint64_t xxh3_64(std::span<const std::byte> bytes) noexcept {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::uint64_t xxh3_64(std::string_view text) noexcept {
  return XXH3_64bits(text.data(), text.size());
}
std::uint64_t xxh3_64(std::string_view text, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

Hash128 xxh3_128(std::span<const std::byte> bytes) noexcept {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.low64, hash.high64};
}

Hash128 xxh3_128(std::string_view text) noexcept {
  return xxh3_128(std::as_bytes(std::span(text)));
}

std::string hex(std::uint64_t value) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; value >>= 4U) text[i] = kDigits[value & 0xFU];
  return text;
}

std::string hex(Hash128 value) { return hex(value.high) + hex(value.low); }

// One state serves both widths: with seed 0 they differ in the digest only.
struct Hasher::State {
  XXH3_state_t xxh;
};

Hasher::Hasher() : state_(std::make_unique<State>()) {
  XXH3_128bits_reset(&state_->xxh);
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(std::span<const std::byte> bytes) {
  XXH3_128bits_update(&state_->xxh, bytes.data(), bytes.size());
}

void Hasher::update(std::string_view text) { update(std::as_bytes(std::span(text))); }

void Hasher::field(std::string_view text) {
  field(static_cast<std::int64_t>(text.size()));
  update(text);
}

void Hasher::field(std::int64_t value) {
  update(std::as_bytes(std::span<const std::int64_t, 1>(&value, 1)));
}

std::uint64_t Hasher::digest64() const { return XXH3_64bits_digest(&state_->xxh); }

Hash128 Hasher::digest128() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(&state_->xxh);
  return {hash.low64, hash.high64};
}

}  // namespace lade
