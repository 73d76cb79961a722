// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <gtest/gtest.h>

#include "lade/synth/transactions.h"
#include "tests/loading/counting_new.h"

namespace lade {
namespace {

TransactionsSpec small() {
  TransactionsSpec spec;
  spec.users = 40;
  spec.events = {0, 60};
  spec.extra = 2;
  return spec;
}

TEST(Transactions, LeaveNothingBehindAfterManyCalls) {
  const TransactionsSpec spec = small();
  const auto live_after = [&](int calls) {
    for (int i = 0; i < calls; ++i) {
      transactions(spec, i, 3);
      TransactionStream stream(spec, i, 3);
      while (stream.next(50) != nullptr) {
      }
      transaction_users(spec, i, 1);
    }
    return testing::live_allocations();
  };
  live_after(5);
  const Index arrow_bytes = arrow::default_memory_pool()->bytes_allocated();
  const testing::Allocations once = live_after(20);
  const testing::Allocations twice = live_after(40);
  EXPECT_EQ(once.bytes, twice.bytes);
  EXPECT_EQ(once.blocks, twice.blocks);
  EXPECT_EQ(arrow::default_memory_pool()->bytes_allocated(), arrow_bytes);
}

TEST(Transactions, SurviveEveryFailedAllocation) {
  const TransactionsSpec spec = small();
  const RecordBatch want = transactions(spec, 0, 3);
  for (Index n = 1;; ++n) {
    testing::fail_allocation(n, false);
    bool failed = false;
    try {
      transactions(spec, 0, 3);
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    if (!testing::stop_failing()) break;
    EXPECT_TRUE(failed) << n;
  }
  EXPECT_EQ(transactions(spec, 0, 3)->num_rows(), want->num_rows());
}

TEST(TransactionStream, TakesMemoryThatDoesNotGrowWithAHistory) {
  const auto peak_of = [](Index events) {
    TransactionsSpec spec;
    spec.events = {events, events};
    spec.per_day = {200, 400};
    spec.planted = {{.mcc = 1, .count = ClosedRange{10, 20}}};
    spec.filler = Planted{.mcc = 2};
    const testing::Allocations before = testing::live_allocations();
    TransactionStream stream(spec, 0, 1);
    Index most = 0;
    Index rows = 0;
    while (const RecordBatch batch = stream.next(1'000)) {
      rows += batch->num_rows();
      most = std::max(most, testing::live_allocations().bytes - before.bytes);
    }
    EXPECT_EQ(rows, events);
    return most;
  };
  // A batch holds a few days more or less; 180,000 rows take more than a page.
  EXPECT_NEAR(static_cast<double>(peak_of(20'000)),
              static_cast<double>(peak_of(200'000)), 4096);
}

}  // namespace
}  // namespace lade
