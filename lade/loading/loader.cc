// SPDX-License-Identifier: Apache-2.0
#include "lade/loading/loader.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "lade/core/hash.h"
#include "lade/loading/digest.h"
#include "lade/loading/loader_internal.h"
#include "lade/recipe/unseen_values.h"

namespace lade {
namespace {

int chosen_workers(int num_workers) {
  require(num_workers >= -1 && num_workers <= 1024,
          "num_workers: must be \"auto\" or in 0..1024, got " +
              std::to_string(num_workers));
  return num_workers >= 0 ? num_workers : std::clamp(usable_cpus() - 1, 1, 8);
}

std::string hash_of(const Sampler& sampler, const Shard& shard) {
  Hasher hasher;
  hasher.field(describe(sampler, shard));
  hasher.field(std::int64_t{shard.drop_last});
  hasher.field(std::int64_t{shard.pad_last});
  return hex(hasher.digest128());
}

}  // namespace

Loader::State::State(StageMaker maker, Sampler the_sampler, LoaderOptions the_options)
    : make_stage(std::move(maker)),
      sampler(std::move(the_sampler)),
      options(std::move(the_options)),
      workers(chosen_workers(options.num_workers)) {
  require(options.prefetch_factor >= 0 && options.prefetch_factor <= 1 << 16,
          "prefetch_factor: must be in 0..65536, got " +
              std::to_string(options.prefetch_factor));
  require(options.memory_budget >= 0, "memory_budget: must be >= 1 byte, got " +
                                          std::to_string(options.memory_budget));
  require(options.timeout.count() >= 0, "timeout: must be >= 0");
  budget = options.memory_budget > 0 ? options.memory_budget : default_memory_budget();
  recorder = std::make_shared<Recorder>(RecorderOptions{.level = options.trace});
  next_counters = &recorder->stage("next");
  samples = sample_count(sampler);
  steps(0);  // refuses a shard that makes no sense
  sampler_hash = hash_of(sampler, options.shard);
  auto live = make_live();
  const Stage& stage = *live->engine->core()->stage;
  recipe_hash = hex(stage.recipe_hash());
  dataset_hash = hex(stage.dataset_hash());
  const Index least = smallest_budget(stage);
  require(budget >= least, "memory_budget: one batch needs at least " +
                               std::to_string(least) + " bytes, got " +
                               std::to_string(budget));
  LoaderState& standing = live->standing;
  standing.seed = options.seed;
  standing.global_batch = global_batch();
  standing.rank = options.shard.rank;
  standing.world_size = options.shard.world_size;
  standing.sampler = sampler_hash;
  standing.recipe = recipe_hash;
  standing.dataset = dataset_hash;
  standing.digest = options.digest == DigestKind::ids ? kFirstDigest : 0;
  live_.store(live.release());
}

Loader::State::~State() {
  const Live* const live = live_.load();
  // A fork child leaves what it inherited alone: its locks may be held for ever.
  if (live != nullptr && live->generation == fork_generation()) delete live;
}

Live& Loader::State::live() {
  Live* live = live_.load(std::memory_order_acquire);
  if (live->generation == fork_generation()) return *live;
  auto fresh = make_live();
  fresh->standing = live->standing;
  fresh->next_epoch = live->next_epoch;
  fresh->next_step = live->next_step;
  fresh->closed = live->closed;
  if (live_.compare_exchange_strong(live, fresh.get())) return *fresh.release();
  return *live;  // another thread of the child was first
}

std::unique_ptr<Live> Loader::State::make_live() const {
  auto live = std::make_unique<Live>();
  auto ledger = std::make_shared<Ledger>(budget);
  auto core = std::make_shared<Core>(make_stage(ledger), ledger, recorder);
  core->content = options.digest == DigestKind::content;
  live->engine = std::make_shared<Engine>(std::move(core), workers);
  return live;
}

Index Loader::State::depth() const {
  return std::max<Index>(1, Index{options.prefetch_factor} * workers);
}

Index Loader::State::smallest_budget(const Stage& stage) const {
  if (samples == 0) return 1;
  const Index rows = std::min(options.shard.batch_size, std::max<Index>(samples, 1));
  const auto* const slices = std::get_if<WindowSampler>(&sampler);
  return stage
      .worst(rows * rows_per_sample(sampler),
             slices == nullptr ? 0 : std::max<Index>(slices->max_length, 1))
      .bytes_bound;
}

Loader make_loader(StageMaker maker, Sampler sampler, LoaderOptions options) {
  return Loader(std::make_shared<Loader::State>(std::move(maker), std::move(sampler),
                                                std::move(options)));
}

Loader::Loader(std::shared_ptr<State> state) : state_(std::move(state)) {}

Loader::Loader(io::Dataset dataset, Recipe recipe, Sampler sampler,
               LoaderOptions options) {
  const Plan plan(recipe, dataset, options.plan);
  const auto maker = [plan, dataset](std::shared_ptr<Ledger> ledger) {
    return make_plan_stage(plan, dataset, std::move(ledger));
  };
  // One thread keeps up with rows that need no decoding; more only take its memory.
  if (options.num_workers == -1 && dataset.in_memory()) options.num_workers = 1;
  state_ = std::make_shared<State>(maker, std::move(sampler), std::move(options));
  state_->plan = plan;
  state_->dataset = std::move(dataset);
  state_->unseen = unseen_values(recipe);
}

Loader::~Loader() {
  if (state_ != nullptr) close();
}
Loader::Loader(Loader&&) noexcept = default;

LoaderIterator Loader::begin_epoch() {
  auto iterator = std::make_shared<LoaderIterator::State>();
  iterator->loader = state_;
  iterator->process = getpid();
  iterator->begun_ns = now_ns();
  Live& live = state_->live();
  const std::lock_guard lock(live.mutex);
  require(!live.closed, "loader: closed");
  const Index epoch = live.next_epoch;
  const Index first = live.next_step;
  auto ready = std::move(live.upcoming);
  if (ready != nullptr && ready->epoch() == epoch && first == 0) {
    iterator->run = std::move(ready);
  } else {
    ready.reset();
    iterator->run =
        std::make_unique<Run>(live.engine, state_->sampler, state_->options.shard,
                              epoch, first, state_->depth());
  }
  iterator->number = ++live.iterators;
  live.next_epoch = epoch + 1;
  live.next_step = 0;
  live.standing.epoch = epoch;
  live.standing.position = std::min(state_->samples, first * state_->global_batch());
  if (state_->workers > 0) iterator->run->schedule(true);
  return LoaderIterator(std::move(iterator));
}

void Loader::set_epoch(Index epoch) {
  require(epoch >= 0, "set_epoch: epoch must be >= 0, got " + std::to_string(epoch));
  Live& live = state_->live();
  const std::lock_guard lock(live.mutex);
  if (epoch == live.next_epoch) return;
  live.next_epoch = epoch;
  live.next_step = 0;
  live.upcoming.reset();
}

Index Loader::next_epoch() const {
  Live& live = state_->live();
  const std::lock_guard lock(live.mutex);
  return live.next_epoch;
}

Index Loader::steps() const { return state_->steps(next_epoch()); }

Batch build_one(Engine& engine, BatchPlan batch) {
  const auto& core = engine.core();
  auto shape = core->stage->shape(batch);
  auto slab = core->slabs.take(shape.bytes_bound, true);
  Slot slot(core, std::make_shared<Bell>(), std::move(batch), std::move(shape),
            std::move(slab));
  engine.build_here(slot);
  Batch out = slot.deliver();
  core->slabs.lend(out.slab());
  return out;
}

Batch Loader::batch_at(Index epoch, Index step) const {
  require(epoch >= 0, "batch_at: epoch must be >= 0, got " + std::to_string(epoch));
  return build_one(*state_->live().engine,
                   lade::plan(state_->sampler, state_->options.shard, epoch, step));
}

std::vector<Seen> Loader::where_seen(Index sample_id, Index epoch) const {
  return lade::where_seen(state_->sampler, state_->options.shard, epoch, sample_id);
}

std::vector<std::string> Loader::warnings() const {
  std::vector<std::string> words = state_->unseen;
  if (steps() == 0) {
    const bool any = state_->plan ? plan().samples() > 0 : state_->samples > 0;
    words.push_back(std::string("no batch: ") +
                    (any ? "every sample is left out" : "there is no sample"));
  }
  return words;
}

const Plan& Loader::plan() const {
  require(state_->plan.has_value(), "loader: its source has no plan");
  return *state_->plan;
}

Recorder& Loader::recorder() const { return *state_->recorder; }

void Loader::close() {
  Live& live = state_->live();
  std::unique_ptr<Run> upcoming;
  {
    const std::lock_guard lock(live.mutex);
    live.closed = true;
    upcoming = std::move(live.upcoming);
  }
  upcoming.reset();
  live.engine->close();
}

}  // namespace lade
