// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "lade/cli/command.h"
#include "lade/cli/flags.h"
#include "lade/cli/report.h"
#include "lade/recipe/apply.h"

namespace lade::cli {
namespace {

using Flags = RecipeFlags;

nlohmann::ordered_json summary_of(const TargetSummary& target) {
  return {{"name", target.name},   {"every", target.every}, {"values", target.values},
          {"valid", target.valid}, {"zero", target.zero},   {"min", target.min},
          {"mean", target.mean},   {"max", target.max}};
}

void print(const Flags& flags, const ApplyReport& report) {
  std::string text = fmt::format(
      "{}: {} sequences, {} events\n{:<24}{:<10}{:>11}{:>8}{:>14}{:>14}{:>14}\n",
      flags.output, grouped(report.sequences), grouped(report.events), "  target",
      "every", "values", "valid", "min", "mean", "max");
  nlohmann::ordered_json targets = nlohmann::ordered_json::array();
  for (const TargetSummary& target : report.targets) {
    targets.push_back(summary_of(target));
    const double share = target.values == 0
                             ? 0
                             : 100.0 * static_cast<double>(target.valid) /
                                   static_cast<double>(target.values);
    text += fmt::format("  {:<22}{:<10}{:>11}{:>7.1f}%{:>14.6g}{:>14.6g}{:>14.6g}\n",
                        escape_text(target.name), target.every, grouped(target.values),
                        share, target.min, target.mean, target.max);
  }
  const nlohmann::ordered_json json = {{"output", flags.output},
                                       {"sequences", report.sequences},
                                       {"events", report.events},
                                       {"targets", targets},
                                       {"read", to_json(report.read)}};
  out(flags.common.json ? json.dump() + "\n" : text);
}

void run(const Flags& flags) {
  const Recipe recipe = Recipe::from_file(flags.recipe, limits_of(flags.data));
  const io::Dataset dataset = io::open(flags.paths, open_options(flags.data, &recipe));
  leave_if_asked();
  print(flags, apply_to(recipe, dataset, flags.output,
                        {.threads = flags.data.threads, .poll = leave_if_asked},
                        flags.overwrite));
}

}  // namespace

void add_apply(CLI::App& app) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("apply", "All targets of a recipe, offline.");
  add_recipe_flags(*verb, *flags, "Directory of one file per boundary set.");
  verb->callback([flags] { run(*flags); });
}

}  // namespace lade::cli
