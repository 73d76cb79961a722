// SPDX-License-Identifier: Apache-2.0
// compat = "hppl": the arithmetic and the windows of the published generator, for
// repeating its results (docs/guide/targets.md). Every window is read anew, row by row,
// because its f32 sums have no other order.
#include <algorithm>
#include <cmath>

#include "lade/targets/delivery_kernels.h"
#include "lade/targets/state_internal.h"

namespace lade {
namespace {

bool passes(const HpplFilter& filter, double x) {
  if (filter.test == HpplFilter::Test::above) {
    return static_cast<double>(static_cast<float>(x)) > filter.bound;
  }
  return std::trunc(x) == filter.bound;  // false for NaN and what no int32 holds
}

float aggregate(AggregateKind kind, const double* value, const std::uint8_t* mask,
                Index begin, Index end) {
  float joined = 0.0F;
  Index count = 0;
  for (Index r = begin; r < end; ++r) {
    if (mask[r] == 0) continue;
    const auto x = static_cast<float>(value[r]);
    if (kind == AggregateKind::sum || kind == AggregateKind::mean) {
      joined += x;
    } else if (count == 0) {
      joined = x;
    } else {
      joined = kind == AggregateKind::min ? std::min(joined, x) : std::max(joined, x);
    }
    ++count;
  }
  if (kind != AggregateKind::mean || count == 0) return joined;
  return static_cast<float>(static_cast<double>(joined) / static_cast<double>(count));
}

/// Targets of one sequence; holds what its steps share.
class Hppl {
 public:
  Hppl(const TargetPlan::Data& plan, const SequenceView& view, Index rows,
       TargetScratch::State& state, SequenceTargets& out)
      : plan_(plan), view_(view), rows_(rows), state_(state), out_(out) {}

  void take_pair(const Pair& pair);
  void take_mix(std::size_t mix);

 private:
  void take_mask(const Pair& pair);
  void take_job(const Job& job);
  /// Everything is valid; what is not finite is given as it is.
  void settle(std::size_t target);
  void copy(const Job& job);

  const TargetPlan::Data& plan_;
  const SequenceView& view_;
  Index rows_;
  TargetScratch::State& state_;
  SequenceTargets& out_;
};

void Hppl::take_mask(const Pair& pair) {
  const auto n = static_cast<std::size_t>(rows_);
  room(state_.mask, rows_);
  if (pair.where < 0) {
    std::fill_n(state_.mask.begin(), n, std::uint8_t{1});
    return;
  }
  room(state_.joined, rows_);
  compute(plan_.wheres[static_cast<std::size_t>(pair.where)], view_.chunk->columns,
          view_.begin, rows_, state_.eval, state_.joined.data(), state_.mask.data());
  for (std::size_t r = 0; r < n; ++r) {
    const bool passed = state_.mask[r] != 0 && passes(pair.filter, state_.joined[r]);
    state_.mask[r] = passed ? 1 : 0;
  }
}

void Hppl::take_pair(const Pair& pair) {
  room(state_.value, rows_);
  room(state_.present, rows_);
  compute(plan_.values[static_cast<std::size_t>(pair.value)], view_.chunk->columns,
          view_.begin, rows_, state_.eval, state_.value.data(), state_.present.data());
  kernels::find_present(state_.value.data(), rows_, state_.present.data());
  take_mask(pair);
  const Index missing =
      kernels::drop_missing(state_.present.data(), rows_, state_.mask.data());
  for (const Job& job : pair.jobs) {
    state_.counts.missing[static_cast<std::size_t>(job.target)] += missing;
    take_job(job);
    copy(job);
  }
}

/// Interval i reads the rows after the end of interval i - k; the first one and the
/// k - 1 after it read as if interval 0 had ended before them.
void Hppl::take_job(const Job& job) {
  const auto t = static_cast<std::size_t>(job.target);
  const TargetSpec& spec = plan_.targets[t];
  const auto& ends = out_.sets[static_cast<std::size_t>(plan_.set_of[t])].ends;
  const auto size = static_cast<Index>(ends.size());
  for (Index i = 0; i < size; ++i) {
    const Index before = std::max<Index>(i - std::min(spec.window.length, i), 0);
    const Index begin = i == 0 ? 0 : ends[static_cast<std::size_t>(before)] + 1;
    const Index end = ends[static_cast<std::size_t>(i)] + 1;
    out_.value[t][static_cast<std::size_t>(i)] =
        aggregate(spec.aggregate, state_.value.data(), state_.mask.data(), begin, end);
  }
  settle(t);
}

void Hppl::settle(std::size_t target) {
  const std::vector<float>& values = out_.value[target];
  std::fill(out_.valid[target].begin(), out_.valid[target].end(), std::uint8_t{1});
  for (const float value : values) {
    state_.counts.nonfinite[target] += std::isfinite(value) ? 0 : 1;
  }
  if (plan_.exact[target]) {
    state_.exact[target].assign(values.begin(), values.end());
  }
}

void Hppl::copy(const Job& job) {
  const auto from = static_cast<std::size_t>(job.target);
  for (const Index copy : job.copies) {
    const auto to = static_cast<std::size_t>(copy);
    out_.value[to] = out_.value[from];
    settle(to);
    state_.counts.missing[to] = state_.counts.missing[from];
  }
}

void Hppl::take_mix(std::size_t mix) {
  const Program& program = plan_.mixes[mix].expression;
  const std::size_t target = plan_.targets.size() + mix;
  const std::size_t size = out_.value[target].size();
  for (const Index input : program.columns()) {
    const auto i = static_cast<std::size_t>(input);
    state_.mix_columns[i].values = state_.exact[i].data();
  }
  room(state_.joined, static_cast<Index>(size));
  room(state_.present, static_cast<Index>(size));
  compute_single(program, state_.mix_columns, 0, static_cast<Index>(size), state_.eval,
                 state_.joined.data(), state_.present.data());
  for (std::size_t i = 0; i < size; ++i) {
    out_.value[target][i] = static_cast<float>(state_.joined[i]);
  }
  settle(target);
}

/// Week of ISO 8601 and the Monday it begins on.
struct IsoWeek {
  std::int64_t week, monday;
};
IsoWeek iso_week(std::int64_t day) {
  const std::int64_t monday = day - floor_mod(day + 3, 7);
  const std::int32_t year = to_date(monday + 3).year;  // that of its Thursday
  return {(monday + 3 - to_day({year, 1, 1})) / 7 + 1, monday};
}

}  // namespace

std::int64_t hppl_week_key(std::int64_t day) {
  return std::int64_t{54} * to_date(day).year + 7 * iso_week(day).week;
}

std::int64_t hppl_week_begin(std::int64_t day) {
  return std::max(iso_week(day).monday, to_day({to_date(day).year, 1, 1}));
}

std::int64_t hppl_week_end(std::int64_t day) {
  return std::min(iso_week(day).monday + 7, to_day({to_date(day).year + 1, 1, 1}));
}

void compute_hppl(const TargetPlan::Data& plan, const SequenceView& view,
                  const SequenceRows& rows, TargetScratch::State& state,
                  SequenceTargets& out) {
  Hppl hppl(plan, view, static_cast<Index>(rows.visible.size()), state, out);
  for (const Pair& pair : plan.pairs) hppl.take_pair(pair);
  state.mix_columns.assign(state.exact.size(), Column{});
  for (std::size_t m = 0; m < plan.mixes.size(); ++m) hppl.take_mix(m);
  out.label.clear();
}

}  // namespace lade
