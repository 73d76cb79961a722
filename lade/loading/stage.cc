// SPDX-License-Identifier: Apache-2.0
#include "lade/loading/stage.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace lade {

void Stage::reads_of(std::span<const Index>, std::vector<Index>& out) const {
  out.clear();
}
void Stage::read(Index) const {}
void Stage::expect(std::span<const Index>) const {}
io::DatasetReader::Stats Stage::reader_stats() const { return {}; }

namespace {

class PlanStage final : public Stage {
 public:
  PlanStage(const Plan& plan, const io::Dataset& dataset,
            std::shared_ptr<Ledger> ledger)
      : plan_(plan),
        dataset_(dataset),
        reader_(dataset.reader(plan.columns(), ledger)),
        held_(Reservation::force(ledger, Account::cache, held_bytes(dataset))) {}

  Hash128 recipe_hash() const override { return plan_.hash(); }
  Hash128 dataset_hash() const override { return dataset_.fingerprint(); }
  Index samples() const override { return plan_.samples(); }

  Plan::Shape shape(const BatchPlan& batch) const override {
    return plan_.shape(batch.sample_id, batch.slice);
  }
  Plan::Shape worst(Index rows, Index most) const override;
  std::shared_ptr<void> begin(const BatchPlan& batch, std::shared_ptr<Slab> slab,
                              Plan::Shape shape) const override {
    return plan_.begin(batch.sample_id, batch.padded, std::move(slab),
                       std::move(shape));
  }
  void build_rows(void* build, Index first, Index last, BuildScratch& scratch,
                  BuildCounts& counts) const override {
    plan_.build_rows(*static_cast<Plan::Build*>(build), first, last, reader_, scratch,
                     counts);
  }
  std::vector<Plan::Placed> finish(void* build) const override {
    return plan_.finish(*static_cast<Plan::Build*>(build));
  }

  void reads_of(std::span<const Index> sample_id,
                std::vector<Index>& out) const override {
    out.clear();
    if (dataset_.in_memory()) return;
    std::vector<Index> of_one;
    for (const Index id : sample_id) {
      plan_.row_groups_of(id, reader_, of_one);
      for (const Index g : of_one) {
        if (!out.empty() && out.back() == g) continue;
        if (std::find(out.begin(), out.end(), g) == out.end()) out.push_back(g);
      }
    }
  }
  void read(Index row_group) const override {
    if (!reader_.cached(row_group)) reader_.row_group(row_group);
  }
  void expect(std::span<const Index> row_groups) const override {
    reader_.expect(row_groups);
  }
  io::DatasetReader::Stats reader_stats() const override { return reader_.stats(); }

 private:
  // What opening the data keeps in memory counts in the loader's budget.
  static Index held_bytes(const io::Dataset& dataset) {
    const auto& ledger = *dataset.ledger();
    return ledger.used(Account::index) +
           (dataset.in_memory() ? ledger.used(Account::cache) : 0);
  }
  Plan plan_;
  io::Dataset dataset_;
  io::DatasetReader reader_;
  Reservation held_;
};

Plan::Shape PlanStage::worst(Index rows, Index most) const {
  constexpr Index kChunk = 4096;
  const auto& arrays = plan_.arrays();
  const bool lengths_matter =
      std::any_of(arrays.begin(), arrays.end(),
                  [](const auto& a) { return a.middle != ArraySpec::Middle::none; });
  std::vector<Index> ids;
  Index longest = 0;
  Index events = -1;
  const Index count = lengths_matter ? plan_.samples() : 0;
  for (Index first = 0; first < count; first += kChunk) {
    ids.resize(static_cast<std::size_t>(std::min(kChunk, count - first)));
    std::iota(ids.begin(), ids.end(), first);
    const Plan::Shape shape = plan_.shape(ids);
    const auto top = std::max_element(shape.length.begin(), shape.length.end());
    if (*top <= events) continue;
    events = *top;
    longest = first + (top - shape.length.begin());
  }
  ids.assign(static_cast<std::size_t>(rows), longest);
  std::vector<Slice> slices;
  if (most > 0 && events > most) slices.assign(ids.size(), {0, most});
  return plan_.shape(ids, slices);
}

}  // namespace

std::unique_ptr<Stage> make_plan_stage(const Plan& plan, const io::Dataset& dataset,
                                       std::shared_ptr<Ledger> ledger) {
  return std::make_unique<PlanStage>(plan, dataset, std::move(ledger));
}

}  // namespace lade
