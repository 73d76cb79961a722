// SPDX-License-Identifier: Apache-2.0
#include "lade/core/block_pool.h"

#include <arrow/memory_pool.h>
#include <arrow/status.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <thread>
#include <vector>

#include "lade/core/pages.h"

namespace lade {
namespace {

constexpr std::int64_t kAlignment = 64;

bool holds(const std::uint8_t* data, std::int64_t bytes, std::uint8_t value) {
  for (std::int64_t i = 0; i < bytes; ++i) {
    if (data[i] != value) return false;
  }
  return true;
}

TEST(BlockPool, KeepsBytesWhileABlockGrowsAndShrinks) {
  auto& pool = *block_pool();
  const auto before = pool.bytes_allocated();
  std::uint8_t* block = nullptr;
  std::int64_t size = 100;
  ASSERT_TRUE(pool.Allocate(size, kAlignment, &block).ok());
  std::memset(block, 5, static_cast<std::size_t>(size));
  std::int64_t kept = size;
  for (const std::int64_t next :
       {kMappedBytes - 1, kMappedBytes, kMappedBytes + 1, kMappedBytes * 9,
        kMappedBytes * 3, std::int64_t{5000}, kMappedBytes * 40, std::int64_t{64}}) {
    ASSERT_TRUE(pool.Reallocate(size, next, kAlignment, &block).ok());
    kept = std::min(kept, next);
    EXPECT_TRUE(holds(block, kept, 5)) << next;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % kAlignment, 0U);
    std::memset(block, 5, static_cast<std::size_t>(next));
    kept = size = next;
    EXPECT_EQ(pool.bytes_allocated(), before + size);
  }
  pool.Free(block, size, kAlignment);
  EXPECT_EQ(pool.bytes_allocated(), before);
}

TEST(BlockPool, RefusesWhatTheSystemHasNot) {
  std::uint8_t* block = nullptr;
  for (const std::int64_t size : {std::numeric_limits<std::int64_t>::max(),
                                  std::numeric_limits<std::int64_t>::max() / 4}) {
    EXPECT_TRUE(block_pool()->Allocate(size, kAlignment, &block).IsOutOfMemory());
  }
}

TEST(BlockPool, BlocksOfSeveralThreadsNeverOverlap) {
  std::vector<std::thread> threads;
  std::atomic<bool> sound{true};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const auto mark = static_cast<std::uint8_t>(t + 1);
      for (int i = 0; i < 200; ++i) {
        const std::int64_t size = kMappedBytes + (i % 5) * 70'000;
        std::uint8_t* block = nullptr;
        if (!block_pool()->Allocate(size, kAlignment, &block).ok()) std::abort();
        block[0] = mark;
        block[size - 1] = mark;
        std::this_thread::yield();
        if (block[0] != mark || block[size - 1] != mark) sound = false;
        block_pool()->Free(block, size, kAlignment);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(sound);
}

TEST(MapPages, LargeOnesStartOnALargePageAndAreZero) {
  for (const Index bytes :
       {Index{1}, kMappedBytes, (Index{2} << 20) + 1, Index{5} << 20}) {
    std::byte* const data = map_pages(bytes);
    ASSERT_NE(data, nullptr);
    const std::uintptr_t boundary = bytes >= Index{2} << 20 ? 2U << 20U : 4096U;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data) % boundary, 0U);
    EXPECT_TRUE(holds(reinterpret_cast<const std::uint8_t*>(data), bytes, 0));
    std::memset(data, 1, static_cast<std::size_t>(bytes));
    unmap_pages(data, bytes);
    unsigned char resident = 0;
    EXPECT_NE(mincore(data, 1, &resident), 0) << "still mapped";
  }
}

}  // namespace
}  // namespace lade
