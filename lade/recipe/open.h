// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lade/io/dataset.h"
#include "lade/recipe/convert.h"
#include "lade/recipe/spec.h"

namespace lade {

/// Options with what a recipe says filled in: its entity and time where none are given,
/// its [source] where `source` is untouched.
///
/// Errors: ArgumentError if the options name another entity or time than the recipe.
io::OpenOptions with_recipe(io::OpenOptions options, const Recipe& recipe);

/// Opens data for a recipe: one recipe serves the text, `fit` and the converted
/// dataset. Errors: as with_recipe and io::open.
io::Dataset open(const std::vector<std::string>& paths, const Recipe& recipe,
                 io::OpenOptions options = {});

/// Keeps the events for which `text`, a condition of the `where` language over the
/// columns of the data, is true: the others are counted and belong to no sequence.
///
/// Errors: ArgumentError with a caret under the word, when the data are opened: unknown
///         columns with the nearest name, text compared with numbers, no condition.
void set_filter(io::OpenOptions& options, std::string text);

/// Lets the opening convert what is too large to be grouped in memory, once, below its
/// cache_dir.
void set_convert(io::OpenOptions& options);

/// What open and convert share: keys, columns, source, policies, limits, budget,
/// threads.
ConvertOptions convert_options(const io::OpenOptions& options);

}  // namespace lade
