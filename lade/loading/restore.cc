// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "lade/core/hash.h"
#include "lade/loading/digest.h"
#include "lade/loading/loader_internal.h"

namespace lade {
namespace {

void same(std::string_view what, const std::string& state, const std::string& here) {
  require(state == here, "restore: the state is of another " + std::string(what) +
                             ": it has " + escape_text(state) + ", this loader " +
                             here);
}

// Steps that `position` samples make; all of them at the end of an epoch.
Index delivered_steps(const LoaderState& state, Index global_batch, Index samples) {
  require(state.position <= samples, "restore: position must be at most " +
                                         std::to_string(samples) + ", got " +
                                         std::to_string(state.position));
  require(state.position % global_batch == 0 || state.position == samples,
          "restore: position " + std::to_string(state.position) +
              " is no multiple of the global batch " + std::to_string(global_batch) +
              "; choose one that divides it");
  return (state.position + global_batch - 1) / global_batch;
}

// Plans the last delivered batch once more; with content digests it is built as well.
void verify_last(const Loader::State& loader, Engine& engine,
                 const LoaderState& state) {
  if (loader.options.digest == DigestKind::off || state.position == 0 ||
      state.last == 0) {
    return;
  }
  Shard shard = loader.options.shard;
  shard.batch_size = state.global_batch / state.world_size;
  shard.rank = state.rank;
  shard.world_size = state.world_size;
  const Index step = delivered_steps(state, state.global_batch, loader.samples) - 1;
  BatchPlan batch = plan(loader.sampler, shard, state.epoch, step);
  if (ids_digest(batch) == state.last) return;
  const bool content = loader.options.digest == DigestKind::content;
  if (content && content_digest(build_one(engine, std::move(batch))) == state.last)
    return;
  throw ArgumentError("restore: the last delivered batch (epoch " +
                      std::to_string(state.epoch) + ", step " + std::to_string(step) +
                      ") is another one here" +
                      (content ? ": its content differs from the saved digest"
                               : ": its sample ids differ"));
}

}  // namespace

LoaderState Loader::state() const {
  Live& live = state_->live();
  const std::lock_guard lock(live.mutex);
  return live.standing;
}

std::uint64_t Loader::digest() const { return state().digest; }

void Loader::restore(const LoaderState& state, std::string_view verify, bool strict) {
  require(verify == "last" || verify == "none",
          "restore: verify must be last or none, got '" + escape_text(verify) + "'");
  require(state.unit == "samples",
          "restore: this loader counts samples, the state " + escape_text(state.unit));
  same("dataset", state.dataset, state_->dataset_hash);
  same("recipe", state.recipe, state_->recipe_hash);
  same("seed", std::to_string(state.seed), std::to_string(state_->options.seed));
  same("sampler", state.sampler, state_->sampler_hash);
  const Index global_batch = state_->global_batch();
  require(!strict || state.global_batch == global_batch,
          "restore: the state has a global batch of " +
              std::to_string(state.global_batch) + ", this loader " +
              std::to_string(global_batch) + "; strict=False accepts it");
  require(state.epoch >= 0 && state.position >= 0 && state.global_batch >= 1 &&
              state.world_size >= 1 && state.rank >= 0 &&
              state.rank < state.world_size &&
              state.global_batch % state.world_size == 0,
          "restore: epoch, position, global batch, rank or world size out of range");
  Live& live = state_->live();
  if (verify == "last") verify_last(*state_, *live.engine, state);
  const Index step = delivered_steps(state, global_batch, state_->samples);
  const bool over = step >= state_->steps(state.epoch);
  const std::lock_guard lock(live.mutex);
  live.upcoming.reset();
  ++live.iterators;  // iterators there are no longer speak
  live.next_epoch = over ? state.epoch + 1 : state.epoch;
  live.next_step = over ? 0 : step;
  live.standing = state;
  live.standing.global_batch = global_batch;
  live.standing.rank = state_->options.shard.rank;
  live.standing.world_size = state_->options.shard.world_size;
}

}  // namespace lade
