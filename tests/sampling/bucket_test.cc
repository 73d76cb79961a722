// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "lade/core/error.h"
#include "lade/sampling/order.h"

namespace lade {
namespace {

using Ids = std::vector<Index>;

/// Buckets over ids in ascending order.
BucketSampler buckets(const Ids& lengths, Index window, std::uint64_t seed = 7) {
  return {
      .order = SequentialSampler{static_cast<Index>(lengths.size()), nullptr},
      .window = window,
      .seed = seed,
      .length = [lengths](Index id) { return lengths[static_cast<std::size_t>(id)]; }};
}

std::vector<Ids> epoch_of(const Sampler& sampler, const Shard& shard, Index epoch = 0) {
  std::vector<Ids> batches;
  EpochPlanner planner(sampler, shard, epoch);
  for (Index step = 0; step < planner.steps(); ++step)
    batches.push_back(planner.plan(step).sample_id);
  return batches;
}

double fill_of(const std::vector<Ids>& batches, const Ids& lengths) {
  Index events = 0;
  Index cells = 0;
  for (const Ids& batch : batches) {
    Index longest = 1;
    for (const Index id : batch) {
      const Index length = lengths[static_cast<std::size_t>(id)];
      events += length;
      longest = std::max(longest, length);
    }
    cells += longest * static_cast<Index>(batch.size());
  }
  return static_cast<double>(events) / static_cast<double>(cells);
}

TEST(BucketSampler, BatchesHoldLikeLengthsInAnOrderOfTheirOwn) {
  const Ids lengths{5, 1, 9, 2, 8, 3, 7, 4};
  const auto batches = epoch_of(buckets(lengths, 8), {.batch_size = 2});
  EXPECT_EQ(batches, (std::vector<Ids>{{1, 3}, {4, 2}, {0, 6}, {5, 7}}));
  EXPECT_EQ(fill_of(batches, lengths), 39.0 / 44.0);
  const Sampler plain = SequentialSampler{8, nullptr};
  EXPECT_EQ(fill_of(epoch_of(plain, {.batch_size = 2}), lengths), 39.0 / 58.0);
}

TEST(BucketSampler, WindowsAreWholeGlobalBatchesAndAtLeastOne) {
  const Ids lengths{4, 3, 2, 1, 4, 3, 2, 1};
  // 5 is rounded down to 4: ids 0..3 are served before ids 4..7.
  const auto batches = epoch_of(buckets(lengths, 5), {.batch_size = 2});
  Ids first = batches[0];
  first.insert(first.end(), batches[1].begin(), batches[1].end());
  std::sort(first.begin(), first.end());
  EXPECT_EQ(first, (Ids{0, 1, 2, 3}));
  // 1 is less than a batch: every batch is a window of its own, sorted by length.
  EXPECT_EQ(epoch_of(buckets(lengths, 1), {.batch_size = 4}),
            (std::vector<Ids>{{3, 2, 1, 0}, {7, 6, 5, 4}}));
}

TEST(BucketSampler, TheShortBatchIsSetAsideBeforeSorting) {
  const Ids lengths{9, 8, 7, 6, 5, 4, 3};
  const auto batches = epoch_of(buckets(lengths, 8192), {.batch_size = 3});
  ASSERT_EQ(batches.size(), 3U);
  EXPECT_EQ(batches[2], (Ids{6}));
  EXPECT_EQ(
      epoch_of(buckets(lengths, 8192), {.batch_size = 3, .drop_last = true}).size(),
      2U);
}

TEST(BucketSampler, EverySampleOnceAndRanksCutTheSameGlobalBatches) {
  const bool held = rc::check("ranks together are the batches of one rank", [] {
    const auto n = *rc::gen::inRange<Index>(0, 200);
    const auto b = *rc::gen::inRange<Index>(1, 9);
    const auto world = *rc::gen::inRange<Index>(1, 4);
    const auto window = *rc::gen::inRange<Index>(0, 64);
    const auto epoch = *rc::gen::inRange<Index>(0, 3);
    Ids lengths(static_cast<std::size_t>(n));
    for (Index& length : lengths) length = *rc::gen::inRange<Index>(0, 12);
    BucketSampler sampler = buckets(lengths, window);
    if (*rc::gen::arbitrary<bool>())
      sampler.order = ShuffleSampler{.samples = n, .seed = 7, .subset = nullptr};
    const auto whole = epoch_of(sampler, {.batch_size = b * world}, epoch);
    std::vector<Ids> joined(whole.size());
    Ids seen;
    for (Index rank = 0; rank < world; ++rank) {
      const Shard shard{.batch_size = b, .rank = rank, .world_size = world};
      EpochPlanner planner(sampler, shard, epoch);
      RC_ASSERT(planner.steps() == static_cast<Index>(whole.size()));
      for (Index step = 0; step < planner.steps(); ++step) {
        BatchPlan batch = planner.plan(step);
        RC_ASSERT(batch.sample_id == plan(sampler, shard, epoch, step).sample_id);
        batch.sample_id.resize(batch.sample_id.size() -
                               static_cast<std::size_t>(batch.padded));
        auto& all = joined[static_cast<std::size_t>(step)];
        all.insert(all.end(), batch.sample_id.begin(), batch.sample_id.end());
        seen.insert(seen.end(), batch.sample_id.begin(), batch.sample_id.end());
      }
    }
    RC_ASSERT(joined == whole);
    std::sort(seen.begin(), seen.end());
    Ids all(static_cast<std::size_t>(n));
    std::iota(all.begin(), all.end(), Index{0});
    RC_ASSERT(seen == all);
  });
  EXPECT_TRUE(held);
}

TEST(BucketSampler, WhereSeenFindsTheRowOfEverySample) {
  const Ids lengths{5, 1, 9, 2, 8, 3, 7, 4, 6, 6, 1};
  const Sampler sampler = buckets(lengths, 4);
  for (Index world = 1; world <= 3; ++world) {
    for (Index rank = 0; rank < world; ++rank) {
      const Shard shard{.batch_size = 2, .rank = rank, .world_size = world};
      const auto batches = epoch_of(sampler, shard, 2);
      for (std::size_t step = 0; step < batches.size(); ++step) {
        for (std::size_t row = 0; row < batches[step].size(); ++row) {
          const auto seen = where_seen(sampler, shard, 2, batches[step][row]);
          const Seen here{static_cast<Index>(step), rank, static_cast<Index>(row)};
          EXPECT_NE(std::find(seen.begin(), seen.end(), here), seen.end());
        }
      }
    }
  }
}

TEST(BucketSampler, RepeatsTheFirstPositionsOfTheOrderWhereRanksFallShort) {
  const BatchPlan last = plan(buckets({3, 2, 1, 3, 2, 1, 9}, 6),
                              {.batch_size = 3, .rank = 1, .world_size = 2}, 0, 1);
  EXPECT_EQ(last.sample_id, (Ids{0}));
  EXPECT_EQ(last.padded, 1);
}

TEST(BucketSampler, FillsHistoriesOfTheUsualSpread) {
  std::mt19937_64 engine(7);
  std::normal_distribution<double> normal(std::log(123.0) - 0.5, 1.0);
  Ids lengths(49'152);
  for (Index& length : lengths)
    length = std::clamp<Index>(std::lround(std::exp(normal(engine))), 1, 1024);
  BucketSampler sampler = buckets(lengths, 0);
  const ShuffleSampler shuffled{.samples = 49'152, .seed = 7, .subset = nullptr};
  sampler.order = shuffled;
  const Shard shard{.batch_size = 256};
  EXPECT_NEAR(fill_of(epoch_of(shuffled, shard), lengths), 0.12, 0.02);
  EXPECT_GE(fill_of(epoch_of(sampler, shard), lengths), 0.75);
  for (const auto& [window, fill] :
       {std::pair{1024, 0.38}, {4096, 0.74}, {8192, 0.86}, {16384, 0.93}}) {
    sampler.window = window;
    EXPECT_NEAR(fill_of(epoch_of(sampler, shard), lengths), fill, 0.03) << window;
  }
}

TEST(BucketSampler, IsDescribedWithItsWindowAndGlobalBatch) {
  const Ids lengths(100, 1);
  const std::string auto_window = describe(buckets(lengths, 0), {.batch_size = 10});
  EXPECT_NE(auto_window.find("window=8190"), std::string::npos) << auto_window;
  EXPECT_NE(describe(buckets(lengths, 0), {.batch_size = 5}), auto_window);
  EXPECT_EQ(describe(buckets(lengths, 0), {.batch_size = 5, .world_size = 2}),
            auto_window);
  EXPECT_NE(describe(buckets(lengths, 0, 8), {.batch_size = 10}), auto_window);
}

}  // namespace
}  // namespace lade
