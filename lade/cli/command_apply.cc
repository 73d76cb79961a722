// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "lade/cli/command.h"
#include "lade/cli/flags.h"
#include "lade/cli/report.h"
#include "lade/recipe/apply.h"
#include "lade/recipe/unseen_values.h"

namespace lade::cli {
namespace {

struct Flags : RecipeFlags {
  std::string output_format = "parquet";
};

using Json = nlohmann::ordered_json;

constexpr std::size_t kPairsShown = 10;
constexpr std::size_t kClassesShown = 10;

Json summary_of(const TargetSummary& target) {
  const bool classes = !target.classes.empty();  // they have counts and no bounds
  const auto bound = [&](double value) {
    return target.valid > 0 && !classes ? Json(value) : Json(nullptr);
  };
  Json summary = {{"name", target.name},
                  {"every", target.every},
                  {"values", target.values},
                  {"valid", target.valid},
                  {"valid_share", target.valid_share()},
                  {"zero", classes ? Json(nullptr) : Json(target.zero)},
                  {"zero_share", classes ? Json(nullptr) : Json(target.zero_share())},
                  {"missing", target.missing},
                  {"nonfinite", target.nonfinite},
                  {"min", bound(target.min)},
                  {"mean", bound(target.mean)},
                  {"max", bound(target.max)}};
  if (classes) summary["classes"] = target.classes;
  return summary;
}

Json to_json(const ApplyReport& report, const std::string& output) {
  Json targets = Json::array();
  for (const TargetSummary& target : report.targets) {
    targets.push_back(summary_of(target));
  }
  Json pairs = Json::array();
  for (const CorrelatedTargets& pair : report.correlated) {
    pairs.push_back({{"first", pair.first},
                     {"second", pair.second},
                     {"every", pair.every},
                     {"correlation", pair.correlation},
                     {"values", pair.values}});
  }
  return {{"output", output},
          {"sequences", report.sequences},
          {"events", report.events},
          {"events_hidden", report.events_hidden},
          {"sequences_empty", report.sequences_empty},
          {"targets", targets},
          {"correlated", pairs},
          {"not_compared", report.not_compared},
          {"read", cli::to_json(report.read)}};
}

/// Wide enough for the longest name, and a blank.
std::size_t name_width(const std::vector<TargetSummary>& targets) {
  std::size_t width = 22;
  for (const TargetSummary& target : targets)
    width = std::max(width, escape_text(target.name).size() + 1);
  return width;
}

std::string line_of(const TargetSummary& target, std::size_t width) {
  const bool classes = !target.classes.empty();
  const auto bound = [&](double value) {
    return target.valid > 0 && !classes ? fmt::format("{:.6g}", value)
                                        : std::string("-");
  };
  const std::string zero =
      classes ? "-" : fmt::format("{:.1f}%", 100 * target.zero_share());
  return fmt::format("  {:<{}}{:<10}{:>11}{:>7.1f}%{:>8}{:>14}{:>14}{:>14}\n",
                     escape_text(target.name), width, target.every,
                     grouped(target.values), 100 * target.valid_share(), zero,
                     bound(target.min), bound(target.mean), bound(target.max));
}

/// "  big: 120 of class 0, 31 of class 1"; the first classes of many.
std::string classes_of(const TargetSummary& target) {
  if (target.classes.empty()) return "";
  std::string text = "  " + escape_text(target.name) + ": ";
  const std::size_t shown = std::min(target.classes.size(), kClassesShown);
  for (std::size_t c = 0; c < shown; ++c) {
    text += fmt::format("{}{} of class {}", c == 0 ? "" : ", ",
                        grouped(target.classes[c]), c);
  }
  if (shown < target.classes.size()) {
    text +=
        fmt::format(" and {} classes more, see --json", target.classes.size() - shown);
  }
  return text + "\n";
}

std::string to_text(const ApplyReport& report, const std::string& output) {
  const std::size_t width = name_width(report.targets);
  std::string text = fmt::format(
      "{}: {} sequences, {} events\nrows: {}\n"
      "  {:<{}}{:<10}{:>11}{:>8}{:>8}{:>14}{:>14}{:>14}\n",
      escape_text(output), grouped(report.sequences), grouped(report.events),
      cli::to_text(report.read), "target", width, "every", "values", "valid", "zero",
      "min", "mean", "max");
  for (const TargetSummary& target : report.targets) text += line_of(target, width);
  for (const TargetSummary& target : report.targets) {
    if (target.missing == 0 && target.nonfinite == 0) continue;
    text += fmt::format(
        "  {}: {} rows without a value skipped, {} results not finite\n",
        escape_text(target.name), grouped(target.missing), grouped(target.nonfinite));
  }
  for (const TargetSummary& target : report.targets) text += classes_of(target);
  if (report.events_hidden > 0) {
    text +=
        fmt::format("  {} events at or after until\n", grouped(report.events_hidden));
  }
  if (report.sequences_empty > 0) {
    text += fmt::format("  {} sequences without an event before until\n",
                        grouped(report.sequences_empty));
  }
  for (std::size_t p = 0; p < report.correlated.size(); ++p) {
    if (p == kPairsShown) {
      text += fmt::format("  and {} pairs more, see --json\n",
                          grouped(static_cast<Index>(report.correlated.size() - p)));
      break;
    }
    const CorrelatedTargets& pair = report.correlated[p];
    text += fmt::format("  correlated {:.6f}: {} and {} ({} values)\n",
                        pair.correlation, escape_text(pair.first),
                        escape_text(pair.second), grouped(pair.values));
  }
  if (report.not_compared > 0) {
    text += fmt::format(
        "  {} targets beyond the first {} of a boundary set were not "
        "compared\n",
        grouped(report.not_compared), TargetStatistics::kMostCompared);
  }
  return text;
}

void print(const Flags& flags, const ApplyReport& report) {
  out(flags.common.json ? to_json(report, flags.output).dump() + "\n"
                        : to_text(report, flags.output));
}

void run(const Flags& flags) {
  const Recipe recipe = Recipe::from_file(flags.recipe, limits_of(flags.data));
  const io::Dataset dataset = open_data(flags.paths, flags.data, &recipe);
  leave_if_asked();
  say_warnings(unseen_values(recipe));
  ApplyOptions options;
  options.threads = flags.data.threads;
  options.poll = leave_if_asked;
  options.format = io::parse_table_format(flags.output_format, "--output-format");
  print(flags, apply_to(recipe, dataset, flags.output, options, flags.overwrite));
}

}  // namespace

void add_apply(CLI::App& app) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("apply", "All targets of a recipe, offline.");
  add_recipe_flags(*verb, *flags, "Directory of one file per boundary set.");
  verb->add_option("--output-format", flags->output_format, "parquet, ipc or csv.");
  verb->callback([flags] { run(*flags); });
}

}  // namespace lade::cli
