// SPDX-License-Identifier: Apache-2.0
#include "lade/io/sort_keys.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

namespace lade::io {
namespace {

/// Entity and time in one number.
struct Packed {
  std::uint64_t key = 0;
  RowRef ref;
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

/// The same of keys in order; `sequence` tells one sequence from another.
template <class Key, class Sequence>
SortedRows rows_of(const std::vector<Key>& keys, Sequence sequence) {
  SortedRows out;
  out.rows.reserve(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i == 0 || sequence(keys[i]) != sequence(keys[i - 1])) out.begins.push_back(i);
    out.rows.push_back(keys[i].ref);
  }
  return out;
}

SortedRows rows_of(const std::vector<SortKey>& keys) {
  return rows_of(keys, [](const SortKey& key) { return key.entity; });
}

}  // namespace

SortedRows sort_keys(std::vector<SortKey> keys) {
  if (std::is_sorted(keys.begin(), keys.end(), before)) return rows_of(keys);
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
    return rows_of(keys);
  }
  // A shift by 64 is no shift: with such times no entity differs from another.
  const auto entity_of = [&](std::uint64_t key) {
    return time_bits == 64 ? 0 : key >> time_bits;
  };
  std::vector<Packed> items;
  items.reserve(keys.size());
  for (const SortKey& key : keys) {
    const std::uint64_t entity =
        time_bits == 64 ? 0 : (key.entity - low.entity) << time_bits;
    items.push_back({entity | (key.time - low.time), key.ref});
  }
  keys = {};
  std::vector<Packed> other(items.size());
  for (unsigned shift = 0; shift < bits; shift += kDigitBits) {
    sort_digit(items, other, shift);
    items.swap(other);
  }
  return rows_of(items, [&](const Packed& item) { return entity_of(item.key); });
}

}  // namespace lade::io
