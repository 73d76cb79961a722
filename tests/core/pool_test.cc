// SPDX-License-Identifier: Apache-2.0
#include "lade/core/pool.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "lade/core/error.h"

namespace lade {
namespace {

// Holds a pool's only worker until the test lets go.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    wake_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    entered_ = true;
    wake_.notify_all();
    wake_.wait(lock, [&] { return open_; });
  }
  void wait_entered() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return entered_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool open_ = false;
  bool entered_ = false;
};

// The exit code of a fork child that runs `body`.
template <class Body>
int in_child(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

TEST(Pool, RunsTheLowestPriorityFirstAndThenFirstIn) {
  Gate gate;
  std::vector<int> order;
  {
    Pool pool({.threads = 1});
    pool.submit(0, [&] { gate.pass(); });
    gate.wait_entered();
    std::atomic<int> left{4};
    const auto note = [&](int i) {
      return [&, i] {
        order.push_back(i);
        --left;
      };
    };
    pool.submit(5, note(3));
    pool.submit(1, note(1));
    pool.submit(5, note(4));
    pool.submit(1, note(2));
    gate.open();
    while (left > 0) usleep(100);
  }
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
}

TEST(Pool, DropsWaitingTasksWhenItEnds) {
  std::atomic<int> ran{0};
  {
    Gate gate;
    Pool pool({.threads = 1});
    pool.submit(0, [&] { gate.pass(); });
    gate.wait_entered();
    for (int i = 0; i < 100; ++i) pool.submit(1, [&] { ++ran; });
    pool.clear();
    gate.open();
  }
  EXPECT_EQ(ran, 0);
}

TEST(Pool, LeavesAStuckThreadBehindAfterItsPatience) {
  auto gate = std::make_shared<Gate>();
  Pool pool({.threads = 1});
  pool.submit(0, [gate] { gate->pass(); });
  gate->wait_entered();
  EXPECT_EQ(pool.close(std::chrono::milliseconds(20)), 1);
  EXPECT_EQ(pool.close(std::chrono::hours(1)), 1);  // nobody waits for it twice
  gate->open();
}

TEST(Pool, RefusesNoThreads) { EXPECT_THROW(Pool({.threads = 0}), ArgumentError); }

TEST(Pool, ItsThreadsBlockSignals) {
  Pool pool({.threads = 1});
  std::atomic<int> blocked{-1};
  pool.submit(0, [&] {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked = sigismember(&mask, SIGINT);
  });
  while (blocked < 0) usleep(100);
  EXPECT_EQ(blocked, 1);
}

TEST(Pool, RefusesTasksInAForkChildAndEndsThereAtOnce) {
  Gate gate;
  Pool pool({.threads = 2});
  pool.submit(0, [&] { gate.pass(); });
  gate.wait_entered();
  EXPECT_EQ(in_child([&] {
              if (pool.alive()) return 1;
              try {
                pool.submit(0, [] {});
                return 2;
              } catch (const ArgumentError&) {
              }
              pool.clear();
              pool.~Pool();
              return 0;
            }),
            0);
  EXPECT_TRUE(pool.alive());
  gate.open();
}

TEST(ForkGeneration, GrowsInAChildOnly) {
  const auto before = fork_generation();
  EXPECT_EQ(in_child([&] { return fork_generation() == before + 1 ? 0 : 1; }), 0);
  EXPECT_EQ(fork_generation(), before);
}

TEST(ParallelFor, RunsEveryIndexOnce) {
  for (const int threads : {0, 1, 2, 7}) {
    for (const Index count : {0, 1, 2, 100}) {
      std::vector<std::atomic<int>> ran(static_cast<std::size_t>(count));
      parallel_for(count, threads,
                   [&](Index i) { ++ran[static_cast<std::size_t>(i)]; });
      for (const auto& times : ran) EXPECT_EQ(times, 1);
    }
  }
}

TEST(ParallelFor, RethrowsTheErrorOfTheLowestIndex) {
  for (const int threads : {1, 2, 8}) {
    for (const Index first : {0, 7, 49}) {
      try {
        parallel_for(50, threads, [&](Index i) {
          if (i >= first) throw std::runtime_error(std::to_string(i));
        });
        FAIL();
      } catch (const std::runtime_error& error) {
        EXPECT_EQ(error.what(), std::to_string(first));
      }
    }
  }
}

TEST(UsableCpus, IsAtLeastOne) { EXPECT_GE(usable_cpus(), 1); }

}  // namespace
}  // namespace lade
