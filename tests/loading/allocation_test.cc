// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <new>

#include "lade/core/convert.h"
#include "lade/core/pool.h"
#include "tests/loading/counting_new.h"
#include "tests/loading/memory_stage.h"

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

}  // namespace
}  // namespace lade
