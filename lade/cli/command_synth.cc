// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "lade/cli/command.h"
#include "lade/cli/flags.h"
#include "lade/cli/report.h"
#include "lade/recipe/synthesize.h"
#include "lade/synth/transactions_text.h"

namespace lade::cli {
namespace {

struct Flags {
  CommonFlags common;
  TransactionsSpec spec;
  SynthesizeOptions options;
  std::string events, per_day, amount, filler, end, splits, memory_budget, output,
      layout = "plain", output_format = "parquet";
  std::vector<std::string> planted;
  bool no_cents = false;
};

TransactionsSpec spec_of(const Flags& flags) {
  TransactionsSpec spec = flags.spec;
  if (!flags.events.empty()) spec.events = parse_closed_range(flags.events, "--events");
  if (!flags.per_day.empty()) {
    spec.per_day = parse_closed_range(flags.per_day, "--per-day");
  }
  if (!flags.amount.empty()) spec.amount = parse_amount_law(flags.amount, "--amount");
  for (const std::string& text : flags.planted) {
    spec.planted.push_back(parse_planted(text, "--planted"));
  }
  if (!flags.filler.empty()) spec.filler = parse_planted(flags.filler, "--filler");
  if (!flags.end.empty()) spec.end = parse_date(flags.end, "--end");
  if (!flags.splits.empty()) spec.splits = parse_splits(flags.splits, "--splits");
  spec.layout = parse_day_layout(flags.layout, "--layout");
  spec.cents = !flags.no_cents;
  return spec;
}

void print(const Flags& flags, const SynthesizeReport& report) {
  nlohmann::ordered_json files = nlohmann::ordered_json::array();
  for (const io::ManifestFile& file : report.files) {
    files.push_back({{"path", file.path}, {"rows", file.rows}, {"bytes", file.bytes}});
  }
  const nlohmann::ordered_json json = {
      {"output", flags.output},          {"users", report.users},
      {"events", report.events},         {"bytes", report.bytes},
      {"parts_kept", report.parts_kept}, {"files", files},
      {"read", to_json(report.read)}};
  if (flags.common.json) return out(json.dump() + "\n");
  const std::string kept =
      report.parts_kept == 0
          ? ""
          : fmt::format(" ({} of an earlier run)", grouped(report.parts_kept));
  out(fmt::format("{}: {} users, {} events in {} files{}, {}\n",
                  escape_text(flags.output), grouped(report.users),
                  grouped(report.events), report.files.size(), kept,
                  sized(static_cast<double>(report.bytes))));
}

void run(const Flags& flags) {
  SynthesizeOptions options = flags.options;
  if (!flags.memory_budget.empty()) {
    options.memory_budget = parse_bytes(flags.memory_budget, "--memory-budget");
  }
  options.format = io::parse_table_format(flags.output_format, "--output-format");
  print(flags, synthesize(spec_of(flags), flags.output, options));
}

void add_law_flags(CLI::App& verb, Flags& flags) {
  const auto text = [&verb](const char* name, std::string& value, const char* about) {
    verb.add_option(name, value, about)->group("Law");
  };
  const auto number = [&verb](const char* name, auto& value, const char* about) {
    verb.add_option(name, value, about)->group("Law");
  };
  number("--users", flags.spec.users, "2000.");
  number("--first-user", flags.spec.first_user, "0.");
  text("--events", flags.events, "Rows of a user, 4096 or 100..200; 4096.");
  text("--per-day", flags.per_day, "Rows of a day; 1..3.");
  number("--mccs", flags.spec.mccs, "Categories of the mixture; 100.");
  text("--amount", flags.amount, "\"normal(1, 1)\", lognormal, uniform, constant.");
  verb.add_option("--planted", flags.planted,
                  "\"mcc=0,count=90..110,amount=normal(1, 1)\" or \"mcc=0,p=0.5\"; may "
                  "be repeated.")
      ->allow_extra_args(false)
      ->group("Law");
  text("--filler", flags.filler, "\"mcc=1\": the rows that counts leave.");
  number("--extra", flags.spec.extra, "Columns x0, x1, ...; 0.");
  verb.add_option("--hours", flags.spec.hours, "24 weights with commas between.")
      ->delimiter(',')
      ->group("Law");
  text("--end", flags.end, "First day after the last one; 2021-11-29.");
  text("--splits", flags.splits, "train=.5,val=.25,test=.25.");
  number("--seed", flags.spec.seed, "0.");
  text("--layout", flags.layout, "plain or hppl.");
  verb.add_flag("--no-cents", flags.no_cents, "Amounts are not rounded.")->group("Law");
}

}  // namespace

void add_synth(CLI::App& app) {
  auto flags = std::make_shared<Flags>();
  CLI::App* synth = app.add_subcommand("synth", "Makes data with a known law.");
  synth->require_subcommand(1);
  CLI::App* verb =
      synth->add_subcommand("transactions", "Transaction histories into files.");
  verb->add_option("-o,--output", flags->output, "Directory.")->required();
  verb->add_flag("--overwrite", flags->options.overwrite, "Replace what is there.");
  verb->add_flag("--restart", flags->options.restart,
                 "Begin anew, not where a run was killed.");
  verb->add_option("--output-format", flags->output_format, "parquet, ipc or csv.");
  verb->add_option("--part-users", flags->options.part_users,
                   "Users of a file; as many as have about 4 Mi rows.");
  verb->add_option("--row-group-rows", flags->options.row_group_rows, "1048576.");
  verb->add_option("--threads", flags->options.threads, "All usable.");
  verb->add_option("--memory-budget", flags->memory_budget, "Bounds the threads.");
  add_common_flags(*verb, flags->common);
  add_law_flags(*verb, *flags);
  verb->callback([flags] { run(*flags); });
}

}  // namespace lade::cli
