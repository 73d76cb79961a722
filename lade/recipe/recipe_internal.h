// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
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

/// The fitted form, docs/formats/recipe.md.
std::string write_fitted(const Recipe::State& state);

/// Errors: DataError `recipe.json`, `recipe.format`, `recipe.check`, `recipe.recipe`,
///         `recipe.vocabulary`.
Recipe read_fitted(std::string_view text, std::string_view source,
                   const Limits& limits);

}  // namespace lade
