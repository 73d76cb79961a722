// SPDX-License-Identifier: Apache-2.0
// Shared by loader.cc, iterator.cc, restore.cc, stats.cc and explain.cc.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "lade/loading/loader.h"
#include "lade/loading/run.h"

namespace lade {

/// Times on a logarithmic scale, eight steps for each doubling.
class WaitTimes {
 public:
  void add(std::int64_t ns) noexcept;
  double quantile_s(double q) const noexcept;
  double sum_s() const noexcept { return static_cast<double>(sum_ns_) * 1e-9; }

 private:
  std::array<Index, 512> counts_{};
  Index total_ = 0;
  std::int64_t sum_ns_ = 0;
};

/// What was delivered, of all iterators.
struct Delivery {
  Index batches = 0, samples = 0, events = 0, cells = 0, bytes = 0;
  std::int64_t first_batch_ns = 0;
  double ready_share = 0;  // summed over requests
  WaitTimes waits;
  BuildCounts counts;
};

using StageMaker = std::function<std::shared_ptr<const Stage>(std::shared_ptr<Ledger>)>;

/// What a process has of a loader. A fork child makes its own and never looks at the
/// locks of its parent.
struct Live {
  std::uint64_t generation = fork_generation();
  mutable std::mutex mutex;  // of all below but `engine`
  std::shared_ptr<Engine> engine;
  LoaderState standing;                 // after the last delivered batch
  Index next_epoch = 0, next_step = 0;  // what begin_epoch would start
  std::uint64_t iterators = 0;          // made so far; the newest speaks
  std::unique_ptr<Run> upcoming;        // first steps of the next epoch
  Delivery delivery;
  bool closed = false;
  bool lent_warned = false;
  std::string warning;  // for the next take_warning
};

struct Loader::State {
  State(StageMaker maker, Sampler the_sampler, LoaderOptions the_options);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Live& live();
  /// Smallest budget that one worst batch fits in.
  Index smallest_budget(const Stage& stage) const;
  Index global_batch() const {
    return options.shard.batch_size * options.shard.world_size;
  }
  Index steps(Index epoch) const { return lade::steps(sampler, options.shard, epoch); }
  Index depth() const;

  StageMaker make_stage;
  Sampler sampler;
  LoaderOptions options;
  int workers = 0;
  Index budget = 0;
  std::shared_ptr<Recorder> recorder;
  StageCounters* next_counters = nullptr;  // of the consumer
  std::string sampler_hash, recipe_hash, dataset_hash;
  Index samples = 0;                // N of an epoch
  std::optional<Plan> plan;         // absent over a source in memory
  std::vector<std::string> unseen;  // what unseen_values says of its recipe
  std::optional<io::Dataset> dataset;

 private:
  std::unique_ptr<Live> make_live() const;
  std::atomic<Live*> live_{nullptr};
};

struct LoaderIterator::State {
  enum class Life : std::uint8_t { open, ended, closed, failed };
  std::shared_ptr<Loader::State> loader;
  std::unique_ptr<Run> run;
  std::uint64_t number = 0;
  std::uint64_t generation = fork_generation();
  std::int64_t process = 0;
  std::int64_t begun_ns = 0;
  Life life = Life::open;
};

/// A loader over a stage of one's own: tests, and sources that are no dataset.
Loader make_loader(StageMaker maker, Sampler sampler, LoaderOptions options);

/// A batch of this loader as a pure function, built in the calling thread.
Batch build_one(Engine& engine, BatchPlan batch);

}  // namespace lade
