// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lade/core/trace.h"
#include "lade/loading/batch.h"
#include "lade/sampling/order.h"

namespace lade {

enum class DigestKind : std::uint8_t { off, ids, content };

struct LoaderOptions {
  Shard shard;
  std::uint64_t seed = 0;
  int num_workers = -1;     // -1 = auto: clamp(usable_cpus() - 1, 1, 8); 1 over memory
  int prefetch_factor = 2;  // ready batches <= factor * max(1, workers)
  Index memory_budget = 0;  // 0 = default_memory_budget()
  DigestKind digest = DigestKind::ids;
  std::chrono::nanoseconds timeout{0};  // of next(); 0 = none
  PlanOptions plan;
  TraceLevel trace = TraceLevel::spans;
};

/// Where a loader stands, after the last delivered batch (loading.md 3.11).
struct LoaderState {
  Index epoch = 0;
  Index position = 0;  // delivered work, in `unit`
  std::string unit = "samples";
  std::uint64_t seed = 0;
  Index global_batch = 1;
  Index rank = 0, world_size = 1;  // of the loader that `digest` and `last` speak of
  std::string sampler, recipe, dataset;  // hashes in hex
  Index delivered = 0;
  std::uint64_t digest = 0;
  std::uint64_t last = 0;       // digest of the last delivered batch alone
  std::string to_json() const;  // with `check`
  /// Errors: DataError `state.check`, `state.version` ...; ArgumentError never.
  static LoaderState from_json(std::string_view text, const Limits& limits = {});
};

struct LoaderStats {
  Index batches = 0, samples = 0, events = 0, bytes_read = 0, bytes_delivered = 0;
  double fill = 0, first_batch_s = 0, wait_s = 0, wait_p50_s = 0, wait_p95_s = 0,
         wait_p99_s = 0;
  std::vector<StageTotals> stages;
  double ready_occupancy = 0, read_amplification = 0;
  std::vector<std::pair<std::string, Index>> ledger_now, ledger_peak;
  Index cache_hits = 0, workers = 0, sequences_without_sample = 0, sequences_empty = 0,
        lent_bytes = 0;
  Index abandoned_threads = 0;  // stuck for a second when the loader was closed
  BuildCounts counts;
  std::vector<TargetTally> targets;
  ReadReport report;
};

class LoaderIterator;

/// dataset x recipe x sampler -> ordered batches, made by threads
/// (lade/loading/README.md).
///
/// A batch is a pure function of (dataset, recipe, sampler, seed, epoch, step).
/// Threads: one consumer per iterator; the rest from any thread.
class Loader {
 public:
  /// Errors: ArgumentError for options; "memory_budget: one batch needs at least N
  /// bytes".
  Loader(io::Dataset dataset, Recipe recipe, Sampler sampler, LoaderOptions options);
  ~Loader();
  Loader(Loader&&) noexcept;

  LoaderIterator begin_epoch();  // the next epoch, or the one set, or restored
  void set_epoch(Index epoch);
  Index next_epoch() const;
  Index steps() const;  // of the epoch that begin_epoch would start
  Batch batch_at(Index epoch, Index step) const;
  std::vector<Seen> where_seen(Index sample_id, Index epoch) const;
  LoaderState state() const;
  /// Where it goes on: iterators there are keep their batches but no longer move the
  /// state. `verify`: "last" plans the last batch again and compares; "none". `strict`
  /// false accepts another global batch.  Errors: ArgumentError naming the difference.
  void restore(const LoaderState& state, std::string_view verify = "last",
               bool strict = true);
  std::uint64_t digest() const;
  LoaderStats stats() const;
  std::string explain() const;
  /// What is worth a word when it is made: that there is no batch, and what
  /// unseen_values says of the recipe.
  std::vector<std::string> warnings() const;
  const Plan& plan() const;
  Recorder& recorder() const;
  void close();

  struct State;

  explicit Loader(std::shared_ptr<State> state);

 private:
  std::shared_ptr<State> state_;
};

/// Ordered batches of one epoch. nullopt = end, for ever after.
class LoaderIterator {
 public:
  /// Errors: what a worker threw for this step, once; then ArgumentError "iterator:
  /// closed
  ///         after an error at step N"; IoError ETIMEDOUT after `timeout`;
  ///         ArgumentError with both process ids after a fork.
  /// `interrupted` is asked at least each 100 ms while waiting; true ends the wait with
  /// nullopt-and-closed (the caller raises its own error).
  std::optional<Batch> next(const std::function<bool()>& interrupted = {});
  Index step() const;
  /// What is worth a word since the last call, "" mostly: batches that are kept hold
  /// more than memory_budget (once for a loader).
  std::string take_warning();
  void close();  // joins within 1 s; also the destructor
  struct State;
  explicit LoaderIterator(std::shared_ptr<State> state);

 private:
  std::shared_ptr<State> state_;
};

}  // namespace lade
