// SPDX-License-Identifier: Apache-2.0
// Files to a dataset: Parquet sorted by (entity, time, input order) with a manifest.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lade/core/limits.h"
#include "lade/io/file.h"
#include "lade/io/manifest.h"
#include "lade/io/source.h"
#include "lade/recipe/spec.h"

namespace lade {

struct ConvertOptions {
  std::string entity;  // "" = all rows are one sequence
  std::string time;    // "" = input order
  /// What is kept, besides entity and time; absent = all, of which none may be of a
  /// type that is not read.
  std::optional<std::vector<std::string>> columns = {};
  std::string schema = "exact";  // exact | promote | union, between files
  io::SourceOptions source;
  io::PolicyOptions policies;  // given ones win over source.policies
  Limits limits;
  Index row_group_rows = 65'536;
  Index page_bytes = Index{64} << 10;   // before compression
  Index part_bytes = Index{512} << 20;  // a part is not begun beyond it
  Index memory_budget = 0;              // 0 = default_memory_budget(); at least 1 MiB
  int threads = 0;                      // 0 = usable_cpus()
  bool overwrite = false;
  bool dry_run = false;        // says what there is, writes nothing
  io::Files* files = nullptr;  // nullptr = io::real_files()
  /// Called now and then; what it throws ends the work, and nothing is left behind.
  std::function<void()> poll = {};
};

struct ConvertReport {
  ReadReport read;  // balanced; of a dry run: rows_seen only
  Index events = 0;
  Index sequences = 0;
  Index row_groups = 0;
  Index runs_spilled = 0;  // sorted runs that went to disk
  Index input_bytes = 0;
  Index decoded_bytes = 0;              // estimate of the columns in memory
  double sync_s = 0;                    // of making the output durable
  std::vector<io::ManifestFile> files;  // written
};

/// Converts CSV, Parquet or IPC files (named, below a directory, or by a glob) into a
/// dataset directory, old or new, never half.
///
/// Rows are sorted by (entity, time, input order) in an external merge sort: sorted
/// runs of half the budget go to unnamed temporaries beside the target, then are
/// merged. A row group ends at the first sequence boundary at or after row_group_rows;
/// a longer sequence has row groups of its own. Policies are recorded in the manifest.
///
/// Errors:  ArgumentError if the target exists without `overwrite`, for unknown
/// columns, a
///          float entity, a text time, a budget below 1 MiB; DataError and IoError as
///          the readers and the writer; `convert.null_key`, `convert.time_disorder`,
///          `convert.max_bad` by policy.
/// Memory:  memory_budget, and one row group with its compressed pages.
/// Threads: equal bytes for any number and any budget.
ConvertReport convert(const std::vector<std::string>& paths, const std::string& target,
                      const ConvertOptions& options);

/// Lists the files of a dataset directory anew, where files came, went or were replaced
/// beside its manifest. The files stay as they are; the index is built again, and the
/// manifest is replaced last. Entity and time are those of the manifest unless given;
/// its policies stay.
///
/// Errors: ArgumentError without a manifest of a dataset; DataError and IoError as
/// `open`.
ConvertReport refresh(const std::string& directory, const ConvertOptions& options);

/// The options with what a recipe says filled in: entity, time and [source] where they
/// are not given. Errors: ArgumentError if the options name another entity or time than
/// the recipe.
ConvertOptions with_recipe(ConvertOptions options, const Recipe& recipe);

}  // namespace lade
