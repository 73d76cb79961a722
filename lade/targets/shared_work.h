// SPDX-License-Identifier: Apache-2.0
// What a plan computes once for several targets, and what that is expected to cost.
#pragma once

#include <vector>

#include "lade/targets/compute.h"

namespace lade {

/// One piece of work of a plan and the targets (and mixes) that use it, ascending.
struct PlanWork {
  enum class Kind : std::uint8_t {
    boundaries,  // the intervals of a boundary set
    filter,      // rows of one `where`
    value,       // one x of sum(x), mean(x) ...
    partials,    // x of one filter, summed (or its bounds) by day, week ...
    windows,     // which intervals or rows each window reads
    result       // windows from partials; equal targets are copied
  } kind = Kind::result;
  std::vector<Index> targets;
  double ns_per_event = 0;     // estimates: a core of about 3 GHz, without reading
  double ns_per_interval = 0;  // of the set of its targets
};

/// All work of a plan: what `compute_targets` does for a sequence, piece by piece.
std::vector<PlanWork> plan_work(const TargetPlan& plan);

}  // namespace lade
