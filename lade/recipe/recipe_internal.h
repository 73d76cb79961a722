// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lade/recipe/spec.h"

namespace lade {

struct Recipe::State {
  RecipeSpec spec;
  bool was_fitted = false;
  std::vector<FittedInput> fitted;
  std::string dataset;  // fingerprint of what it was fitted on
  Index rows = 0;
};

/// Whether a text is (or was, before damage) a fitted recipe.
bool looks_fitted(std::string_view text);

/// The fitted form, docs/formats/recipe.md, with all vocabularies inside.
std::string write_fitted(const Recipe::State& state);

/// The same with large vocabularies as files of their own: name and bytes of each.
struct FittedFiles {
  std::string text;
  std::vector<std::pair<std::string, std::string>> vocabularies;
};
FittedFiles write_fitted_files(const Recipe::State& state);

/// `directory`: where vocabularies beside the recipe lie; nullptr = the text is no
/// file. Errors: DataError `recipe.json`, `recipe.format`, `recipe.check`,
/// `recipe.recipe`,
///         `recipe.vocabulary`; ArgumentError if one lies beside a text that is no
///         file.
Recipe read_fitted(std::string_view text, std::string_view source, const Limits& limits,
                   const std::string* directory);

}  // namespace lade
