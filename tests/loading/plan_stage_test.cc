// SPDX-License-Identifier: Apache-2.0
// Loaders over a real dataset and recipe: what the engine promises holds with a plan
// below.
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <set>

#include "lade/core/random.h"
#include "tests/loading/memory_stage.h"
#include "tests/testing/tables.h"

namespace lade {
namespace {

constexpr int kUsers = 30;

// Users of 1 to 19 events each, a day and a bit between them, rows mixed.
io::Dataset events() {
  std::string user = "[";
  std::string time = "[";
  std::string amount = "[";
  bool first = true;
  for (int e = 0; e < 19; ++e) {
    for (int u = 0; u < kUsers; ++u) {
      if (e > u % 19) continue;
      const std::string comma = first ? "" : ",";
      first = false;
      user += comma + std::to_string(u);
      time += comma + std::to_string(1'700'000'000 + e * 100'000 + u);
      amount += comma + (e % 5 == 4 ? "null" : std::to_string(e * 100 + u));
    }
  }
  io::OpenOptions options;
  options.entity = "user";
  options.time = "time";
  return io::from_batches(
      {testing::batch_of(
          {{"user", arrow::int64(), user + "]"},
           {"time", arrow::timestamp(arrow::TimeUnit::SECOND), time + "]"},
           {"amount", arrow::float64(), amount + "]"}})},
      options);
}

Recipe recipe() {
  return Recipe::from_toml(R"toml(
[sequence]
entity = "user"
time = "time"
window = "history"
max_length = 12
[[input]]
column = "amount"
[[target]]
name = "spent_3d"
aggregate = "sum(amount)"
every = "day"
look_back = 3
)toml",
                           "test.toml");
}

Loader loader_of(const io::Dataset& data, int workers, int prefetch = 2, Index rank = 0,
                 Index world = 1) {
  LoaderOptions options;
  options.shard = {.batch_size = 8 / world, .rank = rank, .world_size = world};
  options.seed = 7;
  options.num_workers = workers;
  options.prefetch_factor = prefetch;
  options.digest = DigestKind::content;
  options.memory_budget = Index{64} << 20;
  ShuffleSampler sampler;
  sampler.samples = kUsers;
  sampler.seed = 7;
  return Loader(data, recipe(), sampler, options);
}

TEST(PlanStage, SameBytesForAnyWorkersAndPrefetch) {
  const auto data = events();
  std::set<std::uint64_t> streams;
  std::set<std::uint64_t> digests;
  for (const int workers : {0, 1, 2, 7}) {
    for (const int prefetch : {1, 4}) {
      auto loader = loader_of(data, workers, prefetch);
      streams.insert(testing::drain_epochs(loader, 2));
      digests.insert(loader.digest());
    }
  }
  EXPECT_EQ(streams.size(), 1U);
  EXPECT_EQ(digests.size(), 1U);
}

TEST(PlanStage, ContentDigestsOfRanksAddUpWithIntervalsOfAnyLength) {
  const auto data = events();
  auto whole = loader_of(data, 0);
  testing::drain_epochs(whole, 2);
  for (const Index world : {2, 4}) {
    std::uint64_t sum = 0;
    for (Index rank = 0; rank < world; ++rank) {
      auto part = loader_of(data, 1, 2, rank, world);
      testing::drain_epochs(part, 2);
      sum += part.digest();
    }
    EXPECT_EQ(sum, whole.digest()) << world;
  }
}

TEST(PlanStage, ResumesExactlyAndVerifiesTheLastBatch) {
  const auto data = events();
  for (Index stop = 1; stop < 4; ++stop) {
    auto loader = loader_of(data, 2);
    auto iterator = loader.begin_epoch();
    for (Index i = 0; i < stop; ++i) iterator.next();
    auto other = loader_of(data, 0);
    other.restore(LoaderState::from_json(loader.state().to_json()));
    auto rest = other.begin_epoch();
    EXPECT_EQ(testing::drain(rest), testing::drain(iterator));
    EXPECT_EQ(other.digest(), loader.digest());
  }
}

TEST(PlanStage, BatchAtEqualsTheIteratedBatch) {
  auto loader = loader_of(events(), 2);
  auto iterator = loader.begin_epoch();
  while (auto batch = iterator.next()) {
    EXPECT_EQ(testing::bytes_of(loader.batch_at(0, batch->step())),
              testing::bytes_of(*batch));
  }
}

TEST(PlanStage, ExplainAndStatsSpeakOfTheData) {
  auto loader = loader_of(events(), 1);
  testing::drain_epochs(loader, 1);
  const auto text = loader.explain();
  for (const char* word : {"sequences", "row groups", "in memory", "mixing"}) {
    EXPECT_NE(text.find(word), std::string::npos) << word << "\n" << text;
  }
  EXPECT_EQ(loader.stats().samples, kUsers);
  EXPECT_EQ(loader.stats().report.rows_given, loader.stats().report.rows_seen);
}

TEST(PlanStage, RowsInMemoryAreGivenOneThread) {
  const auto data = events();
  EXPECT_EQ(loader_of(data, -1).stats().workers, 1);
  EXPECT_EQ(loader_of(data, 3).stats().workers, 3);
}

TEST(PlanStage, RefusesABudgetBelowOneBatch) {
  LoaderOptions options;
  options.shard.batch_size = 8;
  options.memory_budget = 500;
  EXPECT_THROW(Loader(events(), recipe(),
                      SequentialSampler{.samples = kUsers, .subset = nullptr}, options),
               ArgumentError);
}

}  // namespace
}  // namespace lade
