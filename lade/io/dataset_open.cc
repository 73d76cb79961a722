// SPDX-License-Identifier: Apache-2.0
// Datasets over files.
#include <algorithm>

#include "lade/core/pool.h"
#include "lade/io/dataset_internal.h"

namespace lade::io {

namespace {

/// Checks the directory against its manifest and takes what that records.
void read_manifest_of(OpenRequest& request) {
  const std::string& word = request.options.manifest;
  require(word == "use" || word == "ignore",
          "open: manifest must be use or ignore, got \"" + escape_text(word) + "\"");
  if (word == "ignore" || request.found.directory.empty()) return;
  auto manifest =
      read_manifest(request.files(), request.found.directory, request.options.limits);
  if (!manifest) return;
  const auto refuse = [&](const std::string& path, std::string_view rule,
                          std::string_view what) {
    throw DataError({path, {}, {}, "", std::string(rule), ""}, what);
  };
  std::size_t met = 0;
  for (const FoundFile& file : request.found.files) {
    const ManifestFile* listed = manifest->find(file.relative);
    if (listed == nullptr) {
      refuse(file.path, "manifest.not_listed",
             "the manifest does not list this file; cures: `lade convert --refresh`, "
             "manifest=\"ignore\"");
    }
    ++met;
    const Index bytes = request.files().stat(file.path).bytes;
    if (bytes != listed->bytes) {
      refuse(file.path, "dataset.changed",
             "file has " + std::to_string(bytes) + " bytes, the manifest says " +
                 std::to_string(listed->bytes));
    }
  }
  for (const ManifestFile& listed : manifest->files) {
    if (met == manifest->files.size()) break;
    const bool there = std::any_of(
        request.found.files.begin(), request.found.files.end(),
        [&](const FoundFile& file) { return file.relative == listed.path; });
    if (!there)
      refuse(join(request.found.directory, listed.path), "manifest.missing",
             "the manifest lists a file that is not there");
  }
  request.manifest = std::move(manifest);
}

}  // namespace

std::string too_large(const OpenRequest& request, std::string_view what, Index bytes) {
  return "open: " + std::string(what) + " need " + std::to_string(bytes) +
         " bytes in memory, half of memory_budget is " +
         std::to_string(request.half_budget()) + "; convert them first: " +
         convert_command(request.paths, request.options.entity, request.options.time);
}

Dataset open(const std::vector<std::string>& paths, const OpenOptions& options) {
  OpenRequest request;
  request.options = options;
  request.paths = paths;
  OpenOptions& own = request.options;
  require(own.layout == "auto" || own.layout == "flat",
          "open: layout must be auto or flat, got \"" + escape_text(own.layout) + "\"");
  require(own.fingerprint == "fast" || own.fingerprint == "full",
          "open: fingerprint must be fast or full, got \"" +
              escape_text(own.fingerprint) + "\"");
  require(own.entity.empty() || own.entity != own.time,
          "open: entity and time must be two columns, got \"" +
              escape_text(own.entity) + "\"");
  if (own.files == nullptr) own.files = &real_files();
  if (own.threads <= 0) own.threads = usable_cpus();
  if (own.memory_budget <= 0) own.memory_budget = default_memory_budget();
  request.ledger = std::make_shared<Ledger>(own.memory_budget);
  request.policies = resolve(own.policies, own.source.policies);
  request.found = discover(paths, own.source, own.limits, *own.files);
  read_manifest_of(request);
  return request.found.format == "csv" ? open_text(std::move(request))
                                       : open_store(std::move(request));
}

}  // namespace lade::io
