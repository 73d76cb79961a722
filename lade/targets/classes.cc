// SPDX-License-Identifier: Apache-2.0
// Labels of classes: thresholds below the unrounded value.
#include <algorithm>

#include "lade/targets/state_internal.h"

namespace lade {
namespace {

std::int64_t label_of(const ClassSpec& spec, double value) {
  const auto begin = spec.thresholds.begin();
  const auto end = spec.thresholds.end();
  return (spec.ties == Ties::lower ? std::lower_bound(begin, end, value)
                                   : std::upper_bound(begin, end, value)) -
         begin;
}

}  // namespace

void compute_classes(const TargetPlan::Data& plan, TargetScratch::State& state,
                     SequenceTargets& out) {
  out.label.resize(plan.classes.size());
  const std::size_t first = plan.targets.size() + plan.mixes.size();
  for (std::size_t c = 0; c < plan.classes.size(); ++c) {
    const ClassSpec& spec = plan.classes[c];
    const auto of = static_cast<std::size_t>(spec.of);
    const std::vector<std::uint8_t>& valid = out.valid[of];
    const std::vector<double>& values = state.exact[of];
    out.label[c].resize(valid.size());
    for (std::size_t i = 0; i < valid.size(); ++i) {
      out.label[c][i] = valid[i] != 0 ? label_of(spec, values[i]) : kNoClass;
      state.counts.invalid[first + c] += valid[i] == 0 ? 1 : 0;
    }
    out.valid[first + c] = valid;
  }
}

}  // namespace lade
