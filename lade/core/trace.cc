// SPDX-License-Identifier: Apache-2.0
#include "lade/core/trace.h"

#include <time.h>

#include <algorithm>
#include <utility>

#include "lade/core/error.h"
#include "lade/core/trace_internal.h"

namespace lade {
namespace {

std::int64_t clock_ns(clockid_t clock) noexcept {
  timespec now{};
  clock_gettime(clock, &now);
  return std::int64_t{1'000'000'000} * now.tv_sec + now.tv_nsec;
}

constexpr auto relaxed = std::memory_order_relaxed;

// One thread's counters at one instant: read again while its owner changes state.
void add_to(StageTotals& totals, const StageCounters& from, std::int64_t now) {
  std::int64_t busy = 0;
  std::int64_t wait_in = 0;
  std::int64_t wait_out = 0;
  StageState state = StageState::idle;
  std::int64_t since = 0;
  for (int attempt = 0; attempt < 1000; ++attempt) {
    since = from.since_ns.load(std::memory_order_acquire);
    if (since == 0 && attempt > 0) continue;
    busy = from.busy_ns.load(std::memory_order_acquire);
    wait_in = from.wait_in_ns.load(std::memory_order_acquire);
    wait_out = from.wait_out_ns.load(std::memory_order_acquire);
    state = from.state.load(std::memory_order_acquire);
    if (from.since_ns.load(relaxed) == since && since != 0) break;
  }
  const std::int64_t running = since == 0 ? 0 : std::max<std::int64_t>(0, now - since);
  totals.busy_ns += busy + (state == StageState::busy ? running : 0);
  totals.wait_in_ns += wait_in + (state == StageState::wait_in ? running : 0);
  totals.wait_out_ns += wait_out + (state == StageState::wait_out ? running : 0);
  totals.items += from.items.load(relaxed);
  totals.batches += from.batches.load(relaxed);
  totals.bytes_in += from.bytes_in.load(relaxed);
  totals.bytes_out += from.bytes_out.load(relaxed);
  totals.errors += from.errors.load(relaxed);
  totals.cpu_ns += from.cpu_ns.load(relaxed);
  ++totals.threads;
}

}  // namespace

std::int64_t now_ns() noexcept { return clock_ns(CLOCK_MONOTONIC); }
std::int64_t thread_cpu_ns() noexcept { return clock_ns(CLOCK_THREAD_CPUTIME_ID); }

void StageCounters::enter(StageState next) noexcept {
  const std::int64_t now = now_ns();
  const std::int64_t since = since_ns.exchange(0, std::memory_order_acq_rel);
  const std::int64_t spent = since == 0 ? 0 : now - since;
  const auto add = [&](std::atomic<std::int64_t>& counter) {
    counter.store(counter.load(relaxed) + spent, std::memory_order_release);
  };
  switch (state.load(relaxed)) {
    case StageState::busy:
      add(busy_ns);
      break;
    case StageState::wait_in:
      add(wait_in_ns);
      break;
    case StageState::wait_out:
      add(wait_out_ns);
      break;
    case StageState::idle:
      break;
  }
  state.store(next, std::memory_order_release);
  since_ns.store(now, std::memory_order_release);
}

Recorder::Recorder(RecorderOptions options)
    : options_(options), state_(new State(options)) {}

Recorder::~Recorder() {
  State* const state = state_.load();
  // After a fork the state may hold a lock that nobody will ever release.
  if (state->generation == fork_generation()) delete state;
}

Recorder::State& Recorder::state() const {
  State* state = state_.load(std::memory_order_acquire);
  if (state->generation == fork_generation()) return *state;
  RecorderOptions fresh = options_;
  fresh.storage = {};
  auto made = std::make_unique<State>(fresh);
  if (state_.compare_exchange_strong(state, made.get())) return *made.release();
  return *state;  // another thread of the child was first
}

TraceLevel Recorder::level() const noexcept { return options_.level; }

TraceName Recorder::name(std::string_view text) {
  State& now = state();
  const std::lock_guard lock(now.mutex);
  return now.intern(text);
}

StageCounters& Recorder::stage(std::string_view name) {
  State& now = state();
  const std::lock_guard lock(now.mutex);
  for (auto& stage : now.stages) {
    if (stage.name != name) continue;
    return *stage.threads.emplace_back(std::make_unique<StageCounters>());
  }
  auto counters = std::make_unique<StageCounters>();
  State::Stage stage{std::string(name), {}};
  stage.threads.push_back(std::move(counters));
  return *now.stages.emplace_back(std::move(stage)).threads.front();
}

std::vector<StageTotals> Recorder::stages() const {
  State& now = state();
  const std::lock_guard lock(now.mutex);
  std::vector<StageTotals> out;
  const std::int64_t instant = now_ns();
  for (const auto& stage : now.stages) {
    StageTotals totals;
    totals.name = stage.name;
    for (const auto& thread : stage.threads) add_to(totals, *thread, instant);
    out.push_back(std::move(totals));
  }
  return out;
}

TraceSnapshot Recorder::snapshot() const {
  State& now = state();
  TraceSnapshot out;
  out.taken_ns = now_ns();
  out.self_cost_ns = now.self_cost_ns;
  out.stages = stages();
  const std::lock_guard lock(now.mutex);
  out.names = now.names;
  for (const auto& ring : now.rings) out.threads.push_back(ring->copy());
  return out;
}

}  // namespace lade
