// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "lade/core/error.h"
#include "lade/io/file.h"
#include "lade/io/writer.h"
#include "lade/recipe/parse.h"
#include "lade/recipe/recipe_internal.h"
#include "lade/recipe/vocabulary_file.h"

namespace lade {
namespace {

void check_size(std::string_view text, std::string_view source, Index most,
                std::string_view limit) {
  require(static_cast<Index>(text.size()) <= most,
          escape_text(source) + ": has " + std::to_string(text.size()) + " bytes, " +
              std::string(limit) + " = " + std::to_string(most));
}

void check_utf8(std::string_view text, std::string_view source) {
  const Index bad = invalid_utf8(text);
  if (bad < 0) return;
  const auto line =
      1 +
      std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bad), '\n');
  throw ArgumentError(escape_text(source) + ": line " + std::to_string(line) +
                      ": not valid UTF-8, byte " + std::to_string(bad));
}

Recipe made(RecipeSpec spec) {
  auto state = std::make_shared<Recipe::State>();
  state->spec = std::move(spec);
  return Recipe(std::move(state));
}

Recipe read_json(std::string_view text, std::string_view source, const Limits& limits,
                 const std::string* directory) {
  // Fitted recipes hold vocabularies and may be larger; they have their own limit.
  check_size(text, source, limits.max_metadata_bytes, "max_metadata_bytes");
  if (looks_fitted(text)) return read_fitted(text, source, limits, directory);
  check_size(text, source, limits.max_recipe_bytes, "max_recipe_bytes");
  check_utf8(text, source);
  Document document{std::string(source), false, limits};
  return made(parse_recipe(parse_json(text, source, limits), document));
}

}  // namespace

Recipe::Recipe(std::shared_ptr<const State> state) : state_(std::move(state)) {}

Recipe Recipe::from_toml(std::string_view text, std::string_view source,
                         const Limits& limits) {
  check_size(text, source, limits.max_recipe_bytes, "max_recipe_bytes");
  check_utf8(text, source);
  Document document{std::string(source), true, limits};
  return made(parse_recipe(parse_toml(text, source, limits), document));
}

Recipe Recipe::from_file(const std::string& path, const Limits& limits) {
  const bool json = path.ends_with(".json");
  require(json || path.ends_with(".toml"),
          "recipe: the name of the file must end in .toml or .json, got '" +
              escape_text(path) + "'");
  const Index most = json ? limits.max_metadata_bytes : limits.max_recipe_bytes;
  const std::string text = io::read_all(io::real_files(), path, most);
  if (!json) return from_toml(text, path, limits);
  const std::string directory(io::directory_of(path));
  return read_json(text, path, limits, &directory);
}

Recipe Recipe::from_json(std::string_view text, std::string_view source,
                         const Limits& limits) {
  return read_json(text, source, limits, nullptr);
}

const RecipeSpec& Recipe::spec() const { return state_->spec; }
const std::vector<FittedInput>& Recipe::fitted_inputs() const { return state_->fitted; }

bool Recipe::fitted() const {
  for (const InputSpec& input : state_->spec.inputs) {
    if (input.kind != InputSpec::Kind::category) continue;
    const auto known = std::any_of(state_->fitted.begin(), state_->fitted.end(),
                                   [&](const auto& f) { return f.name == input.name; });
    if (!known) return false;
  }
  for (const TargetText& target : state_->spec.targets) {
    if (target.is_class() && target.thresholds.empty()) return false;
  }
  return state_->spec.families.empty();
}

std::string Recipe::to_json() const {
  if (!state_->was_fitted) return write_json(recipe_json(state_->spec));
  return write_fitted(*state_);
}

Hash128 Recipe::hash() const {
  RecipeSpec bare = state_->spec;
  bare.source.reset();
  bare.loader.clear();
  Hasher hasher;
  hasher.field(write_json(recipe_json(bare)));
  for (const FittedInput& input : state_->fitted) {
    hasher.field(input.name);
    hasher.field(input.vocabulary->integers() ? 1 : 0);
    hasher.field(static_cast<std::int64_t>(input.vocabulary->xxh3()));
  }
  return hasher.digest128();
}

Recipe Recipe::with_fitted(std::vector<FittedInput> inputs,
                           std::string dataset_fingerprint, Index rows) const {
  auto state = std::make_shared<State>();
  state->spec = state_->spec;
  for (const FittedInput& input : inputs) {
    const auto known = std::any_of(
        state->spec.inputs.begin(), state->spec.inputs.end(), [&](const InputSpec& of) {
          return of.name == input.name && of.kind == InputSpec::Kind::category;
        });
    require(known && input.vocabulary != nullptr,
            "recipe: no category input '" + escape_text(input.name) + "' to fit");
  }
  // In the order of the recipe's inputs, so that equal recipes have equal hashes.
  for (const InputSpec& input : state->spec.inputs) {
    for (FittedInput& fitted : inputs) {
      if (fitted.name == input.name) state->fitted.push_back(std::move(fitted));
    }
  }
  state->was_fitted = true;
  state->dataset = std::move(dataset_fingerprint);
  state->rows = rows;
  return Recipe(std::move(state));
}

void Recipe::save(const std::string& path, bool overwrite) const {
  require(path.ends_with(".json"),
          "recipe.save: the name of the file must end in .json, got '" +
              escape_text(path) + "'");
  io::WriteOptions options;
  options.overwrite = overwrite;
  if (!state_->was_fitted) return io::write_file(path, to_json() + "\n", options);
  require(
      overwrite || !io::real_files().exists(path),
      "recipe.save: " + escape_text(path) + " exists; give overwrite to replace it");
  const FittedFiles files = write_fitted_files(*state_);
  const std::string directory(io::directory_of(path));
  for (const auto& [name, bytes] : files.vocabularies) {
    write_vocabulary(io::join(directory, name), bytes, overwrite);
  }
  io::write_file(path, files.text + "\n", options);
}

}  // namespace lade
