// SPDX-License-Identifier: Apache-2.0
#include "lade/io/row_group_cache.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

namespace lade::io {
namespace {

RowGroupCache::Loaded chunk_of(Index bytes) {
  auto chunk = std::make_shared<Chunk>();
  chunk->bytes = bytes;
  return {chunk, true};
}

TEST(RowGroupCache, KeepsWhatFits) {
  RowGroupCache cache(100);
  int loads = 0;
  const auto load = [&] {
    ++loads;
    return chunk_of(40);
  };
  cache.get(0, load);
  cache.get(1, load);
  cache.get(0, load);
  EXPECT_EQ(loads, 2);
  EXPECT_EQ(cache.hits(), 1);
  EXPECT_EQ(cache.bytes(), 80);
}

TEST(RowGroupCache, LeastRecentlyUsedGoesFirst) {
  RowGroupCache cache(100);
  const auto load = [] { return chunk_of(40); };
  cache.get(0, load);
  cache.get(1, load);
  cache.get(0, load);
  cache.get(2, load);
  EXPECT_TRUE(cache.holds(0));
  EXPECT_FALSE(cache.holds(1));
}

TEST(RowGroupCache, KnownNextUseBeatsRecency) {
  RowGroupCache cache(100);
  const auto load = [] { return chunk_of(40); };
  cache.get(0, load);
  cache.get(1, load);
  cache.expect(std::vector<Index>{2, 0});
  cache.get(2, load);
  EXPECT_TRUE(cache.holds(0));
  EXPECT_FALSE(cache.holds(1));
}

TEST(RowGroupCache, WhatIsUsedStays) {
  RowGroupCache cache(50);
  const auto load = [] { return chunk_of(40); };
  const auto held = cache.get(0, load);
  cache.get(1, load);
  cache.trim(0);
  EXPECT_TRUE(cache.holds(0));
  EXPECT_FALSE(cache.holds(1));
  EXPECT_EQ(cache.bytes(), 40);
}

TEST(RowGroupCache, ChunksBeyondTheBoundAreNotKept) {
  RowGroupCache cache(10);
  EXPECT_EQ(cache.get(0, [] { return chunk_of(11); })->bytes, 11);
  EXPECT_EQ(cache.bytes(), 0);
}

TEST(RowGroupCache, ThreadsThatWantTheSameLoadItOnce) {
  RowGroupCache cache(1000);
  std::atomic<int> loads{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (Index g = 0; g < 20; ++g) {
        cache.get(g, [&] {
          ++loads;
          std::this_thread::yield();
          return chunk_of(1);
        });
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(loads, 20);
}

TEST(RowGroupCache, AnErrorReachesItsCallerAndIsForgotten) {
  RowGroupCache cache(100);
  EXPECT_THROW(
      cache.get(0, []() -> RowGroupCache::Loaded { throw ArgumentError("x"); }),
      ArgumentError);
  EXPECT_EQ(cache.get(0, [] { return chunk_of(7); })->bytes, 7);
}

TEST(RowGroupCache, AForkChildStartsEmptyAndDoesNotHang) {
  RowGroupCache cache(100);
  cache.get(0, [&] {
    const pid_t child = fork();  // while row group 0 is being loaded
    if (child == 0) {
      const bool ok =
          !cache.holds(0) && cache.get(0, [] { return chunk_of(3); })->bytes == 3;
      _exit(ok ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    return chunk_of(1);
  });
}

}  // namespace
}  // namespace lade::io
