// SPDX-License-Identifier: Apache-2.0
#include "lade/sampling/order.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "lade/core/error.h"

namespace lade {
namespace {

using Ids = std::vector<Index>;

Sampler global(Index n, std::uint64_t seed = 7) {
  return ShuffleSampler{ShuffleSampler::Shuffle::global, n, seed, nullptr};
}

Ids ids_of(const Sampler& sampler, Index b, Index rank, Index world, Index epoch,
           Index step) {
  return plan(sampler, {b, rank, world, false, false}, epoch, step).sample_id;
}

TEST(Order, SequentialIsAscending) {
  EXPECT_EQ(ids_of(SequentialSampler{5, nullptr}, 5, 0, 1, 3, 0), (Ids{0, 1, 2, 3, 4}));
}

TEST(Order, GlobalIsThePermutationOfTheEpoch) {
  EXPECT_EQ(ids_of(global(10), 10, 0, 1, 0, 0), (Ids{1, 6, 9, 0, 8, 2, 5, 3, 4, 7}));
  EXPECT_EQ(ids_of(global(10), 10, 0, 1, 1, 0), (Ids{5, 6, 8, 1, 0, 7, 2, 3, 9, 4}));
}

TEST(Shard, RanksShareStepsAndRepeatTheFirstPositions) {
  EXPECT_EQ(ids_of(global(10), 2, 0, 3, 0, 0), (Ids{1, 6}));
  EXPECT_EQ(ids_of(global(10), 2, 0, 3, 0, 1), (Ids{5, 3}));
  EXPECT_EQ(ids_of(global(10), 2, 1, 3, 0, 0), (Ids{9, 0}));
  EXPECT_EQ(ids_of(global(10), 2, 1, 3, 0, 1), (Ids{4, 7}));
  EXPECT_EQ(ids_of(global(10), 2, 2, 3, 0, 0), (Ids{8, 2}));
  const BatchPlan last = plan(global(10), {2, 2, 3, false, false}, 0, 1);
  EXPECT_EQ(last.sample_id, (Ids{1, 6}));
  EXPECT_EQ(last.padded, 2);
}

struct Tail {
  Index n, b, world;
  bool drop;
  Index steps, last, repeated;
};

TEST(Shard, TailsAreCutAsTheTableSays) {
  for (const Tail& t : {Tail{10, 2, 1, false, 5, 2, 0},
                        {10, 2, 2, false, 3, 1, 0},
                        {9, 2, 2, false, 3, 1, 1},
                        {10, 2, 3, false, 2, 2, 2},
                        {10, 2, 3, true, 1, 2, 0},
                        {3, 4, 2, false, 1, 2, 1},
                        {3, 4, 2, true, 0, 0, 0},
                        {0, 4, 2, false, 0, 0, 0}}) {
    SCOPED_TRACE(testing::Message()
                 << t.n << " " << t.b << " " << t.world << " " << t.drop);
    Index repeated = 0;
    for (Index rank = 0; rank < t.world; ++rank) {
      const Shard shard{t.b, rank, t.world, t.drop, false};
      ASSERT_EQ(steps(global(t.n), shard, 0), t.steps);
      if (t.steps == 0) continue;
      const BatchPlan last = plan(global(t.n), shard, 0, t.steps - 1);
      EXPECT_EQ(static_cast<Index>(last.sample_id.size()), t.last);
      repeated += last.padded;
    }
    EXPECT_EQ(repeated, t.repeated);
  }
}

TEST(Shard, PadLastGivesFullRows) {
  const BatchPlan last =
      plan(SequentialSampler{5, nullptr}, {4, 0, 1, false, true}, 0, 1);
  EXPECT_EQ(last.sample_id, (Ids{4, 0, 1, 2}));
  EXPECT_EQ(last.padded, 3);
}

TEST(Shard, EverySampleComesOnceAndRepeatsAreMasked) {
  EXPECT_TRUE(rc::check([] {
    const Index n = *rc::gen::inRange(1, 200);
    const Index b = *rc::gen::inRange(1, 20);
    const Index world = *rc::gen::inRange(1, 7);
    const Index epoch = *rc::gen::inRange(0, 5);
    const bool drop = *rc::gen::arbitrary<bool>();
    std::map<Index, int> seen;
    for (Index rank = 0; rank < world; ++rank) {
      const Shard shard{b, rank, world, drop, false};
      for (Index step = 0; step < steps(global(n), shard, epoch); ++step) {
        const BatchPlan batch = plan(global(n), shard, epoch, step);
        const auto real =
            batch.sample_id.size() - static_cast<std::size_t>(batch.padded);
        for (std::size_t i = 0; i < real; ++i) ++seen[batch.sample_id[i]];
      }
    }
    if (!drop) RC_ASSERT(static_cast<Index>(seen.size()) == n);
    for (const auto& [id, times] : seen) RC_ASSERT(times == 1 && id >= 0 && id < n);
  }));
}

TEST(Shard, GlobalBatchesDoNotDependOnTheNumberOfRanks) {
  constexpr Index kGlobal = 12;
  for (Index step = 0; step < 9; ++step) {
    const Ids want = ids_of(global(100), kGlobal, 0, 1, 3, step);
    for (const Index world : {2, 3, 4, 6}) {
      Ids joined;
      for (Index rank = 0; rank < world; ++rank) {
        const BatchPlan part =
            plan(global(100), {kGlobal / world, rank, world, false, false}, 3, step);
        joined.insert(joined.end(), part.sample_id.begin(),
                      part.sample_id.end() - part.padded);
      }
      EXPECT_EQ(joined, want) << "step " << step << " world " << world;
    }
  }
}

TEST(Order, EpochsDifferAndRepeatExactly) {
  const Ids first = ids_of(global(1000), 1000, 0, 1, 0, 0);
  EXPECT_NE(first, ids_of(global(1000), 1000, 0, 1, 1, 0));
  EXPECT_NE(first, ids_of(global(1000, 8), 1000, 0, 1, 0, 0));
  EXPECT_EQ(first, ids_of(global(1000), 1000, 0, 1, 0, 0));
}

TEST(Order, ASubsetIsServedByItsIds) {
  const auto subset = std::make_shared<const Ids>(Ids{2, 30, 31, 77});
  const Sampler ascending = SequentialSampler{100, subset};
  EXPECT_EQ(sample_count(ascending), 4);
  EXPECT_EQ(ids_of(ascending, 3, 0, 1, 5, 1), (Ids{77}));
  const Sampler shuffled =
      ShuffleSampler{ShuffleSampler::Shuffle::global, 100, 7, subset};
  Ids ids = ids_of(shuffled, 4, 0, 1, 5, 0);
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(ids, *subset);
  EXPECT_EQ(where_seen(ascending, {3, 0, 1, false, false}, 5, 77),
            (std::vector<Seen>{{1, 0, 0}}));
  EXPECT_TRUE(where_seen(ascending, {3, 0, 1, false, false}, 5, 3).empty());
}

TEST(Order, GivenIdsComeInTheirOrderEveryEpoch) {
  const Sampler given = IndexSampler{std::make_shared<const Ids>(Ids{5, 5, 0})};
  EXPECT_EQ(ids_of(given, 2, 0, 1, 0, 0), (Ids{5, 5}));
  EXPECT_EQ(ids_of(given, 2, 0, 1, 9, 1), (Ids{0}));
}

TEST(Describe, DiffersWhereTheOrderDoes) {
  const auto subset = std::make_shared<const Ids>(Ids{1, 2});
  std::set<std::string> seen;
  for (const Sampler& sampler :
       {global(10), global(11), global(10, 8), Sampler(SequentialSampler{10, nullptr}),
        Sampler(SequentialSampler{10, subset}), Sampler(IndexSampler{subset})}) {
    EXPECT_TRUE(seen.insert(describe(sampler, {})).second) << describe(sampler, {});
  }
}

TEST(WhereSeen, FindsWhatPadLastRepeats) {
  const Sampler sampler = SequentialSampler{5, nullptr};
  EXPECT_EQ(where_seen(sampler, {4, 0, 1, false, true}, 0, 0),
            (std::vector<Seen>{{0, 0, 0}, {1, 0, 1}}));
  EXPECT_TRUE(where_seen(sampler, {4, 0, 1, true, false}, 0, 4).empty());
}

TEST(WhereSeen, InvertsThePlan) {
  for (const Sampler& sampler :
       {global(23), Sampler(SequentialSampler{23, nullptr}),
        Sampler(IndexSampler{std::make_shared<const Ids>(Ids{4, 4, 9, 0, 22, 7})})}) {
    for (const Index world : {1, 2, 3}) {
      std::map<Index, std::vector<std::tuple<Index, Index, Index>>> want;
      for (Index rank = 0; rank < world; ++rank) {
        const Shard shard{4, rank, world, false, false};
        for (Index step = 0; step < steps(sampler, shard, 2); ++step) {
          const BatchPlan batch = plan(sampler, shard, 2, step);
          for (std::size_t row = 0; row < batch.sample_id.size(); ++row) {
            want[batch.sample_id[row]].emplace_back(step, rank,
                                                    static_cast<Index>(row));
          }
        }
      }
      for (Index id = 0; id < 23; ++id) {
        auto expected = want[id];
        std::sort(expected.begin(), expected.end());
        std::vector<std::tuple<Index, Index, Index>> got;
        for (const Seen& s : where_seen(sampler, {4, 0, world, false, false}, 2, id)) {
          got.emplace_back(s.step, s.rank, s.row);
        }
        EXPECT_EQ(got, expected) << id;
      }
    }
  }
}

TEST(FractionSubset, IsTheSameEveryEpochAndNested) {
  EXPECT_EQ(fraction_subset(10, 0.3, 7), (Ids{0, 1, 6}));
  EXPECT_EQ(fraction_subset(100, 0.29, 7).size(), 29U);
  EXPECT_EQ(fraction_subset(10, 0.001, 7).size(), 1U);
  EXPECT_TRUE(fraction_subset(0, 0.5, 7).empty());
  const Ids small = fraction_subset(50, 0.2, 3);
  const Ids large = fraction_subset(50, 0.7, 3);
  EXPECT_TRUE(std::includes(large.begin(), large.end(), small.begin(), small.end()));
}

TEST(SplitUnit, MatchesTheFrozenValues) {
  const double want[] = {0.1067, 0.8162, 0.3594, 0.3136, 0.9872};
  for (std::int64_t entity = 1; entity <= 5; ++entity) {
    EXPECT_NEAR(split_unit(7, entity), want[entity - 1], 5e-5);
  }
}

TEST(SplitUnit, IsUniformAndTakesTexts) {
  Index below_half = 0;
  for (std::int64_t entity = 0; entity < 10'000; ++entity) {
    const double u = split_unit(3, entity);
    ASSERT_TRUE(u >= 0 && u < 1);
    below_half += u < 0.5 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(below_half), 5000.0, 250.0);  // 5 standard deviations
  EXPECT_NE(split_unit(7, "1"), split_unit(7, std::int64_t{1}));
  EXPECT_NE(split_unit(7, "a"), split_unit(8, "a"));
}

TEST(Plan, RefusesWhatBreaksItsRules) {
  EXPECT_THROW(steps(global(10), {0, 0, 1, false, false}, 0), ArgumentError);
  EXPECT_THROW(steps(global(10), {1, 3, 3, false, false}, 0), ArgumentError);
  EXPECT_THROW(plan(global(10), {2, 0, 1, false, false}, 0, 5), ArgumentError);
  EXPECT_THROW(plan(global(10), {2, 0, 1, false, false}, 0, -1), ArgumentError);
  EXPECT_THROW(fraction_subset(10, 0.0, 7), ArgumentError);
  EXPECT_THROW(fraction_subset(10, 1.5, 7), ArgumentError);
}

}  // namespace
}  // namespace lade
