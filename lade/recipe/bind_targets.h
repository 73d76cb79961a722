// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lade/recipe/spec.h"
#include "lade/targets/spec.h"

namespace lade::io {
class Dataset;
}

namespace lade {

/// The targets of a recipe, compiled for a schema. Mixes follow the targets, classes
/// the mixes.
struct BoundTargets {
  std::vector<TargetSpec> targets;
  std::vector<MixSpec> mixes;
  std::vector<ClassSpec> classes;
  /// Recipe order: position i of the recipe is target (or targets.size() + mix, or
  /// targets.size() + mixes.size() + class) order[i].
  std::vector<Index> order;
  /// Columns (positions in the schema) that any of them reads, ascending.
  std::vector<Index> columns;
};

/// Compiles every [[target]] of the recipe for `schema`, whose time column is `time`.
///
/// Errors: ArgumentError naming target, field, rule and value; for expressions with a
/// caret
///         under the word.
BoundTargets bind_targets(const RecipeSpec& recipe, const Schema& schema, Index time);

/// The columns of a dataset that the targets of a recipe read, the time column first.
/// Errors: ArgumentError without targets or a time column, or if the recipe's
/// [sequence]
///         time is another one; as bind_targets.
Schema target_schema(const RecipeSpec& recipe, const io::Dataset& dataset);

/// The same of a schema whose time column is `time`, without a look at the rest of the
/// recipe.
Schema target_columns(const RecipeSpec& recipe, const Schema& schema, Index time);

/// Errors: ArgumentError "recipe is not fitted: ..." for classes without thresholds and
///         families that are not drawn.
void check_fitted_targets(const RecipeSpec& recipe);

/// Zone of a recipe's calendar: its own, else the time column's, else UTC (nullptr).
std::shared_ptr<const Zone> calendar_zone(const SequenceSpec& sequence,
                                          const ColumnType& time);

/// A constant time ("1993-01-31", "1993-01-31T10:00:00.25+01:00", or an integer) in the
/// unit of the time column; `zone` is of times without an offset (nullptr = UTC).
/// Errors: ArgumentError naming `what`, also for a time finer than the unit.
std::int64_t parse_time(std::string_view text, const ColumnType& time, const Zone* zone,
                        std::string_view what);

}  // namespace lade
