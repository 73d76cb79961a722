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
  if (pool != nullptr) options.memory_pool = pool;
  return options;
}

}  // namespace

struct IpcFile::State {
  std::string path;
  Limits limits;
  ReopenedFile file;
  IpcLayout layout;
  std::shared_ptr<arrow::Schema> arrow_schema;
  Schema schema;
  Index file_bytes = 0;
  std::atomic<Index> bytes_read{0};

  State(Files& files, const std::string& file_path, const Limits& file_limits)
      : path(file_path), limits(file_limits), file(files, file_path) {
    const std::shared_ptr<const File> opened = file.get();
    file_bytes = opened->bytes();
    layout = read_ipc_layout(*opened, limits);
    const auto reader = reader_over(opened, {}, nullptr);
    arrow_schema = reader->schema()->WithMetadata(nullptr);
    metadata = reader->metadata();
    schema = import_schema(*arrow_schema, path);
    check_schema(schema, path, limits);
    check_ratio(schema, layout.rows, file_bytes, path, limits);
    if (reader->num_record_batches() != static_cast<int>(layout.batches.size())) {
      throw DataError({.source = path, .rule = "ipc.footer"},
                      "batches are counted in two ways");
    }
  }

  std::shared_ptr<const arrow::KeyValueMetadata> metadata;

  std::shared_ptr<arrow::ipc::RecordBatchFileReader> reader_over(
      const std::shared_ptr<const File>& opened, std::vector<int> fields,
      arrow::MemoryPool* pool) {
    auto options = read_options(pool);
    options.included_fields = std::move(fields);
    const auto source = std::make_shared<OverlaidFile>(
        arrow_file(opened, &bytes_read, pool), layout.footer_offset, layout.footer);
    return take_ipc(arrow::ipc::RecordBatchFileReader::Open(source, options), path,
                    "ipc.footer", layout.footer_offset);
  }

  std::shared_ptr<const File> open_file() {
    return file.get([&](const File& again) {
      return read_ipc_layout(again, limits).footer_xxh3 == layout.footer_xxh3;
    });
  }

  std::vector<int> find(const std::vector<std::string>& names) const {
    std::vector<int> found;
    for (const std::string& name : names) {
      const Index position = schema.find(name);
      if (position < 0) {
        throw ArgumentError(escape_text(path) + ": " +
                            unknown_name("column", name, schema.names()));
      }
      found.push_back(static_cast<int>(position));
    }
    return found;
  }
};

IpcFile::IpcFile(Files& files, const std::string& path, const Limits& limits)
    : state_(std::make_unique<State>(files, path, limits)) {}
IpcFile::~IpcFile() = default;
IpcFile::IpcFile(IpcFile&&) noexcept = default;
IpcFile& IpcFile::operator=(IpcFile&&) noexcept = default;

const std::string& IpcFile::path() const { return state_->path; }
const Schema& IpcFile::schema() const { return state_->schema; }
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
  const auto reader = state_->reader_over(state_->open_file(), ascending, pool);
  RecordBatch batch =
      take_ipc(reader->ReadRecordBatch(static_cast<int>(b)), path, "ipc.batch", offset);
  if (batch->num_rows() != batch_rows(b)) {
    throw DataError({.source = path, .offset = offset, .rule = "file.changed"},
                    "a batch has other rows than when the file was opened");
  }
  check_ipc(batch->ValidateFull(), path, "ipc.batch", offset);
  if (wanted.empty()) return batch->ReplaceSchemaMetadata(nullptr);
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

bool is_ipc_file(const File& file) {
  if (file.bytes() < 6) return false;
  char head[6];
  file.read_at(0, std::as_writable_bytes(std::span(head)));
  return std::memcmp(head, "ARROW1", 6) == 0;
}

struct IpcStream::State {
  std::string path;
  std::shared_ptr<const File> file;
  std::string head;
  std::shared_ptr<arrow::io::RandomAccessFile> source;
  std::shared_ptr<arrow::ipc::RecordBatchStreamReader> reader;
  std::shared_ptr<arrow::Schema> arrow_schema;
  Schema schema;
  bool unproven_end = false;

  bool ended = false;

  /// True if the bytes [at, end of file) end with the marker: a continuation and length
  /// 0, or, of old, a length 0 alone. No bytes at all are an end too, but prove
  /// nothing.
  bool marked_end(Index at) const {
    const Index left = file->bytes() - at;
    std::uint32_t words[2] = {1, 1};
    const Index bytes = std::min<Index>(left, sizeof words);
    file->read_at(file->bytes() - bytes, std::as_writable_bytes(std::span(words))
                                             .first(static_cast<std::size_t>(bytes)));
    if (left >= 8) return words[0] == 0xFFFFFFFF && words[1] == 0;
    if (left == 0 || (left == 4 && words[0] == 0)) return left == 4;
    throw DataError({.source = path, .offset = at, .rule = "ipc.cut"},
                    "the stream ends inside a message's length");
  }
};

IpcStream::IpcStream(Files& files, const std::string& path, const Limits& limits,
                     arrow::MemoryPool* pool)
    : state_(std::make_unique<State>()) {
  state_->path = path;
  state_->file = files.open(path, OpenMode::read);
  state_->head = read_stream_head(*state_->file, limits);
  state_->source = std::make_shared<OverlaidFile>(
      arrow_file(state_->file, nullptr, pool), 0, state_->head);
  state_->reader = take_ipc(
      arrow::ipc::RecordBatchStreamReader::Open(state_->source, read_options(pool)),
      path, "ipc.schema", 0);
  state_->arrow_schema = state_->reader->schema()->RemoveMetadata();
  state_->schema = import_schema(*state_->arrow_schema, path);
  check_schema(state_->schema, path, limits);
}
IpcStream::~IpcStream() = default;
IpcStream::IpcStream(IpcStream&&) noexcept = default;
IpcStream& IpcStream::operator=(IpcStream&&) noexcept = default;

const Schema& IpcStream::schema() const { return state_->schema; }
std::shared_ptr<arrow::Schema> IpcStream::arrow_schema() const {
  return state_->arrow_schema;
}
bool IpcStream::unproven_end() const { return state_->unproven_end; }

RecordBatch IpcStream::next() {
  if (state_->ended) return nullptr;
  const Index at = state_->source->Tell().ValueOr(0);
  RecordBatch batch;
  const arrow::Status status = state_->reader->ReadNext(&batch);
  const Index after = state_->source->Tell().ValueOr(0);
  const bool at_end = after >= state_->file->bytes();
  check_ipc(status, state_->path, at_end ? "ipc.cut" : "ipc.batch", at);
  if (batch == nullptr) {
    if (!at_end) {
      throw DataError({.source = state_->path, .offset = after, .rule = "ipc.trailing"},
                      std::to_string(state_->file->bytes() - after) +
                          " bytes follow the end of the stream");
    }
    state_->unproven_end = !state_->marked_end(at);
    state_->ended = true;
    return nullptr;
  }
  check_ipc(batch->ValidateFull(), state_->path, "ipc.batch", at);
  return batch->ReplaceSchemaMetadata(nullptr);
}

}  // namespace lade::io
