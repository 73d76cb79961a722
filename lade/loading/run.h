// SPDX-License-Identifier: Apache-2.0
// One epoch on its way through the engine: which steps are planned, which wait for the
// consumer. The consumer's thread schedules; nobody else touches a Run.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <vector>

#include "lade/loading/engine.h"
#include "lade/sampling/order.h"

namespace lade {

class Run {
 public:
  /// Steps [first, steps) of an epoch, at most `depth` of them ahead of the consumer.
  Run(std::shared_ptr<Engine> engine, const Sampler& sampler, const Shard& shard,
      Index epoch, Index first, Index depth);
  ~Run() { cancel(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Index epoch() const { return epoch_; }
  Index step() const { return next_; }  // the next one to be delivered
  Index steps() const { return steps_; }
  bool done() const { return next_ >= steps_; }
  const std::shared_ptr<Engine>& engine() const { return engine_; }

  /// Starts as many steps as `depth` and the budget allow. With `must` the next step to
  /// be delivered takes its bytes even beyond the budget, so that nothing can stand
  /// still.
  void schedule(bool must);
  /// The same for a run whose consumer has not come yet: at most `ahead` steps.
  void schedule_ahead(Index ahead);
  /// Steps that may still be started by another run.
  Index spare() const { return planned_ < steps_ ? 0 : depth_ - (steps_ - next_); }
  Index ready() const;  // finished batches that wait
  Index depth() const { return depth_; }

  /// The slot of the next step, nullptr without workers.
  Slot* slot() const;
  Bell& bell() const { return *bell_; }
  /// The next step, which must be ready (or is built here without workers); moves on.
  struct Delivered {
    Batch batch;
    std::shared_ptr<Slot> slot;
  };
  Delivered deliver();
  /// Work in flight is dropped; slabs go back as the workers let go.
  void cancel() noexcept;

 private:
  struct Entry {
    std::shared_ptr<Slot> slot;
    std::exception_ptr error;  // of planning
  };
  Entry& entry(Index step) { return ring_[static_cast<std::size_t>(step % depth_)]; }
  const Entry& entry(Index step) const {
    return ring_[static_cast<std::size_t>(step % depth_)];
  }
  bool admit(bool must);
  std::shared_ptr<Slot> make_slot(bool must);
  void expect_reads();

  std::shared_ptr<Engine> engine_;
  EpochPlanner planner_;
  Index epoch_, steps_, depth_;
  Index next_, planned_;  // delivered below, started below
  std::vector<Entry> ring_;
  std::shared_ptr<Bell> bell_ = std::make_shared<Bell>();
  // The first step that did not fit, planned already.
  std::optional<BatchPlan> waiting_;
  Plan::Shape waiting_shape_;
};

}  // namespace lade
