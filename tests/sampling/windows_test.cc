// SPDX-License-Identifier: Apache-2.0
#include "lade/sampling/windows.h"

#include <gtest/gtest.h>

#include <vector>

#include "lade/core/error.h"

namespace lade {
namespace {

const std::vector<Index> kLengths = {9, 3, 4};

WindowMap map_of(WindowRule rule) {
  return {rule, 3, [](Index s) { return kLengths[static_cast<std::size_t>(s)]; }};
}

TEST(WindowMap, CutsEventsWithAStride) {
  const WindowMap map = map_of({WindowRule::Kind::events, 4, 2});
  EXPECT_EQ(map.samples(), 4);
  EXPECT_EQ(map.sequences_without_sample(), 1);
  const Index starts[] = {0, 2, 4, 0};
  const Index sequences[] = {0, 0, 0, 2};
  for (Index id = 0; id < 4; ++id) {
    const Window window =
        map(id, kLengths[static_cast<std::size_t>(map.sequence_of(id))]);
    EXPECT_EQ(window.begin, starts[id]);
    EXPECT_EQ(window.sequence, sequences[id]);
    EXPECT_EQ(window.events, 4);
  }
}

TEST(WindowMap, HistoryIsOneSampleASequence) {
  const WindowMap map = map_of({});
  EXPECT_EQ(map.samples(), 3);
  EXPECT_EQ(map(1, 3).events, 3);
}

TEST(WindowMap, RowsFollowEachOther) {
  const WindowMap map = map_of({WindowRule::Kind::row, 0, 0});
  EXPECT_EQ(map.samples(), 16);
  EXPECT_EQ(map.sequence_of(11), 1);
  EXPECT_EQ(map(11, 3).begin, 2);
}

TEST(WindowMap, StrideIsTheLengthUnlessSaid) {
  const WindowMap map = map_of({WindowRule::Kind::events, 3, 0});
  EXPECT_EQ(map.samples(), 5);
  EXPECT_EQ(map(2, 9).begin, 6);
  EXPECT_EQ(map(2, 9).events, 3);
}

TEST(WindowMap, AStrideLongerThanTheWindowLeavesEventsOut) {
  const WindowMap map = map_of({WindowRule::Kind::events, 2, 5});
  EXPECT_EQ(map.samples(), 4);  // starts 0 and 5; 0; 0
  EXPECT_EQ(map(1, 9).begin, 5);
}

TEST(WindowMap, OfNothingHasNothing) {
  const WindowMap none({WindowRule::Kind::events, 2, 1}, 0, [](Index) { return 0; });
  EXPECT_EQ(none.samples(), 0);
  EXPECT_THROW(none.sequence_of(0), ArgumentError);
  const WindowMap empty({WindowRule::Kind::row, 0, 0}, 4, [](Index) { return 0; });
  EXPECT_EQ(empty.samples(), 0);
  EXPECT_EQ(empty.sequences_without_sample(), 4);
}

TEST(WindowMap, EverySampleLiesWithinItsSequence) {
  const Index lengths[] = {0, 1, 7, 0, 100, 3, 12};
  for (const Index length : {1, 2, 3, 12}) {
    for (const Index stride : {0, 1, 2, 5}) {
      const WindowMap map({WindowRule::Kind::events, length, stride}, 7,
                          [&](Index s) { return lengths[s]; });
      Index last_sequence = -1;
      for (Index id = 0; id < map.samples(); ++id) {
        const Index sequence = map.sequence_of(id);
        const Window window = map(id, lengths[sequence]);
        EXPECT_GE(sequence, last_sequence);
        EXPECT_LE(window.begin + window.events, lengths[sequence]);
        EXPECT_EQ(window.events, length);
        last_sequence = sequence;
      }
    }
  }
}

TEST(WindowMap, RefusesIdsOutside) {
  EXPECT_THROW(map_of({}).sequence_of(3), ArgumentError);
  EXPECT_THROW(map_of({}).sequence_of(-1), ArgumentError);
  EXPECT_THROW(map_of({WindowRule::Kind::events, 0, 1}), ArgumentError);
}

}  // namespace
}  // namespace lade
