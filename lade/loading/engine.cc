// SPDX-License-Identifier: Apache-2.0
#include "lade/loading/engine.h"

#include <algorithm>
#include <cfenv>
#include <chrono>
#include <new>
#include <utility>

namespace lade {
namespace {

// Rounding and subnormals as the batch promises them, whatever the caller has set (some
// programs flush subnormals to zero in their own threads).
class DefaultArithmetic {
 public:
  DefaultArithmetic() {
    std::fegetenv(&before_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~DefaultArithmetic() { std::fesetenv(&before_); }
  DefaultArithmetic(const DefaultArithmetic&) = delete;
  DefaultArithmetic& operator=(const DefaultArithmetic&) = delete;

 private:
  std::fenv_t before_;
};

}  // namespace

Core::Core(std::shared_ptr<const Stage> the_stage, std::shared_ptr<Ledger> the_ledger,
           std::shared_ptr<Recorder> the_recorder)
    : stage(std::move(the_stage)),
      ledger(std::move(the_ledger)),
      recorder(std::move(the_recorder)),
      slabs(ledger),
      span_plan(recorder->name("plan")),
      span_read(recorder->name("read")),
      span_build(recorder->name("build")),
      span_next(recorder->name("next")) {}

std::unique_ptr<Worker> WorkerDesk::take(const Core& core) {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto worker = std::move(idle_.back());
      idle_.pop_back();
      return worker;
    }
  }
  auto worker = std::make_unique<Worker>(core.ledger);
  worker->build = &core.recorder->stage("build");
  worker->read = &core.recorder->stage("read");
  worker->build->enter(StageState::wait_in);
  worker->read->enter(StageState::wait_in);
  const std::lock_guard lock(mutex_);
  idle_.reserve(idle_.capacity() + 1);  // giving it back cannot fail
  return worker;
}

void WorkerDesk::give(std::unique_ptr<Worker> worker) noexcept {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(worker));
}

void WorkerDesk::prepare(const Core& core, int count) {
  std::vector<std::unique_ptr<Worker>> made;
  made.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) made.push_back(take(core));
  for (auto& worker : made) give(std::move(worker));
}

Engine::Engine(std::shared_ptr<Core> the_core, int workers)
    : core_(std::move(the_core)), workers_(workers) {
  if (workers_ == 0) return;
  core_->of_pool.prepare(*core_, workers_);
  pool_ = std::make_unique<Pool>(
      Pool::Options{.threads = workers_, .name = "lade", .nice = true});
}

Engine::~Engine() { close(); }

void Engine::start(const std::shared_ptr<Slot>& slot, Index order) {
  const auto build = [core = core_, slot] {
    const DefaultArithmetic arithmetic;
    auto worker = core->of_pool.take(*core);
    slot->work(*worker);
    core->of_pool.give(std::move(worker));
  };
  pool_->submit(2 * order + 1, build);
  try {
    for (std::size_t i = 0; i < slot->reads.size(); ++i) {
      pool_->submit(2 * order, [core = core_, slot, i] {
        auto worker = core->of_pool.take(*core);
        slot->read_ahead(i, *worker);
        core->of_pool.give(std::move(worker));
      });
    }
    const Index tasks = std::min<Index>(slot->parts(), workers_);
    for (Index t = 1; t < tasks; ++t) pool_->submit(2 * order + 1, build);
  } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch)
    // One task builds all parts if it has to.
  }
}

void Engine::build_here(Slot& slot) {
  const DefaultArithmetic arithmetic;
  auto worker = core_->of_callers.take(*core_);
  slot.work(*worker);
  core_->of_callers.give(std::move(worker));
}

int Engine::close() noexcept {
  closed_.store(true, std::memory_order_release);
  const int left = pool_ == nullptr ? 0 : pool_->close(std::chrono::milliseconds(900));
  if (left > 0) abandoned_.store(left, std::memory_order_relaxed);
  return left;
}

}  // namespace lade
