// SPDX-License-Identifier: Apache-2.0
// Datasets over files.
#include <algorithm>

#include "lade/core/pool.h"
#include "lade/io/csv_writer.h"
#include "lade/io/dataset_internal.h"

namespace lade::io {

namespace {

/// The manifest of the one directory that was given, if it is to be used and is there.
void read_manifest_of(OpenRequest& request) {
  const std::string& word = request.options.manifest;
  require(word == "use" || word == "ignore",
          "open: manifest must be use or ignore, got \"" + escape_text(word) + "\"");
  const std::string& path = request.paths.empty() ? std::string() : request.paths[0];
  if (word == "ignore" || request.paths.size() != 1 || !request.files().exists(path))
    return;
  if (request.files().stat(path).kind != FileKind::directory) return;
  request.manifest = read_manifest(request.files(), path, request.options.limits);
}

/// Checks the files found against the manifest.
void check_listed(const OpenRequest& request) {
  const auto& manifest = request.manifest;
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
}

/// A word of the policies that a manifest records: JSON in canonical form.
std::optional<std::string> recorded_word(const Manifest& manifest,
                                         const std::string& name) {
  const auto found = manifest.more.find("policies");
  if (found == manifest.more.end()) return std::nullopt;
  const std::string before = "\"" + name + "\":\"";
  const auto at = found->second.find(before);
  if (at == std::string::npos) return std::nullopt;
  const auto begin = at + before.size();
  return found->second.substr(begin, found->second.find('"', begin) - begin);
}

/// How the files are read: text as what the manifest says its columns are.
SourceOptions recorded_source(const Manifest& manifest) {
  const bool text =
      !manifest.files.empty() && manifest.files.front().path.ends_with(".csv");
  return text ? csv_source(manifest.schema) : SourceOptions();
}

}  // namespace

/// A converted or made dataset knows its keys and what was done to its rows: `source`
/// and policies are those of its making, whoever opens it.
void take_recorded(OpenRequest& request) {
  if (!request.manifest) return;
  if (request.manifest->kind != "dataset" && request.manifest->kind != "synth") return;
  OpenOptions& options = request.options;
  const Manifest& manifest = *request.manifest;
  if (options.entity.empty()) options.entity = manifest.text("entity").value_or("");
  if (options.time.empty()) options.time = manifest.text("time").value_or("");
  options.source = recorded_source(manifest);
  if (const auto word = recorded_word(manifest, "on_bad")) {
    request.policies.on_bad = parse_on_bad(*word);
  }
  if (const auto word = recorded_word(manifest, "on_truncated")) {
    request.policies.on_truncated = parse_on_truncated(*word);
  }
  if (const auto word = recorded_word(manifest, "on_disorder")) {
    request.policies.on_disorder = parse_on_disorder(*word);
  }
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
  read_manifest_of(request);
  take_recorded(request);
  own.policies = {request.policies.on_bad, request.policies.max_bad,
                  request.policies.on_truncated, request.policies.on_disorder};
  request.found = discover(paths, own.source, own.limits, *own.files, own.poll);
  check_listed(request);
  return request.found.format == "csv" ? open_text(std::move(request))
                                       : open_store(std::move(request));
}

}  // namespace lade::io
