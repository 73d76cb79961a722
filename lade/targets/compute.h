// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lade/core/memory.h"
#include "lade/core/sequence.h"
#include "lade/targets/spec.h"

namespace lade {

/// Last row of every run of equal calendar keys, and the keys.
///
/// Shapes:   time [n], ascending; ends, keys room for n.  Returns T, the number of
/// runs. Source:   docs/guide/targets.md; week never cut at New Year.
Index interval_ends(std::span<const std::int64_t> time, const Boundary& boundary,
                    std::span<std::int32_t> ends, std::span<std::int64_t> keys);

/// Exclusive end of the interval with this key, in units of the time column (dates: s),
/// and its inclusive begin. Not for event and sequence.
std::int64_t interval_end(const Boundary& boundary, std::int64_t key);
/// Errors: ArgumentError for weeks of compat = "hppl", whose keys come twice a year.
std::int64_t interval_begin(const Boundary& boundary, std::int64_t key);

/// Begin and exclusive end of an interval from its key and the times of its first and
/// last row, which the weeks of compat = "hppl" need. Not for event and sequence.
struct IntervalEdges {
  std::int64_t begin, end;
};
IntervalEdges interval_edges(const Boundary& boundary, std::int64_t key,
                             std::int64_t first, std::int64_t last);

/// Whether a plan finds shared work once. `off` changes no byte; it is for comparing
/// speed.
enum class Sharing : std::uint8_t { on, off };

/// The work of many targets, shared parts found once: boundaries once per unit, each
/// `where` once, one set of partials per (where, value) pair and unit. Immutable; any
/// thread.
class TargetPlan {
 public:
  /// `time` is the position of the time column in `schema`. Targets keep their order;
  /// mixes follow them, then classes. `observed_until`: exclusive, in the unit of the
  /// time column.
  /// Errors: ArgumentError naming target, field, rule and value (transactions 4).
  TargetPlan(const Schema& schema, Index time, std::vector<TargetSpec> targets,
             std::vector<MixSpec> mixes, std::int64_t observed_until,
             Sharing sharing = Sharing::on, std::vector<ClassSpec> classes = {});

  /// One set per distinct boundary, in order of first use.
  struct Set {
    Boundary boundary;
    std::string name;            // "day"
    std::vector<Index> targets;  // positions, mixes and classes included
  };
  const std::vector<Set>& sets() const;
  Index size() const;  // targets, mixes and classes
  const std::string& name(Index target) const;
  /// The classes; they have the last positions. nullptr for a target or mix.
  const std::vector<ClassSpec>& classes() const;
  const ClassSpec* class_at(Index target) const;
  /// Columns (positions in the schema) that computing reads, time included.
  const std::vector<Index>& columns() const;
  /// What is shared, for people: "3 boundary sets, 4 filters, 9 partials for 20
  /// targets".
  std::string describe() const;

  struct Data;
  const Data& data() const { return *data_; }

 private:
  std::shared_ptr<const Data> data_;
};

/// Targets of one sequence: per boundary set T intervals, per target T values.
struct SequenceTargets {
  struct Set {
    std::vector<std::int32_t> ends;  // last row of each interval
    std::vector<std::int64_t> keys;
  };
  std::vector<Set> sets;  // as TargetPlan::sets()
  /// Per target [T of its set]; `empty` where invalid. Nothing for classes.
  std::vector<std::vector<float>> value;
  std::vector<std::vector<std::uint8_t>> valid;
  /// Per class, in the order of TargetPlan::classes().
  std::vector<std::vector<std::int64_t>> label;
};

/// Counts of one run, to be summed over threads.
struct TargetCounts {
  std::vector<Index> values, invalid, missing, nonfinite;  // per target
  void add(const TargetCounts& other);
  void clear() noexcept;  // to zeros
};

/// Working memory of one thread.
class TargetScratch {
 public:
  /// What it holds is charged to the account `build` of `ledger`, if there is one, even
  /// beyond the budget: a sequence is computed as a whole or not at all.
  explicit TargetScratch(std::shared_ptr<Ledger> ledger = nullptr);
  ~TargetScratch();
  TargetScratch(TargetScratch&&) noexcept;
  TargetCounts& counts();
  /// Values of the last sequence in f64, before they were rounded: [T] of a target or
  /// mix that a mix or class reads.
  const double* unrounded(Index target) const;
  /// What it holds for the longest sequence so far, the registers of expressions (a
  /// constant) left out: with L rows and T intervals at most 48 L + 40 T times the
  /// pairs of filter and value where intervals hold three rows and more, whatever
  /// aggregates a pair has.
  Index bytes() const;
  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// All targets of one whole sequence, in the order of its rows.
///
/// Arithmetic: f64, rounded once to f32; |y - exact| <= 2^-24 |exact| + n 2^-52 sum|x|
/// over the
///             n rows of the window. No subtraction of inexact prefixes.
/// Threads:    any; same bytes whatever else is computed.
/// `rows` limits what back targets may see (rows with t < A): ahead targets read all
/// rows.
void compute_targets(const TargetPlan& plan, const SequenceView& view, Index rows,
                     TargetScratch& scratch, SequenceTargets& out);

}  // namespace lade
