// SPDX-License-Identifier: Apache-2.0
#include "lade/loading/loader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <set>

#include "lade/loading/digest.h"
#include "tests/loading/memory_stage.h"

namespace lade {
namespace {

using testing::bytes_of;
using testing::drain_epochs;
using testing::Hooks;
using testing::LoaderSpec;
using testing::make_memory_loader;
using testing::MemoryStage;

std::vector<Batch> all_batches(Loader& loader) {
  std::vector<Batch> out;
  auto iterator = loader.begin_epoch();
  while (auto batch = iterator.next()) out.push_back(std::move(*batch));
  return out;
}

TEST(Loader, SameBytesForAnyWorkersAndPrefetch) {
  for (const auto kind : {DigestKind::ids, DigestKind::content}) {
    std::set<std::uint64_t> streams;
    std::set<std::uint64_t> digests;
    for (const int workers : {0, 1, 2, 7}) {
      for (const int prefetch : {0, 1, 4}) {
        auto loader = make_memory_loader(
            {.workers = workers, .prefetch = prefetch, .digest = kind});
        streams.insert(drain_epochs(loader, 3));
        digests.insert(loader.digest());
      }
    }
    EXPECT_EQ(streams.size(), 1U);
    EXPECT_EQ(digests.size(), 1U);
  }
}

TEST(Loader, SameBytesWhenBatchesAreCutIntoParts) {
  std::set<std::uint64_t> streams;
  for (const int workers : {0, 1, 3}) {
    auto loader = make_memory_loader({.samples = 300,
                                      .batch_size = 120,
                                      .workers = workers,
                                      .width = 700});  // about 4 MB a batch
    streams.insert(drain_epochs(loader, 2));
  }
  EXPECT_EQ(streams.size(), 1U);
}

TEST(Loader, SameBytesForTheSmallestBudget) {
  auto plenty = make_memory_loader({.samples = 100, .batch_size = 10});
  auto least = make_memory_loader({.samples = 100, .batch_size = 10, .budget = 2048});
  EXPECT_EQ(drain_epochs(plenty, 2), drain_epochs(least, 2));
}

TEST(Loader, RefusesABudgetBelowOneBatchAndNamesTheSmallest) {
  try {
    make_memory_loader({.samples = 100, .batch_size = 10, .budget = 2047});
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_STREQ(error.what(),
                 "memory_budget: one batch needs at least 2048 bytes, got 2047");
  }
}

TEST(Loader, DigestsAreThoseOfTheDefinition) {
  auto loader =
      make_memory_loader({.samples = 10, .batch_size = 2, .digest = DigestKind::ids});
  auto iterator = loader.begin_epoch();
  const auto first = iterator.next();
  ASSERT_EQ(first->sample_id()[0], 1);
  ASSERT_EQ(first->sample_id()[1], 6);
  EXPECT_EQ(loader.state().last, 0x5fbb18731902fba2U);
  EXPECT_EQ(loader.digest(), 0x45b6853584d8bb6bU);
  iterator.next();
  EXPECT_EQ(loader.state().last, 0x75a1eec28d96e96fU);
  EXPECT_EQ(loader.digest(), 0xc1ec508230db88dcU);
}

TEST(Loader, ContentDigestsOfRanksAddUpToThatOfOneRank) {
  auto whole = make_memory_loader({.samples = 40, .batch_size = 12, .workers = 0});
  drain_epochs(whole, 2);
  for (const Index world : {2, 3, 4, 6}) {
    std::uint64_t sum = 0;
    for (Index rank = 0; rank < world; ++rank) {
      auto part = make_memory_loader({.samples = 40,
                                      .batch_size = 12 / world,
                                      .workers = 1,
                                      .shard = {.rank = rank, .world_size = world}});
      drain_epochs(part, 2);
      sum += part.digest();
    }
    EXPECT_EQ(sum, whole.digest()) << world;
  }
}

TEST(Loader, ContentDigestSeesEveryValueAndNoPadding) {
  auto loader = make_memory_loader({.samples = 8, .batch_size = 4, .workers = 0});
  const Batch batch = loader.batch_at(0, 0);
  const auto before = content_digest(batch);
  const BatchArray& numbers = *batch.find("numerical");
  auto* const values = static_cast<float*>(numbers.data);
  const auto* const lengths =
      static_cast<const std::int32_t*>(batch.find("lengths")->data);
  for (Index row = 0; row < 4; ++row) {
    for (Index i = 0; i < numbers.shape[1] * 2; ++i) {
      const float old = values[row * numbers.shape[1] * 2 + i];
      values[row * numbers.shape[1] * 2 + i] = -1;
      EXPECT_EQ(content_digest(batch) == before, i >= lengths[row] * 2);
      values[row * numbers.shape[1] * 2 + i] = old;
    }
  }
}

TEST(ContentDigest, GoldenVector) {
  SlabPool pool(std::make_shared<Ledger>(1 << 16));
  auto slab = pool.take(1024, false);
  const float x[] = {1, 2, 0, 3, 0, 0};
  const std::int32_t lengths[] = {2, 1};
  const Index ids[] = {5, 9};
  std::memcpy(slab->data(), x, sizeof(x));
  std::memcpy(slab->data() + 256, lengths, sizeof(lengths));
  std::memcpy(slab->data() + 512, ids, sizeof(ids));
  const auto at = [&](Index offset) { return slab->data() + offset; };
  const Batch batch(slab,
                    {{"x", DType::f32, {2, 3, 1}, at(0), ArraySpec::Middle::events, 0},
                     {"lengths", DType::i32, {2}, at(256)},
                     {"sample_id", DType::i64, {2}, at(512)}},
                    0, 0, 0);
  EXPECT_EQ(content_digest(batch), 0x51614748d7a0838fU);
  EXPECT_EQ(fold_content(0, 0, 0, content_digest(batch)), 0xe513c72f73987865U);
}

TEST(Loader, EachSampleIsSeenOnceAnEpoch) {
  for (const bool shuffle : {false, true}) {
    for (const Index n : {0, 1, 2, 7, 8, 9}) {
      auto loader =
          make_memory_loader({.samples = n, .shuffle = shuffle, .prefetch = 16});
      for (int epoch = 0; epoch < 2; ++epoch) {
        std::multiset<Index> seen;
        for (const auto& batch : all_batches(loader)) {
          seen.insert(batch.sample_id().begin(), batch.sample_id().end());
        }
        EXPECT_EQ(static_cast<Index>(seen.size()), n);
        EXPECT_EQ(static_cast<Index>(std::set<Index>(seen.begin(), seen.end()).size()),
                  n);
      }
    }
  }
}

TEST(Loader, EveryRankHasTheSameStepsAndRepeatsAreMasked) {
  for (Index rank = 0; rank < 3; ++rank) {
    auto loader = make_memory_loader(
        {.samples = 10, .batch_size = 2, .shard = {.rank = rank, .world_size = 3}});
    const auto batches = all_batches(loader);
    ASSERT_EQ(batches.size(), 2U);
    EXPECT_EQ(batches[1].padded(), rank == 2 ? 2 : 0);
    const auto* mask =
        static_cast<const std::uint8_t*>(batches[1].find("sample_mask")->data);
    EXPECT_EQ(mask[0], rank == 2 ? 0 : 1);
  }
}

TEST(Loader, EpochsDifferAndCanBeChosen) {
  auto loader = make_memory_loader({});
  auto other = make_memory_loader({.workers = 0});
  std::map<Index, std::uint64_t> of_epoch;
  for (Index e = 0; e < 4; ++e) of_epoch[e] = drain_epochs(loader, 1);
  EXPECT_NE(of_epoch[0], of_epoch[1]);
  other.set_epoch(3);
  other.set_epoch(3);
  EXPECT_EQ(drain_epochs(other, 1), of_epoch[3]);
  other.set_epoch(1);
  EXPECT_EQ(drain_epochs(other, 1), of_epoch[1]);
  EXPECT_EQ(drain_epochs(other, 1), of_epoch[2]);
}

TEST(Loader, SetEpochDuringAnEpochDiscardsWhatWasPrefetched) {
  auto reference = make_memory_loader({.workers = 0});
  reference.set_epoch(5);
  const auto expected = drain_epochs(reference, 1);
  for (const Index stop : {0, 1, 3, 5, 6}) {
    auto loader = make_memory_loader({.prefetch = 16});
    auto iterator = loader.begin_epoch();
    for (Index i = 0; i < stop; ++i) iterator.next();
    loader.set_epoch(5);
    EXPECT_EQ(drain_epochs(loader, 1), expected);
  }
}

TEST(Loader, EpochGoesOnAfterABreak) {
  auto loader = make_memory_loader({});
  loader.begin_epoch().next();
  EXPECT_EQ(loader.next_epoch(), 1);
  const auto batches = all_batches(loader);
  EXPECT_EQ(batches.at(0).epoch(), 1);
  EXPECT_EQ(batches.size(), 6U);
}

TEST(Loader, BatchAtEqualsTheIteratedBatch) {
  auto loader = make_memory_loader({});
  all_batches(loader);
  const auto batches = all_batches(loader);
  auto iterator = loader.begin_epoch();
  iterator.next();
  const auto digest = loader.digest();
  for (const Index step : {5, 0, 3, 1, 4, 2}) {
    EXPECT_EQ(bytes_of(loader.batch_at(1, step)),
              bytes_of(batches[static_cast<std::size_t>(step)]));
  }
  EXPECT_EQ(loader.digest(), digest);
  EXPECT_EQ(iterator.next()->step(), 1);
}

TEST(Loader, RefusesABatchThatIsNotThere) {
  auto loader = make_memory_loader({});
  EXPECT_THROW(loader.batch_at(0, 6), ArgumentError);
  EXPECT_THROW(loader.batch_at(0, -1), ArgumentError);
  EXPECT_THROW(loader.batch_at(-1, 0), ArgumentError);
  EXPECT_THROW(loader.set_epoch(-1), ArgumentError);
}

TEST(Loader, WhereSeenInvertsTheOrder) {
  auto loader = make_memory_loader({});
  for (const auto& batch : all_batches(loader)) {
    for (Index row = 0; row < batch.rows(); ++row) {
      const auto seen =
          loader.where_seen(batch.sample_id()[static_cast<std::size_t>(row)], 0);
      ASSERT_EQ(seen.size(), 1U);
      EXPECT_EQ(seen[0], (Seen{batch.step(), 0, row}));
    }
  }
}

TEST(Loader, KeptBatchesKeepTheirBytes) {
  for (const int workers : {0, 2}) {
    auto loader =
        make_memory_loader({.samples = 200, .workers = workers, .budget = 4096});
    std::vector<std::string> bytes;
    std::vector<Batch> kept;
    auto iterator = loader.begin_epoch();
    while (auto batch = iterator.next()) {
      bytes.push_back(bytes_of(*batch));
      kept.push_back(std::move(*batch));
    }
    for (std::size_t i = 0; i < kept.size(); ++i)
      EXPECT_EQ(bytes_of(kept[i]), bytes[i]);
    EXPECT_GT(loader.stats().lent_bytes, 50 * 256);
    kept.clear();
    EXPECT_EQ(loader.stats().lent_bytes, 0);
  }
}

TEST(Loader, TheUserMayOverwriteABatch) {
  auto loader = make_memory_loader({.samples = 60});
  auto touched = make_memory_loader({.samples = 60});
  auto a = loader.begin_epoch();
  auto b = touched.begin_epoch();
  while (auto expected = a.next()) {
    auto batch = b.next();
    EXPECT_EQ(bytes_of(*batch), bytes_of(*expected));
    std::memset(batch->slab()->data(), 0xFF,
                static_cast<std::size_t>(batch->slab()->bytes()));
  }
}

TEST(Loader, TwoIteratorsAreIndependentAndTheNewestMovesTheState) {
  auto loader = make_memory_loader({});
  auto first = loader.begin_epoch();
  first.next();
  auto second = loader.begin_epoch();
  const auto state = loader.state();
  EXPECT_EQ(state.epoch, 1);
  EXPECT_EQ(state.position, 0);
  EXPECT_EQ(first.next()->step(), 1);
  EXPECT_EQ(loader.state().position, 0);
  EXPECT_EQ(second.next()->step(), 0);
  EXPECT_EQ(loader.state().position, 4);
}

TEST(Loader, ABatchAndItsIteratorOutliveTheLoader) {
  std::optional<Batch> batch;
  {
    std::optional<LoaderIterator> iterator;
    {
      auto loader = make_memory_loader({});
      iterator = loader.begin_epoch();
      batch = iterator->next();
    }
    EXPECT_THROW(iterator->next(), ArgumentError);
  }
  EXPECT_EQ(batch->rows(), 4);
  EXPECT_FALSE(bytes_of(*batch).empty());
}

TEST(Loader, StatsCountWhatWasDelivered) {
  auto loader = make_memory_loader({.samples = 10, .batch_size = 4});
  Index bytes = 0;
  Index events = 0;
  for (const auto& batch : all_batches(loader)) bytes += batch.nbytes();
  for (Index id = 0; id < 10; ++id) events += MemoryStage::length(id);
  const auto stats = loader.stats();
  EXPECT_EQ(stats.batches, 3);
  EXPECT_EQ(stats.samples, 10);
  EXPECT_EQ(stats.events, events);
  EXPECT_EQ(stats.bytes_delivered, bytes);
  EXPECT_GT(stats.fill, 0);
  EXPECT_LE(stats.fill, 1);
  EXPECT_EQ(stats.workers, 2);
  EXPECT_GT(stats.first_batch_s, 0);
  EXPECT_LE(stats.wait_p50_s, stats.wait_p99_s);
  EXPECT_EQ(stats.counts.samples, 10);
  const auto build =
      std::find_if(stats.stages.begin(), stats.stages.end(),
                   [](const auto& stage) { return stage.name == "build"; });
  ASSERT_NE(build, stats.stages.end());
  EXPECT_GE(build->items, 10);
  EXPECT_EQ(build->threads, 2);
}

TEST(Loader, ExplainSaysWhatWillHappen) {
  auto loader = make_memory_loader({.budget = 20'000});
  const auto text = loader.explain();
  for (const char* word : {"samples", "steps", "fill", "smallest budget", "workers"}) {
    EXPECT_NE(text.find(word), std::string::npos) << word;
  }
}

TEST(Loader, ExplainWarnsWithTheCure) {
  const auto small =
      make_memory_loader({.samples = 100, .prefetch = 64, .budget = 9'000});
  EXPECT_NE(small.explain().find("raise memory_budget or lower prefetch_factor"),
            std::string::npos);
  const auto none =
      make_memory_loader({.samples = 3, .batch_size = 4, .shard = {.drop_last = true}});
  EXPECT_NE(none.explain().find("lower batch_size to 3 or less"), std::string::npos);
}

TEST(Loader, RefusesOptionsThatMakeNoSense) {
  EXPECT_THROW(make_memory_loader({.batch_size = 0}), ArgumentError);
  EXPECT_THROW(make_memory_loader({.workers = -2}), ArgumentError);
  EXPECT_THROW(make_memory_loader({.prefetch = -1}), ArgumentError);
  EXPECT_THROW(make_memory_loader({.budget = -1}), ArgumentError);
  EXPECT_THROW(make_memory_loader({.shard = {.rank = 2, .world_size = 2}}),
               ArgumentError);
}

// Instant, slow, in bursts; and the same before a source that is slow.
TEST(Loader, KeepsTheBudgetAndDeliversAllWhateverTheConsumerDoes) {
  for (const int consumer : {0, 1, 2}) {
    for (const int source_us : {0, 30}) {
      Hooks hooks;
      hooks.decode = [source_us](Index) {
        if (source_us > 0) usleep(static_cast<unsigned>(source_us));
      };
      auto loader = make_memory_loader({.samples = 1000,
                                        .batch_size = 10,
                                        .workers = 3,
                                        .prefetch = 16,
                                        .budget = 16'384,
                                        .hooks = hooks});
      auto iterator = loader.begin_epoch();
      Index batches = 0;
      while (auto batch = iterator.next()) {
        ++batches;
        if (consumer == 1 || (consumer == 2 && batches % 20 == 0)) usleep(200);
      }
      EXPECT_EQ(batches, 100);
      for (const auto& [account, bytes] : loader.stats().ledger_peak) {
        EXPECT_LE(bytes, 16'384) << account;
      }
    }
  }
}

TEST(Loader, WarnsOnceOfKeptBatchesBeyondTheBudget) {
  auto loader = make_memory_loader({.samples = 400, .workers = 1, .budget = 16'384});
  std::vector<Batch> kept;
  int warnings = 0;
  for (int epoch = 0; epoch < 2; ++epoch) {
    auto iterator = loader.begin_epoch();
    EXPECT_EQ(iterator.take_warning(), "");
    while (auto batch = iterator.next()) {
      kept.push_back(std::move(*batch));
      const std::string warning = iterator.take_warning();
      if (warning.empty()) continue;
      ++warnings;
      EXPECT_NE(warning.find("memory_budget is 16384"), std::string::npos) << warning;
      EXPECT_GT(loader.stats().lent_bytes, 16'384);
    }
  }
  EXPECT_EQ(warnings, 1);
}

}  // namespace
}  // namespace lade
