// SPDX-License-Identifier: Apache-2.0
#include "lade/loading/run.h"

#include <algorithm>
#include <utility>

namespace lade {

Run::Run(std::shared_ptr<Engine> engine, const Sampler& sampler, const Shard& shard,
         Index epoch, Index first, Index depth)
    : engine_(std::move(engine)),
      planner_(sampler, shard, epoch),
      epoch_(epoch),
      steps_(planner_.steps()),
      depth_(std::max<Index>(depth, 1)),
      next_(first),
      planned_(first),
      ring_(static_cast<std::size_t>(depth_)) {}

void Run::schedule(bool must) {
  while (planned_ < std::min(steps_, next_ + depth_)) {
    if (!admit(must && planned_ == next_)) return;
  }
}

void Run::schedule_ahead(Index ahead) {
  while (planned_ < std::min({steps_, next_ + depth_, next_ + ahead})) {
    if (!admit(false)) return;
  }
}

bool Run::admit(bool must) {
  Entry& place = entry(planned_);
  try {
    auto slot = make_slot(must);
    if (slot == nullptr) return false;
    place.slot = slot;
    if (engine_->workers() > 0) {
      if (!slot->reads.empty()) expect_reads();
      engine_->start(slot, planned_);
    }
  } catch (...) {
    waiting_.reset();
    place.slot.reset();
    place.error = std::current_exception();  // thrown when its step comes
  }
  ++planned_;
  return true;
}

// nullptr if the budget has no room for one more batch.
std::shared_ptr<Slot> Run::make_slot(bool must) {
  const auto& core = engine_->core();
  if (!waiting_) {
    const Span span(*core->recorder, core->span_plan, planned_);
    BatchPlan batch = planner_.plan(planned_);
    waiting_shape_ = core->stage->shape(batch);
    waiting_ = std::move(batch);
  }
  const Index bytes = waiting_shape_.bytes_bound;
  // Finished batches hold at most half of the budget: the rest is for what they are
  // made of.
  const auto& ledger = *core->ledger;
  if (!must && ledger.used(Account::slabs) - core->slabs.free_bytes() + bytes >
                   ledger.budget() / 2) {
    return nullptr;
  }
  auto slab = core->slabs.take(bytes, must);
  if (slab == nullptr) return nullptr;
  BatchPlan batch = std::move(*waiting_);
  waiting_.reset();
  auto slot = std::make_shared<Slot>(core, bell_, std::move(batch),
                                     std::move(waiting_shape_), std::move(slab));
  if (engine_->workers() > 0) {
    core->stage->reads_of(slot->batch().sample_id, slot->reads);
  }
  return slot;
}

// Row groups of all steps that are started, in the order of use.
void Run::expect_reads() {
  std::vector<Index> all;
  for (Index step = next_; step <= planned_; ++step) {
    const auto& slot = entry(step).slot;
    if (slot != nullptr) all.insert(all.end(), slot->reads.begin(), slot->reads.end());
  }
  engine_->core()->stage->expect(all);
}

Index Run::ready() const {
  Index count = 0;
  for (Index step = next_; step < planned_; ++step) {
    const auto& slot = entry(step).slot;
    count += slot != nullptr && slot->ready() ? 1 : 0;
  }
  return count;
}

Slot* Run::slot() const {
  return engine_->workers() == 0 ? nullptr : entry(next_).slot.get();
}

Run::Delivered Run::deliver() {
  Entry mine = std::exchange(entry(next_), {});
  if (mine.error) std::rethrow_exception(mine.error);
  if (engine_->workers() == 0) engine_->build_here(*mine.slot);
  Batch batch = mine.slot->deliver();
  ++next_;
  return {std::move(batch), std::move(mine.slot)};
}

void Run::cancel() noexcept {
  bell_->cancelled.store(true, std::memory_order_relaxed);
  for (auto& place : ring_) place = {};
}

}  // namespace lade
