// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "lade/core/expression.h"
#include "lade/targets/state_internal.h"

namespace lade {
namespace {

/// valid[i] = 1 where all inputs of the mix are valid.
void join_validity(const std::vector<Index>& inputs, const SequenceTargets& out,
                   std::size_t windows, std::vector<std::uint8_t>& valid) {
  valid.assign(windows, 1);
  for (const Index input : inputs) {
    const auto& of = out.valid[static_cast<std::size_t>(input)];
    for (std::size_t i = 0; i < windows; ++i) {
      valid[i] = static_cast<std::uint8_t>(valid[i] & of[i]);
    }
  }
}

}  // namespace

void compute_mixes(const TargetPlan::Data& plan, TargetScratch::State& state,
                   SequenceTargets& out) {
  if (plan.mixes.empty()) return;
  std::vector<Column>& columns = state.mix_columns;
  columns.assign(state.exact.size(), Column{});
  for (std::size_t m = 0; m < plan.mixes.size(); ++m) {
    const MixSpec& mix = plan.mixes[m];
    const std::size_t target = plan.targets.size() + m;
    const std::size_t windows = out.value[target].size();
    for (const Index input : mix.expression.columns()) {
      const auto i = static_cast<std::size_t>(input);
      columns[i].values = state.exact[i].data();
    }
    join_validity(mix.expression.columns(), out, windows, state.mask);
    state.joined.resize(std::max(state.joined.size(), windows));
    state.present.resize(std::max(state.present.size(), windows));
    compute(mix.expression, columns, 0, static_cast<Index>(windows), state.eval,
            state.joined.data(), state.present.data());
    state.count.resize(std::max(state.count.size(), windows));
    for (std::size_t i = 0; i < windows; ++i) {
      state.count[i] = state.mask[i] & state.present[i];
    }
    double* exact = nullptr;
    if (plan.exact[target]) {
      state.exact[target].resize(windows);
      exact = state.exact[target].data();
    }
    const auto size = static_cast<Index>(windows);
    const Delivery delivery{
        state.joined.data(), state.count.data(), size, 0, size, false, mix.empty};
    deliver(delivery, out.value[target].data(), out.valid[target].data(), exact,
            state.counts.invalid[target], state.counts.nonfinite[target]);
  }
}

}  // namespace lade
