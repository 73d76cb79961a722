// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "lade/loading/digest.h"
#include "lade/loading/loader_internal.h"

namespace lade {
namespace {

using Life = LoaderIterator::State::Life;
constexpr std::chrono::milliseconds kLook{100};  // between two looks at signals

// In a fork child the locks of the run may be held by threads that are not there.
void check_process(const LoaderIterator::State& state) {
  if (state.generation == fork_generation()) return;
  throw ArgumentError("iterator: made in process " + std::to_string(state.process) +
                      ", used after a fork in process " + std::to_string(getpid()) +
                      "; begin a new one here");
}

void check_open(const LoaderIterator::State& state) {
  if (state.life == Life::failed) {
    throw ArgumentError("iterator: closed after an error at step " +
                        std::to_string(state.run->step()));
  }
  require(state.life != Life::closed, "iterator: closed");
}

std::string stages_text(const Recorder& recorder) {
  std::string out;
  for (const auto& stage : recorder.stages()) {
    out += (out.empty() ? "" : ", ") + stage.name + ": " +
           std::to_string(stage.threads) + " threads, " + std::to_string(stage.items) +
           " items, busy " + std::to_string(stage.busy_ns / 1'000'000) + " ms";
  }
  return out;
}

// False when the caller wants to stop.
bool wait_ready(LoaderIterator::State& state,
                const std::function<bool()>& interrupted) {
  Slot* const slot = state.run->slot();
  if (slot == nullptr || slot->ready()) return true;
  const std::int64_t begin = now_ns();
  const std::int64_t timeout = state.loader->options.timeout.count();
  Bell& bell = state.run->bell();
  while (true) {
    {
      std::unique_lock lock(bell.mutex);
      std::chrono::nanoseconds nap = kLook;
      if (timeout > 0) {
        nap = std::min(nap, std::chrono::nanoseconds(
                                std::max<std::int64_t>(1, begin + timeout - now_ns())));
      }
      if (bell.rung.wait_for(lock, nap, [&] { return slot->ready(); })) return true;
    }
    if (interrupted && interrupted()) return false;
    require(!state.run->engine()->closed(), "iterator: its loader was closed");
    if (timeout > 0 && now_ns() - begin >= timeout) {
      throw IoError("loader", ETIMEDOUT,
                    "waiting for step " + std::to_string(state.run->step()) + " (" +
                        stages_text(*state.loader->recorder) + ")");
    }
  }
}

// Steps of the next epoch start while the last ones of this epoch are consumed.
void schedule_next_epoch(LoaderIterator::State& state, Live& live) {
  const Index ahead = state.run->spare();
  if (ahead <= 0) return;
  const std::lock_guard lock(live.mutex);
  if (live.closed || state.number != live.iterators || live.next_step != 0) return;
  const Index epoch = live.next_epoch;
  if (live.upcoming == nullptr || live.upcoming->epoch() != epoch) {
    live.upcoming = std::make_unique<Run>(state.run->engine(), state.loader->sampler,
                                          state.loader->options.shard, epoch, 0,
                                          state.loader->depth());
  }
  live.upcoming->schedule_ahead(ahead);
}

std::uint64_t last_digest(const LoaderIterator::State& state, const Slot& slot) {
  switch (state.loader->options.digest) {
    case DigestKind::ids:
      return ids_digest(slot.batch());
    case DigestKind::content:
      return slot.content();
    case DigestKind::off:
      break;
  }
  return 0;
}

// Delivered is not prefetched: state, digest and counters move here and nowhere else.
void account(LoaderIterator::State& state, Live& live, const Run::Delivered& delivered,
             std::int64_t waited_ns, double ready_share) {
  const Slot& slot = *delivered.slot;
  const BatchPlan& batch = slot.batch();
  const Index bytes = delivered.batch.nbytes();
  const std::uint64_t last = last_digest(state, slot);
  const auto rows = static_cast<Index>(batch.sample_id.size());
  const std::lock_guard lock(live.mutex);
  Delivery& all = live.delivery;
  if (all.batches == 0) all.first_batch_ns = now_ns() - state.begun_ns;
  ++all.batches;
  all.samples += rows - batch.padded;
  all.events += slot.events();
  all.cells += slot.cells();
  all.bytes += bytes;
  all.ready_share += ready_share;
  all.waits.add(waited_ns);
  all.counts.add(slot.counts());
  if (state.number != live.iterators) return;
  LoaderState& standing = live.standing;
  standing.position =
      std::min(state.loader->samples, (batch.step + 1) * state.loader->global_batch());
  ++standing.delivered;
  standing.last = last;
  if (state.loader->options.digest == DigestKind::ids) {
    standing.digest = fold_ids(standing.digest, last);
  } else if (state.loader->options.digest == DigestKind::content) {
    standing.digest = fold_content(standing.digest, batch.epoch, batch.step, last);
  }
}

}  // namespace

namespace {

// Kept batches are reported and never refused; beyond the budget once in words too.
void warn_of_kept_batches(Live& live, const Ledger& ledger) {
  const Index lent = ledger.lent();
  if (lent <= ledger.budget()) return;
  const std::lock_guard lock(live.mutex);
  if (std::exchange(live.lent_warned, true)) return;
  live.warning = "batches that are kept hold " + std::to_string(lent) +
                 " bytes, memory_budget is " + std::to_string(ledger.budget()) +
                 "; let go of them or copy what you need";
}

}  // namespace

LoaderIterator::LoaderIterator(std::shared_ptr<State> state)
    : state_(std::move(state)) {}

std::optional<Batch> LoaderIterator::next(const std::function<bool()>& interrupted) {
  State& state = *state_;
  check_process(state);
  if (state.life == Life::ended) return std::nullopt;
  check_open(state);
  Run& run = *state.run;
  if (run.done()) {
    state.life = Life::ended;
    state.loader->next_counters->enter(StageState::idle);
    return std::nullopt;
  }
  const std::int64_t begin = now_ns();
  StageCounters& counters = *state.loader->next_counters;
  counters.enter(StageState::wait_in);
  try {
    const auto& core = run.engine()->core();
    const Span span(*core->recorder, core->span_next, run.step());
    Live& live = state.loader->live();
    require(!run.engine()->closed(), "iterator: its loader was closed");
    run.schedule(true);
    const double ready_share =
        static_cast<double>(run.ready()) / static_cast<double>(run.depth());
    if (!wait_ready(state, interrupted)) {
      counters.enter(StageState::idle);
      close();
      return std::nullopt;
    }
    const std::int64_t waited = now_ns() - begin;
    Run::Delivered delivered = run.deliver();
    account(state, live, delivered, waited, ready_share);
    core->slabs.lend(delivered.batch.slab());
    warn_of_kept_batches(live, *core->ledger);
    counters.items.fetch_add(1, std::memory_order_relaxed);
    if (run.engine()->workers() > 0) {
      run.schedule(false);
      schedule_next_epoch(state, live);
    }
    counters.enter(StageState::busy);  // with the consumer's own work
    return std::move(delivered.batch);
  } catch (...) {
    state.life = Life::failed;
    counters.enter(StageState::idle);
    run.cancel();
    throw;
  }
}

Index LoaderIterator::step() const { return state_->run->step(); }

std::string LoaderIterator::take_warning() {
  check_process(*state_);
  Live& live = state_->loader->live();
  const std::lock_guard lock(live.mutex);
  return std::exchange(live.warning, {});
}

void LoaderIterator::close() {
  if (state_ == nullptr || state_->generation != fork_generation()) return;
  if (state_->life == Life::open) state_->life = Life::closed;
  state_->run->cancel();
}

}  // namespace lade
