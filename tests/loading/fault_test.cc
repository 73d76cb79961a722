// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "lade/core/trace.h"
#include "tests/loading/memory_stage.h"

namespace lade {
namespace {

using testing::bytes_of;
using testing::Hooks;
using testing::LoaderSpec;
using testing::make_memory_loader;

enum class Where { decode, build, finish };

DataError broken(Index item) {
  Place place;
  place.source = "memory";
  place.row = item;
  place.rule = "test.item";
  return {place, "item is broken"};
}

// Fails at one sample, in one kind of work.
Hooks failing(Where where, Index sample, Index step) {
  Hooks hooks;
  if (where == Where::build) {
    hooks.build = [sample](Index id) {
      if (id == sample) throw broken(sample);
    };
  } else if (where == Where::decode) {
    hooks.decode = [sample](Index group) {
      if (group == sample / 4) throw broken(sample);
    };
  } else {
    hooks.finish = [step, sample](Index at) {
      if (at == step) throw broken(sample);
    };
  }
  return hooks;
}

std::size_t threads_of_this_process() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& task :
       std::filesystem::directory_iterator("/proc/self/task")) {
    ++count;
  }
  return count;
}

std::size_t descriptors_of_this_process() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& fd :
       std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

// A thread that was joined stays listed for a moment.
bool threads_return_to(std::size_t count) {
  for (int look = 0; look < 10'000; ++look) {
    if (threads_of_this_process() == count) return true;
    usleep(1000);
  }
  return false;
}

template <class Body>
int in_child(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);  // a child that hangs fails, whatever the machine does besides
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TEST(WorkerError, IsThrownOnceAtItsStepAfterTheBatchesBeforeIt) {
  auto good = make_memory_loader({.samples = 40, .shuffle = false, .workers = 0});
  const auto threads = threads_of_this_process();
  const auto descriptors = descriptors_of_this_process();
  for (const Where where : {Where::decode, Where::build, Where::finish}) {
    for (const Index sample : {0, 20, 36}) {
      for (const int workers : {0, 1, 2, 8}) {
        const Index step = sample / 4;
        auto loader = make_memory_loader({.samples = 40,
                                          .shuffle = false,
                                          .workers = workers,
                                          .prefetch = 4,
                                          .hooks = failing(where, sample, step)});
        auto iterator = loader.begin_epoch();
        for (Index i = 0; i < step; ++i) {
          EXPECT_EQ(bytes_of(*iterator.next()), bytes_of(good.batch_at(0, i)));
        }
        try {
          iterator.next();
          FAIL() << "sample " << sample;
        } catch (const DataError& error) {
          EXPECT_EQ(error.place().rule, "test.item");
          EXPECT_EQ(error.place().row, sample);
        }
        for (int again = 0; again < 2; ++again) {
          try {
            iterator.next();
            FAIL();
          } catch (const ArgumentError& error) {
            EXPECT_EQ(
                std::string(error.what()),
                "iterator: closed after an error at step " + std::to_string(step));
          }
        }
        EXPECT_EQ(loader.state().position, step * 4);
      }
    }
  }
  EXPECT_TRUE(threads_return_to(threads));
  EXPECT_EQ(descriptors_of_this_process(), descriptors);
}

TEST(WorkerError, TheFirstRowOfABatchSpeaks) {
  Hooks hooks;
  hooks.build = [](Index id) {
    if (id % 120 >= 7) throw broken(id);
  };
  for (const int workers : {0, 1, 3}) {
    for (int round = 0; round < 5; ++round) {
      auto loader = make_memory_loader({.samples = 240,
                                        .batch_size = 120,
                                        .shuffle = false,
                                        .workers = workers,
                                        .hooks = hooks,
                                        .width = 700});
      auto iterator = loader.begin_epoch();
      try {
        iterator.next();
        FAIL();
      } catch (const DataError& error) {
        EXPECT_EQ(error.place().row, 7);
      }
    }
  }
}

TEST(WorkerError, AnyTypeReachesTheCaller) {
  Hooks hooks;
  hooks.build = [](Index id) {
    if (id == 5) throw 17;
  };
  for (const int workers : {0, 2}) {
    auto loader =
        make_memory_loader({.shuffle = false, .workers = workers, .hooks = hooks});
    auto iterator = loader.begin_epoch();
    iterator.next();
    EXPECT_THROW(iterator.next(), int);
    EXPECT_THROW(iterator.next(), ArgumentError);
  }
}

TEST(WorkerError, ANewIteratorGoesOnAndThreadsComeBack) {
  const auto threads = threads_of_this_process();
  const auto descriptors = descriptors_of_this_process();
  {
    // Not only at the first call: that may be one for the epoch after.
    auto broken = std::make_shared<std::atomic<bool>>(true);
    Hooks hooks;
    hooks.build = [broken](Index id) {
      if (id == 9 && *broken) throw std::runtime_error("for a while");
    };
    auto loader = make_memory_loader({.shuffle = false, .workers = 4, .hooks = hooks});
    auto iterator = loader.begin_epoch();
    EXPECT_THROW(while (iterator.next()){}, std::runtime_error);
    *broken = false;
    loader.set_epoch(0);
    auto again = loader.begin_epoch();
    Index steps = 0;
    while (again.next()) ++steps;
    EXPECT_EQ(steps, 6);
  }
  EXPECT_TRUE(threads_return_to(threads));
  EXPECT_EQ(descriptors_of_this_process(), descriptors);
}

TEST(Leaving, AtAnyBatchEndsAndLeavesNothing) {
  const auto threads = threads_of_this_process();
  const auto descriptors = descriptors_of_this_process();
  Hooks hooks;
  hooks.build = [](Index id) {
    if (id % 3 == 0) usleep(50);
  };
  for (int round = 0; round < 100; ++round) {
    for (const Index stop : {0, 1, 3}) {
      auto loader = make_memory_loader(
          {.samples = 100, .workers = 1 + round % 3, .prefetch = 4, .hooks = hooks});
      auto iterator = loader.begin_epoch();
      for (Index i = 0; i < stop; ++i) iterator.next();
      if (round % 2 == 0) iterator.close();
    }
  }
  EXPECT_TRUE(threads_return_to(threads));
  EXPECT_EQ(descriptors_of_this_process(), descriptors);
}

TEST(Leaving, AStepThatDoesNotEndIsLeftBehindAndCounted) {
  auto entered = std::make_shared<std::atomic<bool>>(false);
  auto gate = std::make_shared<std::atomic<bool>>(false);
  Hooks hooks;
  hooks.build = [entered, gate](Index) {
    entered->store(true);
    while (!gate->load()) usleep(1000);
  };
  {
    auto loader = make_memory_loader({.workers = 2, .hooks = hooks});
    auto iterator = loader.begin_epoch();
    while (!entered->load()) usleep(100);
    EXPECT_EQ(loader.stats().abandoned_threads, 0);
    loader.close();  // comes back although the gate is shut
    EXPECT_GE(loader.stats().abandoned_threads, 1);
  }
  gate->store(true);
  usleep(20'000);  // the threads left behind end on their own
}

TEST(Leaving, AClosedIteratorRefuses) {
  auto loader = make_memory_loader({});
  auto iterator = loader.begin_epoch();
  iterator.next();
  iterator.close();
  EXPECT_THROW(iterator.next(), ArgumentError);
  auto other = loader.begin_epoch();
  loader.close();
  EXPECT_THROW(other.next(), ArgumentError);
  EXPECT_THROW(loader.begin_epoch(), ArgumentError);
}

TEST(Leaving, TheEndStaysTheEnd) {
  auto loader = make_memory_loader({.samples = 4});
  auto iterator = loader.begin_epoch();
  EXPECT_TRUE(iterator.next().has_value());
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(iterator.next().has_value());
}

TEST(Waiting, AnInterruptionEndsIt) {
  auto gate = std::make_shared<std::atomic<bool>>(false);
  Hooks hooks;
  hooks.build = [gate](Index) {
    while (!gate->load()) usleep(1000);
  };
  auto loader = make_memory_loader({.workers = 1, .hooks = hooks});
  auto iterator = loader.begin_epoch();
  int asked = 0;
  EXPECT_FALSE(iterator.next([&] { return ++asked == 2; }).has_value());
  EXPECT_EQ(asked, 2);
  EXPECT_THROW(iterator.next(), ArgumentError);
  gate->store(true);
}

TEST(Waiting, TimesOutWithTheStateOfTheStages) {
  auto gate = std::make_shared<std::atomic<bool>>(false);
  Hooks hooks;
  hooks.build = [gate](Index) {
    while (!gate->load()) usleep(1000);
  };
  auto loader = make_memory_loader(
      {.workers = 1, .timeout = std::chrono::milliseconds(30), .hooks = hooks});
  auto iterator = loader.begin_epoch();
  try {
    iterator.next();
    FAIL();
  } catch (const IoError& error) {
    EXPECT_EQ(error.error_number(), ETIMEDOUT);
    EXPECT_NE(std::string(error.what()).find("step 0"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("build: 1 threads"), std::string::npos);
  }
  EXPECT_THROW(iterator.next(), ArgumentError);
  gate->store(true);
}

TEST(Waiting, ASlowConsumerCostsNoProcessor) {
  auto loader = make_memory_loader({.samples = 400, .workers = 2});
  auto iterator = loader.begin_epoch();
  iterator.next();
  const auto processor_ns = [] {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
  };
  // The ring is full once the workers do nothing more.
  Index built = -1;
  while (true) {
    Index now = 0;
    for (const auto& stage : loader.stats().stages) now += stage.items;
    if (now == built) break;
    built = now;
    usleep(20'000);
  }
  const auto begin = now_ns();
  const auto before = processor_ns();
  usleep(300'000);
  EXPECT_LT(processor_ns() - before, (now_ns() - begin) / 20);
}

TEST(Fork, AnIteratorThatLivedAcrossItIsRefusedWithBothProcesses) {
  for (const int workers : {0, 2}) {
    auto loader = make_memory_loader({.workers = workers});
    auto iterator = loader.begin_epoch();
    iterator.next();
    const auto parent = std::to_string(getpid());
    EXPECT_EQ(in_child([&] {
                try {
                  iterator.next();
                } catch (const ArgumentError& error) {
                  const std::string text = error.what();
                  const bool both =
                      text.find(parent) != std::string::npos &&
                      text.find(std::to_string(getpid())) != std::string::npos;
                  return both ? 0 : 2;
                }
                return 1;
              }),
              0);
    EXPECT_EQ(iterator.next()->step(), 1);
  }
}

// The address sanitizer of GCC 12 takes none of its allocator's locks at a fork: a
// child made while another thread allocates may wait for ever in malloc. These run in
// every other build, and the same facts hold for the package in python/tests.
#ifndef __SANITIZE_ADDRESS__
TEST(Fork, AChildRebuildsItsEngineWhileTheParentGoesOn) {
  Hooks busy;
  busy.build = [](Index) { usleep(20); };
  auto reference = make_memory_loader({.workers = 0});
  reference.set_epoch(1);
  const auto expected = testing::drain_epochs(reference, 1);
  for (int round = 0; round < 20; ++round) {
    auto loader = make_memory_loader({.workers = 2, .hooks = busy});
    auto iterator = loader.begin_epoch();
    iterator.next();
    EXPECT_EQ(in_child([&] {
                auto in_fork = loader.begin_epoch();
                return testing::drain(in_fork) != 0 && loader.state().epoch == 1 ? 0
                                                                                 : 1;
              }),
              0);
    while (iterator.next()) {
    }
    EXPECT_EQ(testing::drain_epochs(loader, 1), expected);
  }
}

TEST(Fork, WhileOtherThreadsHoldLocksTheChildStillEnds) {
  auto loader = make_memory_loader({.samples = 4000, .batch_size = 2, .workers = 2});
  std::atomic<bool> stop{false};
  std::thread consumer([&] {
    while (!stop) {
      auto iterator = loader.begin_epoch();
      while (!stop && iterator.next()) {
      }
    }
  });
  for (int round = 0; round < 20; ++round) {
    EXPECT_EQ(in_child([&] {
                auto in_fork = loader.begin_epoch();
                return in_fork.next().has_value() ? 0 : 1;
              }),
              0);
  }
  stop = true;
  consumer.join();
}
#endif

}  // namespace
}  // namespace lade
