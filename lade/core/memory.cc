// SPDX-License-Identifier: Apache-2.0
#include "lade/core/memory.h"

#include <utility>

#include "lade/core/cgroup.h"

namespace lade {
namespace {

void raise(std::atomic<Index>& peak, Index now) noexcept {
  Index seen = peak.load(std::memory_order_relaxed);
  while (now > seen &&
         !peak.compare_exchange_weak(seen, now, std::memory_order_relaxed)) {
  }
}

std::size_t at(Account account) { return static_cast<std::size_t>(account); }

}  // namespace

std::string_view name(Account account) {
  constexpr std::array<std::string_view, kAccounts> kNames{
      "index", "read", "decode", "shuffle", "cache", "build", "slabs", "trace"};
  return kNames[at(account)];
}

Ledger::Ledger(Index budget, std::shared_ptr<Ledger> parent)
    : budget_(budget), parent_(std::move(parent)) {
  require(budget >= 1,
          "memory_budget: must be >= 1 byte, got " + std::to_string(budget));
}

bool Ledger::try_take(Account account, Index bytes) noexcept {
  Index used = used_.load(std::memory_order_relaxed);
  do {
    if (bytes > budget_ - used) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  if (parent_ != nullptr && !parent_->try_take(account, bytes)) {
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }
  const Index one =
      by_account_[at(account)].fetch_add(bytes, std::memory_order_relaxed) + bytes;
  raise_peak(account, used + bytes, one);
  return true;
}

void Ledger::force_take(Account account, Index bytes) noexcept {
  const Index all = used_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  const Index one =
      by_account_[at(account)].fetch_add(bytes, std::memory_order_relaxed) + bytes;
  raise_peak(account, all, one);
  if (parent_ != nullptr) parent_->force_take(account, bytes);
}

void Ledger::give(Account account, Index bytes) noexcept {
  by_account_[at(account)].fetch_sub(bytes, std::memory_order_relaxed);
  used_.fetch_sub(bytes, std::memory_order_relaxed);
  if (parent_ != nullptr) parent_->give(account, bytes);
}

void Ledger::lend(Account account, Index bytes) noexcept {
  by_account_[at(account)].fetch_sub(bytes, std::memory_order_relaxed);
  used_.fetch_sub(bytes, std::memory_order_relaxed);
  lent_.fetch_add(bytes, std::memory_order_relaxed);
  if (parent_ != nullptr) parent_->lend(account, bytes);
}

void Ledger::give_lent(Index bytes) noexcept {
  lent_.fetch_sub(bytes, std::memory_order_relaxed);
  if (parent_ != nullptr) parent_->give_lent(bytes);
}

Index Ledger::used(Account account) const {
  return by_account_[at(account)].load(std::memory_order_relaxed);
}

Index Ledger::peak(Account account) const {
  return peak_by_account_[at(account)].load(std::memory_order_relaxed);
}

void Ledger::raise_peak(Account account, Index now_all, Index now_one) noexcept {
  raise(peak_, now_all);
  raise(peak_by_account_[at(account)], now_one);
}

Reservation::Reservation(const std::shared_ptr<Ledger>& ledger, Account account,
                         Index bytes, std::string_view what) {
  *this = try_take(ledger, account, bytes);
  if (ok()) return;
  throw ArgumentError(std::string(what) + ": needs " + std::to_string(bytes) +
                      " bytes, memory_budget is " + std::to_string(ledger->budget()) +
                      " and " + std::to_string(ledger->used()) + " are in use");
}

Reservation Reservation::try_take(std::shared_ptr<Ledger> ledger, Account account,
                                  Index bytes) {
  Reservation out;
  if (!ledger->try_take(account, bytes)) return out;
  out.ledger_ = std::move(ledger);
  out.account_ = account;
  out.bytes_ = bytes;
  return out;
}

Reservation Reservation::force(std::shared_ptr<Ledger> ledger, Account account,
                               Index bytes) {
  Reservation out;
  ledger->force_take(account, bytes);
  out.ledger_ = std::move(ledger);
  out.account_ = account;
  out.bytes_ = bytes;
  return out;
}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  if (this != &other) {
    release();
    swap(other);
  }
  return *this;
}

bool Reservation::resize(Index bytes) noexcept {
  if (ledger_ == nullptr) return false;
  if (bytes > bytes_ && !ledger_->try_take(account_, bytes - bytes_)) return false;
  if (bytes < bytes_) ledger_->give(account_, bytes_ - bytes);
  bytes_ = bytes;
  return true;
}

void Reservation::release() noexcept {
  if (ledger_ != nullptr) ledger_->give(account_, bytes_);
  ledger_.reset();
  bytes_ = 0;
}

void Reservation::swap(Reservation& other) noexcept {
  std::swap(ledger_, other.ledger_);
  std::swap(account_, other.account_);
  std::swap(bytes_, other.bytes_);
}

Index default_memory_budget() {
  return default_memory_budget(machine_share(), local_ranks());
}

}  // namespace lade
