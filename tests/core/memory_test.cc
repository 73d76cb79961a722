// SPDX-License-Identifier: Apache-2.0
#include "lade/core/memory.h"

#include <arrow/memory_pool.h>
#include <arrow/status.h>
#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

#include "lade/core/pool.h"

namespace lade {
namespace {

std::shared_ptr<Ledger> ledger_of(Index budget) {
  return std::make_shared<Ledger>(budget);
}

TEST(Ledger, RefusesWhatDoesNotFitAndChangesNothing) {
  Ledger ledger(100);
  EXPECT_TRUE(ledger.try_take(Account::cache, 60));
  EXPECT_FALSE(ledger.try_take(Account::build, 41));
  EXPECT_EQ(ledger.used(), 60);
  EXPECT_EQ(ledger.used(Account::build), 0);
  EXPECT_TRUE(ledger.try_take(Account::build, 40));
}

TEST(Ledger, RefusesABudgetBelowOneByte) { EXPECT_THROW(Ledger(0), ArgumentError); }

TEST(Ledger, RefusesSizesThatWouldWrap) {
  Ledger ledger(100);
  ASSERT_TRUE(ledger.try_take(Account::read, 1));
  EXPECT_FALSE(ledger.try_take(Account::read, std::numeric_limits<Index>::max()));
}

TEST(Ledger, ForcedBytesGoBeyondTheBudgetAndBlockOthers) {
  Ledger ledger(10);
  ledger.force_take(Account::slabs, 25);
  EXPECT_EQ(ledger.used(), 25);
  EXPECT_FALSE(ledger.try_take(Account::cache, 1));
  ledger.give(Account::slabs, 25);
  EXPECT_TRUE(ledger.try_take(Account::cache, 10));
}

TEST(Ledger, PeakStaysWhenBytesAreGivenBack) {
  Ledger ledger(100);
  ASSERT_TRUE(ledger.try_take(Account::decode, 70));
  ledger.give(Account::decode, 70);
  ASSERT_TRUE(ledger.try_take(Account::cache, 30));
  EXPECT_EQ(ledger.peak(), 70);
  EXPECT_EQ(ledger.peak(Account::decode), 70);
  EXPECT_EQ(ledger.peak(Account::cache), 30);
}

TEST(Ledger, LentBytesAreReportedApart) {
  Ledger ledger(100);
  ASSERT_TRUE(ledger.try_take(Account::slabs, 80));
  ledger.lend(Account::slabs, 80);
  EXPECT_EQ(ledger.used(), 0);
  EXPECT_EQ(ledger.lent(), 80);
  EXPECT_TRUE(ledger.try_take(Account::slabs, 100));
  ledger.give_lent(80);
  EXPECT_EQ(ledger.lent(), 0);
}

TEST(Ledger, AChildDrawsOnItsParent) {
  const auto parent = ledger_of(100);
  Ledger first(80, parent);
  Ledger second(80, parent);
  EXPECT_TRUE(first.try_take(Account::cache, 70));
  EXPECT_FALSE(second.try_take(Account::cache, 40));
  EXPECT_EQ(second.used(), 0);
  EXPECT_TRUE(second.try_take(Account::cache, 30));
  first.give(Account::cache, 70);
  EXPECT_EQ(parent->used(Account::cache), 30);
}

TEST(Ledger, NeverExceedsItsBudgetUnderThreads) {
  Ledger ledger(1000);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&ledger, t] {
      for (Index i = 0; i < 20'000; ++i) {
        const Index bytes = 1 + (i * 37 + t) % 400;
        if (!ledger.try_take(Account::build, bytes)) continue;
        EXPECT_LE(ledger.used(), 1000);
        ledger.give(Account::build, bytes);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ledger.used(), 0);
  EXPECT_EQ(ledger.used(Account::build), 0);
  EXPECT_LE(ledger.peak(), 1000);
}

TEST(Reservation, GivesBackWhenItDies) {
  const auto ledger = ledger_of(100);
  {
    Reservation first(ledger, Account::index, 60, "index");
    Reservation moved = std::move(first);
    EXPECT_EQ(ledger->used(Account::index), 60);
    EXPECT_TRUE(moved.ok());
  }
  EXPECT_EQ(ledger->used(), 0);
}

TEST(Reservation, RefusesByNameWithBytesAndBudget) {
  const auto ledger = ledger_of(100);
  try {
    Reservation too_much(ledger, Account::index, 101, "index of bank");
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_STREQ(
        error.what(),
        "index of bank: needs 101 bytes, memory_budget is 100 and 0 are in use");
  }
  EXPECT_FALSE(Reservation::try_take(ledger, Account::index, 101).ok());
  EXPECT_EQ(ledger->used(), 0);
}

TEST(Reservation, ResizeThatDoesNotFitChangesNothing) {
  const auto ledger = ledger_of(100);
  auto held = Reservation::try_take(ledger, Account::read, 50);
  EXPECT_FALSE(held.resize(101));
  EXPECT_EQ(held.bytes(), 50);
  EXPECT_TRUE(held.resize(100));
  EXPECT_TRUE(held.resize(10));
  EXPECT_EQ(ledger->used(Account::read), 10);
}

TEST(LedgerPool, ChargesItsAccountAndBacksOutOnRefusal) {
  const auto ledger = ledger_of(1000);
  const auto pool = make_ledger_pool(ledger, Account::decode);
  uint8_t* block = nullptr;
  ASSERT_TRUE(pool->Allocate(600, &block).ok());
  EXPECT_EQ(ledger->used(Account::decode), 600);
  uint8_t* other = nullptr;
  EXPECT_TRUE(pool->Allocate(500, &other).IsOutOfMemory());
  EXPECT_TRUE(pool->Reallocate(600, 1001, &block).IsOutOfMemory());
  ASSERT_TRUE(pool->Reallocate(600, 1000, &block).ok());
  EXPECT_EQ(pool->bytes_allocated(), 1000);
  ASSERT_TRUE(pool->Reallocate(1000, 100, &block).ok());
  EXPECT_EQ(ledger->used(), 100);
  pool->Free(block, 100);
  EXPECT_EQ(ledger->used(), 0);
  EXPECT_EQ(ledger->peak(), 1000);
  EXPECT_EQ(pool->num_allocations(), 3);
}

TEST(SlabPool, SlabsAreAlignedAndReusedWhenTheLastReferenceDies) {
  const auto ledger = ledger_of(1 << 20);
  SlabPool pool(ledger);
  auto slab = pool.take(1000, false);
  ASSERT_NE(slab, nullptr);
  std::byte* const data = slab->data();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data) % 256, 0U);
  EXPECT_GE(slab->bytes(), 1000);
  auto second = slab;
  slab.reset();
  EXPECT_NE(pool.take(1000, false)->data(), data);
  second.reset();
  EXPECT_TRUE(pool.take(900, false)->data() == data || pool.free_bytes() > 0);
}

TEST(SlabPool, RefusesBeyondTheBudgetUnlessForced) {
  const auto ledger = ledger_of(4096);
  SlabPool pool(ledger);
  const auto held = pool.take(4096, false);
  ASSERT_NE(held, nullptr);
  EXPECT_EQ(pool.take(256, false), nullptr);
  EXPECT_NE(pool.take(256, true), nullptr);
}

TEST(SlabPool, FreeSlabsOfOtherSizesMakeRoom) {
  const auto ledger = ledger_of(4096);
  SlabPool pool(ledger);
  for (int i = 0; i < 2; ++i) pool.take(256, false);
  pool.take(1024, false);
  EXPECT_NE(pool.take(4096, false), nullptr);
  EXPECT_EQ(ledger->used(Account::slabs), 4096);
}

TEST(SlabPool, LentSlabsLeaveTheBudgetAndComeBack) {
  const auto ledger = ledger_of(4096);
  SlabPool pool(ledger);
  auto first = pool.take(4096, false);
  pool.lend(first);
  pool.lend(first);
  EXPECT_EQ(ledger->used(), 0);
  EXPECT_EQ(ledger->lent(), 4096);
  auto second = pool.take(4096, false);
  ASSERT_NE(second, nullptr);
  first.reset();  // no room for it on the free list
  EXPECT_EQ(ledger->lent(), 0);
  EXPECT_EQ(pool.free_bytes(), 0);
  second.reset();
  EXPECT_EQ(pool.free_bytes(), 4096);
  pool.trim();
  EXPECT_EQ(ledger->used(), 0);
}

TEST(SlabPool, ASlabOutlivesItsPool) {
  const auto ledger = ledger_of(1 << 20);
  std::shared_ptr<Slab> slab;
  {
    SlabPool pool(ledger);
    slab = pool.take(5000, false);
    std::memset(slab->data(), 1, 5000);
  }
  EXPECT_EQ(slab->data()[4999], std::byte{1});
  slab.reset();
  EXPECT_EQ(ledger->used(), 0);
}

TEST(SlabPool, ManyThreadsTakeAndDropWithoutLosingBytes) {
  const auto ledger = ledger_of(1 << 20);
  SlabPool pool(ledger);
  parallel_for(8, 4, [&](Index t) {
    for (Index i = 0; i < 2000; ++i) {
      auto slab = pool.take(256 + (i * 97 + t) % 4000, true);
      if (i % 3 == 0) pool.lend(slab);
      slab->data()[0] = std::byte{1};
    }
  });
  EXPECT_EQ(ledger->lent(), 0);
  EXPECT_EQ(ledger->used(), pool.free_bytes());
}

TEST(DefaultMemoryBudget, IsPositiveAndAtMostFourGiB) {
  EXPECT_GE(default_memory_budget(), 1 << 20);
  EXPECT_LE(default_memory_budget(), Index{4} << 30);
}

}  // namespace
}  // namespace lade
