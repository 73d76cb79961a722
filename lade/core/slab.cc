// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cstdint>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "lade/core/memory.h"
#include "lade/core/pages.h"
#include "lade/core/pool.h"

namespace lade {
namespace {

constexpr std::align_val_t kAlignment{256};

// Four sizes for each doubling, so that batches of nearly equal bytes share slabs and
// at most a fifth is unused.
Index size_class(Index bytes) {
  const auto wanted = static_cast<std::uint64_t>(std::max<Index>(bytes, 256));
  const std::uint64_t step = std::max<std::uint64_t>(256, std::bit_floor(wanted) / 4);
  return static_cast<Index>((wanted + step - 1) / step * step);
}

std::byte* allocate_bytes(Index bytes) noexcept {
  if (bytes >= kMappedBytes) return map_pages(bytes);
  return static_cast<std::byte*>(
      ::operator new(static_cast<std::size_t>(bytes), kAlignment, std::nothrow));
}

void free_bytes_of(std::byte* data, Index bytes) noexcept {
  if (bytes >= kMappedBytes) {
    unmap_pages(data, bytes);
  } else {
    ::operator delete(data, kAlignment);
  }
}

}  // namespace

struct SlabPool::State {
  explicit State(std::shared_ptr<Ledger> the_ledger) : ledger(std::move(the_ledger)) {}
  ~State() { drop_all(); }

  void drop(const Slab& slab) noexcept {
    free_bytes_of(slab.data_, slab.bytes_);
    ledger->give(Account::slabs, slab.bytes_);
  }
  void drop_all() noexcept {
    for (const Slab& slab : free) drop(slab);
    free.clear();
  }
  // The smallest free slab of at least `bytes` and at most twice that; of equal ones
  // the last to come back, which the caches still know.
  bool reuse(Index bytes, Slab& out) {
    auto best = free.end();
    for (auto slab = free.begin(); slab != free.end(); ++slab) {
      if (slab->bytes_ < bytes || slab->bytes_ / 2 > bytes) continue;
      if (best == free.end() || slab->bytes_ <= best->bytes_) best = slab;
    }
    if (best == free.end()) return false;
    out = *best;
    free.erase(best);
    return true;
  }
  bool allocate(Index bytes, bool force, Slab& out);
  void come_back(const Slab& slab) noexcept;

  std::shared_ptr<Ledger> ledger;
  std::uint64_t generation = fork_generation();
  mutable std::mutex mutex;
  std::vector<Slab> free;  // capacity for every slab there is: coming back cannot fail
  Index taken = 0;         // slabs handed out
};

bool SlabPool::State::allocate(Index bytes, bool force, Slab& slab) {
  if (!ledger->try_take(Account::slabs, bytes)) {
    drop_all();  // free slabs of other sizes make room first
    if (!ledger->try_take(Account::slabs, bytes)) {
      if (!force) return false;
      ledger->force_take(Account::slabs, bytes);
    }
  }
  slab.data_ = allocate_bytes(bytes);
  if (slab.data_ == nullptr) {
    ledger->give(Account::slabs, bytes);
    throw std::bad_alloc();
  }
  slab.bytes_ = bytes;
  return true;
}

void SlabPool::State::come_back(const Slab& slab) noexcept {
  // In a fork child the lock may be held by a thread that is gone; the copy of the
  // memory goes with the process.
  if (generation != fork_generation()) return;
  const std::lock_guard lock(mutex);
  --taken;
  if (slab.lent_) {
    ledger->give_lent(slab.bytes_);
    if (!ledger->try_take(Account::slabs, slab.bytes_)) {
      free_bytes_of(slab.data_, slab.bytes_);
      return;
    }
  }
  free.push_back(slab);
  free.back().lent_ = false;
}

SlabPool::SlabPool(std::shared_ptr<Ledger> ledger)
    : state_(std::make_shared<State>(std::move(ledger))) {}

std::shared_ptr<Slab> SlabPool::take(Index bytes, bool force) {
  // Made before the lock: should anything throw, an empty slab dies without coming
  // back.
  std::shared_ptr<Slab> slab(new Slab, [owner = state_](Slab* gone) {
    if (gone->data_ != nullptr) owner->come_back(*gone);
    delete gone;
  });
  const std::lock_guard lock(state_->mutex);
  state_->free.reserve(state_->free.size() + static_cast<std::size_t>(state_->taken) +
                       1);
  if (!state_->reuse(bytes, *slab) &&
      !state_->allocate(size_class(bytes), force, *slab)) {
    return nullptr;
  }
  ++state_->taken;
  return slab;
}

void SlabPool::lend(const std::shared_ptr<Slab>& slab) {
  if (slab->lent_) return;
  slab->lent_ = true;
  state_->ledger->lend(Account::slabs, slab->bytes_);
}

void SlabPool::trim() {
  const std::lock_guard lock(state_->mutex);
  state_->drop_all();
}

Index SlabPool::free_bytes() const {
  const std::lock_guard lock(state_->mutex);
  Index sum = 0;
  for (const Slab& slab : state_->free) sum += slab.bytes_;
  return sum;
}

}  // namespace lade
