// SPDX-License-Identifier: Apache-2.0
#include "tests/loading/counting_new.h"

#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::int64_t> live_bytes{0};
std::atomic<std::int64_t> live_blocks{0};
std::atomic<bool> armed{false};
std::atomic<std::int64_t> until_failure{0};
std::atomic<bool> stay_failed{false};
std::atomic<bool> has_failed{false};

bool fails() noexcept {
  if (!armed.load(std::memory_order_acquire)) return false;
  const auto left = until_failure.fetch_sub(1) - 1;
  if (left > 0 || (left < 0 && !stay_failed.load())) return false;
  has_failed.store(true);
  return true;
}

void* counted(std::size_t bytes, std::size_t alignment) noexcept {
  if (fails()) return nullptr;
  void* const block = alignment == 0
                          ? std::malloc(bytes == 0 ? 1 : bytes)
                          : std::aligned_alloc(alignment, (bytes + alignment - 1) /
                                                              alignment * alignment);
  if (block == nullptr) return nullptr;
  live_bytes += static_cast<std::int64_t>(malloc_usable_size(block));
  ++live_blocks;
  return block;
}

void uncounted(void* block) noexcept {
  if (block == nullptr) return;
  live_bytes -= static_cast<std::int64_t>(malloc_usable_size(block));
  --live_blocks;
  std::free(block);
}

void* or_throw(void* block) {
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

}  // namespace

void* operator new(std::size_t bytes) { return or_throw(counted(bytes, 0)); }
void* operator new[](std::size_t bytes) { return or_throw(counted(bytes, 0)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return or_throw(counted(bytes, static_cast<std::size_t>(alignment)));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return or_throw(counted(bytes, static_cast<std::size_t>(alignment)));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return counted(bytes, 0);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return counted(bytes, 0);
}
void* operator new(std::size_t bytes, std::align_val_t alignment,
                   const std::nothrow_t&) noexcept {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* block) noexcept { uncounted(block); }
void operator delete[](void* block) noexcept { uncounted(block); }
void operator delete(void* block, std::size_t) noexcept { uncounted(block); }
void operator delete[](void* block, std::size_t) noexcept { uncounted(block); }
void operator delete(void* block, std::align_val_t) noexcept { uncounted(block); }
void operator delete[](void* block, std::align_val_t) noexcept { uncounted(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
  uncounted(block);
}
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept {
  uncounted(block);
}

namespace lade::testing {

Allocations live_allocations() noexcept {
  return {live_bytes.load(), live_blocks.load()};
}

Allocations settled_allocations() noexcept {
  Allocations last = live_allocations();
  for (int quiet = 0; quiet < 20; ++quiet) {
    usleep(1000);
    const Allocations now = live_allocations();
    if (now.bytes != last.bytes) quiet = 0;
    last = now;
  }
  return last;
}

void fail_allocation(Index n, bool for_good) noexcept {
  has_failed.store(false);
  stay_failed.store(for_good);
  until_failure.store(n);
  armed.store(true, std::memory_order_release);
}

bool stop_failing() noexcept {
  armed.store(false);
  return has_failed.load();
}

}  // namespace lade::testing
