// SPDX-License-Identifier: Apache-2.0
// What a target's `aggregate` says: "sum(amount)", "std(amount, ddof = 0)".
#pragma once

#include <string_view>

#include "lade/recipe/expression.h"
#include "lade/targets/spec.h"

namespace lade {

struct AggregateText {
  AggregateKind kind = AggregateKind::count;
  std::string_view value = {};  // text of the column or expression; "" where none goes
  double quantile = 0.5;
  int ddof = 1;
};

/// Takes the text of an aggregate apart; its value is not looked into.
///
/// Grammar:  count() any() days_since_last(), sum mean min max median nunique first
///           last (x), std var (x) or (x, ddof = 0), quantile(x, q) or (x, q = 0.9).
/// Errors:   ArgumentError with a caret under the word and the nearest known name.
/// Lifetime: views `text`.
AggregateText parse_aggregate(std::string_view text, const ExpressionOptions& options);

}  // namespace lade
