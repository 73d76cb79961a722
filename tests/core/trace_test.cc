// SPDX-License-Identifier: Apache-2.0
#include "lade/core/trace.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <thread>
#include <vector>

#include "lade/core/error.h"

namespace lade {
namespace {

TEST(StageCounters, BusyAndWaitingSumToTheWindowAtAnyInstant) {
  Recorder recorder;
  StageCounters& counters = recorder.stage("build");
  const auto begin = now_ns();
  counters.enter(StageState::busy);
  usleep(3000);
  counters.enter(StageState::wait_out);
  usleep(2000);
  counters.enter(StageState::wait_in);
  usleep(1000);
  const auto totals = recorder.stages();
  const auto window = now_ns() - begin;
  ASSERT_EQ(totals.size(), 1U);
  const auto& stage = totals[0];
  EXPECT_EQ(stage.name, "build");
  EXPECT_GE(stage.busy_ns, 3'000'000);
  EXPECT_GE(stage.wait_out_ns, 2'000'000);
  EXPECT_GE(stage.wait_in_ns, 1'000'000);
  EXPECT_LE(stage.busy_ns + stage.wait_in_ns + stage.wait_out_ns, window);
}

TEST(StageCounters, AreSummedOverTheThreadsOfAStage) {
  Recorder recorder;
  recorder.stage("read").items = 3;
  recorder.stage("read").items = 4;
  recorder.stage("build").items = 5;
  const auto totals = recorder.stages();
  ASSERT_EQ(totals.size(), 2U);
  EXPECT_EQ(totals[0].items, 7);
  EXPECT_EQ(totals[0].threads, 2);
  EXPECT_EQ(totals[1].items, 5);
}

TEST(StageCounters, SnapshotsStaySoundWhileStatesChange) {
  Recorder recorder;
  StageCounters& counters = recorder.stage("build");
  std::atomic<bool> stop{false};
  const auto begin = now_ns();
  std::thread worker([&] {
    while (!stop) {
      counters.enter(StageState::busy);
      counters.enter(StageState::wait_in);
    }
  });
  for (int i = 0; i < 200; ++i) {
    const auto stage = recorder.stages()[0];
    EXPECT_LE(stage.busy_ns + stage.wait_in_ns,
              (now_ns() - begin) * 101 / 100 + 100'000);
  }
  stop = true;
  worker.join();
}

TEST(Recorder, TheSameTextGetsTheSameNumberUpToTheEndOfTheTable) {
  Recorder recorder;
  const TraceName first = recorder.name("decode");
  EXPECT_NE(first, 0);
  EXPECT_EQ(recorder.name("decode"), first);
  EXPECT_NE(recorder.name("build"), first);
  for (int i = 0; i < 5000; ++i) recorder.name("name " + std::to_string(i));
  EXPECT_EQ(recorder.name("one too many"), 0);
  EXPECT_EQ(recorder.name("decode"), first);
}

TEST(Recorder, SpansNestAndTheInnerEndsFirst) {
  Recorder recorder;
  const TraceName outer = recorder.name("outer");
  const TraceName inner = recorder.name("inner");
  {
    const Span one(recorder, outer, 7);
    const Span two(recorder, inner, 8);
  }
  recorder.instant(inner, 9);
  recorder.counter(outer, 10);
  const auto snapshot = recorder.snapshot();
  ASSERT_EQ(snapshot.threads.size(), 1U);
  const auto& events = snapshot.threads[0].events;
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0].name, inner);
  EXPECT_EQ(events[0].depth, 1);
  EXPECT_EQ(events[0].value, 8);
  EXPECT_EQ(events[1].name, outer);
  EXPECT_EQ(events[1].depth, 0);
  EXPECT_LE(events[1].start_ns, events[0].start_ns);
  EXPECT_EQ(events[2].kind, 1);
  EXPECT_EQ(events[3].kind, 2);
  EXPECT_EQ(events[3].value, 10);
  EXPECT_EQ(snapshot.names[outer], "outer");
}

TEST(Recorder, TheNewestEventsOverwriteTheOldest) {
  Recorder recorder({.events_per_thread = 4});
  for (Index i = 0; i < 10; ++i) recorder.instant(0, i);
  const auto thread = recorder.snapshot().threads.at(0);
  EXPECT_EQ(thread.written, 10);
  ASSERT_EQ(thread.events.size(), 4U);
  EXPECT_EQ(thread.events[0].value, 6);
  EXPECT_EQ(thread.events[3].value, 9);
}

TEST(Recorder, RecordsNothingBelowSpans) {
  for (const auto level : {TraceLevel::off, TraceLevel::counters}) {
    Recorder recorder({.level = level});
    {
      const Span span(recorder, recorder.name("x"), 0);
    }
    EXPECT_TRUE(recorder.snapshot().threads.empty());
  }
}

TEST(Recorder, ThreadsWriteWhileOthersRead) {
  Recorder recorder({.events_per_thread = 64});
  const TraceName name = recorder.name("work");
  std::vector<std::thread> writers;
  for (int t = 0; t < 3; ++t) {
    writers.emplace_back([&] {
      for (Index i = 0; i < 5000; ++i) const Span span(recorder, name, i);
    });
  }
  for (int i = 0; i < 50; ++i) {
    for (const auto& thread : recorder.snapshot().threads) {
      for (std::size_t k = 1; k < thread.events.size(); ++k) {
        EXPECT_LT(thread.events[k - 1].value, thread.events[k].value);
      }
    }
  }
  for (auto& writer : writers) writer.join();
  Index written = 0;
  for (const auto& thread : recorder.snapshot().threads) written += thread.written;
  EXPECT_EQ(written, 15'000);
}

TEST(Recorder, StorageHoldsTheDocumentedLayout) {
  std::vector<std::uint64_t> memory(
      static_cast<std::size_t>(trace_storage_bytes(2, 16)) / 8);
  const std::span<std::byte> storage(reinterpret_cast<std::byte*>(memory.data()),
                                     memory.size() * 8);
  Recorder recorder({.events_per_thread = 16, .storage = storage});
  const TraceName name = recorder.name("decode");
  const Span open(recorder, name, 41);
  {
    const Span closed(recorder, name, 42);
  }
  const auto u32 = [&](std::size_t at) {
    std::uint32_t value = 0;
    std::memcpy(&value, storage.data() + at, 4);
    return value;
  };
  const auto u64 = [&](std::size_t at) {
    std::uint64_t value = 0;
    std::memcpy(&value, storage.data() + at, 8);
    return value;
  };
  EXPECT_EQ(std::memcmp(storage.data(), "LADETRC1", 8), 0);
  EXPECT_EQ(u32(8), 1U);
  EXPECT_EQ(u32(12), 64U);
  EXPECT_EQ(u32(32), static_cast<std::uint32_t>(getpid()));
  EXPECT_EQ(u32(36), 2U);
  EXPECT_EQ(u32(40), 16U);
  EXPECT_EQ(u32(44), 64U);
  EXPECT_EQ(u32(48), 64U + 4096U * 64U);
  EXPECT_STREQ(reinterpret_cast<const char*>(storage.data() + 64 + name * 64),
               "decode");
  const std::size_t ring = u32(48);
  EXPECT_EQ(u64(ring), static_cast<std::uint64_t>(gettid()));
  EXPECT_EQ(u64(ring + 8), 1U);
  EXPECT_NE(u64(ring + 16), 0U);  // the span in progress
  EXPECT_EQ(u64(ring + 24), 41U);
  EXPECT_EQ(u64(ring + 64 + 16), 42U);
  EXPECT_EQ(u32(ring + 64 + 28), 1U);
}

TEST(Recorder, ThreadsBeyondTheStorageAreNotRecorded) {
  std::vector<std::uint64_t> memory(
      static_cast<std::size_t>(trace_storage_bytes(1, 4)) / 8);
  Recorder recorder({.events_per_thread = 4,
                     .storage = std::span(reinterpret_cast<std::byte*>(memory.data()),
                                          memory.size() * 8)});
  recorder.instant(0, 1);
  std::thread([&] { recorder.instant(0, 2); }).join();
  EXPECT_EQ(recorder.snapshot().threads.size(), 1U);
}

TEST(Recorder, RefusesStorageWithoutRoomForARing) {
  std::vector<std::byte> memory(100);
  EXPECT_THROW(Recorder({.storage = memory}), ArgumentError);
  EXPECT_THROW(Recorder({.events_per_thread = 0}), ArgumentError);
}

TEST(Recorder, AForkChildStartsEmpty) {
  Recorder recorder;
  recorder.instant(0, 1);
  recorder.stage("build").items = 5;
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);
    const bool empty = recorder.snapshot().threads.empty() && recorder.stages().empty();
    recorder.instant(0, 2);
    _exit(empty && recorder.snapshot().threads.at(0).written == 1 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(recorder.stages().at(0).items, 5);
}

}  // namespace
}  // namespace lade
