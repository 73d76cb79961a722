// SPDX-License-Identifier: Apache-2.0
// What the engine makes batches with: a bound recipe over a dataset, or a source in
// memory.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lade/recipe/plan.h"
#include "lade/sampling/order.h"

namespace lade {

/// Where samples come from and how their rows are written.
///
/// Threads: every member from any thread.
class Stage {
 public:
  virtual ~Stage() = default;

  /// What the state of a loader is compared by.
  virtual Hash128 recipe_hash() const = 0;
  virtual Hash128 dataset_hash() const = 0;
  virtual Index samples() const = 0;

  /// Shape of a batch, from the index alone.
  virtual Plan::Shape shape(const BatchPlan& batch) const = 0;
  /// Shape of the largest batch of so many rows that any samples could make; `most`
  /// bounds the events of a row, 0 = nothing does.
  virtual Plan::Shape worst(Index rows, Index most) const = 0;
  /// A batch being built in `slab`; what is returned goes to build_rows and finish.
  virtual std::shared_ptr<void> begin(const BatchPlan& batch,
                                      std::shared_ptr<Slab> slab,
                                      Plan::Shape shape) const = 0;
  /// Writes rows [first, last), disjoint ranges from several threads.
  virtual void build_rows(void* build, Index first, Index last, BuildScratch& scratch,
                          BuildCounts& counts) const = 0;
  /// Once, after all rows. The specs live as long as the stage.
  virtual std::vector<Plan::Placed> finish(void* build) const = 0;

  /// Row groups that a batch needs and that are not in memory, in the order of use;
  /// empty when there is nothing to read ahead.
  virtual void reads_of(std::span<const Index> sample_id,
                        std::vector<Index>& out) const;
  virtual void read(Index row_group) const;
  /// All that will be wanted soon, in this order.
  virtual void expect(std::span<const Index> row_groups) const;
  virtual io::DatasetReader::Stats reader_stats() const;
};

/// A plan over a dataset.
std::unique_ptr<Stage> make_plan_stage(const Plan& plan, const io::Dataset& dataset,
                                       std::shared_ptr<Ledger> ledger);

}  // namespace lade
