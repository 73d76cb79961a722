// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "lade/core/error.h"

namespace arrow {
class MemoryPool;
}

namespace lade {

/// What bytes are taken for. They sum to at most the budget; `lent` is apart.
enum class Account : std::uint8_t {
  index,
  read,
  decode,
  shuffle,
  cache,
  build,
  slabs,
  trace
};
inline constexpr int kAccounts = 8;
std::string_view name(Account account);

/// A budget in bytes and who has taken how much of it.
///
/// Threads:  every call is safe from any thread; no lock is held while waiting (there
/// is
///           no waiting: a refusal is an answer).
class Ledger {
 public:
  /// `budget` >= 1. With a parent every byte is charged there as well.
  explicit Ledger(Index budget, std::shared_ptr<Ledger> parent = nullptr);
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  /// Takes `bytes` if they fit, else changes nothing and returns false.
  bool try_take(Account account, Index bytes) noexcept;
  /// Takes `bytes` even beyond the budget: for what must go on (the lowest step, 3.8).
  void force_take(Account account, Index bytes) noexcept;
  void give(Account account, Index bytes) noexcept;
  /// Moves bytes of an account to `lent`: arrays the user keeps are reported, not
  /// refused.
  void lend(Account account, Index bytes) noexcept;
  void give_lent(Index bytes) noexcept;

  Index budget() const { return budget_; }
  Index used() const { return used_.load(std::memory_order_relaxed); }
  Index peak() const { return peak_.load(std::memory_order_relaxed); }
  Index used(Account account) const;
  Index peak(Account account) const;
  Index lent() const { return lent_.load(std::memory_order_relaxed); }

 private:
  void raise_peak(Account account, Index now_all, Index now_one) noexcept;
  Index budget_;
  std::shared_ptr<Ledger> parent_;
  std::atomic<Index> used_{0};
  std::atomic<Index> peak_{0};
  std::atomic<Index> lent_{0};
  std::array<std::atomic<Index>, kAccounts> by_account_{};
  std::array<std::atomic<Index>, kAccounts> peak_by_account_{};
};

/// Bytes taken from a ledger for as long as the object lives.
class Reservation {
 public:
  Reservation() = default;
  /// Errors: ArgumentError naming `what`, the bytes and the budget if they do not fit.
  Reservation(const std::shared_ptr<Ledger>& ledger, Account account, Index bytes,
              std::string_view what);
  /// Empty (`ok()` false) if they do not fit.
  static Reservation try_take(std::shared_ptr<Ledger> ledger, Account account,
                              Index bytes);
  static Reservation force(std::shared_ptr<Ledger> ledger, Account account,
                           Index bytes);
  ~Reservation() { release(); }
  Reservation(Reservation&& other) noexcept { swap(other); }
  Reservation& operator=(Reservation&& other) noexcept;
  bool ok() const { return ledger_ != nullptr; }
  Index bytes() const { return bytes_; }
  /// Grows or shrinks to `bytes`; growth that does not fit changes nothing: false.
  bool resize(Index bytes) noexcept;
  void release() noexcept;

 private:
  void swap(Reservation& other) noexcept;
  std::shared_ptr<Ledger> ledger_;
  Account account_ = Account::build;
  Index bytes_ = 0;
};

/// An Arrow memory pool that charges `account` before it allocates and backs out on
/// refusal (Status::OutOfMemory). Strict under threads, unlike Arrow's capped pool.
/// Lifetime: must outlive every buffer it allocated.
std::shared_ptr<arrow::MemoryPool> make_ledger_pool(std::shared_ptr<Ledger> ledger,
                                                    Account account = Account::decode);

/// Default budget: min(4 GiB, a quarter of min(cgroup limit, available memory) / local
/// ranks).
Index default_memory_budget();

/// One 256-byte-aligned allocation for the arrays of a batch. Contents start undefined.
class Slab {
 public:
  std::byte* data() const { return data_; }
  Index bytes() const { return bytes_; }

 private:
  friend class SlabPool;
  std::byte* data_ = nullptr;
  Index bytes_ = 0;
  bool lent_ = false;
};

/// Hands out slabs from a free list that is never unmapped while the pool lives.
///
/// A slab goes back to the list when its last shared_ptr dies, also after the pool's
/// owner is gone. Keeping slabs never blocks the pool: it allocates another (account
/// `slabs`, or `lent` when marked). Page-locked slabs come from slab_cuda, behind the
/// same names.
class SlabPool {
 public:
  explicit SlabPool(std::shared_ptr<Ledger> ledger);
  /// A slab of at least `bytes`; nullptr if the ledger refuses and `force` is false.
  std::shared_ptr<Slab> take(Index bytes, bool force);
  /// The consumer has it now: its bytes move to `lent` until it comes back.
  void lend(const std::shared_ptr<Slab>& slab);
  /// Frees the slabs on the free list.
  void trim();
  Index free_bytes() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace lade
