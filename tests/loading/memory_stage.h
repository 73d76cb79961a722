// SPDX-License-Identifier: Apache-2.0
// A source in memory: sample i has i * 7 % 13 + 1 events of two numbers each.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "lade/loading/loader.h"
#include "lade/loading/loader_internal.h"
#include "lade/loading/stage.h"

namespace lade::testing {

/// Called for every item of a kind of work; throws to make it fail.
struct Hooks {
  std::function<void(Index sample)> build;  // before the row of a sample is written
  std::function<void(Index group)> decode;  // before a row group is read
  std::function<void(Index step_rows)> finish;
};

class MemoryStage final : public Stage {
 public:
  explicit MemoryStage(Index samples, Hooks hooks = {}, Index width = 2);

  static Index length(Index sample) { return sample * 7 % 13 + 1; }
  static float value(Index sample, Index event, Index f) {
    return static_cast<float>(sample * 1000 + event * 10 + f) + 0.25F;
  }

  Hash128 recipe_hash() const override {
    return {1, static_cast<std::uint64_t>(width_)};
  }
  Hash128 dataset_hash() const override {
    return {2, static_cast<std::uint64_t>(samples_)};
  }
  Index samples() const override { return samples_; }
  Plan::Shape shape(const BatchPlan& batch) const override;
  Plan::Shape worst(Index rows, Index most) const override;
  std::shared_ptr<void> begin(const BatchPlan& batch, std::shared_ptr<Slab> slab,
                              Plan::Shape shape) const override;
  void build_rows(void* build, Index first, Index last, BuildScratch& scratch,
                  BuildCounts& counts) const override;
  std::vector<Plan::Placed> finish(void* build) const override;
  void reads_of(std::span<const Index> sample_id,
                std::vector<Index>& out) const override;
  void read(Index row_group) const override;

 private:
  struct Build;
  std::vector<Index> offsets(Index rows, Index padded) const;
  Index samples_;
  Hooks hooks_;
  Index width_;
  std::vector<ArraySpec> specs_;
};

struct LoaderSpec {
  Index samples = 23;
  Index batch_size = 4;
  bool shuffle = true;
  std::uint64_t seed = 7;
  int workers = 2;
  int prefetch = 2;
  DigestKind digest = DigestKind::content;
  Index budget = 1 << 24;
  std::chrono::nanoseconds timeout{0};
  Shard shard = {};
  Hooks hooks = {};
  Index width = 2;
};

Loader make_memory_loader(const LoaderSpec& spec);

/// Bytes of all arrays of a batch, in order, with names and shapes.
std::string bytes_of(const Batch& batch);
/// XXH3 over the ordered bytes of the rest of an epoch; the state afterwards is at its
/// end.
std::uint64_t drain(LoaderIterator& iterator);
std::uint64_t drain_epochs(Loader& loader, int epochs);

}  // namespace lade::testing
