// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lade/recipe/spec.h"

namespace lade {

/// Values that a `where` of the recipe names with `in (...)`, `==` or `!=` and that no
/// row had when the recipe was fitted: legal, they match nothing, and most often they
/// are typing mistakes. One sentence a target and column, in the order of the recipe.
///
/// Known are the values of columns that are category inputs with a fitted vocabulary
/// from which nothing was cut (min_count, max_size, rare); of other columns nothing is
/// said.
std::vector<std::string> unseen_values(const Recipe& recipe);

}  // namespace lade
