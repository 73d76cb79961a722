// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/convert.h"

#include <fmt/format.h>

#include <algorithm>

#include "lade/core/memory.h"
#include "lade/core/pool.h"
#include "lade/io/discover.h"
#include "lade/io/index_build.h"
#include "lade/io/writer.h"
#include "lade/recipe/convert_input.h"
#include "lade/recipe/convert_keys.h"
#include "lade/recipe/convert_output.h"

namespace lade {
namespace {

constexpr Index kLeastBudget = Index{1} << 20;
constexpr Index kBlockRows = 4096;

/// Options as they hold, with what the files told.
struct Job {
  ConvertOptions options;
  Policies policies;
  io::Files* files = nullptr;
  Index entity = -1;
  Index time = -1;
};

Index key_position(const Schema& schema, const std::string& name,
                   std::string_view what) {
  if (name.empty()) return -1;
  const Index position = schema.find(name);
  if (position >= 0) return position;
  const std::string nearest = nearest_name(name, schema.names());
  throw ArgumentError(fmt::format(
      "convert: {} '{}' is no column{}", what, escape_text(name),
      nearest.empty() ? "" : "; did you mean '" + escape_text(nearest) + "'?"));
}

void bind_keys(Job& job, const Schema& schema) {
  job.entity = key_position(schema, job.options.entity, "entity");
  job.time = key_position(schema, job.options.time, "time");
  const auto field = [&](Index position) {
    return schema.fields[static_cast<std::size_t>(position)];
  };
  if (job.entity >= 0) io::require_entity_type(field(job.entity));
  if (job.time >= 0) io::require_time_type(field(job.time));
}

Job check(const ConvertOptions& options) {
  Job job;
  job.options = options;
  job.policies = io::resolve(options.policies, options.source.policies);
  job.files = options.files != nullptr ? options.files : &io::real_files();
  if (job.options.memory_budget == 0)
    job.options.memory_budget = default_memory_budget();
  if (job.options.threads == 0) job.options.threads = usable_cpus();
  const auto at_least = [](std::string_view name, Index value, Index least) {
    require(value >= least,
            fmt::format("convert: {} must be >= {}, got {}", name, least, value));
  };
  at_least("memory_budget", job.options.memory_budget, kLeastBudget);
  at_least("threads", job.options.threads, 1);
  at_least("row_group_rows", options.row_group_rows, 1);
  at_least("page_bytes", options.page_bytes, 1);
  at_least("part_bytes", options.part_bytes, 1);
  require(options.entity.empty() || options.entity != options.time,
          fmt::format("convert: entity and time must be two columns, got '{}' for both",
                      escape_text(options.entity)));
  return job;
}

io::RowSorter::Options sorter_options(const Job& job, const Schema& schema,
                                      const std::string& directory) {
  Index row = 0;
  for (const Field& field : schema.fields) row += width(field.type.kind) + 8;
  const Index block = row * kBlockRows;
  io::RowSorter::Options options;
  options.entity = job.entity;
  options.time = job.policies.on_disorder == OnDisorder::keep ? -1 : job.time;
  options.run_bytes = job.options.memory_budget / 2;
  options.block_rows = kBlockRows;
  options.fan_in = static_cast<std::size_t>(
      std::clamp<Index>(job.options.memory_budget / (4 * block), 2, 256));
  options.threads = job.options.threads;
  options.directory = directory;
  options.files = job.files;
  return options;
}

/// Reads everything into the sorter; returns what reading came to.
ReadReport sort_rows(const Job& job, ConvertInput& input, io::RowSorter& sorter) {
  ReadReport report;
  const bool text = input.report().has_value();
  KeyJudge judge({.entity = job.entity,
                  .time = job.time,
                  .policies = job.policies,
                  .nulls_judged = text});
  Index given = 0;
  for (ConvertPiece piece = input.next(); piece.chunk; piece = input.next()) {
    const auto keep = judge.judge(*piece.chunk, piece.source, piece.first_row, report);
    given += keep.empty() ? piece.chunk->rows
                          : std::count(keep.begin(), keep.end(), std::uint8_t{1});
    sorter.add(std::move(piece.chunk), keep);
  }
  if (text) {
    report.add(*input.report());
  } else {
    report.rows_seen = input.rows();
  }
  report.rows_given = given;
  return report;
}

std::string policies_json(const Policies& policies) {
  const MaxBad& max_bad = policies.max_bad;
  return fmt::format(
      R"({{"on_bad":"{}","max_bad":{},"on_truncated":"{}","on_disorder":"{}"}})",
      name(policies.on_bad),
      max_bad.count ? fmt::format("{}", *max_bad.count)
                    : fmt::format("{:.17g}", max_bad.fraction),
      name(policies.on_truncated), name(policies.on_disorder));
}

std::string report_json(const ReadReport& report) {
  std::string dropped;
  for (int i = 0; i < kDropReasons; ++i) {
    if (report.dropped[i] == 0) continue;
    dropped += fmt::format(R"({}"{}":{})", dropped.empty() ? "" : ",",
                           name(static_cast<DropReason>(i)), report.dropped[i]);
  }
  return fmt::format(
      R"({{"rows_seen":{},"rows_given":{},"rows_filtered":{},"dropped":{{{}}},)"
      R"("rows_out_of_order":{},"nulls_made":{},"unproven_end":{}}})",
      report.rows_seen, report.rows_given, report.rows_filtered, dropped,
      report.rows_out_of_order, report.nulls_made, report.unproven_end);
}

io::Manifest manifest_of(const Job& job, const Schema& schema,
                         const ConvertReport& report) {
  io::Manifest manifest;
  manifest.kind = "dataset";
  manifest.files = report.files;
  manifest.schema = schema;
  manifest.created_by = "lade " LADE_VERSION;
  manifest.set_text("entity", job.options.entity);
  manifest.set_text("time", job.options.time);
  manifest.set_text("layout", "flat");
  const auto* time =
      job.time < 0 ? nullptr : &schema.fields[static_cast<std::size_t>(job.time)].type;
  const bool unit = time != nullptr && time->kind == Kind::time;
  manifest.set_text("unit", unit ? name(time->unit) : std::string_view());
  manifest.set_integer("sequences", report.sequences);
  manifest.set_integer("events", report.events);
  manifest.more["policies"] = policies_json(job.policies);
  manifest.more["read"] = report_json(report.read);
  return manifest;
}

DatasetWriter::Options writer_options(const Job& job) {
  DatasetWriter::Options options;
  options.row_group_rows = job.options.row_group_rows;
  options.page_bytes = job.options.page_bytes;
  options.part_bytes = job.options.part_bytes;
  options.threads = job.options.threads;
  options.metadata = {{"lade.entity", job.options.entity},
                      {"lade.time", job.options.time},
                      {"lade.layout", "flat"},
                      {"lade.version", LADE_VERSION}};
  return options;
}

/// The files to convert, and their format.
io::Discovery find_inputs(const Job& job, const std::vector<std::string>& paths) {
  io::Discovery found =
      io::discover(paths, job.options.source, job.options.limits, *job.files);
  for (const io::FoundFile& file : found.files) {
    require(
        file.parts.empty(),
        fmt::format("convert: {} lies in a key=value directory, whose column would be "
                    "lost; name the files of one directory at a time",
                    escape_text(file.path)));
  }
  return found;
}

}  // namespace

ConvertReport convert(const std::vector<std::string>& paths, const std::string& target,
                      const ConvertOptions& options) {
  Job job = check(options);
  const io::Discovery found = find_inputs(job, paths);
  ConvertReport report;
  std::vector<std::string> inputs;
  for (const io::FoundFile& file : found.files) {
    report.input_bytes += job.files->stat(file.path).bytes;
    inputs.push_back(file.path);
  }
  require(options.dry_run || options.overwrite || !job.files->exists(target),
          fmt::format("convert: {} exists; give overwrite to replace it",
                      escape_text(target)));
  ConvertInput input(inputs, found.format, job.options, job.policies);
  bind_keys(job, input.schema());
  report.decoded_bytes = input.decoded_bytes();
  if (options.dry_run) {
    report.read.rows_seen = input.rows();
    return report;
  }
  io::AtomicDirectory directory(
      target, {.overwrite = options.overwrite, .inputs = inputs, .files = job.files});
  io::RowSorter sorter(input.schema(),
                       sorter_options(job, input.schema(), directory.part_path()));
  report.read = sort_rows(job, input, sorter);
  DatasetWriter writer(directory, input.schema(), writer_options(job));
  sorter.finish([&](io::RowPool& pool, io::RowRef row,
                    bool first) { return writer.add(pool, row, first); },
                [&](const io::RowPool& pool) { writer.finish(pool); });
  report.files = writer.files();
  report.events = writer.events();
  report.sequences = writer.sequences();
  report.row_groups = writer.row_groups();
  report.runs_spilled = sorter.runs_spilled();
  io::AtomicFile manifest = directory.file("_lade/manifest.json");
  manifest.write(io::manifest_text(manifest_of(job, input.schema(), report)));
  manifest.commit();
  directory.commit();
  return report;
}

ConvertOptions with_recipe(ConvertOptions options, const Recipe& recipe) {
  const RecipeSpec& spec = recipe.spec();
  const auto fill = [](std::string& given, const std::string& own,
                       std::string_view what) {
    require(given.empty() || own.empty() || given == own,
            fmt::format("convert: {} is '{}', but the recipe's [sequence] says '{}'",
                        what, escape_text(given), escape_text(own)));
    if (given.empty()) given = own;
  };
  fill(options.entity, spec.sequence.entity, "entity");
  fill(options.time, spec.sequence.time, "time");
  if (spec.source && options.source == io::SourceOptions{})
    options.source = *spec.source;
  return options;
}

}  // namespace lade
