// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <thread>

#include "lade/core/matrix.h"

namespace lade::io {

/// Lets a caller end long work of several threads: its `poll` is asked on the thread
/// that made this, and what it throws ends the work there and, at their next check, on
/// all other threads.
class Interrupt {
 public:
  explicit Interrupt(std::function<void()> poll)
      : poll_(std::move(poll)), caller_(std::this_thread::get_id()) {}

  /// Errors: what `poll` throws.
  void check();

  /// parallel_for with a check before every index.
  void parallel(Index count, int threads, const std::function<void(Index)>& body);

 private:
  std::function<void()> poll_;
  std::thread::id caller_;
  std::exception_ptr thrown_;  // written before `ended_` is set
  std::atomic<bool> ended_{false};
};

}  // namespace lade::io
