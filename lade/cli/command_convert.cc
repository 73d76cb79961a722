// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "lade/cli/command.h"
#include "lade/cli/flags.h"
#include "lade/cli/report.h"

namespace lade::cli {
namespace {

struct Flags {
  CommonFlags common;
  DataFlags data;
  std::vector<std::string> paths;  // sources, then the target
  std::string recipe, page_bytes = "64KiB";
  Index row_group_rows = 65'536;
  bool overwrite = false, dry_run = false, refresh = false;
};

void print(const Flags& flags, const std::string& target, const ConvertReport& report) {
  nlohmann::ordered_json files = nlohmann::ordered_json::array();
  Index bytes = 0;
  for (const io::ManifestFile& file : report.files) {
    files.push_back({{"path", file.path}, {"rows", file.rows}, {"bytes", file.bytes}});
    bytes += file.bytes;
  }
  const nlohmann::ordered_json json = {{"target", target},
                                       {"dry_run", flags.dry_run},
                                       {"events", report.events},
                                       {"sequences", report.sequences},
                                       {"row_groups", report.row_groups},
                                       {"runs_spilled", report.runs_spilled},
                                       {"input_bytes", report.input_bytes},
                                       {"decoded_bytes", report.decoded_bytes},
                                       {"bytes", bytes},
                                       {"sync_s", report.sync_s},
                                       {"files", files},
                                       {"read", to_json(report.read)}};
  if (flags.common.json) return out(json.dump() + "\n");
  if (flags.dry_run) {
    return out(fmt::format("{} rows, {} of input, {} decoded; nothing is written\n",
                           grouped(report.read.rows_seen),
                           sized(static_cast<double>(report.input_bytes)),
                           sized(static_cast<double>(report.decoded_bytes))));
  }
  out(fmt::format("{}: {} sequences, {} events in {} row groups, {} files, {}\n{}\n",
                  target, grouped(report.sequences), grouped(report.events),
                  report.row_groups, report.files.size(),
                  sized(static_cast<double>(bytes)), to_text(report.read)));
}

void run(const Flags& flags) {
  require(flags.refresh ? flags.paths.size() == 1 : flags.paths.size() >= 2,
          flags.refresh ? "lade convert: --refresh needs one directory"
                        : "lade convert: needs SOURCE... and TARGET");
  const std::vector<std::string> sources(flags.paths.begin(), flags.paths.end() - 1);
  std::optional<Recipe> recipe;
  if (!flags.recipe.empty()) {
    recipe = Recipe::from_file(flags.recipe, limits_of(flags.data));
  }
  ConvertOptions options =
      convert_options(open_options(flags.data, recipe ? &*recipe : nullptr));
  options.row_group_rows = flags.row_group_rows;
  options.page_bytes = parse_bytes(flags.page_bytes, "--page-bytes");
  options.overwrite = flags.overwrite;
  options.dry_run = flags.dry_run;
  options.poll = leave_if_asked;
  const std::string& target = flags.paths.back();
  print(flags, target,
        flags.refresh ? refresh(target, options) : convert(sources, target, options));
}

}  // namespace

void add_convert(CLI::App& app) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb =
      app.add_subcommand("convert", "Files to a dataset sorted by entity and time.");
  verb->add_option("paths", flags->paths, "SOURCE... TARGET")->required();
  verb->add_option("--recipe", flags->recipe,
                   "Supplies entity, time and reader options.");
  verb->add_option("--row-group-rows", flags->row_group_rows, "65536.");
  verb->add_option("--page-bytes", flags->page_bytes, "Before compression; 64KiB.");
  verb->add_flag("--overwrite", flags->overwrite, "Replace what is there.");
  verb->add_flag("--refresh", flags->refresh,
                 "List the files of a dataset directory anew, in place.");
  verb->add_flag("--dry-run", flags->dry_run, "Say what there is; write nothing.");
  add_common_flags(*verb, flags->common);
  add_reader_flags(*verb, flags->data);
  verb->callback([flags] { run(*flags); });
}

}  // namespace lade::cli
