// SPDX-License-Identifier: Apache-2.0
// A dataset directory whose files have changed, listed anew.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <numeric>

#include "lade/io/dataset_index.h"
#include "lade/io/dataset_store.h"
#include "lade/io/discover.h"
#include "lade/io/fingerprint.h"
#include "lade/io/index_file.h"
#include "lade/recipe/convert.h"
#include "lade/recipe/dataset_facts.h"

namespace lade {
namespace {

io::Manifest read_old(io::Files& files, const std::string& directory,
                      const Limits& limits) {
  auto old = io::read_manifest(files, directory, limits);
  require(
      old.has_value(),
      fmt::format("convert: refresh needs a directory with _lade/manifest.json, got "
                  "{}; convert it first",
                  escape_text(directory)));
  require(old->kind == "dataset",
          fmt::format("convert: refresh needs a manifest of a dataset, got one of {}",
                      escape_text(old->kind)));
  return std::move(*old);
}

/// What the files hold now; every byte is read for its hash.
std::vector<io::ManifestFile> list_files(const io::Discovery& found,
                                         const io::FileStore& store,
                                         const ConvertOptions& options,
                                         io::Files& files) {
  std::vector<io::ManifestFile> listed;
  const auto prints = store.prints();
  io::Interrupt interrupt(options.poll);
  for (std::size_t f = 0; f < prints.size(); ++f) {
    io::ManifestFile file;
    file.path = prints[f].path;
    file.bytes = prints[f].bytes;
    file.footer_xxh3 = prints[f].hash;
    file.xxh3 = io::hash_of_all(
        *files.open(io::join(found.root, file.path), io::OpenMode::read), &interrupt);
    for (const io::RowGroupEntry& group : store.row_groups()) {
      if (group.file == static_cast<std::int32_t>(f)) file.rows += group.rows;
    }
    listed.push_back(std::move(file));
  }
  return listed;
}

}  // namespace

ConvertReport refresh(const std::string& directory, const ConvertOptions& options) {
  io::Files& files = options.files != nullptr ? *options.files : io::real_files();
  io::Manifest manifest = read_old(files, directory, options.limits);
  const io::Discovery found =
      io::discover({directory}, options.source, options.limits, files, options.poll);
  require(found.format != "csv",
          "convert: refresh lists Parquet and IPC files, got text; convert it");
  io::OpenOptions open;
  open.limits = options.limits;
  open.threads = options.threads;
  open.files = &files;
  open.poll = options.poll;
  const auto key = [&](const char* member, const std::string& given) {
    return given.empty() ? manifest.text(member).value_or("") : given;
  };
  const std::string entity = key("entity", options.entity);
  const std::string time = key("time", options.time);

  io::StoreOptions how;
  how.limits = options.limits;
  how.files = &files;
  how.poll = options.poll;
  const io::FileStore store(found, how);
  manifest.files = list_files(found, store, options, files);
  for (const std::string& column : {entity, time}) {
    if (column.empty()) continue;
    io::require_supported(store.unsupported(), column, store.paths().front());
    io::find_column(store.schema(), column, "convert");
  }
  describe_dataset(manifest, store.schema(), entity, time);
  const io::PlannedIndex index = io::plan_index(store, manifest, open);

  ConvertReport report;
  report.read = index.tables.report;
  report.events =
      std::accumulate(index.tables.events.begin(), index.tables.events.end(), Index{0});
  report.sequences = index.tables.sequences();
  report.row_groups = static_cast<Index>(index.tables.row_groups.size());
  report.files = manifest.files;
  for (const io::ManifestFile& file : manifest.files) report.input_bytes += file.bytes;
  if (options.dry_run) return report;

  manifest.set_integer("sequences", report.sequences);
  manifest.set_integer("events", report.events);
  manifest.set_report(report.read);
  manifest.more.erase("index");
  const auto sync_ns = std::make_shared<std::atomic<std::int64_t>>(0);
  io::WriteOptions write;
  write.overwrite = true;
  write.files = &files;
  write.sync_ns = sync_ns;
  if (!index.name.empty()) {
    const std::string inside = io::join(directory, "_lade");
    io::AtomicDirectory out(io::join(inside, index.name), write);
    io::write_index(index.tables, index.fingerprint, out, files);
    out.commit();
    manifest.set_text("index", index.name);
  }
  io::write_manifest(directory, manifest, write);
  report.sync_s = 1e-9 * static_cast<double>(sync_ns->load());
  return report;
}

}  // namespace lade
