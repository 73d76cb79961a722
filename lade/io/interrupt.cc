// SPDX-License-Identifier: Apache-2.0
#include "lade/io/interrupt.h"

#include "lade/core/pool.h"

namespace lade::io {

void Interrupt::check() {
  if (ended_.load(std::memory_order_acquire)) std::rethrow_exception(thrown_);
  if (!poll_ || std::this_thread::get_id() != caller_) return;
  try {
    poll_();
  } catch (...) {
    thrown_ = std::current_exception();
    ended_.store(true, std::memory_order_release);
    throw;
  }
}

void Interrupt::parallel(Index count, int threads,
                         const std::function<void(Index)>& body) {
  parallel_for(count, threads, [&](Index i) {
    check();
    body(i);
  });
}

}  // namespace lade::io
