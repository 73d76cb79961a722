// SPDX-License-Identifier: Apache-2.0
// The threads of a loader and the batches they work on. See README.md for who owns
// what.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lade/core/pool.h"
#include "lade/core/trace.h"
#include "lade/loading/batch.h"
#include "lade/loading/stage.h"

namespace lade {

/// What a thread keeps between tasks.
struct Worker {
  explicit Worker(std::shared_ptr<Ledger> ledger) : scratch(std::move(ledger)) {}
  BuildScratch scratch;
  StageCounters* build = nullptr;
  StageCounters* read = nullptr;
  Index batches = 0;
};

struct Core;

/// Workers that nobody uses right now. `take` makes one when none is left.
class WorkerDesk {
 public:
  std::unique_ptr<Worker> take(const Core& core);
  void give(std::unique_ptr<Worker> worker) noexcept;
  /// So many can be taken without an allocation.
  void prepare(const Core& core, int count);

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Worker>> idle_;
};

/// What every task may touch. Tasks hold it and nothing above it, so that a thread that
/// is stuck outlives the loader without harm.
struct Core {
  std::shared_ptr<const Stage> stage;
  std::shared_ptr<Ledger> ledger;
  std::shared_ptr<Recorder> recorder;
  SlabPool slabs;
  bool content = false;  // content digests are wanted
  TraceName span_plan = 0, span_read = 0, span_build = 0, span_next = 0;

  Core(std::shared_ptr<const Stage> the_stage, std::shared_ptr<Ledger> the_ledger,
       std::shared_ptr<Recorder> the_recorder);
  WorkerDesk of_pool, of_callers;
};

/// Where finished batches are announced; one per run.
struct Bell {
  std::mutex mutex;
  std::condition_variable rung;
  std::atomic<bool> cancelled{false};
};

/// One batch on its way: planned by the scheduler, built by workers in parts of about
/// 256 KiB, taken by the consumer.
class Slot {
 public:
  /// Plans nothing: `batch` and `shape` come from the scheduler.
  Slot(std::shared_ptr<Core> core, std::shared_ptr<Bell> bell, BatchPlan batch,
       Plan::Shape shape, std::shared_ptr<Slab> slab);

  const BatchPlan& batch() const { return batch_; }
  Index events() const { return events_; }
  Index cells() const { return cells_; }  // B * S
  Index parts() const { return parts_; }
  Index slab_bytes() const { return slab_bytes_; }
  std::vector<Index> reads;  // row groups to read ahead

  /// Builds parts until none is left; the last thread to leave finishes the batch. Any
  /// number of threads. Never throws.
  void work(Worker& worker) noexcept;
  /// Reads row group `reads[i]`; an error waits for the part that needs it.
  void read_ahead(std::size_t i, Worker& worker) noexcept;

  bool ready() const { return ready_.load(std::memory_order_acquire); }
  /// What was stored by a worker is rethrown; once.
  Batch deliver();
  std::uint64_t content() const { return content_; }
  const BuildCounts& counts() const { return counts_; }

 private:
  void build_part(Index part, Worker& worker);
  void fail(Index part) noexcept;
  void finish(Worker& worker) noexcept;
  void leave(Worker& worker) noexcept;

  std::shared_ptr<Core> core_;
  std::shared_ptr<Bell> bell_;
  BatchPlan batch_;
  std::shared_ptr<Slab> slab_;
  std::shared_ptr<void> build_;
  Index events_ = 0, cells_ = 0, parts_ = 1, slab_bytes_ = 0;
  std::atomic<Index> next_part_{0};
  std::atomic<Index> parts_left_;
  std::atomic<bool> failed_{false};
  std::atomic<bool> ready_{false};
  std::mutex mutex_;  // of what follows
  BuildCounts counts_;
  std::exception_ptr error_;
  Index failed_part_;
  std::vector<BatchArray> arrays_;
  std::uint64_t content_ = 0;
};

/// The pool of a loader, shared by its iterators, and what its tasks need.
class Engine {
 public:
  /// `workers` 0: there is no pool, batches are built by whoever asks.
  Engine(std::shared_ptr<Core> the_core, int workers);
  ~Engine();
  const std::shared_ptr<Core>& core() const { return core_; }
  int workers() const { return workers_; }
  bool closed() const { return closed_.load(std::memory_order_acquire); }
  /// Hands a slot to the workers, before all slots of later `order`.
  /// Errors: std::bad_alloc, then no worker has it.
  void start(const std::shared_ptr<Slot>& slot, Index order);
  /// Builds a slot in the calling thread.
  void build_here(Slot& slot);
  /// Ends the threads, at most 1 s; returns how many were left behind.
  int close() noexcept;
  /// Threads that close() left behind.
  int abandoned() const { return abandoned_.load(std::memory_order_relaxed); }

 private:
  std::shared_ptr<Core> core_;
  int workers_;
  std::unique_ptr<Pool> pool_;
  std::atomic<bool> closed_{false};
  std::atomic<int> abandoned_{0};
};

}  // namespace lade
