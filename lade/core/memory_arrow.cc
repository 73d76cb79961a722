// SPDX-License-Identifier: Apache-2.0
#include <arrow/memory_pool.h>
#include <arrow/status.h>

#include <atomic>
#include <string>
#include <utility>

#include "lade/core/memory.h"

namespace lade {
namespace {

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

  arrow::MemoryPool* below_ = arrow::default_memory_pool();
  std::shared_ptr<Ledger> ledger_;
  Account account_;
  std::atomic<int64_t> held_{0};
  std::atomic<int64_t> total_{0};
  std::atomic<int64_t> calls_{0};
};

}  // namespace

std::shared_ptr<arrow::MemoryPool> make_ledger_pool(std::shared_ptr<Ledger> ledger,
                                                    Account account) {
  return std::make_shared<LedgerPool>(std::move(ledger), account);
}

}  // namespace lade
