// SPDX-License-Identifier: Apache-2.0
#include "lade/loading/reading.h"

#include <algorithm>
#include <list>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace lade {
namespace {

class RecentGroups {
 public:
  explicit RecentGroups(Index most) : most_(most) {}
  // False if it has to be read.
  bool use(Index group) {
    const auto known = place_.find(group);
    const bool hit = known != place_.end();
    if (hit) order_.erase(known->second);
    order_.push_front(group);
    place_[group] = order_.begin();
    if (static_cast<Index>(order_.size()) > most_) {
      place_.erase(order_.back());
      order_.pop_back();
    }
    return hit;
  }

 private:
  Index most_;
  std::list<Index> order_;
  std::unordered_map<Index, std::list<Index>::iterator> place_;
};

}  // namespace

Reading reading_of(const Loader::State& state, const Stage& stage, Index epoch) {
  const io::Dataset& data = *state.dataset;
  Reading out;
  out.row_groups = data.row_groups();
  out.stored = stage.reader_stats().stored_bytes;
  out.decoded = data.decoded_bytes(state.plan->columns());
  if (out.row_groups == 0) return out;
  const Index each = std::max<Index>(1, out.decoded / out.row_groups);
  const Index fit = std::max<Index>(1, state.budget / 2 / each);
  RecentGroups recent(fit);
  std::unordered_set<Index> seen;
  std::vector<Index> groups;
  const Index steps = state.steps(epoch);
  const Index looked = std::min(kPlans, steps);
  Index again = 0;  // reads of what was read before
  EpochPlanner planner(state.sampler, state.options.shard, epoch);
  for (Index step = 0; step < looked; ++step) {
    const auto batch = planner.plan(step);
    groups.clear();
    for (const Index id : batch.sample_id) groups.push_back(state.plan->home(id));
    if (step == 0) {
      out.first =
          static_cast<Index>(std::set<Index>(groups.begin(), groups.end()).size());
    }
    for (const Index group : groups) {
      if (!recent.use(group) && !seen.insert(group).second) ++again;
    }
  }
  if (looked == 0) return out;
  // Each row group once; what comes again goes on at the rate of the plans looked at.
  const double scale = static_cast<double>(steps) / static_cast<double>(looked);
  const double once = std::min(static_cast<double>(out.row_groups),
                               static_cast<double>(seen.size()) * scale);
  out.epoch = once + static_cast<double>(again) * scale;
  return out;
}

}  // namespace lade
