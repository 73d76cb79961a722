// SPDX-License-Identifier: Apache-2.0
// One thread waits for signals; every other thread has them blocked, so no handler ever
// interrupts a system call or runs beside a lock.
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "lade/cli/command.h"

namespace lade::cli {
namespace {

// The one flag of the process; signals are process-wide, too.
std::atomic<int> caught{0};

void wait_for_signals(sigset_t signals) {
  int number = 0;
  if (sigwait(&signals, &number) != 0) return;
  caught.store(number);
  const timespec second{.tv_sec = 1, .tv_nsec = 0};
  sigtimedwait(&signals, nullptr, &second);
  _exit(128 + number);
}

}  // namespace

void watch_signals() {
  signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread(wait_for_signals, signals).detach();
}

int signal_caught() noexcept { return caught.load(); }

void leave_if_asked() {
  if (const int number = signal_caught(); number != 0) throw Leave{128 + number};
}

}  // namespace lade::cli
