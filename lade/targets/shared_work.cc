// SPDX-License-Identifier: Apache-2.0
#include "lade/targets/shared_work.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "lade/targets/plan_internal.h"

namespace lade {
namespace {

using Work = PlanWork::Kind;

// Estimates, ns. Where they are wrong, `lade inspect RECIPE DATA --expand` measures.
constexpr double kBoundary = 1.5, kFilter = 1.5, kValue = 0.7, kPartial = 1.2;
constexpr double kWindow = 2.0, kSlide = 5.0, kDeliver = 1.5, kMix = 4.0;
constexpr double kClass = 2.0, kOrdered = 60.0, kDistinct = 10.0, kMoments = 3.0;

/// Means slide sums, deviations variances: they share them.
AggregateKind partial_of(AggregateKind kind) {
  if (kind == AggregateKind::mean) return AggregateKind::sum;
  return kind == AggregateKind::deviation ? AggregateKind::variance : kind;
}

bool has_partials(AggregateKind kind) {
  const AggregateKind partial = partial_of(kind);
  return partial == AggregateKind::sum || partial == AggregateKind::min ||
         partial == AggregateKind::max || partial == AggregateKind::variance;
}

/// Work on every row that windows do not share.
double row_ns(AggregateKind kind) {
  if (kind == AggregateKind::quantile) return kOrdered;
  if (kind == AggregateKind::nunique) return kDistinct;
  return partial_of(kind) == AggregateKind::variance ? kMoments : 0;
}

std::vector<Index> with_copies(const Job& job) {
  std::vector<Index> targets = {job.target};
  targets.insert(targets.end(), job.copies.begin(), job.copies.end());
  return targets;
}

void use(PlanWork& work, const std::vector<Index>& targets) {
  work.targets.insert(work.targets.end(), targets.begin(), targets.end());
  std::sort(work.targets.begin(), work.targets.end());
  work.targets.erase(std::unique(work.targets.begin(), work.targets.end()),
                     work.targets.end());
}

}  // namespace

std::vector<PlanWork> plan_work(const TargetPlan& plan) {
  const TargetPlan::Data& data = plan.data();
  std::vector<PlanWork> all;
  for (const TargetPlan::Set& set : data.sets) {
    PlanWork work{Work::boundaries, {}, kBoundary, 0};
    use(work, set.targets);
    all.push_back(std::move(work));
  }
  std::map<Index, PlanWork> filters, values, windows;
  std::map<std::tuple<Index, Index, Index, AggregateKind>, PlanWork> partials;
  std::vector<PlanWork> results;
  for (const Pair& pair : data.pairs) {
    for (const Job& job : pair.jobs) {
      const std::vector<Index> targets = with_copies(job);
      const TargetSpec& spec = data.targets[static_cast<std::size_t>(job.target)];
      const Index elements =
          data.windows[static_cast<std::size_t>(job.windows)].elements;
      const auto add = [&targets](PlanWork& work, Work kind, double event,
                                  double interval) {
        work.kind = kind;
        work.ns_per_event = event;
        work.ns_per_interval = interval;
        use(work, targets);
      };
      if (pair.where >= 0) add(filters[pair.where], Work::filter, kFilter, 0);
      if (pair.value >= 0) add(values[pair.value], Work::value, kValue, 0);
      if (has_partials(spec.aggregate)) {
        add(partials[{pair.where, pair.value, elements, partial_of(spec.aggregate)}],
            Work::partials, kPartial, 0);
      }
      add(windows[job.windows], Work::windows, 0, kWindow);
      add(results.emplace_back(), Work::result, row_ns(spec.aggregate),
          kSlide + kDeliver);
    }
  }
  for (std::size_t m = 0; m < data.mixes.size(); ++m) {
    const auto target = static_cast<Index>(data.targets.size() + m);
    results.push_back({Work::result, {target}, 0, kMix + kDeliver});
  }
  for (std::size_t c = 0; c < data.classes.size(); ++c) {
    const auto target = static_cast<Index>(data.targets.size() + data.mixes.size() + c);
    results.push_back({Work::result, {target}, 0, kClass});
  }
  for (const auto* group : {&filters, &values}) {
    for (const auto& [position, work] : *group) all.push_back(work);
  }
  for (const auto& [key, work] : partials) all.push_back(work);
  for (const auto& [position, work] : windows) all.push_back(work);
  all.insert(all.end(), results.begin(), results.end());
  return all;
}

}  // namespace lade
