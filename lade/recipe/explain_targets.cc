// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/explain_targets.h"

#include <algorithm>
#include <limits>
#include <set>

#include "lade/core/trace.h"
#include "lade/recipe/aggregate_text.h"
#include "lade/recipe/bind_targets.h"
#include "lade/recipe/cut.h"
#include "lade/recipe/guess_schema.h"
#include "lade/targets/compute.h"
#include "lade/targets/shared_work.h"

namespace lade {
namespace {

constexpr double kAssumedEvents = 1000;
constexpr Index kSampleEvents = 100'000;
constexpr std::size_t kMostAdded = 64;  // targets that are left out one by one
constexpr int kLeastPasses = 5;
constexpr std::int64_t kPassesNs = 10'000'000;

std::string filtered(const TargetText& text) {
  return text.where.empty() ? "all rows" : "where " + text.where;
}

std::string windows_of(const TargetText& text) {
  std::string out;
  const auto add = [&out](std::string_view name, const std::string& value) {
    if (!value.empty()) out += ", " + std::string(name) + " " + value;
  };
  add("within", text.within);
  add("look_back", text.look_back);
  add("by", text.look_back_by);
  add("look_ahead", text.look_ahead);
  add("lag", text.lag);
  return out;
}

/// A plan of some targets of a recipe, and where they stand in it.
struct Planned {
  BoundTargets bound;
  std::optional<TargetPlan> plan;
  std::vector<std::size_t> text_of;  // position in the plan -> in the recipe

  Planned(const RecipeSpec& spec, const Schema& schema, std::int64_t observed)
      : bound(bind_targets(spec, schema, 0)) {
    text_of.resize(bound.order.size());
    for (std::size_t i = 0; i < bound.order.size(); ++i) {
      text_of[static_cast<std::size_t>(bound.order[i])] = i;
    }
    for (ClassSpec& of_class : bound.classes) {
      // What is not fitted yet costs what one threshold does.
      if (of_class.thresholds.empty()) of_class.thresholds = {0.0};
    }
    plan.emplace(schema, 0, bound.targets, bound.mixes, observed, Sharing::on,
                 bound.classes);
  }

  /// Whether target i is timed: what is only counted from another one's values is not.
  bool has(std::size_t i) const { return bound.order[i] < plan->size(); }

  /// By recipe position: the targets that target i reads, itself included.
  std::vector<std::set<std::size_t>> needs() const {
    std::vector<std::set<std::size_t>> out(text_of.size());
    for (std::size_t t = 0; t < text_of.size(); ++t) out[text_of[t]] = {text_of[t]};
    for (std::size_t m = 0; m < bound.mixes.size(); ++m) {
      auto& of_mix = out[text_of[bound.targets.size() + m]];
      for (const Index input : bound.mixes[m].expression.columns()) {
        const auto& more = out[text_of[static_cast<std::size_t>(input)]];
        of_mix.insert(more.begin(), more.end());
      }
    }
    for (std::size_t c = 0; c < bound.classes.size(); ++c) {
      const auto of = static_cast<std::size_t>(bound.classes[c].of);
      const auto& more = out[text_of[of]];
      const std::size_t first = bound.targets.size() + bound.mixes.size();
      out[text_of[first + c]].insert(more.begin(), more.end());
    }
    return out;
  }
};

std::string text_of(PlanWork::Kind kind, const TargetText& text) {
  using Work = PlanWork::Kind;
  switch (kind) {
    case Work::boundaries:
      return "every " + text.every;
    case Work::filter:
      return filtered(text);
    case Work::value:
      return aggregated(text);
    case Work::partials:
      return text.aggregate + " " + filtered(text) + ", by " +
             (text.within.empty() ? text.every : text.within);
    case Work::windows:
      return "every " + text.every + windows_of(text);
    case Work::result:
      break;
  }
  return one_line(text);
}

const char* name_of(PlanWork::Kind kind) {
  constexpr const char* kNames[] = {"boundaries", "filter",  "value",
                                    "partials",   "windows", "equal"};
  return kNames[static_cast<std::size_t>(kind)];
}

/// Everything but what is measured. `intervals`: of a user, per boundary set.
TargetsExplained describe(const RecipeSpec& spec, const Planned& planned, double events,
                          const std::vector<double>& intervals) {
  TargetsExplained out;
  out.plan = planned.plan->describe();
  out.events_per_user = events;
  out.targets.resize(spec.targets.size());
  for (std::size_t i = 0; i < spec.targets.size(); ++i) {
    out.targets[i].name = spec.targets[i].name;
    out.targets[i].text = one_line(spec.targets[i]);
  }
  const auto& sets = planned.plan->sets();
  std::vector<double> user_ns(spec.targets.size(), 0.0);
  for (std::size_t s = 0; s < sets.size(); ++s) {
    for (const Index target : sets[s].targets) {
      const std::size_t i = planned.text_of[static_cast<std::size_t>(target)];
      out.targets[i].every = sets[s].name;
      out.targets[i].bytes_per_user = intervals[s] * (spec.target_valid ? 5 : 4);
    }
  }
  for (const PlanWork& work : plan_work(*planned.plan)) {
    const auto users = static_cast<double>(work.targets.size());
    SharedWork shared{name_of(work.kind), "", {}};
    for (const Index target : work.targets) {
      const std::size_t i = planned.text_of[static_cast<std::size_t>(target)];
      const auto set = std::find_if(sets.begin(), sets.end(), [&](const auto& one) {
        return one.name == out.targets[i].every;
      });
      const double t = intervals[static_cast<std::size_t>(set - sets.begin())];
      user_ns[i] += (work.ns_per_event * events + work.ns_per_interval * t) / users;
      if (shared.text.empty()) shared.text = text_of(work.kind, spec.targets[i]);
      shared.targets.push_back(spec.targets[i].name);
    }
    if (shared.targets.size() > 1 || work.kind == PlanWork::Kind::boundaries) {
      out.shared.push_back(std::move(shared));
    }
  }
  for (std::size_t i = 0; i < user_ns.size(); ++i) {
    const double ns = events > 0 ? user_ns[i] / events : 0;
    out.targets[i].estimated_ns_per_event = ns;
    out.estimated_ns_per_event += ns;
  }
  return out;
}

/// Sequences of a dataset, in memory, for timing plans.
class Sample {
 public:
  Sample(const io::Dataset& dataset, const Schema& schema, const RecipeSpec& spec,
         std::function<void()> poll)
      : poll_(std::move(poll)) {
    const io::DatasetReader reader = dataset.reader(schema.names(), dataset.ledger());
    std::vector<Cut> cuts;
    if (!spec.sequence.until.empty()) cuts = make_cuts(spec.sequence, dataset);
    const Index n = dataset.sequences();
    const Index average = std::max<Index>(1, n == 0 ? 1 : dataset.events() / n);
    const Index wanted =
        std::clamp<Index>(kSampleEvents / average, 1, std::max<Index>(n, 1));
    for (Index k = 0; k < wanted && k < n && events_ < kSampleEvents; ++k) {
      const Index s = k * n / wanted;
      ask();
      sequences_.push_back(reader.sequence(s));
      visible_.push_back(cuts.empty() ? sequences_.back().view.rows
                                      : cuts[static_cast<std::size_t>(s)].end);
      events_ += sequences_.back().view.rows;
    }
  }

  Index sequences() const { return static_cast<Index>(sequences_.size()); }
  Index events() const { return events_; }

  /// Intervals of each boundary set in the whole sample.
  std::vector<double> intervals(const TargetPlan& plan) const {
    std::vector<double> sum(plan.sets().size(), 0.0);
    TargetScratch scratch;
    SequenceTargets values;
    for (std::size_t q = 0; q < sequences_.size(); ++q) {
      compute_targets(plan, sequences_[q].view, visible_[q], scratch, values);
      for (std::size_t s = 0; s < sum.size(); ++s) {
        sum[s] += static_cast<double>(values.sets[s].ends.size());
      }
    }
    return sum;
  }

  /// The least time of a pass over the sample, per event.
  double ns_per_event(const TargetPlan& plan) const {
    TargetScratch scratch;
    SequenceTargets values;
    std::int64_t least = std::numeric_limits<std::int64_t>::max(), sum = 0;
    for (int pass = 0; pass < kLeastPasses || sum < kPassesNs; ++pass) {
      ask();
      const std::int64_t begin = thread_cpu_ns();
      for (std::size_t q = 0; q < sequences_.size(); ++q) {
        compute_targets(plan, sequences_[q].view, visible_[q], scratch, values);
      }
      const std::int64_t took = std::max<std::int64_t>(1, thread_cpu_ns() - begin);
      least = std::min(least, took);
      sum += took;
    }
    return static_cast<double>(least) /
           static_cast<double>(std::max<Index>(1, events_));
  }

 private:
  void ask() const {
    if (poll_) poll_();
  }

  std::function<void()> poll_;
  std::vector<io::DatasetReader::Sequence> sequences_;
  std::vector<Index> visible_;
  Index events_ = 0;
};

RecipeSpec only(const RecipeSpec& spec, const std::set<std::size_t>& kept) {
  RecipeSpec out = spec;
  out.targets.clear();
  for (const std::size_t i : kept) out.targets.push_back(spec.targets[i]);
  return out;
}

void measure(const RecipeSpec& spec, const Schema& schema, std::int64_t observed,
             const Planned& planned, const Sample& sample, TargetsExplained& out) {
  out.measured = true;
  out.sample_sequences = sample.sequences();
  out.sample_events = sample.events();
  if (sample.events() == 0) return;
  out.ns_per_event = sample.ns_per_event(*planned.plan);
  const std::vector<std::set<std::size_t>> needs = planned.needs();
  const std::size_t targets = spec.targets.size();
  for (std::size_t i = 0; i < targets; ++i) {
    if (!planned.has(i)) continue;
    const Planned alone(only(spec, needs[i]), schema, observed);
    out.targets[i].alone_ns_per_event = sample.ns_per_event(*alone.plan);
    if (targets > kMostAdded) continue;
    std::set<std::size_t> others;
    for (std::size_t k = 0; k < targets; ++k) {
      if (planned.has(k) && needs[k].count(i) == 0) others.insert(k);
    }
    double without = 0;
    if (!others.empty()) {
      const Planned rest(only(spec, others), schema, observed);
      without = sample.ns_per_event(*rest.plan);
    }
    out.targets[i].added_ns_per_event = std::max(0.0, *out.ns_per_event - without);
  }
}

}  // namespace

std::string one_line(const TargetText& target) {
  if (target.is_class()) return "classes of " + target.of;
  if (target.aggregate.empty()) return target.expression;
  return target.aggregate + (target.where.empty() ? "" : " where " + target.where) +
         windows_of(target);
}

std::string aggregated(const TargetText& target) {
  if (target.aggregate.empty()) return "";
  return std::string(parse_aggregate(target.aggregate, {}).value);
}

TargetsExplained explain_targets(const Recipe& recipe) {
  const RecipeSpec& spec = recipe.spec();
  if (spec.targets.empty()) return {};
  const Planned planned(spec, guess_schema(spec), 0);
  std::vector<double> intervals;
  for (const TargetPlan::Set& set : planned.plan->sets()) {
    intervals.push_back(set.boundary.every == Every::sequence ? 1 : kAssumedEvents);
  }
  return describe(spec, planned, kAssumedEvents, intervals);
}

TargetsExplained explain_targets(const Recipe& recipe, const io::Dataset& dataset,
                                 const std::function<void()>& poll) {
  const RecipeSpec& spec = recipe.spec();
  if (spec.targets.empty()) return {};
  const Schema schema = target_schema(spec, dataset);
  const std::int64_t observed = observed_until(spec, dataset);
  const Planned planned(spec, schema, observed);
  const Sample sample(dataset, schema, spec, poll);
  std::vector<double> intervals = sample.intervals(*planned.plan);
  const double users = static_cast<double>(std::max<Index>(1, sample.sequences()));
  for (double& count : intervals) count /= users;
  TargetsExplained out =
      describe(spec, planned, static_cast<double>(sample.events()) / users, intervals);
  measure(spec, schema, observed, planned, sample, out);
  return out;
}

}  // namespace lade
