// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "lade/cli/command.h"
#include "lade/cli/flags.h"
#include "lade/cli/report.h"
#include "lade/recipe/fit.h"

namespace lade::cli {
namespace {

using Flags = RecipeFlags;

void print(const Flags& flags, const Recipe& fitted, const io::Dataset& dataset) {
  nlohmann::ordered_json inputs = nlohmann::ordered_json::object();
  std::string text =
      fmt::format("{}: learned from {} sequences, {} events\n", flags.output,
                  grouped(dataset.sequences()), grouped(dataset.events()));
  for (const FittedInput& input : fitted.fitted_inputs()) {
    const Index size = input.vocabulary->size();
    inputs[input.name] = {{"values", size},
                          {"cardinality", input.vocabulary->cardinality()},
                          {"nulls", input.nulls},
                          {"rare", input.rare}};
    text += fmt::format("  {:<24}{:>9} values{:>11} nulls\n", escape_text(input.name),
                        grouped(size), grouped(input.nulls));
  }
  const nlohmann::ordered_json json = {{"output", flags.output},
                                       {"sequences", dataset.sequences()},
                                       {"events", dataset.events()},
                                       {"inputs", inputs},
                                       {"read", to_json(dataset.report())}};
  out(flags.common.json ? json.dump() + "\n" : text);
}

void run(const Flags& flags) {
  const Recipe recipe = Recipe::from_file(flags.recipe, limits_of(flags.data));
  const io::Dataset dataset = open_data(flags.paths, flags.data, &recipe);
  const Recipe fitted = fit(recipe, dataset, {}, limits_of(flags.data), leave_if_asked);
  leave_if_asked();
  fitted.save(flags.output, flags.overwrite);
  print(flags, fitted, dataset);
}

}  // namespace

void add_fit(CLI::App& app) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb =
      app.add_subcommand("fit", "What a recipe learns from data, stored with it.");
  add_recipe_flags(*verb, *flags, "Where the fitted recipe goes.");
  verb->callback([flags] { run(*flags); });
}

}  // namespace lade::cli
