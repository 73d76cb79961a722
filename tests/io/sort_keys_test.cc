// SPDX-License-Identifier: Apache-2.0
#include "lade/io/sort_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <tuple>

namespace lade::io {
namespace {

using Plain = std::vector<std::tuple<std::uint64_t, std::uint64_t, std::uint32_t>>;

Plain plain(const std::vector<SortKey>& keys) {
  Plain out;
  for (const SortKey& key : keys) out.emplace_back(key.entity, key.time, key.ref.row);
  return out;
}

std::vector<std::uint32_t> rows_of(const SortedRows& sorted) {
  std::vector<std::uint32_t> rows;
  for (const RowRef ref : sorted.rows) rows.push_back(ref.row);
  return rows;
}

/// Keys with so many bits of entity and time; rows are numbered.
std::vector<SortKey> keys_of(std::size_t count, int entity_bits, int time_bits) {
  std::mt19937_64 random(5);
  const auto draw = [&](int bits) {
    return bits == 0 ? 0 : random() >> (64 - static_cast<unsigned>(bits));
  };
  std::vector<SortKey> keys(count);
  for (std::size_t i = 0; i < count; ++i) {
    keys[i] = {draw(entity_bits), draw(time_bits), {0, static_cast<std::uint32_t>(i)}};
  }
  return keys;
}

TEST(SortKeys, MatchesReferenceForAnyWidths) {
  for (const auto& [entity, time] :
       {std::pair(0, 0), std::pair(3, 0), std::pair(0, 4), std::pair(2, 3),
        std::pair(11, 11), std::pair(30, 34), std::pair(0, 64), std::pair(64, 0),
        std::pair(40, 40)}) {
    const std::vector<SortKey> keys = keys_of(2000, entity, time);
    Plain expected = plain(keys);
    std::sort(expected.begin(), expected.end());
    std::vector<std::uint32_t> rows;
    std::vector<std::size_t> begins;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      rows.push_back(std::get<2>(expected[i]));
      if (i == 0 || std::get<0>(expected[i]) != std::get<0>(expected[i - 1]))
        begins.push_back(i);
    }
    const SortedRows sorted = sort_keys(keys);
    EXPECT_EQ(rows_of(sorted), rows) << entity << " and " << time << " bits";
    EXPECT_EQ(sorted.begins, begins) << entity << " and " << time << " bits";
  }
}

TEST(SortKeys, KeepsEqualRowsInTheirOrderAtTheEndsOfTheRange) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  std::vector<SortKey> keys{{kMost, 1, {0, 0}}, {0, kMost, {0, 1}}, {kMost, 1, {0, 2}},
                            {0, 0, {0, 3}},     {0, kMost, {0, 4}}, {kMost, 0, {0, 5}}};
  const SortedRows sorted = sort_keys(keys);
  EXPECT_EQ(rows_of(sorted), (std::vector<std::uint32_t>{3, 1, 4, 5, 0, 2}));
  EXPECT_EQ(sorted.begins, (std::vector<std::size_t>{0, 3}));
}

TEST(SortKeys, TakesNothing) {
  const SortedRows sorted = sort_keys({});
  EXPECT_TRUE(sorted.rows.empty());
  EXPECT_TRUE(sorted.begins.empty());
}

}  // namespace
}  // namespace lade::io
