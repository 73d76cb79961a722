// SPDX-License-Identifier: Apache-2.0
#include "lade/io/ipc.h"

#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>

#include "lade/core/block_pool.h"
#include "lade/core/table_internal.h"
#include "lade/core/unknown_name.h"
#include "lade/io/arrow_file.h"
#include "lade/io/arrow_file_internal.h"
#include "lade/io/arrow_reading_internal.h"
#include "lade/io/file_reopened.h"
#include "lade/io/ipc_layout.h"

namespace lade::io {
namespace {

/// A file with a piece of it replaced by checked bytes of the same length.
class OverlaidFile final : public ReadingFile {
 public:
  OverlaidFile(std::shared_ptr<arrow::io::RandomAccessFile> inner, Index offset,
               std::string_view bytes)
      : inner_(std::move(inner)), offset_(offset), bytes_(bytes) {}

  arrow::Result<int64_t> GetSize() override { return inner_->GetSize(); }
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t wanted, void* out) override {
    const auto got = inner_->ReadAt(position, wanted, out);
    if (got.ok()) overlay(position, *got, out);
    return got;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position,
                                                       int64_t wanted) override {
    auto got = inner_->ReadAt(position, wanted);
    if (got.ok()) overlay(position, (*got)->size(), (*got)->mutable_data());
    return got;
  }

 private:
  void overlay(Index position, Index bytes, void* out) const {
    const Index begin = std::max(position, offset_);
    const Index end =
        std::min(position + bytes, offset_ + static_cast<Index>(bytes_.size()));
    if (begin >= end) return;
    std::memcpy(static_cast<char*>(out) + (begin - position),
                bytes_.data() + (begin - offset_),
                static_cast<std::size_t>(end - begin));
  }
  std::shared_ptr<arrow::io::RandomAccessFile> inner_;
  Index offset_;
  std::string_view bytes_;
};

/// The whole messages of a stream between a head and a tail that make them a file.
class StreamAsFile final : public ReadingFile {
 public:
  StreamAsFile(std::shared_ptr<arrow::io::RandomAccessFile> inner, Index bytes,
               std::string tail)
      : inner_(std::move(inner)), bytes_(bytes), tail_(std::move(tail)) {}

  arrow::Result<int64_t> GetSize() override { return size(); }
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t wanted, void* out) override {
    wanted = std::clamp<Index>(size() - position, 0, wanted);
    auto* to = static_cast<char*>(out);
    copy(kIpcHead, 0, position, wanted, to);
    copy(tail_, kHead + bytes_, position, wanted, to);
    const Index begin = std::max(position, kHead);
    const Index end = std::min(position + wanted, kHead + bytes_);
    if (begin >= end) return wanted;
    const auto got =
        inner_->ReadAt(begin - kHead, end - begin, to + (begin - position));
    if (!got.ok() || *got == end - begin) return got.ok() ? wanted : got;
    return begin - position + *got;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position,
                                                       int64_t wanted) override {
    if (position >= kHead && position + wanted <= kHead + bytes_)
      return inner_->ReadAt(position - kHead, wanted);
    wanted = std::clamp<Index>(size() - position, 0, wanted);  // of head or tail: small
    std::string bytes(static_cast<std::size_t>(wanted), '\0');
    const auto got = ReadAt(position, wanted, bytes.data());
    if (!got.ok()) return got.status();
    bytes.resize(static_cast<std::size_t>(*got));
    return arrow::Buffer::FromString(std::move(bytes));
  }

 private:
  Index size() const { return kHead + bytes_ + static_cast<Index>(tail_.size()); }
  static constexpr Index kHead = static_cast<Index>(kIpcHead.size());

  /// The part of `text`, which lies at `at`, that is in [position, position + wanted).
  static void copy(std::string_view text, Index at, Index position, Index wanted,
                   char* out) {
    const Index begin = std::max(position, at);
    const Index end = std::min(position + wanted, at + static_cast<Index>(text.size()));
    if (begin >= end) return;
    std::memcpy(out + (begin - position), text.data() + (begin - at),
                static_cast<std::size_t>(end - begin));
  }

  std::shared_ptr<arrow::io::RandomAccessFile> inner_;
  Index bytes_;
  std::string tail_;
};

/// The error of a status, under the format's own rule: what Arrow found wrong in bytes
/// is the file's fault.
void check_ipc(const arrow::Status& status, const std::string& path,
               const std::string& rule, std::optional<Index> offset = std::nullopt) {
  if (status.ok()) return;
  try {
    check_carried(status, path);
  } catch (const DataError& error) {
    if (!error.place().rule.empty() && error.place().rule != "arrow") throw;
    throw DataError({.source = path, .offset = offset, .rule = rule}, status.message());
  } catch (const std::runtime_error& error) {
    if (dynamic_cast<const IoError*>(&error) != nullptr) throw;
    throw DataError({.source = path, .offset = offset, .rule = rule}, status.message());
  }
}

template <class T>
T take_ipc(arrow::Result<T> result, const std::string& path, const std::string& rule,
           std::optional<Index> offset = std::nullopt) {
  check_ipc(result.status(), path, rule, offset);
  return std::move(result).ValueUnsafe();
}

void check_schema(const Schema& schema, const std::string& path, const Limits& limits) {
  const auto columns = static_cast<Index>(schema.fields.size());
  if (columns > limits.max_columns) {
    throw DataError({.source = path, .rule = "limits.max_columns"},
                    "max_columns is " + std::to_string(limits.max_columns) + ", got " +
                        std::to_string(columns));
  }
  for (const Field& field : schema.fields) {
    if (static_cast<Index>(field.name.size()) <= limits.max_name_bytes) continue;
    throw DataError(
        {.source = path, .column = field.name, .rule = "limits.max_name_bytes"},
        "max_name_bytes is " + std::to_string(limits.max_name_bytes) + ", got " +
            std::to_string(field.name.size()));
  }
}

/// Claimed rows x width may not pass what a file of this size may decode to.
void check_ratio(const Schema& schema, Index rows, Index bytes, const std::string& path,
                 const Limits& limits) {
  __int128 decoded = 0;
  for (const Field& field : schema.fields) {
    decoded += static_cast<__int128>(rows) * width(field.type.kind);
  }
  const __int128 most =
      std::max(static_cast<__int128>(limits.max_decoded_floor),
               static_cast<__int128>(limits.max_decoded_ratio) * bytes);
  if (decoded <= most) return;
  throw DataError({.source = path, .rule = "ipc.ratio"},
                  std::to_string(rows) + " rows of " +
                      std::to_string(schema.fields.size()) +
                      " columns are claimed in " + std::to_string(bytes) + " bytes");
}

arrow::ipc::IpcReadOptions read_options(arrow::MemoryPool* pool) {
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.use_threads = false;
  options.ensure_native_endian = true;
  options.memory_pool = pool != nullptr ? pool : block_pool();
  return options;
}

/// The fields at these positions, without metadata.
std::shared_ptr<arrow::Schema> schema_of(const arrow::Schema& all,
                                         const std::vector<int>& positions) {
  arrow::FieldVector fields;
  for (const int position : positions) fields.push_back(all.field(position));
  return arrow::schema(std::move(fields));
}

}  // namespace

struct IpcFile::State {
  std::string path;
  Limits limits;
  OnTruncated on_truncated;
  ReopenedFile file;
  IpcLayout layout;
  std::shared_ptr<arrow::Schema> arrow_schema;
  Schema schema;
  std::vector<int> fields;  // where its columns are among all stored ones
  std::vector<UnsupportedColumn> unsupported;
  Index file_bytes = 0;
  std::atomic<Index> bytes_read{0};

  State(Files& files, const std::string& file_path, const Limits& file_limits,
        OnTruncated on_cut)
      : path(file_path),
        limits(file_limits),
        on_truncated(on_cut),
        file(files, file_path) {
    const std::shared_ptr<const File> opened = file.get();
    file_bytes = opened->bytes();
    layout = read_ipc_layout(*opened, limits, on_truncated);
    const auto reader = reader_over(opened, -1, {}, nullptr);
    metadata = reader->metadata();
    ReadableColumns readable = readable_columns(*reader->schema(), path);
    fields = std::move(readable.positions);
    unsupported = std::move(readable.unsupported);
    arrow_schema = schema_of(*reader->schema(), fields);
    schema = import_schema(*arrow_schema, path);
    check_schema(schema, path, limits);
    check_ratio(schema, layout.rows, file_bytes, path, limits);
    if (!layout.stream &&
        reader->num_record_batches() != static_cast<int>(layout.batches.size())) {
      throw DataError({.source = path, .rule = "ipc.footer"},
                      "batches are counted in two ways");
    }
  }

  std::shared_ptr<const arrow::KeyValueMetadata> metadata;

  /// A reader that knows all batches of a file; of a stream batch b alone, as its
  /// first.
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> reader_over(
      const std::shared_ptr<const File>& opened, Index b, std::vector<int> included,
      arrow::MemoryPool* pool) {
    auto options = read_options(pool);
    options.included_fields = std::move(included);
    auto inner = arrow_file(opened, &bytes_read, pool);
    std::shared_ptr<arrow::io::RandomAccessFile> source;
    if (layout.stream) {
      source = std::make_shared<StreamAsFile>(std::move(inner), layout.end,
                                              stream_tail(layout, b));
    } else {
      source = std::make_shared<OverlaidFile>(std::move(inner), layout.footer_offset,
                                              layout.footer);
    }
    return take_ipc(arrow::ipc::RecordBatchFileReader::Open(source, options), path,
                    "ipc.footer", layout.footer_offset);
  }

  std::shared_ptr<const File> open_file() {
    return file.get([&](const File& again) {
      return read_ipc_layout(again, limits, on_truncated).footer_xxh3 ==
             layout.footer_xxh3;
    });
  }

  /// Stored positions of the columns; all that can be read if `names` is empty.
  std::vector<int> find(const std::vector<std::string>& names) const {
    if (names.empty()) return fields;
    std::vector<int> found;
    for (const std::string& name : names) {
      const Index position = schema.find(name);
      if (position < 0) {
        require_supported(unsupported, name, path);
        throw ArgumentError(escape_text(path) + ": " +
                            unknown_name("column", name, schema.names()));
      }
      found.push_back(fields[static_cast<std::size_t>(position)]);
    }
    return found;
  }
};

IpcFile::IpcFile(Files& files, const std::string& path, const Limits& limits,
                 OnTruncated on_truncated)
    : state_(std::make_unique<State>(files, path, limits, on_truncated)) {}
IpcFile::~IpcFile() = default;
IpcFile::IpcFile(IpcFile&&) noexcept = default;
IpcFile& IpcFile::operator=(IpcFile&&) noexcept = default;

const std::string& IpcFile::path() const { return state_->path; }
const Schema& IpcFile::schema() const { return state_->schema; }
const std::vector<UnsupportedColumn>& IpcFile::unsupported() const {
  return state_->unsupported;
}
std::shared_ptr<arrow::Schema> IpcFile::arrow_schema() const {
  return state_->arrow_schema;
}
Index IpcFile::bytes() const { return state_->file_bytes; }
Index IpcFile::rows() const { return state_->layout.rows; }
Index IpcFile::batches() const {
  return static_cast<Index>(state_->layout.batches.size());
}
Index IpcFile::batch_rows(Index b) const {
  return state_->layout.batches[static_cast<std::size_t>(b)].rows;
}
std::uint64_t IpcFile::footer_xxh3() const { return state_->layout.footer_xxh3; }
Index IpcFile::bytes_read() const {
  return state_->bytes_read.load(std::memory_order_relaxed);
}
void IpcFile::release() const { state_->file.release(); }
bool IpcFile::unproven_end() const { return state_->layout.unproven_end; }
const std::optional<Place>& IpcFile::cut() const { return state_->layout.cut; }

std::optional<std::string> IpcFile::metadata(std::string_view key) const {
  if (!state_->metadata) return std::nullopt;
  const auto value = state_->metadata->Get(std::string(key));
  return value.ok() ? std::optional<std::string>(*value) : std::nullopt;
}

RecordBatch IpcFile::read(Index b, const std::vector<std::string>& columns,
                          arrow::MemoryPool* pool) const {
  require(b >= 0 && b < batches(), "ipc: batch must be in 0.." +
                                       std::to_string(batches() - 1) + ", got " +
                                       std::to_string(b));
  const std::vector<int> wanted = state_->find(columns);
  std::vector<int> ascending = wanted;
  std::sort(ascending.begin(), ascending.end());
  ascending.erase(std::unique(ascending.begin(), ascending.end()), ascending.end());
  const Index offset = state_->layout.batches[static_cast<std::size_t>(b)].offset;
  const std::string& path = state_->path;
  const auto reader = state_->reader_over(state_->open_file(), b, ascending, pool);
  const int number = state_->layout.stream ? 0 : static_cast<int>(b);
  RecordBatch batch =
      take_ipc(reader->ReadRecordBatch(number), path, "ipc.batch", offset);
  if (batch->num_rows() != batch_rows(b)) {
    throw DataError({.source = path, .offset = offset, .rule = "file.changed"},
                    "a batch has other rows than when the file was opened");
  }
  check_ipc(batch->ValidateFull(), path, "ipc.batch", offset);
  if (columns.empty()) return batch->ReplaceSchemaMetadata(nullptr);
  std::vector<int> order;
  for (const int column : wanted) {
    order.push_back(
        static_cast<int>(std::lower_bound(ascending.begin(), ascending.end(), column) -
                         ascending.begin()));
  }
  return take_ipc(batch->SelectColumns(order), path, "ipc.batch", offset)
      ->ReplaceSchemaMetadata(nullptr);
}

std::shared_ptr<const Chunk> IpcFile::read_chunk(
    Index b, const std::vector<std::string>& columns, arrow::MemoryPool* pool) const {
  return import_chunk(read(b, columns, pool), {}, state_->path, pool);
}

}  // namespace lade::io
