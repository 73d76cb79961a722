// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>

#include "lade/core/memory.h"
#include "lade/core/pool.h"
#include "lade/core/unknown_name.h"
#include "lade/io/dataset_index.h"
#include "lade/io/discover.h"
#include "lade/io/index_build.h"
#include "lade/io/index_file.h"
#include "lade/io/writer.h"
#include "lade/recipe/convert_input.h"
#include "lade/recipe/convert_keys.h"
#include "lade/recipe/convert_output.h"
#include "lade/recipe/dataset_facts.h"

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
  throw ArgumentError(fmt::format("convert: {}: {}", what,
                                  unknown_name("column", name, schema.names())));
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

io::RowSorter::Options sorter_options(const Job& job, const ConvertInput& input,
                                      const std::string& directory) {
  const Schema& schema = input.schema();
  Index row = 0;
  for (const Field& field : schema.fields) row += width(field.type.kind) + 8;
  const Index block = row * kBlockRows;
  io::RowSorter::Options options;
  options.entity = job.entity;
  options.time = job.policies.on_disorder == OnDisorder::keep ? -1 : job.time;
  options.run_bytes = job.options.memory_budget / 2;
  options.block_rows = kBlockRows;
  options.rows_expected = input.rows();
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
  const bool text = input.is_text();
  KeyJudge judge({.entity = job.entity,
                  .time = job.time,
                  .policies = job.policies,
                  .nulls_judged = input.keys_judged()});
  Index given = 0;
  for (ConvertPiece piece = input.next(); piece.chunk; piece = input.next()) {
    if (job.options.poll) job.options.poll();
    const auto keep = judge.judge(*piece.chunk, piece.source, piece.first_row, report);
    given += keep.empty() ? piece.chunk->rows
                          : std::count(keep.begin(), keep.end(), std::uint8_t{1});
    sorter.add(std::move(piece.chunk), keep);
  }
  if (!text) report.rows_seen = input.rows();
  report.add(input.report());
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

io::Manifest manifest_of(const Job& job, const Schema& schema,
                         const ConvertReport& report) {
  io::Manifest manifest;
  manifest.kind = "dataset";
  manifest.files = report.files;
  describe_dataset(manifest, schema, job.options.entity, job.options.time);
  manifest.set_integer("sequences", report.sequences);
  manifest.set_integer("events", report.events);
  manifest.more["policies"] = policies_json(job.policies);
  manifest.set_report(report.read);
  return manifest;
}

/// Adds the index, so that the first open builds none, then the manifest.
void write_manifest(const Job& job, io::AtomicDirectory& directory,
                    io::Manifest manifest) {
  io::OpenOptions open;
  open.limits = job.options.limits;
  open.threads = job.options.threads;
  open.files = job.files;
  open.poll = job.options.poll;
  const io::PlannedIndex index = io::plan_index(directory.part_path(), manifest, open);
  if (!index.name.empty()) {
    io::write_index(index.tables, index.fingerprint, directory, *job.files,
                    io::join("_lade", index.name));
    manifest.set_text("index", index.name);
  }
  io::AtomicFile file = directory.file("_lade/manifest.json");
  file.write(io::manifest_text(manifest));
  file.commit();
}

DatasetWriter::Options writer_options(const Job& job) {
  DatasetWriter::Options options;
  options.row_group_rows = job.options.row_group_rows;
  options.page_bytes = job.options.page_bytes;
  options.part_bytes = job.options.part_bytes;
  options.threads = job.options.threads;
  options.metadata = footer_metadata(job.options.entity, job.options.time);
  return options;
}

}  // namespace

ConvertReport convert(const std::vector<std::string>& paths, const std::string& target,
                      const ConvertOptions& options) {
  Job job = check(options);
  const io::Discovery found =
      io::discover(paths, options.source, options.limits, *job.files, options.poll);
  ConvertReport report;
  std::vector<std::string> inputs;
  for (const io::FoundFile& file : found.files) {
    report.input_bytes += job.files->stat(file.path).bytes;
    inputs.push_back(file.path);
  }
  require(options.dry_run || options.overwrite || !job.files->exists(target),
          fmt::format("convert: {} exists; give overwrite to replace it",
                      escape_text(target)));
  ConvertInput input(found, job.options, job.policies);
  bind_keys(job, input.schema());
  report.decoded_bytes = input.decoded_bytes();
  if (options.dry_run) {
    report.read.rows_seen = input.rows();
    return report;
  }
  const auto sync_ns = std::make_shared<std::atomic<std::int64_t>>(0);
  io::AtomicDirectory directory(target, {.overwrite = options.overwrite,
                                         .inputs = inputs,
                                         .files = job.files,
                                         .sync_ns = sync_ns});
  io::RowSorter sorter(input.schema(),
                       sorter_options(job, input, directory.part_path()));
  report.read = sort_rows(job, input, sorter);
  DatasetWriter writer(directory, input.schema(), writer_options(job));
  Index merged = 0;
  sorter.finish(
      [&](io::RowPool& pool, io::RowRef row, bool first) {
        if (options.poll && ++merged % kBlockRows == 0) options.poll();
        return writer.add(pool, row, first);
      },
      [&](const io::RowPool& pool) { writer.finish(pool); });
  report.files = writer.files();
  report.events = writer.events();
  report.sequences = writer.sequences();
  report.row_groups = writer.row_groups();
  report.runs_spilled = sorter.runs_spilled();
  write_manifest(job, directory, manifest_of(job, input.schema(), report));
  directory.commit();
  report.sync_s = 1e-9 * static_cast<double>(sync_ns->load());
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
