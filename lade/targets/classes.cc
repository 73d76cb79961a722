// SPDX-License-Identifier: Apache-2.0
// Labels of classes: thresholds below the unrounded value.
#include <algorithm>

#include "lade/targets/state_internal.h"

namespace lade {

void compute_classes(const TargetPlan::Data& plan, TargetScratch::State& state,
                     SequenceTargets& out) {
  out.label.resize(plan.classes.size());
  const std::size_t first = plan.targets.size() + plan.mixes.size();
  for (std::size_t c = 0; c < plan.classes.size(); ++c) {
    const ClassSpec& spec = plan.classes[c];
    const auto of = static_cast<std::size_t>(spec.of);
    const std::vector<std::uint8_t>& valid = out.valid[of];
    const std::vector<double>& values = state.exact[of];
    const auto& thresholds = spec.thresholds;
    out.label[c].resize(valid.size());
    for (std::size_t i = 0; i < valid.size(); ++i) {
      const auto below =
          std::lower_bound(thresholds.begin(), thresholds.end(), values[i]);
      out.label[c][i] = valid[i] != 0 ? below - thresholds.begin() : kNoClass;
      state.counts.invalid[first + c] += valid[i] == 0 ? 1 : 0;
    }
    out.valid[first + c] = valid;
  }
}

}  // namespace lade
