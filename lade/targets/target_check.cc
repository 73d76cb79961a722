// SPDX-License-Identifier: Apache-2.0
#include "lade/targets/target_check.h"

#include <cmath>
#include <set>

#include "lade/core/error.h"
#include "lade/targets/aggregates.h"
#include "lade/targets/boundaries_internal.h"

namespace lade {
namespace {

using By = LookWindow::By;
using Direction = LookWindow::Direction;

std::string title(std::string_view kind, const std::string& name) {
  return std::string(kind) + " \"" + escape_text(name) + "\": ";
}

void check_boundary(const std::string& target, const Boundary& boundary,
                    TimeUnit unit) {
  require(boundary.every != Every::fixed || boundary.width > 0,
          target + "every must be wider than 0, got " + std::to_string(boundary.width));
  require(boundary.week_start >= 1 && boundary.week_start <= 7,
          target + "week_start must be 1 (Monday) to 7 (Sunday), got " +
              std::to_string(boundary.week_start));
  const bool timed =
      boundary.every != Every::event && boundary.every != Every::sequence;
  require(!timed || boundary.unit == unit,
          target + "every must be in the unit of the time column (" +
              std::string(name(unit)) + "), got " + std::string(name(boundary.unit)));
}

void check_program(const std::string& target, const char* field, const Program& program,
                   bool fits, const char* rule, const Schema& schema) {
  require(fits, target + field + " must be " + rule);
  for (const Index column : program.columns()) {
    require(column < static_cast<Index>(schema.fields.size()),
            target + field + " must be bound to this schema, got column " +
                std::to_string(column) + " of " + std::to_string(schema.fields.size()));
  }
}

void check_sequence(const std::string& target, const LookWindow& window) {
  const bool plain = window.direction == Direction::back && window.lag == 0 &&
                     window.length == 1 && !window.within &&
                     (window.by == By::calendar || window.by == By::all);
  require(plain, target +
                     "every = \"sequence\" must have no look_back, look_back_by, lag, "
                     "look_ahead or within");
}

void check_event(const std::string& target, const LookWindow& window, TimeUnit unit) {
  require(window.by != By::present,
          target + "look_back_by must be left out with every = \"event\"");
  if (!window.within) {
    require(window.lag == 0,
            target + "lag must be 0 with every = \"event\" without within, got " +
                std::to_string(window.lag));
    return;
  }
  require(window.direction == Direction::back && window.by == By::calendar &&
              window.length == 1,
          target + "within must stand without look_back and look_ahead");
  check_boundary(target, *window.within, unit);
  require(
      window.within->every != Every::event && window.within->every != Every::sequence,
      target + "within must be a unit of time, got \"" + to_string(*window.within) +
          "\"");
}

void check_window(const std::string& target, const TargetSpec& spec, TimeUnit unit) {
  const LookWindow& window = spec.window;
  const bool ahead = window.direction == Direction::ahead;
  require(window.by == By::all || window.length >= 1,
          target + (ahead ? "look_ahead" : "look_back") + " must be >= 1, got " +
              std::to_string(window.length));
  require(window.lag >= 0,
          target + "lag must be >= 0, got " + std::to_string(window.lag));
  require(!ahead || window.by == By::calendar || window.by == By::duration,
          target + "look_ahead must count intervals or be a duration");
  require(!ahead || spec.warmup == Warmup::partial,
          target + "warmup must be \"partial\" with look_ahead");
  if (spec.boundary.every == Every::sequence) return check_sequence(target, window);
  if (spec.boundary.every == Every::event) return check_event(target, window, unit);
  require(!window.within, target + "within must stand with every = \"event\" only");
}

/// What the published generator knows (transactions 3.8); everything else is refused.
void check_hppl(const std::string& target, const TargetSpec& spec) {
  const auto allow = [&](bool holds, const std::string& rule) {
    require(holds, target + rule + " with compat = \"hppl\"");
  };
  const LookWindow& window = spec.window;
  allow(of_days(spec.boundary.every) && spec.boundary.compat == Compat::hppl,
        "every must be day, week, month, quarter or year");
  allow(spec.boundary.week_start == 1, "week_start must be 1");
  allow(window.direction == Direction::back && window.by == By::present &&
            window.lag == 0 && !window.within,
        "the window must be a look_back that counts intervals");
  allow(spec.warmup == Warmup::partial, "warmup must be \"partial\"");
  allow(!spec.missing_fails, "missing must be \"skip\"");
  allow(!spec.empty || *spec.empty == 0.0F, "empty must be 0");
  const AggregateKind kind = spec.aggregate;
  allow(kind == AggregateKind::sum || kind == AggregateKind::mean ||
            kind == AggregateKind::min || kind == AggregateKind::max,
        "aggregate must be sum, mean, min or max");
}

}  // namespace

void check_time(const Schema& schema, Index time) {
  require(time >= 0 && time < static_cast<Index>(schema.fields.size()),
          "targets: time must be a column of the schema, got " + std::to_string(time));
  const Field& field = schema.fields[static_cast<std::size_t>(time)];
  require(field.type.kind == Kind::time,
          "targets: the time column \"" + escape_text(field.name) +
              "\" must be a timestamp or date, got " + to_string(field.type));
}

void check_names(const TargetPlan::Data& data) {
  std::set<std::string> seen;
  const auto add = [&](const std::string& name) {
    require(!name.empty(), "targets: every target must have a name");
    require(seen.insert(name).second,
            title("target", name) + "name must be used once, got it twice");
  };
  for (const TargetSpec& spec : data.targets) add(spec.name);
  for (const MixSpec& spec : data.mixes) add(spec.name);
  for (const ClassSpec& spec : data.classes) add(spec.name);
}

void check_compat(const TargetPlan::Data& data) {
  for (const TargetSpec& spec : data.targets) {
    require(spec.compat == data.compat,
            title("target", spec.name) + "compat must be the same for all targets");
  }
  require(data.compat == Compat::none || data.classes.empty(),
          "targets: there are no classes with compat = \"hppl\"");
}

void check_target(const TargetSpec& spec, const Schema& schema, TimeUnit unit) {
  const std::string target = title("target", spec.name);
  check_boundary(target, spec.boundary, unit);
  check_window(target, spec, unit);
  const bool hppl = spec.compat == Compat::hppl;
  if (hppl) check_hppl(target, spec);
  if (spec.where) {
    const ValueType type = spec.where->type();
    const bool number = type == ValueType::integer || type == ValueType::real;
    check_program(target, "where", *spec.where,
                  hppl ? number : type == ValueType::boolean,
                  hppl ? "a number that filter tests" : "a condition", schema);
  }
  require(!spec.empty || std::isfinite(*spec.empty),
          target + "empty must be a finite number");
  require(spec.value || !needs_value(spec.aggregate),
          target +
              "aggregate must have a value unless it is count(), any() or "
              "days_since_last()");
  require(spec.quantile >= 0 && spec.quantile <= 1,
          target + "quantile must be 0 to 1, got " + std::to_string(spec.quantile));
  require(spec.ddof == 0 || spec.ddof == 1,
          target + "ddof must be 0 or 1, got " + std::to_string(spec.ddof));
  if (spec.value) {
    const bool text = spec.value->type() == ValueType::text;
    check_program(target, "aggregate", *spec.value,
                  !text || aggregate_of(spec.aggregate).takes_text,
                  "of a number, got text", schema);
  }
}

Index check_mix(const MixSpec& spec, Index mix, const TargetPlan::Data& data) {
  const std::string target = title("mix", spec.name);
  require(spec.expression.type() != ValueType::text,
          target + "expression must be a number");
  require(std::isfinite(spec.empty), target + "empty must be a finite number");
  const auto own = static_cast<Index>(data.targets.size()) + mix;
  const auto name_of = [&](Index input) {
    const auto i = static_cast<std::size_t>(input);
    const std::size_t targets = data.targets.size();
    std::string text(1, '"');
    text +=
        escape_text(i < targets ? data.targets[i].name : data.mixes[i - targets].name);
    return text += '"';
  };
  const auto& inputs = spec.expression.columns();
  require(!inputs.empty(), target + "expression must read a target");
  for (const Index input : inputs) {
    require(input < own,
            target + "expression must read targets and earlier mixes only, got " +
                (input < own + static_cast<Index>(data.mixes.size()) - mix
                     ? name_of(input)
                     : std::to_string(input)));
  }
  const auto set_of = [&](Index input) {
    return data.set_of[static_cast<std::size_t>(input)];
  };
  const auto set_name = [&](Index input) {
    return data.sets[static_cast<std::size_t>(set_of(input))].name;
  };
  for (const Index input : inputs) {
    require(set_of(input) == set_of(inputs.front()),
            target + "expression must read targets of one boundary set, got " +
                name_of(inputs.front()) + " (" + set_name(inputs.front()) + ") and " +
                name_of(input) + " (" + set_name(input) + ")");
  }
  return set_of(inputs.front());
}

Index check_class(const ClassSpec& spec, const TargetPlan::Data& data) {
  const std::string target = title("classes", spec.name);
  const auto known = static_cast<Index>(data.targets.size() + data.mixes.size());
  require(
      spec.of >= 0 && spec.of < known,
      target + "of must be a target or a mix, got position " + std::to_string(spec.of));
  require(!spec.thresholds.empty(), target + "thresholds must not be empty");
  for (const double threshold : spec.thresholds) {
    require(std::isfinite(threshold), target + "thresholds must be finite");
  }
  for (std::size_t k = 1; k < spec.thresholds.size(); ++k) {
    require(spec.thresholds[k - 1] <= spec.thresholds[k],
            target + "thresholds must ascend, got " +
                std::to_string(spec.thresholds[k - 1]) + " before " +
                std::to_string(spec.thresholds[k]));
  }
  return spec.of;
}

}  // namespace lade
