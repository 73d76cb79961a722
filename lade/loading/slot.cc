// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "lade/loading/engine.h"

namespace lade {
namespace {

constexpr Index kPartBytes = Index{256} << 10;
constexpr Index kCpuSample = 16;  // thread CPU time is read for one batch in so many

std::vector<BatchArray> to_arrays(std::vector<Plan::Placed> placed, std::byte* slab) {
  std::vector<BatchArray> arrays;
  arrays.reserve(placed.size());
  for (auto& array : placed) {
    arrays.push_back({array.spec->name, array.spec->type, std::move(array.shape),
                      slab + array.offset, array.spec->middle, array.spec->set});
  }
  return arrays;
}

}  // namespace

Slot::Slot(std::shared_ptr<Core> core, std::shared_ptr<Bell> bell, BatchPlan batch,
           Plan::Shape shape, std::shared_ptr<Slab> slab)
    : core_(std::move(core)),
      bell_(std::move(bell)),
      batch_(std::move(batch)),
      slab_(std::move(slab)),
      events_(shape.events),
      slab_bytes_(slab_->bytes()) {
  const auto rows = static_cast<Index>(batch_.sample_id.size());
  cells_ = shape.cells();
  parts_ =
      std::clamp<Index>(shape.bytes_bound / kPartBytes, 1, std::max<Index>(rows, 1));
  parts_left_.store(parts_, std::memory_order_relaxed);
  failed_part_ = parts_;
  build_ = core_->stage->begin(batch_, slab_, std::move(shape));
}

void Slot::read_ahead(std::size_t i, Worker& worker) noexcept {
  if (bell_->cancelled.load(std::memory_order_relaxed) || ready()) return;
  worker.read->enter(StageState::busy);
  try {
    const Span span(*core_->recorder, core_->span_read, batch_.step);
    core_->stage->read(reads[i]);
    worker.read->items.fetch_add(1, std::memory_order_relaxed);
  } catch (...) {
    // The part that needs the row group meets the error again and stores it at its row.
    worker.read->errors.fetch_add(1, std::memory_order_relaxed);
  }
  worker.read->enter(StageState::wait_in);
}

void Slot::work(Worker& worker) noexcept {
  worker.build->enter(StageState::busy);
  for (Index part = next_part_.fetch_add(1, std::memory_order_relaxed); part < parts_;
       part = next_part_.fetch_add(1, std::memory_order_relaxed)) {
    const bool skip = failed_.load(std::memory_order_relaxed) ||
                      bell_->cancelled.load(std::memory_order_relaxed);
    if (!skip) {
      try {
        build_part(part, worker);
      } catch (...) {
        fail(part);
        worker.build->errors.fetch_add(1, std::memory_order_relaxed);
      }
    }
    if (parts_left_.fetch_sub(1, std::memory_order_acq_rel) == 1) finish(worker);
  }
  worker.build->enter(StageState::wait_in);
}

void Slot::build_part(Index part, Worker& worker) {
  const bool sample_cpu = worker.batches % kCpuSample == 0;
  const std::int64_t cpu = sample_cpu ? thread_cpu_ns() : 0;
  const Span span(*core_->recorder, core_->span_build, batch_.step);
  const auto rows = static_cast<Index>(batch_.sample_id.size());
  const Index first = rows * part / parts_;
  const Index last = rows * (part + 1) / parts_;
  BuildCounts counts;
  core_->stage->build_rows(build_.get(), first, last, worker.scratch, counts);
  constexpr auto relaxed = std::memory_order_relaxed;
  worker.build->items.fetch_add(last - first, relaxed);
  if (sample_cpu) {
    worker.build->cpu_ns.fetch_add((thread_cpu_ns() - cpu) * kCpuSample, relaxed);
  }
  ++worker.batches;
  const std::lock_guard lock(mutex_);
  counts_.add(counts);
}

void Slot::fail(Index part) noexcept {
  const std::lock_guard lock(mutex_);
  failed_.store(true, std::memory_order_relaxed);
  if (part >= failed_part_) return;
  failed_part_ = part;  // the first bad row speaks for the batch
  error_ = std::current_exception();
}

void Slot::finish(Worker& worker) noexcept {
  if (!failed_.load(std::memory_order_relaxed) &&
      !bell_->cancelled.load(std::memory_order_relaxed)) {
    try {
      arrays_ = to_arrays(core_->stage->finish(build_.get()), slab_->data());
      if (core_->content) {
        content_ = content_digest(
            Batch(slab_, arrays_, batch_.epoch, batch_.step, batch_.padded));
      }
      Index bytes = 0;
      for (const auto& array : arrays_) bytes += array.bytes();
      worker.build->bytes_out.fetch_add(bytes, std::memory_order_relaxed);
      worker.build->batches.fetch_add(1, std::memory_order_relaxed);
    } catch (...) {
      fail(0);
      worker.build->errors.fetch_add(1, std::memory_order_relaxed);
    }
  }
  build_.reset();
  const std::lock_guard lock(bell_->mutex);
  ready_.store(true, std::memory_order_release);
  bell_->rung.notify_all();
}

Batch Slot::deliver() {
  const std::lock_guard lock(mutex_);
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  return {std::move(slab_), std::move(arrays_), batch_.epoch, batch_.step,
          batch_.padded};
}

}  // namespace lade
