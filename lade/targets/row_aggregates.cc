// SPDX-License-Identifier: Apache-2.0
// Aggregates beyond sums and extremes: spread from the moments of intervals; order,
// different values and places from the selected rows of each window.
#include <algorithm>
#include <cmath>

#include "lade/core/expression_internal.h"
#include "lade/targets/state_internal.h"

namespace lade {
namespace {

using kernels::MomentElements;
using kernels::Moments;

/// The column of a value that is nothing but a whole number, a time or a text, which
/// f64 would not tell apart; else -1.
Index exact_column(const Program& program) {
  if (program.type() == ValueType::text) return program.columns().front();
  const auto& code = program.data().code;
  const bool bare =
      !code.empty() && code[0].op == Op::load &&
      (code.size() == 1 || (code.size() == 2 && code[1].op == Op::to_f64));
  const bool wide = bare && code[0].kind != Kind::f64 && width(code[0].kind) == 8;
  return wide ? code[0].column : -1;
}

/// Ranks and numbers are not wanted at once, as a pair's jobs are sorted by their kind.
void take_memory(std::vector<std::int32_t>& from, std::vector<std::int32_t>& to) {
  if (to.capacity() < from.capacity()) to.swap(from);
}

/// One target over the windows of one sequence.
class RowAggregate {
 public:
  RowAggregate(const PairRows& pair, const TargetSpec& spec, const WindowList& over)
      : pair_(pair), state_(pair.state), spec_(spec), over_(over) {}

  void run(double* out);

 private:
  const Cut& cut(Index grid) const {
    const Extent extent = over_.windows.ahead() ? Extent::all : Extent::visible;
    return cut_of(state_, pair_.rows, grid, extent);
  }
  Index row_count() const { return static_cast<Index>(pair_.rows.all.size()); }
  MomentElements moments(Index grid);
  void join_squares(double* squares);
  void take_spread(double* out);

  std::span<const std::int32_t> selected();
  RowWindows selected_windows();
  const Ranking& ranking();
  Numbering& numbering();
  void take_places(RowWindows over, double* out);

  const PairRows& pair_;
  TargetScratch::State& state_;
  const TargetSpec& spec_;
  const WindowList& over_;
};

/// The intervals of a grid as elements; rows for -1.
MomentElements RowAggregate::moments(Index grid) {
  if (grid < 0) return {nullptr, pair_.value, state_.mask.data()};
  const bool hidden = over_.windows.ahead() && pair_.rows.cut();
  auto& tables = state_.moments;
  tables.resize(std::max(tables.size(), pair_.plan.grids.size()));
  auto& table = tables[static_cast<std::size_t>(grid)][hidden ? 1 : 0];
  const Cut& intervals = cut(grid);
  Moments* values = room(table.values, intervals.size);
  if (table.stamp != state_.pair_stamp) {
    const Index days = pair_.plan.grids[static_cast<std::size_t>(grid)].days;
    kernels::reduce_runs(moments(days),
                         days < 0 ? intervals.ends.data() : intervals.last.data(),
                         intervals.size, values);
    table.stamp = state_.pair_stamp;
  }
  return {values, nullptr, nullptr};
}

void RowAggregate::join_squares(double* squares) {
  const Windows& windows = over_.windows;
  if (windows.method == Method::within) {
    const Cut& units = cut(windows.elements);
    kernels::accumulate_squares(moments(-1), units.ends.data(), units.size, squares);
    return;
  }
  const MomentElements elements = moments(windows.elements);
  const Index count = windows.elements < 0 ? row_count() : cut(windows.elements).size;
  const std::int32_t* high = over_.ranges.high.data();
  if (windows.method == Method::slide) {
    kernels::slide_squares(elements, over_.ranges.low.data(), high, over_.size,
                           room(state_.moment_suffix, count), squares);
    return;
  }
  double* until = room(state_.suffix, count);
  kernels::accumulate_squares(elements, over_.size > 0 ? high[over_.size - 1] : 0,
                              until);
  for (Index i = 0; i < over_.size; ++i) {
    squares[i] = high[i] > 0 ? until[high[i] - 1] : 0.0;
  }
}

void RowAggregate::take_spread(double* out) {
  join_squares(out);
  for (Index i = 0; i < over_.size; ++i) {
    std::int32_t& count = over_.counts[i];
    if (count <= spec_.ddof) count = 0;  // nothing to give
    out[i] /= std::max(count - spec_.ddof, 1);
    if (spec_.aggregate == AggregateKind::deviation) out[i] = std::sqrt(out[i]);
  }
}

std::span<const std::int32_t> RowAggregate::selected() {
  const auto count =
      static_cast<Index>(state_.before[static_cast<std::size_t>(row_count())]);
  std::int32_t* rows = room(state_.selected.values, count);
  if (state_.selected.stamp != state_.pair_stamp) {
    state_.selected.stamp = state_.pair_stamp;
    Index next = 0;
    for (Index r = 0; r < row_count(); ++r) {
      if (state_.mask[static_cast<std::size_t>(r)] != 0) {
        rows[next++] = static_cast<std::int32_t>(r);
      }
    }
  }
  return {rows, static_cast<std::size_t>(count)};
}

/// The windows in selected rows: elements become rows, rows those selected before them.
RowWindows RowAggregate::selected_windows() {
  const Windows& windows = over_.windows;
  std::int32_t* low = room(state_.row_low, over_.size);
  std::int32_t* high = room(state_.row_high, over_.size);
  const std::int32_t* before = state_.before.data();
  if (windows.method == Method::within) {
    const Cut& units = cut(windows.elements);
    Index begin = 0;
    for (Index u = 0; u < units.size; ++u) {
      const Index end = units.ends[static_cast<std::size_t>(u)] + 1;
      std::fill(low + begin, low + end, before[begin]);
      begin = end;
    }
    std::copy_n(before + 1, over_.size, high);
    return {low, high, over_.size};
  }
  const std::int32_t* ends =
      windows.elements < 0 ? nullptr : cut(windows.elements).ends.data();
  const auto begin_of = [&](std::int32_t element) {
    if (ends == nullptr || element == 0) return element;
    return ends[element - 1] + 1;
  };
  for (Index i = 0; i < over_.size; ++i) {
    const auto w = static_cast<std::size_t>(i);
    low[i] = before[begin_of(over_.ranges.low[w])];
    high[i] = before[begin_of(over_.ranges.high[w])];
  }
  return {low, high, over_.size};
}

const Ranking& RowAggregate::ranking() {
  if (state_.ranking_stamp != state_.pair_stamp) {
    take_memory(state_.numbering.order, state_.ranking.order);
    take_memory(state_.numbering.number, state_.ranking.rank);
    take_memory(state_.numbering.seen, state_.ranking.tree);
    state_.numbering_stamp = 0;
    rank_rows(pair_.value, selected(), state_.ranking);
    state_.ranking_stamp = state_.pair_stamp;
  }
  return state_.ranking;
}

Numbering& RowAggregate::numbering() {
  if (state_.numbering_stamp == state_.pair_stamp) return state_.numbering;
  take_memory(state_.ranking.order, state_.numbering.order);
  take_memory(state_.ranking.rank, state_.numbering.number);
  take_memory(state_.ranking.tree, state_.numbering.seen);
  state_.ranking_stamp = 0;
  const Index column = spec_.value ? exact_column(*spec_.value) : -1;
  if (column < 0) {
    number_values(pair_.value, selected(), state_.numbering);
  } else {
    number_values(pair_.view.chunk->columns[static_cast<std::size_t>(column)],
                  pair_.view.begin, selected(), state_.numbering);
  }
  state_.numbering_stamp = state_.pair_stamp;
  return state_.numbering;
}

/// What stands first or last in each window that is not empty.
void RowAggregate::take_places(RowWindows over, double* out) {
  const auto rows = selected();
  const double* x = pair_.value;
  const auto row_of = [&](std::int32_t element) {
    return static_cast<std::size_t>(rows[static_cast<std::size_t>(element)]);
  };
  const auto& ends =
      cut_of(state_, pair_.rows, over_.windows.grid, Extent::visible).ends;
  const double day = 86'400.0 * static_cast<double>(per_second(pair_.plan.unit));
  const auto time = pair_.rows.all;
  for (Index i = 0; i < over.windows; ++i) {
    out[i] = 0.0;
    if (over.low[i] >= over.high[i]) continue;
    const std::size_t first = row_of(over.low[i]);
    const std::size_t last = row_of(over.high[i] - 1);
    if (spec_.aggregate == AggregateKind::first) {
      out[i] = x[first];
    } else if (spec_.aggregate == AggregateKind::last) {
      out[i] = x[last];
    } else {
      const auto now = static_cast<std::size_t>(ends[static_cast<std::size_t>(i)]);
      out[i] = static_cast<double>(subtract_saturating(time[now], time[last])) / day;
    }
  }
}

void RowAggregate::run(double* out) {
  switch (spec_.aggregate) {
    case AggregateKind::variance:
    case AggregateKind::deviation:
      return take_spread(out);
    case AggregateKind::quantile:
      ranking();
      return window_quantiles(pair_.value, selected(), spec_.quantile,
                              selected_windows(), state_.ranking, out);
    case AggregateKind::nunique:
      return window_distinct(selected_windows(), numbering(), out);
    case AggregateKind::any:
      for (Index i = 0; i < over_.size; ++i) out[i] = over_.counts[i] > 0 ? 1.0 : 0.0;
      return;
    default:
      return take_places(selected_windows(), out);
  }
}

}  // namespace

void aggregate_rows(const PairRows& pair, const TargetSpec& spec,
                    const WindowList& over, double* out) {
  RowAggregate(pair, spec, over).run(out);
}

}  // namespace lade
