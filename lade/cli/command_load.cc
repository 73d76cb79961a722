// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

#include "lade/cli/command.h"
#include "lade/cli/flags.h"
#include "lade/cli/report.h"
#include "lade/core/progress.h"
#include "lade/io/writer.h"
#include "lade/recipe/fit.h"

namespace lade::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Flags {
  CommonFlags common;
  DataFlags data;
  LoaderFlags loader;
  std::vector<std::string> paths;  // [recipe] data...
  Index epochs = 1;
  bool explain = false, headspace = false, overwrite = false;
  std::string digest, digest_kind = "ids";
};

constexpr int kHeadspaceSteps = 200;

struct Run {
  double seconds = 0;
  std::uint64_t content = 0;
  std::string lines;  // one per batch, for --digest
};

Index peak_rss_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<Index>(usage.ru_maxrss) * 1024;
}

Index peak_ledger_bytes(const LoaderStats& stats) {
  for (const auto& [account, bytes] : stats.ledger_peak) {
    if (account == "total") return bytes;
  }
  return 0;
}

std::string line_of(const Batch& batch, const Loader& loader) {
  Json line = {{"epoch", batch.epoch()},
               {"step", batch.step()},
               {"batch", hex(loader.state().last)},
               {"content", hex(content_digest(batch))},
               {"sample_id", batch.sample_id()}};
  return line.dump() + "\n";
}

Run load(Loader& loader, const Flags& flags) {
  Run run;
  const Index steps = loader.steps() * flags.epochs;
  Progress progress("load", steps);
  const std::int64_t begin = now_ns();
  for (Index epoch = 0; epoch < flags.epochs; ++epoch) {
    LoaderIterator iterator = loader.begin_epoch();
    while (const auto batch = iterator.next([] { return signal_caught() != 0; })) {
      progress.add(1);
      if (flags.digest_kind == "content") run.content += content_digest(*batch);
      if (!flags.digest.empty()) run.lines += line_of(*batch, loader);
    }
    leave_if_asked();
  }
  run.seconds = static_cast<double>(now_ns() - begin) * 1e-9;
  return run;
}

/// What a loader that costs nothing would give: one batch, ready-made, served again and
/// again to what `load` does with a batch.
Json headspace_of(const Loader& loader, const Flags& flags) {
  require(loader.steps() > 0, "--headspace: the loader has no batch");
  const Batch ready = loader.batch_at(loader.next_epoch(), 0);
  std::uint64_t content = 0;
  const std::int64_t begin = now_ns();
  for (Index step = 0; step < kHeadspaceSteps; ++step) {
    leave_if_asked();
    const Batch& batch = ready;
    if (flags.digest_kind == "content") content += content_digest(batch);
    if (!flags.digest.empty()) content += line_of(batch, loader).size();
  }
  const auto nanoseconds = std::max<std::int64_t>(1, now_ns() - begin);
  const double seconds = static_cast<double>(nanoseconds) * 1e-9;
  const auto rows = static_cast<double>(ready.sample_id().size());
  return {{"steps", kHeadspaceSteps},
          {"seconds", seconds},
          {"batches_per_s", kHeadspaceSteps / seconds},
          {"samples_per_s", kHeadspaceSteps * rows / seconds}};
}

Json stages_of(const LoaderStats& stats) {
  Json stages = Json::object();
  for (const StageTotals& stage : stats.stages) {
    stages[stage.name] = {{"busy_s", static_cast<double>(stage.busy_ns) * 1e-9},
                          {"wait_in_s", static_cast<double>(stage.wait_in_ns) * 1e-9},
                          {"wait_out_s", static_cast<double>(stage.wait_out_ns) * 1e-9},
                          {"items", stage.items},
                          {"bytes", stage.bytes_out},
                          {"threads", stage.threads}};
  }
  return stages;
}

Json targets_of(const LoaderStats& stats) {
  Json targets = Json::array();
  for (const TargetTally& target : stats.targets) {
    targets.push_back({{"name", target.name},
                       {"every", target.every},
                       {"values", target.values},
                       {"valid", target.valid},
                       {"missing", target.missing},
                       {"nonfinite", target.nonfinite}});
  }
  return targets;
}

Json facts_of(const Loader& loader, const Flags& flags, const Run& run,
              const io::Dataset& dataset) {
  const LoaderStats stats = loader.stats();
  const auto per_second = [&run](Index count) {
    return run.seconds > 0 ? static_cast<double>(count) / run.seconds : 0.0;
  };
  return {
      {"sequences", dataset.sequences()},
      {"samples", stats.samples},
      {"events", stats.events},
      {"batches", stats.batches},
      {"batch_bytes", stats.bytes_delivered},
      {"seconds", run.seconds},
      {"samples_per_s", per_second(stats.samples)},
      {"events_per_s", per_second(stats.events)},
      {"batches_per_s", per_second(stats.batches)},
      {"bytes_per_s", per_second(stats.bytes_delivered)},
      {"first_batch_s", stats.first_batch_s},
      {"wait_s", stats.wait_s},
      {"peak_ledger_bytes", peak_ledger_bytes(stats)},
      {"peak_rss_bytes", peak_rss_bytes()},
      {"fill", stats.fill},
      {"workers", stats.workers},
      {"digest", hex(flags.digest_kind == "content" ? run.content : loader.digest())},
      {"digest_kind", flags.digest_kind},
      {"sequences_without_sample", stats.sequences_without_sample},
      {"sequences_empty", stats.sequences_empty},
      {"nulls_filled", stats.counts.nulls_filled},
      {"unknown", stats.counts.unknown},
      {"overflow", stats.counts.overflow},
      {"targets", targets_of(stats)},
      {"read", to_json(stats.report)},
      {"stages", stages_of(stats)}};
}

std::string table_of(const Json& facts) {
  std::string text;
  const auto line = [&text](std::string_view name, const std::string& value) {
    text += fmt::format("  {:<18}{:>18}\n", name, value);
  };
  for (const char* name : {"sequences", "samples", "events", "batches"}) {
    line(name, grouped(facts[name].get<Index>()));
  }
  line("seconds", fmt::format("{:.3f}", facts["seconds"].get<double>()));
  line("batches/s", fmt::format("{:.1f}", facts["batches_per_s"].get<double>()));
  line("bytes/s", sized(facts["bytes_per_s"].get<double>()));
  line("first batch",
       fmt::format("{:.1f} ms", facts["first_batch_s"].get<double>() * 1e3));
  line("fill", fmt::format("{:.3f}", facts["fill"].get<double>()));
  line("peak ledger", sized(facts["peak_ledger_bytes"].get<double>()));
  line("peak RSS", sized(facts["peak_rss_bytes"].get<double>()));
  line("digest", facts["digest"].get<std::string>());
  if (facts.contains("headspace")) {
    line("headspace", fmt::format("{:.1f} batches/s",
                                  facts["headspace"]["batches_per_s"].get<double>()));
  }
  for (const auto& [name, stage] : facts["stages"].items()) {
    line(name, fmt::format("{:.3f} s busy", stage["busy_s"].get<double>()));
  }
  return text;
}

void run_verb(const Flags& flags) {
  require(flags.digest_kind == "ids" || flags.digest_kind == "content",
          "--digest-kind: must be ids or content, got '" +
              escape_text(flags.digest_kind) + "'");
  require(flags.epochs >= 1,
          fmt::format("--epochs: must be >= 1, got {}", flags.epochs));
  std::vector<std::string> paths = flags.paths;
  std::optional<Recipe> recipe;
  if (is_recipe(paths.front())) {
    recipe = Recipe::from_file(paths.front(), limits_of(flags.data));
    paths.erase(paths.begin());
    require(!paths.empty(), "lade load: no data given beside the recipe");
  }
  const io::Dataset dataset = open_data(paths, flags.data, recipe ? &*recipe : nullptr);
  if (!recipe) recipe = default_recipe(dataset, limits_of(flags.data));
  LoaderArguments arguments = loader_arguments(flags.loader, *recipe);
  if (!flags.data.memory_budget.empty()) {
    arguments.options.memory_budget =
        parse_bytes(flags.data.memory_budget, "--memory-budget");
  }
  const Plan plan(*recipe, dataset, arguments.options.plan);
  Loader loader(dataset, *recipe, choose_samples(plan, arguments.choice),
                arguments.options);
  say_warnings(loader.warnings());
  if (flags.explain) say(loader.explain());
  const Run run = load(loader, flags);
  if (!flags.digest.empty()) {
    io::WriteOptions options;
    options.overwrite = flags.overwrite;
    io::write_file(flags.digest, run.lines, options);
  }
  Json facts = facts_of(loader, flags, run, dataset);
  if (flags.headspace) facts["headspace"] = headspace_of(loader, flags);
  out(flags.common.json ? facts.dump() + "\n" : table_of(facts));
}

}  // namespace

void add_load(CLI::App& app) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("load", "Runs the loader and reports.");
  verb->add_option("paths", flags->paths, "[RECIPE] DATA...")->required();
  verb->add_option("--epochs", flags->epochs, "1.");
  verb->add_flag("--explain", flags->explain,
                 "First say what will be done, on stderr.");
  verb->add_flag("--headspace", flags->headspace,
                 "Also say what a loader that costs nothing would give.");
  verb->add_option("--digest", flags->digest,
                   "JSON lines, one per batch, go to this file.");
  verb->add_option("--digest-kind", flags->digest_kind, "ids or content.");
  verb->add_flag("--overwrite", flags->overwrite, "Replace the file of --digest.");
  add_common_flags(*verb, flags->common);
  add_open_flags(*verb, flags->data);
  add_loader_flags(*verb, flags->loader);
  verb->callback([flags] { run_verb(*flags); });
}

}  // namespace lade::cli
