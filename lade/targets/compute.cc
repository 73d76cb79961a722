// SPDX-License-Identifier: Apache-2.0
// All targets of one sequence: cut it, find the windows, then pair by pair rows into
// partial values and those into windows.
#include "lade/targets/compute.h"

#include <algorithm>

#include "lade/core/error.h"
#include "lade/core/expression_internal.h"
#include "lade/targets/delivery_kernels.h"
#include "lade/targets/selection_kernels.h"
#include "lade/targets/state_internal.h"

namespace lade {
namespace {

using kernels::Combine;

Combine combine_of(AggregateKind kind) {
  if (kind == AggregateKind::min) return Combine::least;
  return kind == AggregateKind::max ? Combine::greatest : Combine::sum;
}

/// The column of a program that is no more than one, of `kind` and without nulls.
const Column* bare_column(const Program& program, const SequenceView& view, Kind kind) {
  const std::vector<Instruction>& code = program.data().code;
  if (code.size() != 1 || code[0].op != Op::load || code[0].kind != kind) {
    return nullptr;
  }
  const Column& column = view.chunk->columns[static_cast<std::size_t>(code[0].column)];
  return column.validity == nullptr ? &column : nullptr;
}

/// Computes the targets of one sequence; holds what its steps share.
class Computation {
 public:
  Computation(const TargetPlan& plan, const SequenceView& view, Index rows,
              TargetScratch::State& state, SequenceTargets& out)
      : plan_(plan.data()), view_(view), state_(state), out_(out) {
    const auto* time =
        view.chunk->columns[static_cast<std::size_t>(plan_.time)].as<std::int64_t>() +
        view.begin;
    rows_ = {{time, static_cast<std::size_t>(rows)},
             {time, static_cast<std::size_t>(plan_.any_ahead ? view.rows : rows)}};
  }

  void run(const TargetPlan& plan);

 private:
  void cut();
  void give_sets(const TargetPlan& plan);
  void take_pair(const Pair& pair);
  void take_value(Index value);
  bool take_column(const Program& program);
  void take_texts(Index column);
  void take_mask(const Pair& pair);
  void check_missing(const Pair& pair);
  std::uint8_t* mask_of_rows();
  void drop_missing_rows();
  bool needs_rows(const Pair& pair) const;
  void take_job(const Pair& pair, const Job& job);
  void copy(const Job& job);

  const Cut& cut_of(Index grid, Extent extent) const {
    return lade::cut_of(state_, rows_, grid, extent);
  }
  Index row_count() const { return static_cast<Index>(rows_.all.size()); }
  const double* row_values(Combine combine);
  const double* partials(Index grid, Extent extent, Combine combine);
  const double* join(const Windows& windows, const Ranges& ranges, Index size,
                     Combine combine);
  const std::int32_t* selected_before(Index grid, const Cut& cut, bool ahead);
  std::int32_t* count(const Windows& windows, const Ranges& ranges, Index size);

  const TargetPlan::Data& plan_;
  const SequenceView& view_;
  TargetScratch::State& state_;
  SequenceTargets& out_;
  SequenceRows rows_;
  Index missing_[2] = {0, 0};      // selected rows without a value, by extent
  const double* value_ = nullptr;  // of all rows
  bool whole_value_ = false;       // no row of the value is missing
  bool all_selected_ = false;
};

void Computation::cut() {
  state_.cuts.resize(std::max(state_.cuts.size(), plan_.grids.size()));
  for (const Extent extent : {Extent::visible, Extent::all}) {
    if (extent == Extent::all && !rows_.cut()) continue;
    const auto e = static_cast<std::size_t>(extent);
    for (std::size_t g = 0; g < plan_.grids.size(); ++g) {
      const Grid& grid = plan_.grids[g];
      const Cut* days = grid.days < 0
                            ? nullptr
                            : &state_.cuts[static_cast<std::size_t>(grid.days)][e];
      cut_grid(grid, rows_.of(extent), days, state_.cuts[g][e]);
    }
  }
  state_.ranges.resize(std::max(state_.ranges.size(), plan_.windows.size()));
  for (std::size_t w = 0; w < plan_.windows.size(); ++w) {
    find_ranges(plan_, plan_.windows[w], rows_, state_.cuts, state_.ranges[w]);
  }
}

void Computation::give_sets(const TargetPlan& plan) {
  out_.sets.resize(plan_.sets.size());
  for (std::size_t s = 0; s < plan_.sets.size(); ++s) {
    const Cut& cut = cut_of(plan_.set_grid[s], Extent::visible);
    out_.sets[s].ends.resize(static_cast<std::size_t>(cut.size));
    out_.sets[s].keys.resize(static_cast<std::size_t>(cut.size));
    kernels::copy_runs(cut.ends.data(), cut.keys.data(), cut.size,
                       out_.sets[s].ends.data(), out_.sets[s].keys.data());
  }
  const auto targets = static_cast<std::size_t>(plan.size());
  out_.value.resize(targets);
  out_.valid.resize(targets);
  state_.exact.resize(std::max(state_.exact.size(), targets));
  TargetCounts& counts = state_.counts;
  for (auto* count :
       {&counts.values, &counts.invalid, &counts.missing, &counts.nonfinite}) {
    count->resize(std::max(count->size(), targets));
  }
  const std::size_t classes = targets - plan_.classes.size();
  for (std::size_t t = 0; t < targets; ++t) {
    const std::size_t size =
        out_.sets[static_cast<std::size_t>(plan_.set_of[t])].ends.size();
    out_.value[t].resize(t < classes ? size : 0);
    out_.valid[t].resize(size);
    counts.values[t] += static_cast<Index>(size);
  }
}

/// The values of a bare column, if none is missing: f64 as they lie there.
bool Computation::take_column(const Program& program) {
  const Index n = row_count();
  if (const Column* f64 = bare_column(program, view_, Kind::f64)) {
    value_ = f64->as<double>() + view_.begin;
    return kernels::all_numbers(value_, n);
  }
  const Column* f32 = bare_column(program, view_, Kind::f32);
  if (f32 == nullptr) return false;
  value_ = room(state_.value, n);
  return kernels::widen_numbers(f32->as<float>() + view_.begin, n, state_.value.data());
}

/// Values of all rows; missing ones (null or NaN) are not present.
void Computation::take_value(Index value) {
  const Index n = row_count();
  const Program& program = plan_.values[static_cast<std::size_t>(value)];
  value_ = nullptr;
  if (program.type() == ValueType::text) return take_texts(program.columns().front());
  whole_value_ = take_column(program);
  if (whole_value_) return;
  room(state_.present, n);
  room(state_.value, n);
  compute(program, view_.chunk->columns, view_.begin, n, state_.eval,
          state_.value.data(), state_.present.data());
  value_ = state_.value.data();
  whole_value_ = kernels::find_present(value_, n, state_.present.data()) == n;
}

/// A text column has no numbers: only which of them are there.
void Computation::take_texts(Index column) {
  const Column& texts = view_.chunk->columns[static_cast<std::size_t>(column)];
  room(state_.present, row_count());
  Index present = 0;
  for (Index r = 0; r < row_count(); ++r) {
    const bool there = texts.valid(view_.begin + r);
    state_.present[static_cast<std::size_t>(r)] = there ? 1 : 0;
    present += there ? 1 : 0;
  }
  whole_value_ = present == row_count();
}

/// Fills State::bits, by the mask of rows or from what was kept of it.
void Computation::take_mask(const Pair& pair) {
  const Index n = row_count();
  const Index words = kernels::words_of(n);
  std::uint64_t* bits = room(state_.bits, words);
  all_selected_ = pair.where < 0;
  state_.mask_there = false;
  if (pair.where < 0) {
    kernels::all_bits(n, bits);
    return;
  }
  const auto w = static_cast<std::size_t>(pair.where);
  const bool keep = plan_.keep_mask[w];
  if (keep) {
    state_.masks.resize(std::max(state_.masks.size(), plan_.wheres.size()));
    if (state_.masks[w].stamp == state_.sequence_stamp) {
      std::copy_n(state_.masks[w].values.data(), words, bits);
      return;
    }
  }
  std::uint8_t* mask = room(state_.mask, n);
  select(plan_.wheres[w], view_.chunk->columns, view_.begin, n, state_.eval, mask);
  kernels::pack_bits(mask, n, bits);
  state_.mask_there = true;
  if (!keep) return;
  std::copy_n(bits, words, room(state_.masks[w].values, words));
  state_.masks[w].stamp = state_.sequence_stamp;
}

/// A byte a row, for what reads rows one by one.
std::uint8_t* Computation::mask_of_rows() {
  std::uint8_t* mask = room(state_.mask, row_count());
  if (!state_.mask_there) kernels::unpack_bits(state_.bits.data(), row_count(), mask);
  state_.mask_there = true;
  return mask;
}

void Computation::check_missing(const Pair& pair) {
  const std::uint8_t* mask = mask_of_rows();
  for (const Job& job : pair.jobs) {
    const TargetSpec& spec = plan_.targets[static_cast<std::size_t>(job.target)];
    if (!spec.missing_fails) continue;
    const bool ahead = plan_.windows[static_cast<std::size_t>(job.windows)].ahead();
    const std::size_t n = rows_.of(ahead ? Extent::all : Extent::visible).size();
    for (std::size_t r = 0; r < n; ++r) {
      if (mask[r] == 0 || state_.present[r] != 0) continue;
      Place place;
      place.row = static_cast<Index>(r);
      place.rule = "target.missing";
      throw DataError(place, "target \"" + spec.name +
                                 "\" must have no missing values, got "
                                 "one in row " +
                                 std::to_string(r) + " of sequence " +
                                 std::to_string(view_.sequence));
    }
  }
}

void Computation::take_pair(const Pair& pair) {
  ++state_.pair_stamp;
  take_mask(pair);
  missing_[0] = missing_[1] = 0;
  if (pair.value >= 0 && !whole_value_) {
    check_missing(pair);
    drop_missing_rows();
  }
  const Index words = kernels::words_of(row_count());
  kernels::rank_words(state_.bits.data(), words, room(state_.bits_before, words + 1));
  if (needs_rows(pair)) {
    kernels::count_before(mask_of_rows(), row_count(),
                          room(state_.before, row_count() + 1));
  }
  for (const Job& job : pair.jobs) {
    take_job(pair, job);
    copy(job);
  }
}

void Computation::drop_missing_rows() {
  const auto visible = static_cast<Index>(rows_.visible.size());
  const std::uint8_t* present = state_.present.data();
  std::uint8_t* mask = mask_of_rows();
  missing_[0] = kernels::drop_missing(present, visible, mask);
  missing_[1] =
      missing_[0] +
      kernels::drop_missing(present + visible, row_count() - visible, mask + visible);
  kernels::pack_bits(mask, row_count(), state_.bits.data());
  all_selected_ = false;
}

/// Whether a target of the pair reads single rows, not only what intervals join.
bool Computation::needs_rows(const Pair& pair) const {
  return std::any_of(pair.jobs.begin(), pair.jobs.end(), [&](const Job& job) {
    const Windows& windows = plan_.windows[static_cast<std::size_t>(job.windows)];
    const TargetSpec& spec = plan_.targets[static_cast<std::size_t>(job.target)];
    return windows.elements < 0 || windows.method == Method::within ||
           spec.aggregate > AggregateKind::max;
  });
}

const double* Computation::row_values(Combine combine) {
  if (all_selected_) return value_;
  double* values = room(state_.rows.values, row_count());
  if (!state_.rows.claim(state_.pair_stamp, combine)) {
    kernels::keep_selected(value_, mask_of_rows(), row_count(),
                           kernels::identity(combine), values);
  }
  return values;
}

const double* Computation::partials(Index grid, Extent extent, Combine combine) {
  if (grid < 0) return row_values(combine);
  const auto e = static_cast<std::size_t>(extent == Extent::all && rows_.cut() ? 1 : 0);
  PartialValues& table = state_.partials[static_cast<std::size_t>(grid)][e];
  const Cut& cut = cut_of(grid, extent);
  double* values = room(table.values, cut.size);
  if (table.claim(state_.pair_stamp, combine)) return values;
  const Index days = plan_.grids[static_cast<std::size_t>(grid)].days;
  if (days >= 0) {
    kernels::reduce_runs(combine, partials(days, extent, combine), cut.last.data(),
                         cut.size, values);
  } else if (all_selected_) {
    kernels::reduce_runs(combine, value_, cut.ends.data(), cut.size, values);
  } else {
    const auto rows = static_cast<Index>(rows_.of(extent).size());
    kernels::join_selected(combine, value_, state_.bits.data(), rows,
                           {cut.begins.data(), cut.before.data()}, cut.size, values);
  }
  return values;
}

/// Selected rows before each interval of a grid, and before its end.
const std::int32_t* Computation::selected_before(Index grid, const Cut& cut,
                                                 bool ahead) {
  auto& table =
      state_
          .element_before[static_cast<std::size_t>(grid)][ahead && rows_.cut() ? 1 : 0];
  std::int32_t* until = room(table.values, cut.size + 1);
  if (table.stamp == state_.pair_stamp) return until;
  table.stamp = state_.pair_stamp;
  kernels::count_until(state_.bits.data(), state_.bits_before.data(), cut.ends.data(),
                       cut.size, until);
  return until;
}

/// Selected rows of each window: a difference of whole numbers is exact.
std::int32_t* Computation::count(const Windows& windows, const Ranges& ranges,
                                 Index size) {
  std::int32_t* counts = room(state_.count, size);
  const std::int32_t* before = state_.before.data();
  const std::int32_t* low = ranges.low.data();
  const std::int32_t* high = ranges.high.data();
  if (windows.elements < 0) {
    for (Index i = 0; i < size; ++i) counts[i] = before[high[i]] - before[low[i]];
    return counts;
  }
  const Cut& cut =
      cut_of(windows.elements, windows.ahead() ? Extent::all : Extent::visible);
  if (windows.method == Method::within) {
    Index begin = 0;
    for (Index u = 0; u < cut.size; ++u) {
      const Index end = cut.ends[static_cast<std::size_t>(u)] + 1;
      for (Index r = begin; r < end; ++r) counts[r] = before[r + 1] - before[begin];
      begin = end;
    }
    return counts;
  }
  const std::int32_t* until = selected_before(windows.elements, cut, windows.ahead());
  if (const Index last = ranges.last_elements; last > 0) {
    for (Index i = 0; i < last; ++i) counts[i] = until[i + 1];
    for (Index i = last; i < size; ++i) counts[i] = until[i + 1] - until[i + 1 - last];
    return counts;
  }
  for (Index i = 0; i < size; ++i) counts[i] = until[high[i]] - until[low[i]];
  return counts;
}

/// The joined values of every window.
const double* Computation::join(const Windows& windows, const Ranges& ranges,
                                Index size, Combine combine) {
  double* const joined = room(state_.joined, size);
  const Extent extent = windows.ahead() ? Extent::all : Extent::visible;
  if (windows.method == Method::within) {
    const Cut& units = cut_of(windows.elements, extent);
    const double* values = row_values(combine);
    kernels::accumulate_runs(combine, values, units.ends.data(), units.size, joined);
    return joined;
  }
  const double* elements = partials(windows.elements, extent, combine);
  if (ranges.last_elements == 1) return elements;
  const Index count =
      windows.elements < 0 ? row_count() : cut_of(windows.elements, extent).size;
  double* work = room(state_.suffix, count);
  const std::int32_t* high = ranges.high.data();
  if (ranges.last_elements > 0) {
    kernels::slide_last(combine, elements, size, ranges.last_elements, work, joined);
  } else if (windows.method == Method::slide) {
    kernels::slide(combine, elements, ranges.low.data(), high, size, work, joined);
  } else {
    kernels::accumulate(combine, elements, size > 0 ? high[size - 1] : 0, work);
    const double none = kernels::identity(combine);
    for (Index i = 0; i < size; ++i) joined[i] = high[i] > 0 ? work[high[i] - 1] : none;
  }
  return joined;
}

void Computation::take_job(const Pair& pair, const Job& job) {
  const auto t = static_cast<std::size_t>(job.target);
  const TargetSpec& spec = plan_.targets[t];
  const Windows& windows = plan_.windows[static_cast<std::size_t>(job.windows)];
  const Ranges& ranges = state_.ranges[static_cast<std::size_t>(job.windows)];
  const Index size = cut_of(windows.grid, Extent::visible).size;
  // A sum of nothing is 0 already, which is what it gives: its rows need no counting.
  const bool plain_sum = spec.aggregate == AggregateKind::sum && !spec.empty;
  std::int32_t* counts = plain_sum ? nullptr : count(windows, ranges, size);
  const double* joined = nullptr;
  if (spec.aggregate == AggregateKind::count) {
    joined = std::copy_n(counts, size, room(state_.joined, size)) - size;
  } else if (spec.aggregate > AggregateKind::max) {
    double* values = room(state_.joined, size);
    mask_of_rows();
    aggregate_rows({plan_, view_, rows_, value_, state_}, spec,
                   {windows, ranges, size, counts}, values);
    joined = values;
  } else {
    joined = join(windows, ranges, size, combine_of(spec.aggregate));
  }
  if (spec.aggregate == AggregateKind::mean) {
    double* means = room(state_.joined, size);  // may be where the sums are
    kernels::divide_by_counts(joined, counts, size, means);
    joined = means;
  }
  double* exact = plan_.exact[t] ? room(state_.exact[t], size) : nullptr;
  const Delivery delivery{joined,
                          counts,
                          size,
                          ranges.first_whole,
                          ranges.end_whole,
                          is_total(spec.aggregate),
                          spec.empty.value_or(0.0F)};
  deliver(delivery, out_.value[t].data(), out_.valid[t].data(), exact,
          state_.counts.invalid[t], state_.counts.nonfinite[t]);
  if (pair.value >= 0) state_.counts.missing[t] += missing_[windows.ahead() ? 1 : 0];
}

void Computation::copy(const Job& job) {
  const auto from = static_cast<std::size_t>(job.target);
  TargetCounts& counts = state_.counts;
  for (const Index copy : job.copies) {
    const auto to = static_cast<std::size_t>(copy);
    std::copy(out_.value[from].begin(), out_.value[from].end(), out_.value[to].begin());
    std::copy(out_.valid[from].begin(), out_.valid[from].end(), out_.valid[to].begin());
    if (plan_.exact[to]) state_.exact[to] = state_.exact[from];
    counts.invalid[to] = counts.invalid[from];
    counts.missing[to] = counts.missing[from];
    counts.nonfinite[to] = counts.nonfinite[from];
  }
}

void Computation::run(const TargetPlan& plan) {
  ++state_.sequence_stamp;
  state_.partials.resize(std::max(state_.partials.size(), plan_.grids.size()));
  state_.element_before.resize(state_.partials.size());
  cut();
  give_sets(plan);
  if (plan_.compat == Compat::hppl) {
    return compute_hppl(plan_, view_, rows_, state_, out_);
  }
  Index value = -1;
  for (const Pair& pair : plan_.pairs) {
    if (pair.value != value) {
      value = pair.value;
      take_value(value);
    }
    take_pair(pair);
  }
  compute_mixes(plan_, state_, out_);
  compute_classes(plan_, state_, out_);
}

/// The ledger hears what the working memory has grown to.
void charge(const TargetScratch& scratch, TargetScratch::State& state) {
  if (state.ledger == nullptr) return;
  const Index bytes = scratch.bytes();
  if (bytes <= state.held.bytes()) return;
  state.held.release();
  state.held = Reservation::force(state.ledger, Account::build, bytes);
}

void cut_time(const Boundary& boundary, std::span<const std::int64_t> time, Cut& cut) {
  if (boundary.every == Every::event) {
    cut.size = interval_ends(time, boundary, cut.ends, cut.keys);
    return;
  }
  const Index words = kernels::words_of(static_cast<Index>(time.size()));
  std::fill_n(room(cut.begins, words), words, 0);
  cut.size = cut_intervals(time, boundary, cut.ends, cut.keys, cut.begins.data());
  kernels::rank_words(cut.begins.data(), words, room(cut.before, words + 1));
}

}  // namespace

void cut_grid(const Grid& grid, std::span<const std::int64_t> time, const Cut* days,
              Cut& cut) {
  const auto n = days == nullptr ? static_cast<Index>(time.size()) : days->size;
  room(cut.ends, n);
  room(cut.keys, n);
  if (days == nullptr) return cut_time(grid.boundary, time, cut);
  room(cut.last, n);
  if (grid.boundary.every == Every::sequence) {
    cut.size = std::min<Index>(n, 1);
    if (n == 0) return;
    cut.keys[0] = 0;
    cut.last[0] = static_cast<std::int32_t>(days->size - 1);
  } else {
    cut.size = group_days(days->key_span(), grid.boundary, cut.last, cut.keys);
  }
  for (Index i = 0; i < cut.size; ++i) {
    const auto k = static_cast<std::size_t>(i);
    cut.ends[k] = days->ends[static_cast<std::size_t>(cut.last[k])];
  }
}

void TargetCounts::add(const TargetCounts& other) {
  const auto join = [](std::vector<Index>& to, const std::vector<Index>& from) {
    to.resize(std::max(to.size(), from.size()));
    for (std::size_t t = 0; t < from.size(); ++t) to[t] += from[t];
  };
  join(values, other.values);
  join(invalid, other.invalid);
  join(missing, other.missing);
  join(nonfinite, other.nonfinite);
}

void TargetCounts::clear() noexcept {
  for (auto* counts : {&values, &invalid, &missing, &nonfinite}) {
    std::fill(counts->begin(), counts->end(), 0);
  }
}

TargetScratch::TargetScratch(std::shared_ptr<Ledger> ledger)
    : state_(std::make_unique<State>()) {
  state_->ledger = std::move(ledger);
}
TargetScratch::~TargetScratch() = default;
TargetScratch::TargetScratch(TargetScratch&&) noexcept = default;
TargetCounts& TargetScratch::counts() { return state_->counts; }
const double* TargetScratch::unrounded(Index target) const {
  return state_->exact[static_cast<std::size_t>(target)].data();
}

void compute_targets(const TargetPlan& plan, const SequenceView& view, Index rows,
                     TargetScratch& scratch, SequenceTargets& out) {
  require(rows >= 0 && rows <= view.rows,
          "compute_targets: rows must be 0 to the rows of the sequence");
  Computation(plan, view, rows, scratch.state(), out).run(plan);
  charge(scratch, scratch.state());
}

}  // namespace lade
