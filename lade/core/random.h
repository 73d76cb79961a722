// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>

#include "lade/core/matrix.h"

/// Counter-based random numbers: every value is a pure function of a key and a
/// position. Frozen: changing a bit of it is a new format version.  Docs:
/// docs/formats/random.md.
namespace lade::random {

inline constexpr std::uint64_t kGamma = 0x9E3779B97F4A7C15U;

/// One stream number, one use.
enum Stream : std::uint8_t {
  order = 1,
  block = 2,
  group = 3,
  window = 4,
  bucket = 5,
  fraction = 6,
  weight = 7,
  mix = 8,
  substitute = 9,
  split = 10,
  slice = 11,
  transactions = 40,
  target_family = 42
};

/// Source: Stafford's variant 13 of the 64-bit finaliser (as in SplitMix64).
constexpr std::uint64_t mix64(std::uint64_t z) noexcept {
  z ^= z >> 30U;
  z *= 0xBF58476D1CE4E5B9U;
  z ^= z >> 27U;
  z *= 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

/// Hash of a list of numbers; signed ones enter as two's complement.
template <std::integral... X>
constexpr std::uint64_t key(X... x) noexcept {
  std::uint64_t h = 0x6C616465U;
  ((h = mix64((h ^ static_cast<std::uint64_t>(x)) + kGamma)), ...);
  return h;
}

/// One more number folded into a key: key(a, b) == extend(key(a), b).
constexpr std::uint64_t extend(std::uint64_t h, std::uint64_t x) noexcept {
  return mix64((h ^ x) + kGamma);
}

/// Number i of the sequence of key k.
constexpr std::uint64_t draw(std::uint64_t k, std::uint64_t i) noexcept {
  return mix64(k + kGamma * (i + 1));
}

/// A number in 0..n-1: the high 64 bits of draw(k, i) * n.
constexpr std::uint64_t below(std::uint64_t k, std::uint64_t i,
                              std::uint64_t n) noexcept {
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(draw(k, i)) * n) >>
                                    64U);
}

/// The unit interval [0, 1) in steps of 2^-53.
constexpr double unit(std::uint64_t bits) noexcept {
  return static_cast<double>(bits >> 11U) * 0x1p-53;
}

/// The open interval (0, 1), symmetric about 1/2: (k + 1/2) * 2^-52.
constexpr double open_unit(std::uint64_t bits) noexcept {
  return std::bit_cast<double>((bits >> 12U) | 0x3FF0000000000000U) - (1 - 0x1p-53);
}

/// out[j] = draw(k, first + j) for j in 0..count-1, in vector lanes.
void draws(std::uint64_t k, Index first, Index count, std::uint64_t* out) noexcept;

/// out[j] = number first + j of the sequence of key k in [0, 1) as f32, in steps of
/// 2^-24: number i is (w >> 8) * 2^-24, w the low (i even) or high half of
/// draw(k, i / 2).  Requires: first >= 0.
void draw_floats(std::uint64_t k, Index first, Index count, float* out) noexcept;

/// A pseudo-random permutation of 0..n-1 in constant memory.
///
/// Six Feistel rounds over max(8, bit length of n-1) bits, walked until below n.
/// Source:  our own, docs/formats/random.md; uniformity is tested over all orders.
class Permutation {
 public:
  /// Requires: n >= 0.
  Permutation(Index n, std::uint64_t k) noexcept;
  Index size() const { return n_; }
  /// The item at position i.  Requires: 0 <= i < n.
  Index operator()(Index i) const noexcept;
  /// The position of item x: inverse(p(i)) == i.
  Index inverse(Index x) const noexcept;
  /// out[j] = p(first + j) for j in 0..count-1, in vector lanes; same values.
  void fill(Index first, Index count, Index* out) const noexcept;

 private:
  std::uint64_t forward(std::uint64_t x) const noexcept;
  std::uint64_t backward(std::uint64_t x) const noexcept;
  Index n_;
  unsigned low_bits_ = 0;
  unsigned high_bits_ = 0;
  std::uint64_t round_[6] = {};
};

}  // namespace lade::random
