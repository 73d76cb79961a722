// SPDX-License-Identifier: Apache-2.0
#include "lade/io/dataset_store.h"

#include <sys/resource.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <list>
#include <mutex>
#include <variant>

#include "lade/io/ipc.h"
#include "lade/io/parquet.h"

namespace lade::io {

namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

Index most_open_files() {
  rlimit limit{};
  Index most = 256;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    most = std::min<Index>(most, static_cast<Index>(limit.rlim_cur) / 2);
  }
  return std::max<Index>(1, most);
}

using DataFile = std::variant<ParquetFile, IpcFile>;

Index row_group_count(const DataFile& file) {
  if (const auto* parquet = std::get_if<ParquetFile>(&file))
    return parquet->row_groups();
  return std::get<IpcFile>(file).batches();
}

Index row_group_rows(const DataFile& file, Index g) {
  if (const auto* parquet = std::get_if<ParquetFile>(&file))
    return parquet->row_group_rows(g);
  return std::get<IpcFile>(file).batch_rows(g);
}

}  // namespace

struct FileStore::OneFile {
  FoundFile found;
  DataFile data;
  Schema schema;
  std::vector<UnsupportedColumn> unsupported;
  FilePrint print;
};

/// Files with an open descriptor, the one used last in front.
struct FileStore::Recent {
  std::mutex mutex;
  std::list<std::int32_t> files;
};

FileStore::~FileStore() = default;

FileStore::FileStore(const Discovery& found, const StoreOptions& options)
    : most_open_(most_open_files()), recent_(std::make_unique<ForkLocal<Recent>>()) {
  const auto count = static_cast<Index>(found.files.size());
  files_.resize(at(count));
  std::vector<std::exception_ptr> errors(at(count));
  Interrupt interrupt(options.poll);
  interrupt.parallel(count, options.threads, [&](Index i) {
    try {
      files_[at(i)] = read_footer(found.files[at(i)], found.format, options, interrupt);
    } catch (const DataError&) {
      if (options.on_bad != OnBad::skip) throw;
      errors[at(i)] = std::current_exception();
    }
  });
  std::vector<std::unique_ptr<OneFile>> taken;
  for (Index i = 0; i < count; ++i) {
    if (!errors[at(i)]) {
      taken.push_back(std::move(files_[at(i)]));
      continue;
    }
    try {
      std::rethrow_exception(errors[at(i)]);
    } catch (const DataError&
                 error) {  // how many rows it had is not known: it counts as one
      ++report_.rows_seen;
      report_.drop(DropReason::bad_file, error.place());
    }
  }
  if (taken.empty()) {
    for (const auto& error : errors) std::rethrow_exception(error);
  }
  files_ = std::move(taken);
  std::vector<FileColumns> columns;
  for (const auto& file : files_) {
    count_end(*file);
    columns.push_back(
        {file->found.path, file->schema, file->found.parts, file->unsupported});
  }
  // First: a column that only one file lets be read is no missing one.
  unsupported_ = merge_unsupported(columns, options.schema);
  schema_ = merge_schemas(columns, options.schema);
  Index first_row = 0;
  for (std::size_t f = 0; f < files_.size(); ++f) {
    const OneFile& file = *files_[f];
    paths_.push_back(file.found.path);
    for (Index g = 0; g < row_group_count(file.data); ++g) {
      const Index rows = row_group_rows(file.data, g);
      if (rows > std::numeric_limits<std::int32_t>::max()) {
        throw DataError(
            {file.found.path, {}, {}, "", "dataset.row_group_rows", ""},
            "a row group of " + std::to_string(rows) + " rows, most are 2^31 - 1");
      }
      row_groups_.push_back({static_cast<std::int32_t>(f), static_cast<std::int32_t>(g),
                             first_row, rows, 0, -1});
      first_row += rows;
    }
  }
}

std::unique_ptr<FileStore::OneFile> FileStore::read_footer(const FoundFile& found,
                                                           const std::string& format,
                                                           const StoreOptions& options,
                                                           Interrupt& interrupt) {
  const bool ipc = format == "ipc";
  DataFile data =
      ipc ? DataFile(IpcFile(*options.files, found.path, options.limits,
                             options.on_truncated))
          : DataFile(ParquetFile(*options.files, found.path, options.limits));
  auto file = std::make_unique<OneFile>(OneFile{found, std::move(data), {}, {}, {}});
  std::visit(
      [&](const auto& one) {
        file->schema = one.schema();
        file->unsupported = one.unsupported();
        file->print = {found.relative, one.bytes(), one.footer_xxh3()};
        if (options.hash_all) {
          file->print.hash =
              hash_of_all(*options.files->open(found.path, OpenMode::read), &interrupt);
        }
        one.release();
      },
      file->data);
  return file;
}

/// A stream may be cut or have no end marker.
void FileStore::count_end(const OneFile& file) {
  const auto* ipc = std::get_if<IpcFile>(&file.data);
  if (ipc == nullptr) return;
  report_.unproven_end |= ipc->unproven_end();
  if (!ipc->cut()) return;
  ++report_.rows_seen;  // how many rows it had is not known: it counts as one
  report_.drop(DropReason::truncated_tail, *ipc->cut());
}

const Schema& FileStore::schema() const { return schema_; }
const std::vector<UnsupportedColumn>& FileStore::unsupported() const {
  return unsupported_;
}
const std::vector<RowGroupEntry>& FileStore::row_groups() const { return row_groups_; }
const std::vector<std::string>& FileStore::paths() const { return paths_; }
const ReadReport& FileStore::report() const { return report_; }

std::vector<FilePrint> FileStore::prints() const {
  std::vector<FilePrint> out;
  for (const auto& file : files_) out.push_back(file->print);
  return out;
}

const FileStore::OneFile& FileStore::file_of(Index g) const {
  return *files_[at(row_groups_[at(g)].file)];
}

/// Closes the file used longest ago when too many are open.
void FileStore::touch(std::int32_t file) const {
  Recent& recent = recent_->get();
  std::int32_t oldest = -1;
  {
    const std::lock_guard lock(recent.mutex);
    if (!recent.files.empty() && recent.files.front() == file) return;
    recent.files.remove(file);
    recent.files.push_front(file);
    if (static_cast<Index>(recent.files.size()) > most_open_) {
      oldest = recent.files.back();
      recent.files.pop_back();
    }
  }
  if (oldest < 0) return;
  std::visit([](const auto& one) { one.release(); }, files_[at(oldest)]->data);
}

std::vector<std::string> FileStore::names_in(
    const OneFile& file, const std::vector<Index>& positions) const {
  std::vector<std::string> names;
  for (const Index position : positions) {
    const std::string& name = schema_.fields[at(position)].name;
    if (file.schema.find(name) >= 0) names.push_back(name);
  }
  return names;
}

std::shared_ptr<const Chunk> FileStore::read(Index g,
                                             const std::vector<Index>& positions,
                                             arrow::MemoryPool* pool) const {
  const RowGroupEntry& entry = row_groups_[at(g)];
  const OneFile& file = file_of(g);
  const auto names = names_in(file, positions);
  std::shared_ptr<const Chunk> chunk;
  if (!names.empty()) {
    touch(entry.file);
    chunk = std::visit(
        [&](const auto& one) { return one.read_chunk(entry.row_group, names, pool); },
        file.data);
    if (chunk->rows != entry.rows) {
      throw DataError({file.found.path, {}, {}, "", "dataset.changed", ""},
                      "row group " + std::to_string(entry.row_group) + " has " +
                          std::to_string(chunk->rows) + " rows, the footer said " +
                          std::to_string(entry.rows));
    }
  }
  return see_through_schema(file, positions, entry.rows, std::move(chunk));
}

/// The file's columns as the dataset's: widened, null where absent, parts of the path.
std::shared_ptr<const Chunk> FileStore::see_through_schema(
    const OneFile& file, const std::vector<Index>& positions, Index rows,
    std::shared_ptr<const Chunk> chunk) const {
  bool same = chunk != nullptr && chunk->columns.size() == positions.size();
  for (std::size_t i = 0; same && i < positions.size(); ++i) {
    same = chunk->columns[i].kind == schema_.fields[at(positions[i])].type.kind;
  }
  if (same) return chunk;
  auto out = std::make_shared<Chunk>();
  out->rows = rows;
  std::size_t next = 0;
  for (const Index position : positions) {
    const Field& field = schema_.fields[at(position)];
    std::shared_ptr<const void> owner;
    Column column;
    if (file.schema.find(field.name) >= 0) {
      column = widen_column(chunk->columns[next++], field.type, rows, owner);
    } else {
      const auto& parts = file.found.parts;
      const auto part = std::find_if(parts.begin(), parts.end(), [&](const auto& p) {
        return p.first == field.name;
      });
      column = part == parts.end()
                   ? null_column(field.type, rows, owner)
                   : constant_column(field.type, part->second, rows, owner);
    }
    if (owner) {
      out->owners.push_back(std::move(owner));
      out->bytes += rows * width(field.type.kind);
    }
    out->columns.push_back(column);
  }
  if (chunk) {
    out->bytes += chunk->bytes;
    out->owners.push_back(std::move(chunk));
  }
  return out;
}

Index FileStore::stored_bytes(Index g, const std::vector<Index>& positions) const {
  const OneFile& file = file_of(g);
  const RowGroupEntry& entry = row_groups_[at(g)];
  if (const auto* parquet = std::get_if<ParquetFile>(&file.data)) {
    const auto names = names_in(file, positions);
    return names.empty() ? 0 : parquet->stored_bytes(entry.row_group, names);
  }
  Index bytes = 0;  // IPC does not say: values as they lie, uncompressed
  for (const Index position : positions) {
    bytes += entry.rows * width(schema_.fields[at(position)].type.kind);
  }
  return bytes;
}

Index FileStore::decoded_bytes(Index g, const std::vector<Index>& positions) const {
  const OneFile& file = file_of(g);
  const RowGroupEntry& entry = row_groups_[at(g)];
  const auto names = names_in(file, positions);
  Index bytes = 0;
  if (const auto* parquet = std::get_if<ParquetFile>(&file.data);
      parquet && !names.empty()) {
    bytes += parquet->decoded_bytes(entry.row_group, names);
  }
  Index wide = 0;
  for (const Index position : positions) {
    wide += entry.rows * width(schema_.fields[at(position)].type.kind);
  }
  return std::max(bytes, wide);
}

Place FileStore::place(Index g, Index row) const {
  const RowGroupEntry& entry = row_groups_[at(g)];
  Index first = entry.first_row;
  for (Index k = g; k >= 0 && row_groups_[at(k)].file == entry.file; --k) {
    first = row_groups_[at(k)].first_row;
  }
  Place place;
  place.source = paths_[at(entry.file)];
  place.row = entry.first_row - first + row;
  return place;
}

Index FileStore::unverified_pages() const {
  Index pages = 0;
  for (const auto& file : files_) {
    if (const auto* parquet = std::get_if<ParquetFile>(&file->data)) {
      pages += parquet->unverified_pages();
    }
  }
  return pages;
}

}  // namespace lade::io
