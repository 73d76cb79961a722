// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <map>
#include <set>

#include "lade/core/error.h"
#include "lade/targets/boundaries_internal.h"
#include "lade/targets/plan_internal.h"
#include "lade/targets/target_check.h"

namespace lade {
namespace {

std::string key_of(const std::optional<Program>& program) {
  return program ? "(" + program->key() + ")" : "-";
}

std::string key_of(const LookWindow& look) {
  return std::to_string(static_cast<int>(look.direction)) + "/" +
         std::to_string(static_cast<int>(look.by)) + "/" + std::to_string(look.length) +
         "/" + std::to_string(look.lag) + "/" +
         (look.within ? boundary_key(*look.within) : "-");
}

/// Of a filter that is not part of the program it tests.
std::string key_of_filter(const TargetSpec& spec) {
  if (spec.compat == Compat::none || !spec.where) return "";
  return std::to_string(static_cast<int>(spec.filter.test)) + "/" +
         std::to_string(spec.filter.bound) + "/";
}

/// The aggregate with what it is told beside its value.
std::string aggregate_key(const TargetSpec& spec) {
  const AggregateKind kind = spec.aggregate;
  std::string key = std::to_string(static_cast<int>(kind));
  if (kind == AggregateKind::quantile) {
    key += "q" + std::to_string(std::bit_cast<std::uint64_t>(spec.quantile));
  }
  if (kind == AggregateKind::variance || kind == AggregateKind::deviation) {
    key += "d" + std::to_string(spec.ddof);
  }
  return key;
}

/// Targets with equal keys have equal bytes.
std::string key_of(const TargetSpec& spec) {
  std::string key = key_of(spec.where) + key_of_filter(spec) + key_of(spec.value) +
                    aggregate_key(spec) + "/" + boundary_key(spec.boundary) + "/" +
                    key_of(spec.window) + "/" +
                    std::to_string(static_cast<int>(spec.warmup)) +
                    (spec.missing_fails ? "f" : "-");
  if (spec.empty) key += std::to_string(std::bit_cast<std::uint32_t>(*spec.empty));
  return key;
}

/// The table an aggregate is made from, for counting what is shared: of a grid's
/// intervals, or of all rows of the pair.
std::string table_key(AggregateKind kind, Index elements) {
  switch (kind) {
    case AggregateKind::quantile:
      return "ranks";
    case AggregateKind::nunique:
      return "numbers";
    case AggregateKind::first:
    case AggregateKind::last:
    case AggregateKind::days_since_last:
      return "rows";
    case AggregateKind::mean:
      return table_key(AggregateKind::sum, elements);
    case AggregateKind::deviation:
      return table_key(AggregateKind::variance, elements);
    case AggregateKind::any:
      return table_key(AggregateKind::count, elements);
    default:
      return std::to_string(elements) + "/" + std::to_string(static_cast<int>(kind));
  }
}

/// Masks that are kept for another value, a bit a row each; others are made again.
constexpr Index kMostKept = 64;

/// Fills the tables of a plan: what has been seen under a key is not added again.
class Builder {
 public:
  Builder(TargetPlan::Data& data, bool share) : data_(data), share_(share) {}

  void add_target(Index target);
  void add_mix(Index mix);
  void add_class(Index position);
  void finish();

 private:
  void sort_jobs();
  Index grid_of(const Boundary& boundary);
  Index set_of(const Boundary& boundary, const std::string& name);
  Index windows_of(const TargetSpec& spec);
  Index program_of(const std::optional<Program>& program, std::vector<Program>& list,
                   std::map<std::string, Index>& seen);
  std::string own(const std::string& key) const {
    return share_ ? key : key + "#" + std::to_string(data_.pairs.size());
  }

  TargetPlan::Data& data_;
  bool share_;
  std::map<std::string, Index> grids_, sets_, names_, windows_, wheres_, values_,
      pairs_;
  std::map<std::string, std::pair<Index, std::size_t>> jobs_;
};

Index Builder::grid_of(const Boundary& boundary) {
  const auto [found, added] = grids_.try_emplace(
      boundary_key(boundary) + (boundary.every == Every::sequence && boundary.zone
                                    ? boundary.zone->name()
                                    : ""),
      0);
  if (!added) return found->second;
  Grid grid{boundary, -1};
  const bool longer = of_days(boundary.every) && boundary.every != Every::day;
  if (longer || boundary.every == Every::sequence) {
    Boundary day = boundary;
    day.every = Every::day;
    grid.days = grid_of(day);
  }
  data_.grids.push_back(grid);
  return found->second = static_cast<Index>(data_.grids.size()) - 1;
}

Index Builder::set_of(const Boundary& boundary, const std::string& target) {
  const auto [found, added] =
      sets_.try_emplace(boundary_key(boundary), static_cast<Index>(data_.sets.size()));
  if (!added) return found->second;
  const std::string name = to_string(boundary);
  require(names_.try_emplace(name, 0).second,
          target + ": every = \"" + name +
              "\" must mean the same week_start and time zone in all targets");
  data_.sets.push_back({boundary, name, {}});
  data_.set_grid.push_back(grid_of(boundary));
  return found->second;
}

Index Builder::windows_of(const TargetSpec& spec) {
  Windows windows;
  windows.grid = grid_of(spec.boundary);
  windows.look = spec.window;
  windows.warmup = spec.warmup;
  const Grid grid = data_.grids[static_cast<std::size_t>(windows.grid)];
  const bool event = spec.boundary.every == Every::event;
  windows.elements = event ? -1 : windows.grid;
  if (spec.window.within) {
    windows.elements = grid_of(*spec.window.within);
    if (spec.window.lag == 0) windows.method = Method::within;
  } else if (spec.boundary.every == Every::sequence ||
             spec.window.by == LookWindow::By::all) {
    // Days in their order, so that a unit's last value is that of the sequence.
    windows.method = Method::from_begin;
    if (grid.days >= 0) windows.elements = grid.days;
  } else if (spec.window.by == LookWindow::By::duration) {
    windows.elements = -1;
  }
  const std::string key = own(std::to_string(windows.grid) + "/" + key_of(spec.window) +
                              "/" + std::to_string(static_cast<int>(spec.warmup)));
  const auto [found, added] =
      windows_.try_emplace(key, static_cast<Index>(data_.windows.size()));
  if (added) data_.windows.push_back(windows);
  return found->second;
}

Index Builder::program_of(const std::optional<Program>& program,
                          std::vector<Program>& list,
                          std::map<std::string, Index>& seen) {
  if (!program) return -1;
  const auto [found, added] =
      seen.try_emplace(own(program->key()), static_cast<Index>(list.size()));
  if (added) list.push_back(*program);
  data_.columns.insert(data_.columns.end(), program->columns().begin(),
                       program->columns().end());
  return found->second;
}

void Builder::add_target(Index target) {
  const TargetSpec& spec = data_.targets[static_cast<std::size_t>(target)];
  const Index set = set_of(spec.boundary, "target \"" + escape_text(spec.name) + "\"");
  data_.set_of.push_back(set);
  data_.sets[static_cast<std::size_t>(set)].targets.push_back(target);
  if (spec.window.direction == LookWindow::Direction::ahead) data_.any_ahead = true;
  if (share_) {
    const auto [known, added] = jobs_.try_emplace(key_of(spec));
    if (!added) {
      auto& jobs = data_.pairs[static_cast<std::size_t>(known->second.first)].jobs;
      jobs[known->second.second].copies.push_back(target);
      return;
    }
  }
  const Index windows = windows_of(spec);
  const Index where = program_of(spec.where, data_.wheres, wheres_);
  const Index value = program_of(spec.value, data_.values, values_);
  const std::string key =
      own(std::to_string(where) + "/" + key_of_filter(spec) + std::to_string(value));
  const auto [found, added] =
      pairs_.try_emplace(key, static_cast<Index>(data_.pairs.size()));
  if (added) data_.pairs.push_back({where, value, spec.filter, {}});
  auto& jobs = data_.pairs[static_cast<std::size_t>(found->second)].jobs;
  if (share_) jobs_[key_of(spec)] = {found->second, jobs.size()};
  jobs.push_back({target, windows, {}});
}

void Builder::add_mix(Index mix) {
  const MixSpec& spec = data_.mixes[static_cast<std::size_t>(mix)];
  const Index set = check_mix(spec, mix, data_);
  for (const Index input : spec.expression.columns()) {
    data_.exact[static_cast<std::size_t>(input)] = true;
  }
  const auto position = static_cast<Index>(data_.targets.size()) + mix;
  data_.set_of.push_back(set);
  data_.sets[static_cast<std::size_t>(set)].targets.push_back(position);
}

void Builder::add_class(Index position) {
  const auto c = static_cast<std::size_t>(position);
  const auto of = static_cast<std::size_t>(check_class(data_.classes[c], data_));
  data_.exact[of] = true;
  const auto first = static_cast<Index>(data_.targets.size() + data_.mixes.size());
  const Index set = data_.set_of[of];
  data_.set_of.push_back(set);
  data_.sets[static_cast<std::size_t>(set)].targets.push_back(first + position);
}

/// Sums before extremes before spread ...: what is made for one of a pair's jobs is
/// used by the next or not again.
int order_of(AggregateKind kind) {
  switch (kind) {
    case AggregateKind::count:
    case AggregateKind::any:
      return 0;
    case AggregateKind::sum:
    case AggregateKind::mean:
      return 1;
    case AggregateKind::min:
      return 2;
    case AggregateKind::max:
      return 3;
    case AggregateKind::variance:
    case AggregateKind::deviation:
      return 4;
    case AggregateKind::quantile:
      return 5;
    case AggregateKind::nunique:
      return 6;
    default:
      return 7;
  }
}

void Builder::sort_jobs() {
  const auto kind_of = [&](const Job& job) {
    return data_.targets[static_cast<std::size_t>(job.target)].aggregate;
  };
  for (Pair& pair : data_.pairs) {
    std::stable_sort(pair.jobs.begin(), pair.jobs.end(),
                     [&](const Job& a, const Job& b) {
                       return order_of(kind_of(a)) < order_of(kind_of(b));
                     });
    for (const Job& job : pair.jobs) {
      if (kind_of(job) <= AggregateKind::max) continue;
      data_.windows[static_cast<std::size_t>(job.windows)].read_ranges = true;
    }
  }
}

void Builder::finish() {
  sort_jobs();
  std::sort(data_.columns.begin(), data_.columns.end());
  data_.columns.erase(std::unique(data_.columns.begin(), data_.columns.end()),
                      data_.columns.end());
  // A value is computed once and used by its pairs one after the other.
  std::stable_sort(data_.pairs.begin(), data_.pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.value < b.value; });
  std::vector<Index> value_of(data_.wheres.size(), -2);
  data_.keep_mask.assign(data_.wheres.size(), false);
  Index kept = 0;
  std::set<std::string> partials;
  for (std::size_t p = 0; p < data_.pairs.size(); ++p) {
    const Pair& pair = data_.pairs[p];
    if (pair.where >= 0) {
      auto& value = value_of[static_cast<std::size_t>(pair.where)];
      if (value != -2 && kept < kMostKept) {
        auto keep = data_.keep_mask.begin() + pair.where;
        kept += *keep ? 0 : 1;
        *keep = true;
      }
      value = pair.value;
    }
    for (const Job& job : pair.jobs) {
      for (const Index copy : job.copies) {
        if (data_.exact[static_cast<std::size_t>(copy)]) {
          data_.exact[static_cast<std::size_t>(job.target)] = true;
        }
      }
      const Windows& windows = data_.windows[static_cast<std::size_t>(job.windows)];
      const TargetSpec& spec = data_.targets[static_cast<std::size_t>(job.target)];
      partials.insert(std::to_string(p) + "/" +
                      table_key(spec.aggregate, windows.elements));
    }
  }
  data_.partials = static_cast<Index>(partials.size());
}

}  // namespace

TargetPlan::TargetPlan(const Schema& schema, Index time,
                       std::vector<TargetSpec> targets, std::vector<MixSpec> mixes,
                       std::int64_t observed_until, Sharing sharing,
                       std::vector<ClassSpec> classes) {
  auto data = std::make_shared<Data>();
  check_time(schema, time);
  data->time = time;
  data->unit = schema.fields[static_cast<std::size_t>(time)].type.unit;
  data->observed_until = observed_until;
  data->targets = std::move(targets);
  data->mixes = std::move(mixes);
  data->classes = std::move(classes);
  for (TargetSpec& spec : data->targets) {
    const Every every = spec.boundary.every;
    if (every == Every::event || every == Every::sequence)
      spec.boundary.unit = data->unit;
  }
  data->columns.push_back(time);
  data->exact.assign(data->targets.size() + data->mixes.size(), false);
  if (!data->targets.empty()) data->compat = data->targets.front().compat;
  check_names(*data);
  check_compat(*data);
  Builder builder(*data, sharing == Sharing::on);
  for (std::size_t t = 0; t < data->targets.size(); ++t) {
    check_target(data->targets[t], schema, data->unit);
    builder.add_target(static_cast<Index>(t));
  }
  for (std::size_t m = 0; m < data->mixes.size(); ++m)
    builder.add_mix(static_cast<Index>(m));
  for (std::size_t c = 0; c < data->classes.size(); ++c)
    builder.add_class(static_cast<Index>(c));
  builder.finish();
  data_ = std::move(data);
}

const std::vector<TargetPlan::Set>& TargetPlan::sets() const { return data_->sets; }

Index TargetPlan::size() const {
  return static_cast<Index>(data_->targets.size() + data_->mixes.size() +
                            data_->classes.size());
}

const std::vector<ClassSpec>& TargetPlan::classes() const { return data_->classes; }

const ClassSpec* TargetPlan::class_at(Index target) const {
  const auto first = static_cast<Index>(data_->targets.size() + data_->mixes.size());
  return target < first ? nullptr
                        : &data_->classes[static_cast<std::size_t>(target - first)];
}

const std::string& TargetPlan::name(Index target) const {
  if (const ClassSpec* of_class = class_at(target)) return of_class->name;
  const auto position = static_cast<std::size_t>(target);
  const std::size_t targets = data_->targets.size();
  return position < targets ? data_->targets[position].name
                            : data_->mixes[position - targets].name;
}

const std::vector<Index>& TargetPlan::columns() const { return data_->columns; }

std::string TargetPlan::describe() const {
  const auto count = [](std::size_t n, const std::string& noun) {
    return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
  };
  return count(data_->sets.size(), "boundary set") + ", " +
         count(data_->wheres.size(), "filter") + ", " +
         count(data_->values.size(), "value") + ", " +
         count(static_cast<std::size_t>(data_->partials), "partial") + ", " +
         count(data_->windows.size(), "window") + " for " +
         count(static_cast<std::size_t>(size()), "target");
}

}  // namespace lade
