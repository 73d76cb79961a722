// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "lade/cli/command.h"
#include "lade/cli/flags.h"
#include "lade/cli/report.h"
#include "lade/io/discover.h"
#include "lade/io/verify.h"
#include "lade/io/writer.h"
#include "lade/recipe/explain_targets.h"
#include "lade/recipe/picture.h"
#include "lade/recipe/plan.h"
#include "lade/recipe/unseen_values.h"

namespace lade::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Flags {
  CommonFlags common;
  DataFlags data;
  std::vector<std::string> paths;
  bool verify = false;
  bool expand = false;
  std::string picture, of;  // file; entity
  std::vector<std::string> targets;
  bool overwrite = false;
};

Json facts_of(const io::Dataset& dataset) {
  Json columns = Json::object();
  for (const Field& field : dataset.schema().fields) {
    columns[field.name] = to_string(field.type);
  }
  Json unsupported = Json::object();
  for (const io::UnsupportedColumn& column : dataset.unsupported()) {
    unsupported[escape_text(column.name)] = escape_text(column.type);
  }
  return {{"entity", dataset.entity()},
          {"time", dataset.time()},
          {"sequences", dataset.sequences()},
          {"events", dataset.events()},
          {"files", dataset.files().size()},
          {"row_groups", dataset.row_groups()},
          {"in_memory", dataset.in_memory()},
          {"fingerprint", hex(dataset.fingerprint())},
          {"columns", columns},
          {"unsupported", unsupported},
          {"read", to_json(dataset.report())}};
}

void show_dataset(const Flags& flags) {
  const io::Dataset dataset = open_data(flags.paths, flags.data, nullptr);
  const Json facts = facts_of(dataset);
  if (flags.common.json) return out(facts.dump() + "\n");
  std::string text = fmt::format(
      "{} sequences of '{}' in order of '{}', {} events, {} files, {} row groups\n",
      grouped(dataset.sequences()), escape_text(dataset.entity()),
      escape_text(dataset.time()), grouped(dataset.events()), dataset.files().size(),
      dataset.row_groups());
  for (const Field& field : dataset.schema().fields) {
    text += fmt::format("  {:<28}{}\n", escape_text(field.name), to_string(field.type));
  }
  for (const io::UnsupportedColumn& column : dataset.unsupported()) {
    text += fmt::format("  {:<28}{}: unsupported\n", escape_text(column.name),
                        escape_text(column.type));
  }
  out(text + to_text(dataset.report()) + "\nfingerprint " +
      facts["fingerprint"].get<std::string>() + "\n");
}

Json costs_of(const TargetsExplained& explained) {
  const auto measured = [](const std::optional<double>& ns) {
    return ns ? Json(*ns) : Json(nullptr);
  };
  Json shared = Json::array();
  for (const SharedWork& work : explained.shared) {
    shared.push_back(
        {{"kind", work.kind}, {"text", work.text}, {"targets", work.targets}});
  }
  Json targets = Json::array();
  for (const TargetCost& cost : explained.targets) {
    targets.push_back({{"name", cost.name},
                       {"every", cost.every},
                       {"text", cost.text},
                       {"bytes_per_user", cost.bytes_per_user},
                       {"estimated_ns_per_event", cost.estimated_ns_per_event},
                       {"alone_ns_per_event", measured(cost.alone_ns_per_event)},
                       {"added_ns_per_event", measured(cost.added_ns_per_event)}});
  }
  return {{"plan", explained.plan},
          {"shared", shared},
          {"costs", targets},
          {"events_per_user", explained.events_per_user},
          {"estimated_ns_per_event", explained.estimated_ns_per_event},
          {"measured", explained.measured},
          {"sample_sequences", explained.sample_sequences},
          {"sample_events", explained.sample_events},
          {"ns_per_event", measured(explained.ns_per_event)}};
}

/// A recipe as checked; expanded, with what its plan shares and what its targets cost,
/// measured if there are data.
void show_recipe(const Flags& flags) {
  const Recipe recipe = Recipe::from_file(flags.paths.front(), limits_of(flags.data));
  Json json = {{"recipe", Json::parse(recipe.to_json())},
               {"fitted", recipe.fitted()},
               {"hash", hex(recipe.hash())}};
  say_warnings(unseen_values(recipe));
  std::string more;
  const std::vector<std::string> data(flags.paths.begin() + 1, flags.paths.end());
  std::optional<io::Dataset> dataset;
  if (!data.empty()) {
    dataset = open_data(data, flags.data, &recipe);
    json["plan"] = Plan(recipe, *dataset).describe();
    more += json["plan"].get<std::string>();
  }
  if (flags.expand && !recipe.spec().targets.empty()) {
    const TargetsExplained explained =
        dataset ? explain_targets(recipe, *dataset, leave_if_asked)
                : explain_targets(recipe);
    json["targets"] = costs_of(explained);
    more += to_text(explained);
  }
  if (flags.common.json) return out(json.dump() + "\n");
  out(json["recipe"].dump(2) + "\n" + more +
      (recipe.fitted() ? "fitted" : "not fitted") + ", hash " + hex(recipe.hash()) +
      "\n");
}

/// One history and its targets as a picture, .svg or .html.
void draw_picture(const Flags& flags) {
  const std::string& file = flags.picture;
  const bool html = file.ends_with(".html");
  require(html || file.ends_with(".svg"),
          "--picture: must end in .svg or .html, got '" + escape_text(file) + "'");
  require(is_recipe(flags.paths.front()) && flags.paths.size() > 1,
          "--picture: needs a recipe and data, lade inspect RECIPE DATA");
  const Recipe recipe = Recipe::from_file(flags.paths.front(), limits_of(flags.data));
  const io::Dataset dataset =
      open_data({flags.paths.begin() + 1, flags.paths.end()}, flags.data, &recipe);
  io::WriteOptions options;
  options.overwrite = flags.overwrite;
  options.inputs = dataset.files();
  const std::string drawn = picture(
      recipe, dataset, {.of = flags.of, .targets = flags.targets, .html = html});
  io::write_file(file, drawn, options);
  const Json facts = {{"picture", escape_text(file)}, {"bytes", drawn.size()}};
  out(flags.common.json ? facts.dump() + "\n" : escape_text(file) + "\n");
}

struct Verdict {
  Json json;
  std::string text;
  bool bad = false;
};

Verdict verify(const std::string& path, const io::ManifestFile* listed,
               const io::VerifyOptions& options) {
  Verdict verdict;
  try {
    if (listed != nullptr)
      io::verify_listed(path, *listed, io::real_files(), options.poll);
    const ReadReport report = io::verify_file(path, options);
    verdict.json = to_json(report);
    verdict.text = to_text(report);
    verdict.bad = report.dropped_total() > 0 || report.nulls_made > 0;
  } catch (const DataError& error) {
    verdict.json = {{"error", error.what()}, {"rule", error.place().rule}};
    verdict.text = error.what();
    verdict.bad = true;
  }
  verdict.json["path"] = escape_text(path);
  return verdict;
}

/// Every file below the given paths; those of a manifest with what it lists.
std::vector<std::pair<std::string, std::optional<io::ManifestFile>>> files_to_verify(
    const Flags& flags) {
  std::vector<std::pair<std::string, std::optional<io::ManifestFile>>> files;
  for (const std::string& path : flags.paths) {
    const auto manifest =
        io::real_files().exists(path) &&
                io::real_files().stat(path).kind == io::FileKind::directory
            ? io::read_manifest(io::real_files(), path, limits_of(flags.data))
            : std::nullopt;
    if (manifest) {
      for (const auto& file : manifest->files) {
        files.emplace_back(io::join(path, file.path), file);
      }
      continue;
    }
    const io::Discovery found =
        io::discover({path}, source_of(flags.data), limits_of(flags.data),
                     io::real_files(), leave_if_asked);
    for (const io::FoundFile& file : found.files) {
      files.emplace_back(file.path, std::nullopt);
    }
  }
  return files;
}

void verify_all(const Flags& flags) {
  const io::OpenOptions open = open_options(flags.data, nullptr);
  const io::VerifyOptions options{
      .source = open.source,
      .policies = resolve(open.policies, open.source.policies),
      .limits = open.limits,
      .threads = open.threads,
      .poll = leave_if_asked};
  bool bad = false;
  for (const auto& [path, listed] : files_to_verify(flags)) {
    leave_if_asked();
    const Verdict verdict = verify(path, listed ? &*listed : nullptr, options);
    bad = bad || verdict.bad;
    out(flags.common.json ? verdict.json.dump() + "\n"
                          : fmt::format("{} {}: {}\n", verdict.bad ? "bad " : "good",
                                        escape_text(path), verdict.text));
  }
  if (bad) throw Leave{data};
}

}  // namespace

void add_inspect(CLI::App& app) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("inspect", "What a dataset or a recipe holds.");
  verb->add_option("paths", flags->paths,
                   "A dataset; or a recipe, and data to bind it to.")
      ->required();
  verb->add_flag("--verify", flags->verify,
                 "Read everything; exit 3 if anything is bad.");
  verb->add_flag("--expand", flags->expand,
                 "The recipe written out, what its plan shares, what targets cost.");
  verb->add_option("--picture", flags->picture,
                   "One history and its targets, into this .svg or .html file.");
  verb->add_option("--of", flags->of,
                   "Entity of the picture; that with the longest history.");
  verb->add_option("--targets", flags->targets, "Of the picture, with commas; all.")
      ->delimiter(',');
  verb->add_flag("--overwrite", flags->overwrite, "Replace the picture.");
  add_common_flags(*verb, flags->common);
  add_open_flags(*verb, flags->data);
  verb->callback([flags] {
    require(!flags->picture.empty() ||
                (flags->of.empty() && flags->targets.empty() && !flags->overwrite),
            "--of, --targets, --overwrite: need --picture FILE");
    if (!flags->picture.empty()) return draw_picture(*flags);
    if (flags->verify) return verify_all(*flags);
    if (flags->expand || is_recipe(flags->paths.front())) return show_recipe(*flags);
    show_dataset(*flags);
  });
}

}  // namespace lade::cli
