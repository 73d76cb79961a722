// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/bind_targets.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

#include "lade/core/unknown_name.h"
#include "lade/io/dataset.h"
#include "lade/recipe/aggregate_text.h"
#include "lade/recipe/duration.h"
#include "lade/recipe/expression.h"
#include "lade/recipe/hppl.h"
#include "lade/recipe/instant.h"
#include "lade/targets/aggregates.h"

namespace lade {
namespace {

std::optional<std::int64_t> parse_count(std::string_view text) {
  std::int64_t value = 0;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto [at, error] = std::from_chars(begin, end, value);
  if (error != std::errc{} || at != end) return std::nullopt;
  return value;
}

/// Everything that binding one [[target]] needs.
struct Binder {
  const RecipeSpec& recipe;
  const Schema& schema;
  Index time;
  const ColumnType& time_type;
  std::shared_ptr<const Zone> zone;
  const TargetText* text = nullptr;

  std::string field(std::string_view name) const {
    return "[[target]] \"" + escape_text(text->name) + "\": " + std::string(name);
  }
  [[noreturn]] void refuse(std::string_view name, std::string_view rule,
                           std::string_view value) const {
    throw ArgumentError(field(name) + ": " + std::string(rule) + ", got '" +
                        escape_text(value) + "'");
  }
  ExpressionOptions options(std::string_view name) const {
    ExpressionOptions result;
    result.field = field(name);
    result.time = time;
    result.zone = zone;
    return result;
  }

  Boundary boundary(std::string_view every, std::string_view name) const {
    Boundary result = parse_every(every, time_type.unit, field(name));
    result.week_start = recipe.sequence.week_start;
    result.zone = zone;
    return result;
  }

  void aggregate(TargetSpec& target) const {
    const AggregateText written =
        parse_aggregate(text->aggregate, options("aggregate"));
    target.aggregate = written.kind;
    target.quantile = written.quantile;
    target.ddof = written.ddof;
    if (written.value.empty()) return;
    target.value = compile(written.value, schema, options("aggregate"));
    if (target.value->type() == ValueType::text &&
        !aggregate_of(target.aggregate).takes_text) {
      refuse("aggregate", "needs numbers, not text", text->aggregate);
    }
  }

  /// A number of intervals (rows), or a duration; sets `by` for durations.
  std::int64_t length(std::string_view value, std::string_view name,
                      bool& is_duration) const {
    if (const auto duration = parse_duration(value)) {
      is_duration = true;
      return in_units(*duration, time_type.unit, field(name), value);
    }
    is_duration = false;
    const auto count = parse_count(value);
    if (!count)
      refuse(name, "must be a whole number or a duration such as \"30d\"", value);
    return *count;
  }

  void refuse_with_sequence() const {
    for (const auto& [name, value] : {std::pair{"look_back", &text->look_back},
                                      {"look_ahead", &text->look_ahead},
                                      {"lag", &text->lag},
                                      {"look_back_by", &text->look_back_by},
                                      {"within", &text->within}}) {
      if (!value->empty())
        refuse(name, "has no meaning with every = \"sequence\"", *value);
    }
  }

  void window(TargetSpec& target) const {
    LookWindow& look = target.window;
    if (target.boundary.every == Every::sequence) {
      refuse_with_sequence();
      look.by = LookWindow::By::all;
      return;
    }
    if (!text->look_back.empty() && !text->look_ahead.empty()) {
      refuse("look_ahead", "cannot be given together with look_back", text->look_ahead);
    }
    if (!text->within.empty()) {
      if (!text->look_back.empty()) {
        refuse("within", "cannot be given together with look_back", text->within);
      }
      look.within = boundary(text->within, "within");
    }
    bool is_duration = false;
    if (!text->look_ahead.empty()) {
      look.direction = LookWindow::Direction::ahead;
      look.length = length(text->look_ahead, "look_ahead", is_duration);
      if (look.length < 1) refuse("look_ahead", "must be >= 1", text->look_ahead);
      if (!text->look_back_by.empty()) {
        refuse("look_back_by", "needs look_back", text->look_back_by);
      }
    } else if (text->look_back == "all") {
      look.by = LookWindow::By::all;
    } else if (!text->look_back.empty()) {
      look.length = length(text->look_back, "look_back", is_duration);
      if (look.length < 1) refuse("look_back", "must be >= 1", text->look_back);
    }
    if (is_duration) look.by = LookWindow::By::duration;
    look_by(target);
    lag(target, is_duration);
  }

  void look_by(TargetSpec& target) const {
    if (text->look_back_by.empty()) return;
    if (target.boundary.every == Every::event) {
      refuse("look_back_by", "has no meaning with every = \"event\"",
             text->look_back_by);
    }
    if (text->look_back_by == "present") {
      if (target.window.by != LookWindow::By::calendar) {
        refuse("look_back_by", "\"present\" needs a number of intervals",
               text->look_back);
      }
      target.window.by = LookWindow::By::present;
    } else if (text->look_back_by != "calendar") {
      refuse("look_back_by", "must be \"calendar\" or \"present\"", text->look_back_by);
    }
  }

  void lag(TargetSpec& target, bool in_duration) const {
    if (text->lag.empty()) return;
    bool lag_is_duration = false;
    target.window.lag = length(text->lag, "lag", lag_is_duration);
    if (target.window.lag < 0) refuse("lag", "must be >= 0", text->lag);
    if (lag_is_duration != in_duration && target.window.lag != 0) {
      refuse("lag",
             in_duration ? "must be a duration, as the window is one"
                         : "must be a number of intervals, as the window counts them",
             text->lag);
    }
  }

  TargetSpec target() const {
    TargetSpec result;
    result.name = text->name;
    if (text->every.empty()) {
      throw ArgumentError(field("every") +
                          ": is missing; use \"day\", \"week\", \"event\" ...");
    }
    result.boundary = boundary(text->every, "every");
    const bool hppl = recipe.compat == "hppl";
    if (!text->where.empty() && hppl) {
      const HpplWhere where = hppl_where(text->where, options("where"));
      result.where = compile(quoted_name(where.column), schema, options("where"));
      result.filter = where.filter;
    } else if (!text->where.empty()) {
      result.where = compile(text->where, schema, options("where"));
      if (result.where->type() != ValueType::boolean) {
        refuse("where", "must be a condition (true or false per row)", text->where);
      }
    }
    aggregate(result);
    window(result);
    if (hppl) {
      result.compat = result.boundary.compat = Compat::hppl;
      result.window.by = LookWindow::By::present;
    }
    if (text->empty) result.empty = static_cast<float>(*text->empty);
    if (text->warmup == "invalid") {
      result.warmup = Warmup::invalid;
    } else if (!text->warmup.empty() && text->warmup != "partial") {
      refuse("warmup", "must be \"partial\" or \"invalid\"", text->warmup);
    }
    if (text->missing == "fail") {
      result.missing_fails = true;
    } else if (!text->missing.empty() && text->missing != "skip") {
      refuse("missing", "must be \"skip\" or \"fail\"", text->missing);
    }
    return result;
  }
};

void note_columns(const std::optional<Program>& program, std::set<Index>& columns) {
  if (!program) return;
  columns.insert(program->columns().begin(), program->columns().end());
}

/// Mixes see the targets and the mixes written before them, by name.
void bind_mixes(const Binder& first, BoundTargets& bound) {
  Binder binder = first;
  Schema values;
  for (const TargetSpec& target : bound.targets) {
    values.fields.push_back({target.name, {Kind::f64, TimeUnit::us, false, ""}, true});
  }
  const auto& texts = binder.recipe.targets;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!texts[i].is_mix()) continue;
    binder.text = &texts[i];
    ExpressionOptions options = binder.options("expression");
    options.mix = true;
    for (const std::string& used : names_in(texts[i].expression, options)) {
      for (std::size_t later = i; later < texts.size(); ++later) {
        if (texts[later].name != used || !texts[later].is_mix()) continue;
        throw ArgumentError(binder.field("expression") + ": uses the mix \"" +
                            escape_text(used) + "\", which is not defined before it");
      }
    }
    bound.mixes.push_back({texts[i].name, compile(texts[i].expression, values, options),
                           static_cast<float>(texts[i].empty.value_or(0.0))});
    values.fields.push_back(
        {texts[i].name, {Kind::f64, TimeUnit::us, false, ""}, true});
  }
}

/// Classes see all targets and mixes, by name.
void bind_classes(const RecipeSpec& recipe, BoundTargets& bound) {
  std::vector<std::string> names;
  names.reserve(bound.targets.size() + bound.mixes.size());
  for (const TargetSpec& target : bound.targets) names.push_back(target.name);
  for (const MixSpec& mix : bound.mixes) names.push_back(mix.name);
  for (const TargetText& text : recipe.targets) {
    if (!text.is_class()) continue;
    const auto of = std::find(names.begin(), names.end(), text.of);
    if (of == names.end()) {
      throw ArgumentError("[[target]] \"" + escape_text(text.name) +
                          "\": of: " + unknown_name("target", text.of, names));
    }
    bound.classes.push_back({text.name, of - names.begin(), text.thresholds,
                             text.ties_upper ? Ties::upper : Ties::lower});
  }
}

}  // namespace

void check_fitted_targets(const RecipeSpec& recipe) {
  const std::string remedy = "; call recipe.fit(dataset) or lade fit";
  require(
      recipe.families.empty(),
      "recipe is not fitted: the targets of [[target_family]] are not drawn" + remedy);
  for (const TargetText& text : recipe.targets) {
    require(!text.is_class() || !text.thresholds.empty(),
            "recipe is not fitted: classes " + escape_text(text.name) +
                " has no thresholds" + remedy);
  }
}

std::shared_ptr<const Zone> calendar_zone(const SequenceSpec& sequence,
                                          const ColumnType& time) {
  if (!sequence.timezone.empty()) return Zone::find(sequence.timezone);
  if (!time.zone.empty()) return Zone::find(time.zone);
  return nullptr;
}

BoundTargets bind_targets(const RecipeSpec& recipe, const Schema& schema, Index time) {
  BoundTargets bound;
  if (recipe.targets.empty()) return bound;
  require(time >= 0, "recipe: targets need a time column; give [sequence] time");
  const ColumnType& type = schema.fields[static_cast<std::size_t>(time)].type;
  Binder binder{recipe, schema, time, type, calendar_zone(recipe.sequence, type),
                nullptr};
  std::set<Index> columns = {time};
  for (const TargetText& text : recipe.targets) {
    if (text.is_mix() || text.is_class()) continue;
    binder.text = &text;
    bound.targets.push_back(binder.target());
    note_columns(bound.targets.back().where, columns);
    note_columns(bound.targets.back().value, columns);
  }
  bind_mixes(binder, bound);
  bind_classes(recipe, bound);
  Index target = 0;
  auto mix = static_cast<Index>(bound.targets.size());
  auto of_class = mix + static_cast<Index>(bound.mixes.size());
  for (const TargetText& text : recipe.targets) {
    Index& next = text.is_class() ? of_class : text.is_mix() ? mix : target;
    bound.order.push_back(next++);
  }
  bound.columns.assign(columns.begin(), columns.end());
  return bound;
}

Schema target_schema(const RecipeSpec& recipe, const io::Dataset& dataset) {
  check_fitted_targets(recipe);
  require(!recipe.targets.empty(), "apply: the recipe has no [[target]]");
  require(recipe.sequence.time.empty() || recipe.sequence.time == dataset.time(),
          "recipe: [sequence] time is '" + escape_text(recipe.sequence.time) +
              "', the dataset was opened with '" + escape_text(dataset.time()) + "'");
  const Schema& all = dataset.schema();
  const Index time = all.find(dataset.time());
  require(time >= 0, "apply: targets need a time column; give [sequence] time");
  return target_columns(recipe, all, time);
}

Schema target_columns(const RecipeSpec& recipe, const Schema& schema, Index time) {
  Schema read;
  read.fields.push_back(schema.fields[static_cast<std::size_t>(time)]);
  for (const Index column : bind_targets(recipe, schema, time).columns) {
    if (column == time) continue;
    read.fields.push_back(schema.fields[static_cast<std::size_t>(column)]);
  }
  return read;
}

std::int64_t parse_time(std::string_view text, const ColumnType& time, const Zone* zone,
                        std::string_view what) {
  const auto bad = [&](std::string_view rule) -> ArgumentError {
    return ArgumentError(std::string(what) + ": " + std::string(rule) + ", got '" +
                         escape_text(text) + "'");
  };
  if (const auto number = parse_count(text)) return *number;
  if (time.kind != Kind::time) {
    throw bad("must be a whole number, as the time column has no unit");
  }
  const auto instant = parse_instant(text);
  if (!instant) {
    throw bad(
        "must be a date (2024-03-01), a time (2024-03-01T10:00:00) or a whole number");
  }
  const Index units = per_second(time.unit);
  const Index unit_ns = 1'000'000'000 / units;
  if (instant->nanosecond % unit_ns != 0) {
    throw bad("is finer than the unit of the time column, " +
              std::string(name(time.unit)));
  }
  std::int64_t result = 0;
  const std::int64_t second = utc_second(*instant, time.date ? nullptr : zone);
  if (__builtin_mul_overflow(second, units, &result) ||
      __builtin_add_overflow(result, instant->nanosecond / unit_ns, &result)) {
    throw bad("is outside the range of the time column");
  }
  return result;
}

}  // namespace lade
