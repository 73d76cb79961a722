// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lade/recipe/spec.h"

namespace lade {

/// Columns that the targets of a recipe read, as far as their text says: the time
/// column first; compared with text: text; a condition alone: boolean; all else f64.
/// Enough to plan without data.
Schema guess_schema(const RecipeSpec& recipe);

}  // namespace lade
