// SPDX-License-Identifier: Apache-2.0
#include "lade/io/verify.h"

#include "lade/core/hash.h"
#include "lade/io/csv.h"
#include "lade/io/fingerprint.h"
#include "lade/io/ipc.h"
#include "lade/io/parquet.h"

namespace lade::io {
namespace {

ReadReport all_given(Index rows) {
  ReadReport report;
  report.rows_seen = rows;
  report.rows_given = rows;
  return report;
}

ReadReport verify_parquet(Files& files, const std::string& path,
                          const VerifyOptions& options) {
  const ParquetFile file(files, path, options.limits);
  for (Index g = 0; g < file.row_groups(); ++g) {
    if (options.poll) options.poll();
    file.read_chunk(g, {});
  }
  ReadReport report = all_given(file.rows());
  report.unverified_pages = file.unverified_pages();
  return report;
}

ReadReport verify_ipc(Files& files, const std::string& path,
                      const VerifyOptions& options) {
  const IpcFile file(files, path, options.limits);
  for (Index b = 0; b < file.batches(); ++b) {
    if (options.poll) options.poll();
    file.read_chunk(b, {});
  }
  ReadReport report = all_given(file.rows());
  report.unproven_end = file.unproven_end();
  return report;
}

ReadReport verify_csv(Files& files, const std::string& path,
                      const VerifyOptions& options) {
  CsvOptions csv;
  csv.source = options.source;
  csv.policies = options.policies;
  csv.limits = options.limits;
  csv.threads = options.threads;
  csv.files = &files;
  csv.poll = options.poll;
  CsvReader reader({path}, csv);
  while (reader.next() != nullptr) {
  }
  return reader.report();
}

Files& files_of(const VerifyOptions& options) {
  return options.files != nullptr ? *options.files : real_files();
}

}  // namespace

ReadReport verify_file(const std::string& path, const VerifyOptions& options) {
  Files& files = files_of(options);
  const std::string format = format_of(path, options.source);
  if (format == "parquet") return verify_parquet(files, path, options);
  if (format == "ipc") return verify_ipc(files, path, options);
  return verify_csv(files, path, options);
}

void verify_listed(const std::string& path, const ManifestFile& listed, Files& files,
                   const std::function<void()>& poll) {
  const auto file = files.open(path, OpenMode::read);
  if (file->bytes() != listed.bytes) {
    throw DataError({.source = path, .rule = "manifest.bytes"},
                    std::to_string(listed.bytes) + " bytes in the manifest, " +
                        std::to_string(file->bytes()) + " in the file");
  }
  Interrupt interrupt(poll);
  const std::uint64_t hash = hash_of_all(*file, &interrupt);
  if (hash != listed.xxh3) {
    throw DataError(
        {.source = path, .rule = "manifest.xxh3"},
        "hash " + hex(listed.xxh3) + " in the manifest, " + hex(hash) + " of the file");
  }
}

}  // namespace lade::io
