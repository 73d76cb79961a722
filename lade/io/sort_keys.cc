// SPDX-License-Identifier: Apache-2.0
#include "lade/io/sort_keys.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

namespace lade::io {
namespace {

/// Entity and time in one number, and where the row stood.
struct Packed {
  std::uint64_t key = 0;
  std::uint64_t place = 0;
};

constexpr unsigned kDigitBits = 11;
constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;

/// One stable pass by the digit at `shift`.
void sort_digit(const std::vector<Packed>& from, std::vector<Packed>& to,
                unsigned shift) {
  std::array<std::size_t, kDigits> begin{};
  for (const Packed& item : from) ++begin[(item.key >> shift) & (kDigits - 1)];
  std::size_t sum = 0;
  for (std::size_t& count : begin) {
    const std::size_t here = count;
    count = sum;
    sum += here;
  }
  for (const Packed& item : from)
    to[begin[(item.key >> shift) & (kDigits - 1)]++] = item;
}

bool before(const SortKey& a, const SortKey& b) {
  return a.entity != b.entity ? a.entity < b.entity : a.time < b.time;
}

}  // namespace

void sort_keys(std::vector<SortKey>& keys) {
  if (std::is_sorted(keys.begin(), keys.end(), before)) return;
  SortKey low = keys.front();
  SortKey high = keys.front();
  for (const SortKey& key : keys) {
    low.entity = std::min(low.entity, key.entity);
    high.entity = std::max(high.entity, key.entity);
    low.time = std::min(low.time, key.time);
    high.time = std::max(high.time, key.time);
  }
  const auto time_bits = static_cast<unsigned>(std::bit_width(high.time - low.time));
  const auto bits =
      time_bits + static_cast<unsigned>(std::bit_width(high.entity - low.entity));
  if (bits > 64) {
    std::stable_sort(keys.begin(), keys.end(), before);
    return;
  }
  std::vector<Packed> items(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    // A shift by 64 is no shift: then no entity differs from another.
    const std::uint64_t entity =
        time_bits == 64 ? 0 : (keys[i].entity - low.entity) << time_bits;
    items[i] = {entity | (keys[i].time - low.time), i};
  }
  std::vector<Packed> other(keys.size());
  for (unsigned shift = 0; shift < bits; shift += kDigitBits) {
    sort_digit(items, other, shift);
    items.swap(other);
  }
  other = {};
  std::vector<SortKey> sorted(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) sorted[i] = keys[items[i].place];
  keys.swap(sorted);
}

}  // namespace lade::io
