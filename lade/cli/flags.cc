// SPDX-License-Identifier: Apache-2.0
#include "lade/cli/flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>

#include "lade/cli/command.h"
#include "lade/core/build.h"
#include "lade/core/progress.h"

namespace lade::cli {
namespace {

char one_character(const std::string& text, std::string_view flag) {
  if (text == "\\t") return '\t';
  require(text.size() == 1, fmt::format("--{}: must be one character, got '{}'", flag,
                                        escape_text(text)));
  return text.front();
}

/// "name=value".
std::pair<std::string, std::string> pair_of(const std::string& text,
                                            std::string_view flag) {
  const std::size_t at = text.find('=');
  require(at != std::string::npos && at > 0,
          fmt::format("--{}: must be NAME=VALUE, got '{}'", flag, escape_text(text)));
  return {text.substr(0, at), text.substr(at + 1)};
}

/// "100" is a count, "0.01" a fraction.
MaxBad max_bad_of(const std::string& text) {
  MaxBad max_bad;
  const char* end = text.data() + text.size();
  Index count = 0;
  double fraction = 0;
  if (std::from_chars(text.data(), end, count).ptr == end && count >= 0) {
    max_bad.count = count;
  } else if (std::from_chars(text.data(), end, fraction).ptr == end && fraction >= 0 &&
             fraction <= 1) {
    max_bad.fraction = fraction;
  } else {
    require(false,
            fmt::format("--max-bad: must be a count or a fraction in 0..1, got '{}'",
                        escape_text(text)));
  }
  return max_bad;
}

}  // namespace

void add_common_flags(CLI::App& verb, CommonFlags& flags) {
  verb.add_flag("--json", flags.json, "JSON on stdout instead of text for people.");
  verb.add_flag_callback(
      "--quiet", [&flags] { flags.quiet = true, Progress::silence(true); },
      "No progress bar.");
  add_simd_flag(verb);
}

void add_simd_flag(CLI::App& verb) {
  verb.add_option_function<std::string>("--simd", use_instruction_set,
                                        "Instruction set; as LADE_SIMD.");
}

namespace {

/// Adds flags of the group that help shows as "Data".
struct DataGroup {
  CLI::App& verb;
  void text(const char* name, std::string& value, const char* about) const {
    verb.add_option(name, value, about)->group("Data");
  }
  void list(const char* name, std::vector<std::string>& values,
            const char* about) const {
    verb.add_option(name, values, about)->group("Data")->type_size(1)->take_all();
  }
};

}  // namespace

void add_reader_flags(CLI::App& verb, DataFlags& flags) {
  const DataGroup group{verb};
  group.text("--entity", flags.entity, "Column that names the sequence.");
  group.text("--time", flags.time, "Column that orders it.");
  group.text("--format", flags.format, "csv, parquet or ipc; by suffix.");
  group.text("--delimiter", flags.delimiter, "Between the fields of a text file.");
  group.text("--quote", flags.quote, "Around the fields of a text file.");
  group.text("--decimal", flags.decimal, "Decimal point of a text file.");
  verb.add_flag("--no-header", flags.no_header, "The first line is data.")
      ->group("Data");
  group.list("--names", flags.names, "Column names instead of a header; repeatable.");
  group.list("--nulls", flags.nulls, "Text that means null; repeatable.");
  group.list("--types", flags.types, "COLUMN=TYPE of a text file; repeatable.");
  group.list("--dates", flags.dates,
             "COLUMN=PATTERN, for example date=%y%m%d; repeatable.");
  group.list("--columns", flags.columns, "What may be read; repeatable.");
  group.text("--memory-budget", flags.memory_budget, "Bytes, or as in 2GiB.");
  verb.add_option("--threads", flags.threads, "0 = all that may be used.")
      ->group("Data");
  group.text("--on-bad", flags.on_bad, "fail, skip or null.");
  group.text("--max-bad", flags.max_bad,
             "Bad rows that are endured: a count or a fraction.");
  group.text("--on-truncated", flags.on_truncated, "fail, stop or strict.");
  group.text("--on-disorder", flags.on_disorder, "sort, fail, skip or keep.");
  group.list("--limit", flags.limits,
             "NAME=VALUE, for example max_row_bytes=64MiB; repeatable.");
}

void add_open_flags(CLI::App& verb, DataFlags& flags) {
  add_reader_flags(verb, flags);
  const DataGroup group{verb};
  group.text("--filters", flags.filters,
             "Which events are kept, for example \"amount > 0\".");
  group.text("--schema", flags.schema, "exact, promote or union, between files.");
  group.text("--manifest", flags.manifest, "use or ignore.");
  group.text("--fingerprint", flags.fingerprint, "fast or full.");
  group.text(
      "--cache-dir", flags.cache_dir,
      "Where an index, and copies of what is too large to be grouped, may be kept.");
}

void add_recipe_flags(CLI::App& verb, RecipeFlags& flags, const char* about_output) {
  verb.add_option("recipe", flags.recipe, "TOML or JSON.")->required();
  verb.add_option("data", flags.paths, "Files, directories, globs.")->required();
  verb.add_option("-o,--output", flags.output, about_output)->required();
  verb.add_flag("--overwrite", flags.overwrite, "Replace what is there.");
  add_common_flags(verb, flags.common);
  add_open_flags(verb, flags.data);
}

bool is_recipe(const std::string& path) {
  return path.ends_with(".toml") || path.ends_with(".json");
}

Limits limits_of(const DataFlags& flags) {
  Limits limits;
  for (const std::string& text : flags.limits) {
    const auto [name, value] = pair_of(text, "limit");
    set_limit(limits, name, parse_bytes(value, "--limit " + name));
  }
  return limits;
}

io::SourceOptions source_of(const DataFlags& flags, io::SourceOptions base) {
  if (!flags.format.empty()) base.format = flags.format;
  if (!flags.delimiter.empty())
    base.delimiter = one_character(flags.delimiter, "delimiter");
  if (!flags.quote.empty()) base.quote = one_character(flags.quote, "quote");
  if (!flags.decimal.empty()) base.decimal = one_character(flags.decimal, "decimal");
  if (flags.no_header) base.header = false;
  if (!flags.names.empty()) {
    base.header = false;
    base.column_names = flags.names;
  }
  if (!flags.nulls.empty()) base.nulls = flags.nulls;
  for (const std::string& text : flags.types)
    base.types.insert_or_assign(pair_of(text, "types").first,
                                pair_of(text, "types").second);
  for (const std::string& text : flags.dates)
    base.dates.insert_or_assign(pair_of(text, "dates").first,
                                pair_of(text, "dates").second);
  return base;
}

io::OpenOptions open_options(const DataFlags& flags, const Recipe* recipe) {
  io::OpenOptions options;
  options.entity = flags.entity;
  options.time = flags.time;
  if (!flags.columns.empty()) options.columns = flags.columns;
  if (!flags.filters.empty()) set_filter(options, flags.filters);
  options.schema = flags.schema;
  options.manifest = flags.manifest;
  options.fingerprint = flags.fingerprint;
  options.cache_dir = flags.cache_dir;
  if (!flags.memory_budget.empty()) {
    options.memory_budget = parse_bytes(flags.memory_budget, "--memory-budget");
  }
  require(flags.threads >= 0,
          fmt::format("--threads: must be >= 0, got {}", flags.threads));
  options.threads = flags.threads;
  options.limits = limits_of(flags);
  options.poll = leave_if_asked;
  set_convert(options);
  auto& policies = options.policies;
  if (!flags.on_bad.empty()) policies.on_bad = parse_on_bad(flags.on_bad);
  if (!flags.max_bad.empty()) policies.max_bad = max_bad_of(flags.max_bad);
  if (!flags.on_truncated.empty()) {
    policies.on_truncated = parse_on_truncated(flags.on_truncated);
  }
  if (!flags.on_disorder.empty()) {
    policies.on_disorder = parse_on_disorder(flags.on_disorder);
  }
  const std::optional<io::SourceOptions> source =
      recipe == nullptr ? std::nullopt : recipe->spec().source;
  options.source = source_of(flags, source.value_or(io::SourceOptions{}));
  return recipe == nullptr ? options : with_recipe(std::move(options), *recipe);
}

io::Dataset open_data(const std::vector<std::string>& paths, const DataFlags& flags,
                      const Recipe* recipe) {
  io::Dataset dataset = io::open(paths, open_options(flags, recipe));
  say_warnings(dataset.warnings());
  return dataset;
}

}  // namespace lade::cli
