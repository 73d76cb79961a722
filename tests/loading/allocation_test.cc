// SPDX-License-Identifier: Apache-2.0
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <new>

#include "lade/core/convert.h"
#include "lade/core/pool.h"
#include "lade/recipe/fit.h"
#include "tests/loading/counting_new.h"
#include "tests/loading/memory_stage.h"
#include "tests/testing/tables.h"

namespace lade {
namespace {

using testing::live_allocations;
using testing::LoaderSpec;
using testing::make_memory_loader;

TEST(Memory, ManySmallBatchesLeaveNothingBehind) {
  for (const int workers : {0, 2}) {
    auto loader = make_memory_loader(
        {.samples = 40'000, .batch_size = 4, .workers = workers, .prefetch = 1});
    const auto steady = [&](Index batches) {
      auto iterator = loader.begin_epoch();
      for (Index i = 0; i < batches; ++i) iterator.next();
    };
    steady(10'000);
    // What waits in the ring is let go by the workers a moment after the iterator.
    const auto settled = [&] { return testing::settled_allocations(); };
    const auto before = settled();
    steady(10'000);
    const auto after = settled();
    EXPECT_EQ(after.bytes, before.bytes) << workers;
    EXPECT_EQ(after.blocks, before.blocks) << workers;
  }
}

// Runs `body` with allocation 1, 2, 3 ... failing until it succeeds.
template <class Body>
void sweep(Body body, bool for_good) {
  for (Index n = 1; n < 20'000; ++n) {
    testing::fail_allocation(n, for_good);
    bool failed = false;
    try {
      body();
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    const bool reached = testing::stop_failing();
    if (!reached) {
      EXPECT_FALSE(failed);
      return;
    }
  }
  FAIL() << "never succeeded";
}

TEST(AllocationFailure, OfCoreVerbsIsReportedAndLeavesThemUsable) {
  for (const bool for_good : {false, true}) {
    const auto before = testing::settled_allocations();
    sweep(
        [] {
          auto ledger = std::make_shared<Ledger>(1 << 20);
          SlabPool slabs(ledger);
          auto first = slabs.take(1000, false);
          auto second = slabs.take(5000, true);
          slabs.lend(first);
          first.reset();
          slabs.trim();
        },
        for_good);
    sweep(
        [] {
          std::atomic<int> sum{0};
          parallel_for(10, 3, [&](Index i) { sum += static_cast<int>(i); });
          if (sum != 45) throw std::logic_error("an index was lost");
        },
        for_good);
    sweep(
        [] {
          Recorder recorder({.events_per_thread = 16});
          recorder.stage("build").enter(StageState::busy);
          const Span span(recorder, recorder.name("x"), 1);
          recorder.snapshot();
        },
        for_good);
    EXPECT_EQ(testing::settled_allocations().bytes, before.bytes);
  }
}

TEST(AllocationFailure, OfALoaderIsReportedAtItsStepAndNothingLeaks) {
  for (const int workers : {0, 2}) {
    for (const bool for_good : {false, true}) {
      const auto before = testing::settled_allocations();
      sweep(
          [&] {
            auto loader = make_memory_loader(
                {.samples = 10, .batch_size = 4, .workers = workers, .prefetch = 1});
            auto iterator = loader.begin_epoch();
            while (iterator.next()) {
            }
            loader.state().to_json();
          },
          for_good);
      EXPECT_EQ(testing::settled_allocations().bytes, before.bytes);
    }
  }
}

io::Dataset three_users() {
  io::OpenOptions options;
  options.entity = "user";
  options.time = "time";
  return io::from_batches(
      {testing::batch_of(
          {{"user", arrow::int64(), "[1,1,2,3,3,3]"},
           {"time", arrow::timestamp(arrow::TimeUnit::SECOND), "[1,9,2,3,4,90000]"},
           {"amount", arrow::float64(), "[1,2,null,4,5,6]"},
           {"shop", arrow::utf8(), R"(["a","b",null,"a","c","b"])"}})},
      options);
}

TEST(AllocationFailure, OverARealPlanIsReportedAndNothingLeaks) {
  const auto data = three_users();
  const auto unfitted = Recipe::from_toml(R"toml(
[sequence]
entity = "user"
time = "time"
[[input]]
column = "amount"
[[input]]
column = "shop"
kind = "category"
[[target]]
name = "spent"
aggregate = "sum(amount)"
every = "day"
look_back = 2
)toml",
                                          "test.toml");
  const Recipe fitted = fit(unfitted, data);
  const auto epoch = [&](int workers) {
    LoaderOptions options;
    options.shard.batch_size = 2;
    options.num_workers = workers;
    options.prefetch_factor = 1;
    options.memory_budget = 1 << 24;
    ShuffleSampler sampler;
    sampler.samples = 3;
    sampler.seed = 7;
    Loader loader(data, fitted, sampler, options);
    auto iterator = loader.begin_epoch();
    Index rows = 0;
    while (auto batch = iterator.next()) rows += batch->rows();
    if (rows != 3) throw std::logic_error("a sample was lost");
    loader.batch_at(0, 1);
    loader.state().to_json();
  };
  for (const int workers : {0, 2}) {
    epoch(workers);
    for (const bool for_good : {false, true}) {
      const auto before = testing::settled_allocations();
      sweep([&] { epoch(workers); }, for_good);
      EXPECT_EQ(testing::settled_allocations().bytes, before.bytes);
    }
  }
}

TEST(AllocationFailure, LeavesALoaderUsableOrClosed) {
  auto loader = make_memory_loader({.samples = 40, .batch_size = 4, .workers = 2});
  auto good = make_memory_loader({.samples = 40, .batch_size = 4, .workers = 0});
  const auto expected = testing::drain_epochs(good, 1);
  for (Index n = 1; n < 200; n += 3) {
    loader.set_epoch(0);
    testing::fail_allocation(n, false);
    try {
      auto iterator = loader.begin_epoch();
      while (iterator.next()) {
      }
    } catch (const std::bad_alloc&) {
    }
    testing::stop_failing();
    loader.set_epoch(1);
    loader.set_epoch(0);
    EXPECT_EQ(testing::drain_epochs(loader, 1), expected) << n;
  }
}

}  // namespace
}  // namespace lade
