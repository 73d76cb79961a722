// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "lade/core/matrix.h"

namespace lade {

/// XXH3-64 of the bytes, seed 0.  Source: xxHash 0.8, XXH3_64bits.
std::uint64_t xxh3_64(std::span<const std::byte> bytes) noexcept;
std::uint64_t xxh3_64(std::string_view text) noexcept;
/// With a seed: for tables over text from strangers, whose order nothing may show.
std::uint64_t xxh3_64(std::string_view text, std::uint64_t seed) noexcept;

/// 128 bits, printed as 32 hex digits, high half first.
struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const Hash128&) const = default;
};
Hash128 xxh3_128(std::span<const std::byte> bytes) noexcept;
Hash128 xxh3_128(std::string_view text) noexcept;

/// 16 and 32 lower-case hex digits.
std::string hex(std::uint64_t value);
std::string hex(Hash128 value);

/// XXH3 over parts: the same value as over their concatenation.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  void update(std::span<const std::byte> bytes);
  void update(std::string_view text);
  /// A length-prefixed text, so that ("ab","c") and ("a","bc") differ.
  void field(std::string_view text);
  void field(std::int64_t value);
  std::uint64_t digest64() const;
  Hash128 digest128() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lade
