// SPDX-License-Identifier: Apache-2.0
// Layout of recorded memory (docs/formats/trace.md), shared by trace.cc and
// trace_ring.cc.
#pragma once

#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "lade/core/pool.h"
#include "lade/core/trace.h"

namespace lade {

inline constexpr Index kTraceNames = 4096;
inline constexpr Index kTraceNameBytes = 64;
inline constexpr Index kTraceRings =
    256;  // threads that own memory is made for, at most

struct TraceHeader {
  char magic[8];               // LADETRC1
  std::uint32_t version;       // 1
  std::uint32_t header_bytes;  // 64
  std::uint64_t monotonic_start_ns;
  std::uint64_t wall_start_ns;
  std::uint32_t pid;
  std::uint32_t rings;
  std::uint32_t events_per_ring;
  std::uint32_t names_offset;
  std::uint32_t rings_offset;
  std::uint32_t zeros[3];
};
static_assert(sizeof(TraceHeader) == 64);

struct TraceRingHeader {
  std::uint64_t thread;        // 0 = unused
  std::uint64_t written;       // events ever; the newest overwrite the oldest
  std::int64_t current_start;  // of the span in progress, 0 = none
  std::int64_t current_value;
  std::uint16_t current_name;
  std::uint8_t zeros[6];
  char name[24];
};
static_assert(sizeof(TraceRingHeader) == 64);

/// One thread's events. Fields are written with relaxed atomics, `number` last.
struct Recorder::Ring {
  TraceRingHeader* header = nullptr;
  TraceEvent* events = nullptr;
  std::uint32_t capacity = 0;
  std::uint8_t depth = 0;             // of the writing thread
  std::vector<std::uint64_t> memory;  // when there is no storage

  void push(TraceEvent event) noexcept;
  void set_current(std::int64_t start, Index value, TraceName name) noexcept;
  TraceSnapshot::Thread copy() const;
};

struct Recorder::State {
  explicit State(RecorderOptions the_options);
  Ring* ring_of_this_thread();
  TraceName intern(std::string_view text);

  RecorderOptions options;
  std::uint64_t generation = fork_generation();
  std::uint64_t id;  // differs between any two states of a process
  std::int64_t self_cost_ns = 0;
  mutable std::mutex mutex;
  std::vector<std::unique_ptr<Ring>> rings;
  Index rings_at_most = kTraceRings;
  std::vector<std::string> names;
  std::map<std::string, TraceName, std::less<>> numbers;
  struct Stage {
    std::string name;
    std::vector<std::unique_ptr<StageCounters>> threads;
  };
  std::vector<Stage> stages;

 private:
  void lay_out_storage();
  void measure_self();
};

}  // namespace lade
