// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "lade/recipe/expression.h"
#include "lade/targets/spec.h"

namespace lade {

/// The `where` of a recipe with compat = "hppl": a test of one column.
struct HpplWhere {
  std::string column;
  HpplFilter filter;
};

/// Reads `column == number`, `column > number` or `column >= number`; the bound of the
/// last two is cut toward zero, and both are strict.
///
/// Errors: ArgumentError with a caret for anything else, for == a number that is not
///         whole, and for a bound that no int32 holds.
HpplWhere hppl_where(std::string_view text, const ExpressionOptions& options);

}  // namespace lade
