// SPDX-License-Identifier: Apache-2.0
#include "lade/io/dataset_index.h"

#include <algorithm>

#include "lade/core/pool.h"
#include "lade/core/progress.h"
#include "lade/io/index_build.h"

namespace lade::io {
namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

/// All rows are one sequence, in storage order.
IndexTables index_of_footers(const FileStore& store) {
  IndexTables tables;
  tables.row_groups = store.row_groups();
  tables.report = store.report();
  Index rows = 0;
  for (std::size_t g = 0; g < tables.row_groups.size(); ++g) {
    auto& group = tables.row_groups[g];
    if (group.rows == 0) continue;
    group.time_max = 0;
    tables.runs.push_back(
        {static_cast<std::int32_t>(g), 0, static_cast<std::int32_t>(group.rows)});
    rows += group.rows;
  }
  tables.report.rows_seen += rows;
  tables.report.rows_given += rows;
  tables.first_run.push_back(0);
  if (rows > 0) {
    tables.events.push_back(rows);
    tables.first_time.push_back(0);
    tables.last_time.push_back(0);
    tables.first_run.push_back(static_cast<std::int64_t>(tables.runs.size()));
  }
  return tables;
}

/// The listed files where they are now.
Discovery listed_files(const Manifest& manifest, const std::string& directory) {
  Discovery found;
  found.root = directory;
  found.directory = directory;
  const bool ipc =
      !manifest.files.empty() && !manifest.files[0].path.ends_with(".parquet");
  found.format = ipc ? "ipc" : "parquet";
  for (const ManifestFile& file : manifest.files)
    found.files.push_back({join(directory, file.path), file.path, parts_of(file.path)});
  std::sort(
      found.files.begin(), found.files.end(),
      [](const FoundFile& a, const FoundFile& b) { return a.relative < b.relative; });
  return found;
}

}  // namespace

StoreOptions store_options(const OpenRequest& request) {
  StoreOptions options;
  options.schema = request.options.schema;
  options.limits = request.options.limits;
  options.on_bad = request.policies.on_bad;
  options.hash_all = request.options.fingerprint == "full";
  options.threads = request.options.threads;
  options.on_truncated = request.policies.on_truncated;
  options.files = request.options.files;
  options.poll = request.options.poll;
  return options;
}

bool needs_no_keys(const OpenRequest& request) {
  const OpenOptions& options = request.options;
  return options.entity.empty() && options.time.empty() && !options.filter;
}

IndexTables index_store(const OpenRequest& request, const FileStore& store) {
  if (needs_no_keys(request)) return index_of_footers(store);
  const OpenOptions& options = request.options;
  const Schema& schema = store.schema();
  KeySource keys;
  keys.schema = &schema;
  keys.entity = schema.find(options.entity);
  keys.time = schema.find(options.time);
  keys.row_groups = store.row_groups();
  keys.place = [&store](Index g, Index row) { return store.place(g, row); };
  IndexOptions index_options;
  index_options.policies = request.policies;
  index_options.threads = options.threads;
  index_options.lost = store.report();
  index_options.poll = options.poll;
  std::vector<Index> wanted;
  if (options.filter) {
    index_options.filter = options.filter(schema);
    wanted = index_options.filter->columns();
  }
  for (const Index key : {keys.entity, keys.time}) {
    if (key >= 0 && std::find(wanted.begin(), wanted.end(), key) == wanted.end()) {
      wanted.push_back(key);
    }
  }
  Progress progress("index", static_cast<Index>(keys.row_groups.size()));
  keys.read = [&](Index g) {
    const auto chunk = store.read(g, wanted, nullptr);
    auto out = std::make_shared<Chunk>();
    out->rows = store.row_groups()[at(g)].rows;
    out->columns.resize(schema.fields.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      out->columns[at(wanted[i])] = chunk->columns[i];
    }
    out->owners.push_back(chunk);
    progress.add(1);
    return out;
  };
  return build_index(keys, index_options);
}

std::string index_name(const std::string& fingerprint) {
  return "index-" + fingerprint.substr(0, 16);
}

namespace {

OpenRequest request_of(const Manifest& manifest, const OpenOptions& options) {
  OpenRequest request;
  request.options = options;
  if (request.options.files == nullptr) request.options.files = &real_files();
  if (request.options.threads <= 0) request.options.threads = usable_cpus();
  request.manifest = manifest;
  take_recorded(request);
  return request;
}

PlannedIndex plan_index(const FileStore& store, const OpenRequest& request) {
  PlannedIndex planned;
  planned.fingerprint = hex(fingerprint_with_options(
      fingerprint_of_files(store.prints()), request.options, request.policies));
  if (!needs_no_keys(request)) planned.name = index_name(planned.fingerprint);
  planned.tables = index_store(request, store);
  return planned;
}

}  // namespace

PlannedIndex plan_index(const FileStore& store, const Manifest& manifest,
                        const OpenOptions& options) {
  return plan_index(store, request_of(manifest, options));
}

PlannedIndex plan_index(const std::string& directory, const Manifest& manifest,
                        const OpenOptions& options) {
  const OpenRequest request = request_of(manifest, options);
  const FileStore store(listed_files(manifest, directory), store_options(request));
  return plan_index(store, request);
}

}  // namespace lade::io
