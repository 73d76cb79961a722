// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lade/core/matrix.h"

namespace lade {

enum class TraceLevel : std::uint8_t { off, counters, spans };

/// Monotonic clock, ns. The one place that reads it.
std::int64_t now_ns() noexcept;
/// CPU time of the calling thread, ns.
std::int64_t thread_cpu_ns() noexcept;

using TraceName = std::uint16_t;

/// What a thread of a stage is doing; the rest of its time is uncounted.
enum class StageState : std::uint8_t { idle, busy, wait_in, wait_out };

/// Counters of one (stage, thread), written by that thread only, read by anyone.
///
/// busy + wait_in + wait_out = threads x window holds at any instant in a snapshot,
/// because the current state counts from since_ns.
struct alignas(128) StageCounters {
  std::atomic<std::int64_t> items{0}, batches{0}, busy_ns{0}, wait_in_ns{0},
      wait_out_ns{0}, bytes_in{0}, bytes_out{0}, errors{0}, cpu_ns{0};
  std::atomic<StageState> state{StageState::idle};
  std::atomic<std::int64_t> since_ns{0};  // 0 while a state is being changed

  /// Closes the current state into its counter and enters `next`.
  void enter(StageState next) noexcept;
};

/// Sums of one stage over its threads at one instant.
struct StageTotals {
  std::string name;
  Index threads = 0, items = 0, batches = 0, bytes_in = 0, bytes_out = 0, errors = 0;
  std::int64_t busy_ns = 0, wait_in_ns = 0, wait_out_ns = 0, cpu_ns = 0;
};

struct TraceEvent {  // 32 bytes, docs/formats/trace.md
  std::int64_t start_ns;
  std::int64_t duration_ns;
  std::int64_t value;
  std::uint16_t name;
  std::uint8_t kind;  // 0 span, 1 instant, 2 counter
  std::uint8_t depth;
  std::uint32_t number;
};
static_assert(sizeof(TraceEvent) == 32);

struct RecorderOptions {
  TraceLevel level = TraceLevel::spans;
  Index events_per_thread = 8192;
  /// A mapping that survives kill -9, laid out as docs/formats/trace.md; empty = own
  /// memory. Its size decides how many threads can record.
  std::span<std::byte> storage = {};
};

/// Everything recorded so far, copied out.
struct TraceSnapshot {
  std::int64_t taken_ns = 0;
  std::int64_t self_cost_ns = 0;  // of one empty span
  std::vector<std::string> names;
  struct Thread {
    std::string name;
    std::uint64_t id;
    Index written;
    std::vector<TraceEvent> events;  // oldest first; torn slots left out
  };
  std::vector<Thread> threads;
  std::vector<StageTotals> stages;
};

/// Bytes of `storage` for this many threads.
Index trace_storage_bytes(Index threads, Index events_per_thread) noexcept;

/// Where spans and counters go. One per loader (an argument, never a global).
///
/// Threads:  every thread writes its own ring; the rest from any thread.
/// Fork:     a child starts with an empty recorder and no mapping.
class Recorder {
 public:
  /// Errors: ArgumentError if events_per_thread < 1 or `storage` is not empty and holds
  ///         no ring.
  explicit Recorder(RecorderOptions options = {});
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  TraceLevel level() const noexcept;
  /// Interns a name (its first 63 bytes); the same text gives the same number. At most
  /// 4096, then 0.
  TraceName name(std::string_view text);
  /// Records a moment or the value of a counter.
  void instant(TraceName name, Index value) noexcept;
  void counter(TraceName name, Index value) noexcept;
  /// Counters for one more thread of a stage; alive as long as the recorder.
  StageCounters& stage(std::string_view name);
  std::vector<StageTotals> stages() const;
  TraceSnapshot snapshot() const;

  struct State;
  struct Ring;

 private:
  friend class Span;
  State& state() const;
  Ring* ring() const noexcept;  // of this thread, nullptr = not recorded
  RecorderOptions options_;
  mutable std::atomic<State*> state_;
};

/// Records the time between construction and destruction; nests.
///
/// Requires: the recorder outlives it, and it ends on the thread that began it.
class Span {
 public:
  Span(Recorder& recorder, TraceName name, Index value) noexcept;
  ~Span();
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

 private:
  Recorder::Ring* ring_ = nullptr;
  std::int64_t start_ns_ = 0;
  Index value_;
  std::int64_t outer_start_ns_ = 0;  // the span this one lies in
  Index outer_value_ = 0;
  TraceName name_;
  TraceName outer_name_ = 0;
};

}  // namespace lade
