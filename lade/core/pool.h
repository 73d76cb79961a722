// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "lade/core/matrix.h"

namespace lade {

/// Threads that run tasks in the order of their priority (lowest step first, then first
/// in).
///
/// Threads:  submit from anywhere. Tasks must not throw (std::terminate); the owner
/// stores
///           a task's exception itself. Workers block all signals, run at nice +5 if
///           asked, and sleep on a condition when idle.
/// Fork:     in a fork child the threads are gone; `alive()` is false and submit throws
///           ArgumentError. Nothing inherited is locked or joined.
class Pool {
 public:
  struct Options {
    int threads = 1;
    std::string name = "lade";  // thread names: lade-0, lade-1, ...
    bool nice = false;
  };
  explicit Pool(Options options);
  ~Pool();  // drops waiting tasks, joins running ones
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// After close: dropped.
  void submit(std::int64_t priority, std::function<void()> task);
  /// Drops all waiting tasks; those running finish.
  void clear();
  /// Drops waiting tasks and ends the threads. One that is stuck longer than `patience`
  /// is left behind (it owns what its task owns); returns how many were.
  int close(std::chrono::nanoseconds patience) noexcept;
  int threads() const;
  bool alive() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Runs body(0) .. body(count - 1) on up to `threads` threads (the caller is one of
/// them).
///
/// Errors:  the exception of the lowest index is rethrown after all have ended.
/// Threads: which thread runs which index is unspecified; with threads <= 1 in order.
void parallel_for(Index count, int threads, const std::function<void(Index)>& body);

/// Usable CPUs: min of the affinity mask and the cgroup quota (rounded up) over all
/// ancestors, at least 1. Divided by LOCAL_WORLD_SIZE when the mask is the whole
/// machine.
int usable_cpus();

/// Number that grows by one in every fork child; objects compare it to notice a fork.
std::uint64_t fork_generation() noexcept;

}  // namespace lade
