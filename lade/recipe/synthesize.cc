// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/synthesize.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "lade/core/hash.h"
#include "lade/core/memory.h"
#include "lade/core/pool.h"
#include "lade/core/progress.h"
#include "lade/io/fingerprint.h"
#include "lade/io/writer.h"
#include "lade/recipe/dataset_facts.h"
#include "lade/synth/transactions_text.h"

namespace lade {
namespace {

constexpr Index kPartRows = Index{1} << 22;
constexpr Index kUsersAtOnce = Index{1} << 20;
constexpr Index kMostRecord = Index{64} << 20;
constexpr std::string_view kPlan = "_lade/specification.json";
constexpr std::string_view kUsers = "_lade/users.parquet";

/// Options as they hold.
SynthesizeOptions checked(const TransactionsSpec& spec, SynthesizeOptions options) {
  check(spec);
  const auto at_least = [](std::string_view name, Index value, Index least) {
    require(value >= least,
            fmt::format("synth: {} must be >= {}, got {}", name, least, value));
  };
  at_least("part_users", options.part_users, 0);
  at_least("row_group_rows", options.row_group_rows, 1);
  at_least("page_bytes", options.page_bytes, 1);
  at_least("memory_budget", options.memory_budget, 0);
  at_least("threads", options.threads, 0);
  if (options.files == nullptr) options.files = &io::real_files();
  if (options.memory_budget == 0) options.memory_budget = default_memory_budget();
  if (options.threads == 0) options.threads = usable_cpus();
  if (options.part_users == 0) {
    ClosedRange events = spec.events;
    if (!spec.planted.empty() && spec.planted[0].count && !spec.filler) {
      events = {0, 0};
      for (const Planted& planted : spec.planted) {
        events.low += planted.count->low;
        events.high += planted.count->high;
      }
    }
    const Index mean = (events.low + events.high) / 2;
    options.part_users = std::max<Index>(1, kPartRows / std::max<Index>(1, mean));
  }
  return options;
}

/// One run over a directory that grows.
class Synthesis {
 public:
  Synthesis(const TransactionsSpec& spec, const std::string& target,
            const SynthesizeOptions& options)
      : spec_(spec),
        options_(checked(spec, options)),
        plan_(io::canonical_json(fmt::format(
            R"({{"created_by":"lade {}","format":"{}","kind":"synth","page_bytes":{},)"
            R"("part_users":{},"row_group_rows":{},"specification":{}}})",
            LADE_VERSION, io::name(options_.format), options_.page_bytes,
            options_.part_users, options_.row_group_rows, to_json(spec)))),
        directory_(target, {.overwrite = options_.overwrite,
                            .files = options_.files,
                            .keep_part = true,
                            .restart = options_.restart}) {}

  SynthesizeReport run() {
    begin();
    make_parts();
    const io::ManifestFile users = write_users();
    io::AtomicFile manifest = directory_.file("_lade/manifest.json");
    manifest.write(io::manifest_text(manifest_of(users)));
    manifest.commit();
    for (const io::ManifestFile& file : report_.files) {
      options_.files->unlink(inside(record_of(file.path)));
    }
    directory_.commit();
    report_.read.rows_seen = report_.read.rows_given = report_.events;
    return std::move(report_);
  }

 private:
  std::string inside(std::string_view relative) const {
    return io::join(directory_.part_path(), relative);
  }
  static std::string record_of(const std::string& part) {
    return "_lade/" + part + ".json";
  }
  std::string part_name(Index part) const {
    return fmt::format("part-{}{}", spec_.first_user + part * options_.part_users,
                       io::suffix(options_.format));
  }
  Index parts() const {
    return (spec_.users + options_.part_users - 1) / options_.part_users;
  }

  void write_text(std::string_view relative, std::string_view text) {
    io::AtomicFile file = new_file(relative);
    file.write(text);
    file.commit();
  }
  io::AtomicFile new_file(std::string_view relative) {
    const std::lock_guard lock(mutex_);
    return directory_.file(std::string(relative));
  }

  /// What a killed run left must be of the same plan.
  void begin() {
    const std::string plan = inside(kPlan);
    if (options_.files->exists(plan)) {
      require(io::read_all(*options_.files, plan, kMostRecord) == plan_,
              fmt::format("synth: what a killed run left in {} is of another "
                          "specification, version, format or part size; give restart "
                          "(--restart) to begin anew",
                          escape_text(directory_.part_path())));
      return;
    }
    for (const std::string& name : options_.files->list(directory_.part_path())) {
      require(name == "_lade" || name.starts_with(".lade-tmp."),
              fmt::format("synth: {} holds what another writer left; give restart "
                          "(--restart) to begin anew",
                          escape_text(directory_.part_path())));
    }
    write_text(kPlan, plan_);
  }

  void make_parts() {
    report_.users = spec_.users;
    report_.files.resize(static_cast<std::size_t>(parts()));
    Progress progress("synth", spec_.users);
    std::atomic<bool> failed = false;
    std::atomic<Index> kept = 0;
    parallel_for(parts(), threads(), [&](Index part) {
      if (failed) return;  // its exception is on the way
      io::ManifestFile& file = report_.files[static_cast<std::size_t>(part)];
      try {
        if (keep(part_name(part), file)) {
          ++kept;
        } else {
          make(part, file);
        }
      } catch (...) {
        failed = true;
        throw;
      }
      progress.add(users_of(part));
    });
    report_.parts_kept = kept;
    for (const io::ManifestFile& file : report_.files) {
      report_.events += file.rows;
      report_.bytes += file.bytes;
    }
  }

  Index users_of(Index part) const {
    return std::min(options_.part_users, spec_.users - part * options_.part_users);
  }

  /// A row group is held as rows, as one batch of them and as encoded pages.
  int threads() const {
    const std::shared_ptr<arrow::Schema> schema = transactions_schema(spec_);
    Index row = 0;
    for (const auto& field : schema->fields()) row += field->type()->byte_width();
    const Index group = 3 * row * options_.row_group_rows;
    return static_cast<int>(
        std::clamp<Index>(options_.memory_budget / group, 1, options_.threads));
  }

  /// True if the part is there as its record says.
  bool keep(const std::string& name, io::ManifestFile& file) const {
    const std::string record = inside(record_of(name));
    if (!options_.files->exists(record) || !options_.files->exists(inside(name))) {
      return false;
    }
    try {
      const io::Manifest recorded = io::parse_manifest(
          io::read_all(*options_.files, record, kMostRecord), record);
      if (recorded.files.size() != 1 || recorded.files[0].path != name) return false;
      file = recorded.files[0];
    } catch (const DataError&) {
      return false;
    }
    return is_whole(inside(name), file);
  }

  bool is_whole(const std::string& path, const io::ManifestFile& file) const {
    const auto part = options_.files->open(path, io::OpenMode::read);
    if (part->bytes() != file.bytes) return false;
    return io::hash_of_all(*part) == file.xxh3;
  }

  void make(Index part, io::ManifestFile& file) {
    const std::string name = part_name(part);
    io::TableWriteOptions options;
    options.page_bytes = options_.page_bytes;
    options.row_group_rows = options_.row_group_rows;
    options.metadata = footer_metadata("user_id", "time");
    io::TableWriter writer(new_file(name), transactions_schema(spec_), options_.format,
                           options);
    TransactionStream stream(spec_, spec_.first_user + part * options_.part_users,
                             users_of(part));
    while (RecordBatch rows = stream.next(options_.row_group_rows)) {
      writer.write(rows);
      rows.reset();
      writer.end_row_group();
    }
    file = writer.finish();
    file.path = name;
    io::Manifest record;
    record.kind = "synth";
    record.files = {file};
    write_text(record_of(name), io::manifest_text(record));
  }

  io::ManifestFile write_users() {
    const auto schema = transaction_users(spec_, spec_.first_user, 0)->schema();
    io::ParquetWriter writer(new_file(kUsers), schema);
    for (Index done = 0; done < spec_.users; done += kUsersAtOnce) {
      const Index users = std::min(kUsersAtOnce, spec_.users - done);
      writer.write(transaction_users(spec_, spec_.first_user + done, users));
      writer.end_row_group();
    }
    io::ManifestFile file = writer.finish();
    file.path = std::string(kUsers);
    return file;
  }

  io::Manifest manifest_of(const io::ManifestFile& users) const {
    io::Manifest manifest;
    manifest.kind = "synth";
    manifest.files = report_.files;
    describe_dataset(manifest, import_schema(*transactions_schema(spec_), "synth"),
                     "user_id", "time");
    manifest.set_integer("users", spec_.users);
    manifest.set_integer("events", report_.events);
    manifest.more["seed"] = fmt::format("{}", spec_.seed);
    manifest.more["specification"] = to_json(spec_);
    manifest.more["users_file"] = fmt::format(
        R"({{"path":"{}","bytes":{},"rows":{},"footer_xxh3":"{}","xxh3":"{}"}})",
        users.path, users.bytes, users.rows, hex(users.footer_xxh3), hex(users.xxh3));
    return manifest;
  }

  TransactionsSpec spec_;
  SynthesizeOptions options_;
  std::string plan_;
  io::AtomicDirectory directory_;
  std::mutex mutex_;  // of directory_
  SynthesizeReport report_;
};

}  // namespace

SynthesizeReport synthesize(const TransactionsSpec& spec, const std::string& directory,
                            const SynthesizeOptions& options) {
  return Synthesis(spec, directory, options).run();
}

}  // namespace lade
