// SPDX-License-Identifier: Apache-2.0
#include "signals.h"

#include <atomic>
#include <chrono>
#include <memory>

namespace lade::python {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPause{100};

}  // namespace

std::function<void()> poll_signals() {
  const auto next = std::make_shared<std::atomic<Clock::rep>>(
      (Clock::now() + kPause).time_since_epoch().count());
  return [next] {
    const Clock::time_point now = Clock::now();
    if (now.time_since_epoch().count() < next->load(std::memory_order_relaxed)) return;
    next->store((now + kPause).time_since_epoch().count(), std::memory_order_relaxed);
    const nb::gil_scoped_acquire locked;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
  };
}

}  // namespace lade::python
