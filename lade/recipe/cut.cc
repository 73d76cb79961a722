// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/cut.h"

#include <algorithm>
#include <limits>

#include "lade/core/unknown_name.h"
#include "lade/io/entity_name.h"
#include "lade/recipe/bind_targets.h"
#include "lade/recipe/duration.h"
#include "lade/recipe/instant.h"
#include "lade/recipe/parse.h"

namespace lade {
namespace {

/// A (exclusive end of what inputs may see) and the begin of max_age, for one sequence.
struct Edges {
  std::int64_t from = INT64_MIN;
  std::int64_t until = INT64_MAX;
};

std::int64_t minus(std::int64_t time, std::int64_t duration) noexcept {
  std::int64_t result = 0;
  return __builtin_sub_overflow(time, duration, &result) ? INT64_MIN : result;
}

/// Text of a duration option as units of the time column; 0 if it is not given.
std::int64_t optional_duration(const std::string& text, TimeUnit unit,
                               std::string_view what) {
  if (text.empty()) return 0;
  const auto duration = parse_duration(text);
  if (!duration) {
    throw ArgumentError(std::string(what) +
                        ": must be a duration such as \"30d\", got '" +
                        escape_text(text) + "'");
  }
  const std::int64_t units = in_units(*duration, unit, what, text);
  require(units >= 0,
          std::string(what) + ": must be >= 0, got '" + escape_text(text) + "'");
  return units;
}

bool is_time_text(const std::string& text) {
  return parse_whole(text).has_value() || parse_instant(text).has_value();
}

/// A sequence has one cut.
void require_constant(const Column& column, const SequenceView& view,
                      const std::string& name, const io::SequenceInfo& info) {
  const bool there = column.valid(view.begin);
  const auto* times = column.as<std::int64_t>();
  for (Index r = view.begin + 1; r < view.begin + view.rows; ++r) {
    if (column.valid(r) == there && (!there || times[r] == times[view.begin])) continue;
    throw DataError({.row = r - view.begin, .column = name, .rule = "recipe.until"},
                    io::name_of_entity(info.entity) + "column '" + escape_text(name) +
                        "' must be the same in all rows of an entity, row " +
                        std::to_string(r - view.begin) +
                        " of its history has another time than row 0");
  }
}

}  // namespace

std::vector<Cut> make_cuts(const SequenceSpec& spec, const io::Dataset& dataset) {
  const Schema& schema = dataset.schema();
  const Index time_column = schema.find(dataset.time());
  require(time_column >= 0, "recipe: [sequence] until needs a time column");
  const ColumnType& type = schema.fields[static_cast<std::size_t>(time_column)].type;
  require(type.kind == Kind::time || type.kind == Kind::i64,
          "recipe: [sequence] until needs a time column of times or int64, '" +
              escape_text(dataset.time()) + "' is " + to_string(type));
  const std::int64_t lag =
      optional_duration(spec.until_lag, type.unit, "recipe: [sequence] until_lag");
  const std::int64_t age =
      optional_duration(spec.max_age, type.unit, "recipe: [sequence] max_age");
  const bool by_column = schema.find(spec.until) >= 0;
  std::vector<std::string> columns = {dataset.time()};
  if (by_column && spec.until != dataset.time()) columns.push_back(spec.until);
  const io::DatasetReader reader = dataset.reader(columns, dataset.ledger());
  const auto edges = [&](std::int64_t until) {
    Edges result;
    result.until = minus(until, lag);
    if (!spec.max_age.empty()) result.from = minus(result.until, age);
    return result;
  };
  if (by_column) {
    const Field& field = reader.schema().fields.back();
    require(field.type.kind == Kind::time && field.type.unit == type.unit,
            "recipe: [sequence] until column '" + escape_text(spec.until) +
                "' must be a time in the unit of the time column, is " +
                to_string(field.type));
  }
  if (!by_column && !is_time_text(spec.until)) {
    throw ArgumentError(
        "recipe: [sequence] until: must be a date (2024-03-01), a time "
        "(2024-03-01T10:00:00), a whole number or a column; " +
        unknown_name("column", spec.until, schema.names()));
  }
  const Edges constant =
      by_column ? Edges{}
                : edges(parse_time(spec.until, type, calendar_zone(spec, type).get(),
                                   "recipe: [sequence] until"));
  std::vector<Cut> cuts(static_cast<std::size_t>(dataset.sequences()));
  for (Index s = 0; s < dataset.sequences(); ++s) {
    const io::SequenceInfo info = dataset.sequence(s);
    Cut& cut = cuts[static_cast<std::size_t>(s)];
    cut = {0, info.events};
    if (info.events == 0) continue;
    if (!by_column && info.last_time < constant.until &&
        info.first_time >= constant.from)
      continue;
    const auto sequence = reader.sequence(s);
    const std::int64_t* times =
        sequence.chunk->columns[0].as<std::int64_t>() + sequence.view.begin;
    Edges edge = constant;
    if (by_column) {
      const Column& until = sequence.chunk->columns.back();
      require_constant(until, sequence.view, spec.until, info);
      edge = until.valid(sequence.view.begin)
                 ? edges(until.as<std::int64_t>()[sequence.view.begin])
                 : Edges{};
    }
    const std::int64_t* end = times + sequence.view.rows;
    cut.begin = std::lower_bound(times, end, edge.from) - times;
    cut.end =
        std::max<Index>(cut.begin, std::lower_bound(times, end, edge.until) - times);
  }
  return cuts;
}

std::int64_t observed_until(const RecipeSpec& spec, const io::Dataset& dataset) {
  const Schema& schema = dataset.schema();
  const ColumnType& type =
      schema.fields[static_cast<std::size_t>(schema.find(dataset.time()))].type;
  if (!spec.observed_until.empty()) {
    return parse_time(spec.observed_until, type,
                      calendar_zone(spec.sequence, type).get(),
                      "recipe: observed_until");
  }
  const std::int64_t precision = type.date ? 86'400 * per_second(type.unit) : 1;
  std::int64_t end = 0;
  const bool beyond = __builtin_add_overflow(dataset.newest_time(), precision, &end);
  return beyond ? std::numeric_limits<std::int64_t>::max() : end;
}

}  // namespace lade
