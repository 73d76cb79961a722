// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>

#include "lade/core/pool.h"

namespace lade::io {

/// A T with locks in it that a fork child gets afresh: an inherited lock is never
/// taken, the inherited T is left as it is.
///
/// Threads: any, as far as T allows.
template <class T>
class ForkLocal {
 public:
  ForkLocal() : held_(new Held) {}
  ~ForkLocal() {
    Held* held = held_.load();
    if (held->generation == fork_generation()) delete held;
  }
  ForkLocal(const ForkLocal&) = delete;
  ForkLocal& operator=(const ForkLocal&) = delete;

  T& get() const {
    Held* held = held_.load();
    if (held->generation == fork_generation()) return held->value;
    auto fresh = std::make_unique<Held>();
    if (held_.compare_exchange_strong(held, fresh.get())) return fresh.release()->value;
    return held->value;
  }

 private:
  struct Held {
    std::uint64_t generation = fork_generation();
    T value;
  };
  mutable std::atomic<Held*> held_;
};

}  // namespace lade::io
