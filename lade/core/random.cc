// SPDX-License-Identifier: Apache-2.0
#include "lade/core/random.h"

#include <algorithm>

#include "lade/core/random_kernels.h"

namespace lade::random {

void draws(std::uint64_t k, Index first, Index count, std::uint64_t* out) noexcept {
  kernels::draws(k + kGamma * (static_cast<std::uint64_t>(first) + 1), count, out);
}

void draw_floats(std::uint64_t k, Index first, Index count, float* out) noexcept {
  if (count <= 0) return;
  if (first % 2 != 0) {  // the high half of a draw
    const std::uint64_t word = draw(k, static_cast<std::uint64_t>(first / 2)) >> 40U;
    *out++ = static_cast<float>(word) * 0x1p-24F;
    ++first;
    --count;
  }
  kernels::draw_floats(k + kGamma * (static_cast<std::uint64_t>(first / 2) + 1), count,
                       out);
}

Permutation::Permutation(Index n, std::uint64_t k) noexcept : n_(n) {
  const std::uint64_t last = n > 0 ? static_cast<std::uint64_t>(n) - 1 : 0;
  const unsigned bits = std::max(8U, static_cast<unsigned>(std::bit_width(last)));
  high_bits_ = bits / 2;
  low_bits_ = bits - high_bits_;
  for (std::uint64_t r = 0; r < 6; ++r) round_[r] = draw(k, r);
}

std::uint64_t Permutation::forward(std::uint64_t x) const noexcept {
  std::uint64_t high = x >> low_bits_;
  std::uint64_t low = x & ((std::uint64_t{1} << low_bits_) - 1);
  for (int r = 0; r < 6; r += 2) {
    high ^= mix64(low ^ round_[r]) >> (64 - high_bits_);
    low ^= mix64(high ^ round_[r + 1]) >> (64 - low_bits_);
  }
  return (high << low_bits_) | low;
}

std::uint64_t Permutation::backward(std::uint64_t x) const noexcept {
  std::uint64_t high = x >> low_bits_;
  std::uint64_t low = x & ((std::uint64_t{1} << low_bits_) - 1);
  for (int r = 4; r >= 0; r -= 2) {
    low ^= mix64(high ^ round_[r + 1]) >> (64 - low_bits_);
    high ^= mix64(low ^ round_[r]) >> (64 - high_bits_);
  }
  return (high << low_bits_) | low;
}

Index Permutation::operator()(Index i) const noexcept {
  auto x = static_cast<std::uint64_t>(i);
  do x = forward(x);
  while (x >= static_cast<std::uint64_t>(n_));
  return static_cast<Index>(x);
}

Index Permutation::inverse(Index x) const noexcept {
  auto i = static_cast<std::uint64_t>(x);
  do i = backward(i);
  while (i >= static_cast<std::uint64_t>(n_));
  return static_cast<Index>(i);
}

void Permutation::fill(Index first, Index count, Index* out) const noexcept {
  // Walks that are not below n yet wait at the front of the block and go on together
  // with new ones, so every pass works on a full block.
  std::uint64_t x[kernels::kFeistelBlock] = {};
  Index position[kernels::kFeistelBlock];
  Index waiting = 0;
  for (Index next = 0; next < count || waiting > 0;) {
    Index size = waiting;
    for (; size < kernels::kFeistelBlock && next < count; ++size, ++next) {
      x[size] = static_cast<std::uint64_t>(first + next);
      position[size] = next;
    }
    kernels::feistel(round_, high_bits_, low_bits_, x, size);
    waiting = 0;
    for (Index j = 0; j < size; ++j) {
      const std::uint64_t value = x[j];
      const Index at = position[j];
      out[at] = static_cast<Index>(value);  // final only if below n
      x[waiting] = value;
      position[waiting] = at;
      waiting += value >= static_cast<std::uint64_t>(n_) ? 1 : 0;
    }
  }
}

}  // namespace lade::random
