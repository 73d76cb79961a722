// SPDX-License-Identifier: Apache-2.0
// Made transactions as files: parts of whole users with a manifest.
#pragma once

#include <string>
#include <vector>

#include "lade/core/limits.h"
#include "lade/io/file.h"
#include "lade/io/manifest.h"
#include "lade/io/table_writer.h"
#include "lade/synth/transactions.h"

namespace lade {

struct SynthesizeOptions {
  Index part_users = 0;  // users of a file; 0 = as many as have about 4 Mi rows
  Index row_group_rows = Index{1} << 20;
  Index page_bytes = Index{64} << 10;                 // before compression
  io::TableFormat format = io::TableFormat::parquet;  // of the parts
  Index memory_budget = 0;  // 0 = default_memory_budget(); bounds the threads
  int threads = 0;          // 0 = usable_cpus()
  bool overwrite = false;
  bool restart = false;        // begin anew instead of going on where a run was killed
  io::Files* files = nullptr;  // nullptr = io::real_files()
};

struct SynthesizeReport {
  Index users = 0;
  Index events = 0;
  Index parts_kept = 0;  // finished by a run that was killed, and still whole
  Index bytes = 0;       // of the parts
  std::vector<io::ManifestFile> files;
  ReadReport read;  // balanced: all rows made are given
};

/// Writes all users of a specification into a new directory:
/// `part-<first_user>.parquet` (or `.arrow`, `.csv`),
/// `_lade/users.parquet` (user_id, events, split), `_lade/specification.json` and last
/// the manifest (kind "synth"), old or new, never half.
///
/// A run that was killed is continued: finished parts whose hashes hold are kept. The
/// files are then those of a run that was not. Row groups end with the first user at or
/// after row_group_rows; one row group for each thread is held in memory.
/// Errors:  ArgumentError as check(TransactionsSpec); part_users, threads and
///          memory_budget >= 0, row_group_rows and page_bytes >= 1; if the target
///          exists without overwrite; if what a killed run left is of another
///          specification or format, naming restart. IoError.
/// Threads: same bytes for any number.
SynthesizeReport synthesize(const TransactionsSpec& spec, const std::string& directory,
                            const SynthesizeOptions& options = {});

}  // namespace lade
