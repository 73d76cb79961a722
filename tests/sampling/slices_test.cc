// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <vector>

#include "lade/sampling/order.h"

namespace lade {
namespace {

/// Slices of samples that all have `length` events.
WindowSampler slices(Index samples, Index length, Index split_count, Index least,
                     Index most) {
  return {.order = SequentialSampler{samples, nullptr},
          .split_count = split_count,
          .min_length = least,
          .max_length = most,
          .seed = 7,
          .length = [length](Index) { return length; }};
}

TEST(WindowSampler, DrawsFrozenSlices) {
  const WindowSampler sampler = slices(5, 10, 3, 3, 5);
  EXPECT_EQ(slice_of(sampler, 0, 4, 10, 0), (Slice{2, 3}));
  EXPECT_EQ(slice_of(sampler, 0, 4, 10, 1), (Slice{5, 4}));
  EXPECT_EQ(slice_of(sampler, 0, 4, 10, 2), (Slice{1, 3}));
}

TEST(WindowSampler, RowsOfASampleAreAdjacent) {
  const Sampler sampler = slices(4, 10, 3, 3, 5);
  const BatchPlan batch = plan(sampler, {.batch_size = 2}, 0, 1);
  EXPECT_EQ(batch.sample_id, (std::vector<Index>{2, 2, 2, 3, 3, 3}));
  EXPECT_EQ(batch.slice.size(), 6U);
  EXPECT_EQ(steps(sampler, {.batch_size = 2}, 0), 2);
  EXPECT_EQ(rows_per_sample(sampler), 3);
  EXPECT_EQ(where_seen(sampler, {.batch_size = 2}, 0, 3),
            (std::vector<Seen>{{1, 0, 3}}));
}

TEST(WindowSampler, SlicesLieWithinTheSampleWithBothLengthsReached) {
  const WindowSampler sampler = slices(1, 9, 400, 2, 12);
  std::set<Index> lengths;
  std::set<Index> begins;
  for (Index split = 0; split < sampler.split_count; ++split) {
    const Slice slice = slice_of(sampler, 1, 0, 9, split);
    EXPECT_GE(slice.begin, 0);
    EXPECT_LE(slice.begin + slice.events, 9);
    lengths.insert(slice.events);
    begins.insert(slice.begin);
  }
  EXPECT_EQ(lengths, (std::set<Index>{2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(begins, (std::set<Index>{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(WindowSampler, EpochsDifferAndTooShortSamplesStayWhole) {
  const WindowSampler sampler = slices(1, 1000, 1, 10, 500);
  EXPECT_NE(slice_of(sampler, 0, 0, 1000, 0), slice_of(sampler, 1, 0, 1000, 0));
  EXPECT_EQ(slice_of(sampler, 0, 0, 9, 0), (Slice{0, 9}));
  EXPECT_EQ(slice_of(sampler, 0, 0, 0, 0), (Slice{0, 0}));
}

TEST(WindowSampler, RepeatedSamplesRepeatTheirRows) {
  const BatchPlan last =
      plan(slices(3, 10, 2, 3, 5), {.batch_size = 1, .rank = 1, .world_size = 2}, 0, 1);
  EXPECT_EQ(last.sample_id, (std::vector<Index>{0, 0}));
  EXPECT_EQ(last.padded, 2);
}

}  // namespace
}  // namespace lade
