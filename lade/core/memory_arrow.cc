// SPDX-License-Identifier: Apache-2.0
#include <arrow/memory_pool.h>
#include <arrow/status.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstring>
#include <limits>
#include <mutex>
#include <string>
#include <utility>

#include "lade/core/block_pool.h"
#include "lade/core/memory.h"
#include "lade/core/pages.h"

namespace lade {
namespace {

/// Freed blocks that are kept for the next one who wants that size: a little, so that
/// decoding one row group after another does not map the same pages again and again.
class KeptBlocks {
 public:
  std::byte* take(Index bytes) noexcept {
    // Never waits: a fork child may inherit the lock without who held it.
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock) return nullptr;
    for (std::size_t i = count_; i-- > 0;) {
      if (blocks_[i].bytes != bytes) continue;
      std::byte* const data = blocks_[i].data;
      std::copy(blocks_.begin() + static_cast<Index>(i) + 1,
                blocks_.begin() + static_cast<Index>(count_),
                blocks_.begin() + static_cast<Index>(i));
      --count_;
      held_ -= bytes;
      return data;
    }
    return nullptr;
  }
  bool keep(std::byte* data, Index bytes) noexcept {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock || bytes > kMost) return false;
    while (count_ == blocks_.size() || held_ + bytes > kMost) drop_oldest();
    blocks_[count_++] = {data, bytes};
    held_ += bytes;
    return true;
  }

 private:
  static constexpr Index kMost = Index{8} << 20;
  struct Block {
    std::byte* data;
    Index bytes;
  };
  void drop_oldest() noexcept {
    unmap_pages(blocks_[0].data, blocks_[0].bytes);
    held_ -= blocks_[0].bytes;
    std::copy(blocks_.begin() + 1, blocks_.begin() + static_cast<Index>(count_),
              blocks_.begin());
    --count_;
  }
  std::mutex mutex_;
  std::array<Block, 64> blocks_{};
  std::size_t count_ = 0;
  Index held_ = 0;
};

/// Arrow's memory: large blocks straight from the system, small ones from malloc.
class BlockPool final : public arrow::MemoryPool {
 public:
  using arrow::MemoryPool::Allocate;
  using arrow::MemoryPool::Free;
  using arrow::MemoryPool::Reallocate;

  arrow::Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override {
    if (size < kMappedBytes) return small_->Allocate(size, alignment, out);
    const Index bytes = rounded(size);
    std::byte* data = bytes < size ? nullptr : kept_.take(bytes);
    if (data == nullptr && bytes >= size) data = map_pages(bytes);
    if (data == nullptr) {
      return arrow::Status::OutOfMemory("the system has no ", size, " bytes");
    }
    *out = reinterpret_cast<uint8_t*>(data);
    count(size);
    return arrow::Status::OK();
  }

  arrow::Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                           uint8_t** block) override {
    const bool mapped = old_size >= kMappedBytes;
    if (!mapped && new_size < kMappedBytes) {
      return small_->Reallocate(old_size, new_size, alignment, block);
    }
    if (mapped && new_size >= kMappedBytes && rounded(old_size) == rounded(new_size)) {
      count(new_size - old_size);
      return arrow::Status::OK();
    }
    uint8_t* moved = nullptr;
    arrow::Status status = Allocate(new_size, alignment, &moved);
    if (!status.ok()) return status;
    std::memcpy(moved, *block, static_cast<std::size_t>(std::min(old_size, new_size)));
    Free(*block, old_size, alignment);
    *block = moved;
    return status;
  }

  void Free(uint8_t* block, int64_t size, int64_t alignment) override {
    if (size < kMappedBytes) return small_->Free(block, size, alignment);
    auto* const data = reinterpret_cast<std::byte*>(block);
    if (!kept_.keep(data, rounded(size))) unmap_pages(data, rounded(size));
    held_.fetch_sub(size, std::memory_order_relaxed);
  }

  int64_t bytes_allocated() const override {
    return held_.load(std::memory_order_relaxed) + small_->bytes_allocated();
  }
  int64_t total_bytes_allocated() const override {
    return total_.load(std::memory_order_relaxed) + small_->total_bytes_allocated();
  }
  int64_t num_allocations() const override {
    return calls_.load(std::memory_order_relaxed) + small_->num_allocations();
  }
  std::string backend_name() const override { return "lade"; }

 private:
  // Eight sizes for each doubling: nearly equal blocks are one another's successors.
  static Index rounded(Index size) noexcept {
    const auto step =
        static_cast<Index>(std::bit_floor(static_cast<std::uint64_t>(size)) / 8);
    if (size > std::numeric_limits<Index>::max() - 2 * step) return 0;
    return (size + step - 1) / step * step;
  }
  void count(int64_t more) noexcept {
    held_.fetch_add(more, std::memory_order_relaxed);
    calls_.fetch_add(1, std::memory_order_relaxed);
    if (more > 0) total_.fetch_add(more, std::memory_order_relaxed);
  }

  arrow::MemoryPool* small_ = arrow::system_memory_pool();
  KeptBlocks kept_;
  std::atomic<int64_t> held_{0};
  std::atomic<int64_t> total_{0};
  std::atomic<int64_t> calls_{0};
};

class LedgerPool final : public arrow::MemoryPool {
 public:
  LedgerPool(std::shared_ptr<Ledger> ledger, Account account)
      : ledger_(std::move(ledger)), account_(account) {}

  using arrow::MemoryPool::Allocate;
  using arrow::MemoryPool::Free;
  using arrow::MemoryPool::Reallocate;

  arrow::Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override {
    if (!ledger_->try_take(account_, size)) return refusal(size);
    arrow::Status status = below_->Allocate(size, alignment, out);
    if (!status.ok()) {
      ledger_->give(account_, size);
      return status;
    }
    count(size);
    return status;
  }

  arrow::Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                           uint8_t** block) override {
    const int64_t more = new_size - old_size;
    if (more > 0 && !ledger_->try_take(account_, more)) return refusal(more);
    arrow::Status status = below_->Reallocate(old_size, new_size, alignment, block);
    if (!status.ok()) {
      if (more > 0) ledger_->give(account_, more);
      return status;
    }
    if (more < 0) ledger_->give(account_, -more);
    count(more);
    return status;
  }

  void Free(uint8_t* block, int64_t size, int64_t alignment) override {
    below_->Free(block, size, alignment);
    ledger_->give(account_, size);
    held_.fetch_sub(size, std::memory_order_relaxed);
  }

  int64_t bytes_allocated() const override {
    return held_.load(std::memory_order_relaxed);
  }
  int64_t max_memory() const override { return ledger_->peak(account_); }
  int64_t total_bytes_allocated() const override {
    return total_.load(std::memory_order_relaxed);
  }
  int64_t num_allocations() const override {
    return calls_.load(std::memory_order_relaxed);
  }
  std::string backend_name() const override {
    return "lade over " + below_->backend_name();
  }

 private:
  arrow::Status refusal(int64_t bytes) const {
    return arrow::Status::OutOfMemory("memory_budget: ", bytes,
                                      " more bytes do not fit in ", ledger_->budget(),
                                      ", ", ledger_->used(), " in use");
  }
  void count(int64_t more) {
    held_.fetch_add(more, std::memory_order_relaxed);
    calls_.fetch_add(1, std::memory_order_relaxed);
    if (more > 0) total_.fetch_add(more, std::memory_order_relaxed);
  }

  arrow::MemoryPool* below_ = block_pool();
  std::shared_ptr<Ledger> ledger_;
  Account account_;
  std::atomic<int64_t> held_{0};
  std::atomic<int64_t> total_{0};
  std::atomic<int64_t> calls_{0};
};

}  // namespace

arrow::MemoryPool* block_pool() {
  static BlockPool* const pool =
      new BlockPool;  // buffers may outlive all other statics
  return pool;
}

std::shared_ptr<arrow::MemoryPool> make_ledger_pool(std::shared_ptr<Ledger> ledger,
                                                    Account account) {
  return std::make_shared<LedgerPool>(std::move(ledger), account);
}

}  // namespace lade
