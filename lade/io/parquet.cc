// SPDX-License-Identifier: Apache-2.0
#include "lade/io/parquet.h"

#include <arrow/array.h>
#include <arrow/chunked_array.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/schema.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "lade/core/block_pool.h"
#include "lade/core/hash.h"
#include "lade/core/table_internal.h"
#include "lade/core/unknown_name.h"
#include "lade/io/parquet_internal.h"

namespace lade::io {
namespace {

constexpr Index kTailBytes = 8;  // footer length and magic

std::string read_text(const File& file, Index offset, Index bytes) {
  std::string text(static_cast<std::size_t>(bytes), '\0');
  file.read_at(offset, std::as_writable_bytes(std::span(text)));
  return text;
}

[[noreturn]] void refuse_file(const std::string& path, Index offset,
                              const std::string& rule, const std::string& what) {
  throw DataError({.source = path, .offset = offset, .rule = rule}, what);
}

// magic ... footer, its length (4 bytes), magic. The footer and its hash.
std::pair<std::string, std::uint64_t> footer_text(const File& file,
                                                  const std::string& path,
                                                  const Limits& limits) {
  const Index bytes = file.bytes();
  if (bytes < 4 + kTailBytes) {
    refuse_file(path, 0, "parquet.magic",
                "file must have at least 12 bytes, got " + std::to_string(bytes));
  }
  const std::string tail = read_text(file, bytes - kTailBytes, kTailBytes);
  const std::string magic = tail.substr(4);
  if (magic == "PARE")
    refuse_file(path, bytes - 4, "parquet.encrypted", "the footer is encrypted");
  if (magic != "PAR1" || read_text(file, 0, 4) != "PAR1") {
    refuse_file(path, magic != "PAR1" ? bytes - 4 : 0, "parquet.magic",
                "file must begin and end with PAR1");
  }
  std::uint32_t length = 0;
  std::memcpy(&length, tail.data(), sizeof length);
  if (Index{length} > limits.max_metadata_bytes) {
    refuse_file(path, bytes - kTailBytes, "limits.max_metadata_bytes",
                "max_metadata_bytes is " + std::to_string(limits.max_metadata_bytes) +
                    ", the footer has " + std::to_string(length));
  }
  if (length == 0 || Index{length} > bytes - 4 - kTailBytes) {
    refuse_file(path, bytes - kTailBytes, "parquet.footer_length",
                "a footer of " + std::to_string(length) +
                    " bytes is not in a file of " + std::to_string(bytes));
  }
  std::string text = read_text(file, bytes - kTailBytes - length, length);
  const std::uint64_t hash = xxh3_64(text);
  return {std::move(text), hash};
}

std::shared_ptr<arrow::Schema> storage_schema(const parquet::FileMetaData& metadata,
                                              const std::string& path) {
  std::shared_ptr<arrow::Schema> schema;
  check(parquet::arrow::FromParquetSchema(metadata.schema(),
                                          parquet::default_arrow_reader_properties(),
                                          metadata.key_value_metadata(), &schema),
        path);
  return schema->RemoveMetadata();
}

}  // namespace

std::shared_ptr<const File> ParquetFile::State::open_file() {
  return file.get([&](const File& again) {
    return footer_text(again, path, limits).second == footer.xxh3;
  });
}

ParquetFile::State::State(Files& files, const std::string& file_path,
                          const Limits& file_limits)
    : path(file_path), limits(file_limits), file(files, file_path) {
  const std::shared_ptr<const File> opened = file.get();
  auto [text, hash] = footer_text(*opened, path, limits);
  footer = check_footer(std::move(text), opened->bytes(), path, limits);
  footer.xxh3 = hash;
  bytes_read = static_cast<Index>(footer.bytes.size()) + 4 + kTailBytes;
  try {
    metadata = parquet::FileMetaData::Make(footer.bytes.data(),
                                           static_cast<Index>(footer.bytes.size()),
                                           reader_properties(block_pool()));
    arrow_schema = storage_schema(*metadata, path);
  } catch (const parquet::ParquetException& error) {
    throw DataError({.source = path, .rule = "parquet.footer"}, error.what());
  }
  if (metadata->num_columns() != footer.columns ||
      arrow_schema->num_fields() != static_cast<int>(footer.fields.size()) ||
      metadata->num_row_groups() != static_cast<int>(footer.group_rows.size())) {
    throw DataError({.source = path, .rule = "parquet.footer"},
                    "columns or row groups are counted in two ways");
  }
  keep_readable();
  footer.bytes = {};
}

/// Goes on with the flat columns of types that are read.
void ParquetFile::State::keep_readable() {
  ReadableColumns readable = readable_columns(*arrow_schema, path);
  arrow::FieldVector fields;
  for (const int position : readable.positions) {
    const ParquetField& stored = footer.fields[static_cast<std::size_t>(position)];
    if (!stored.flat) {  // a list that Arrow sees as one of its values
      throw DataError({.source = path, .column = stored.name, .rule = "parquet.footer"},
                      "the column is nested and is not");
    }
    fields.push_back(arrow_schema->field(position));
    leaves.push_back(static_cast<int>(stored.first_leaf));
  }
  arrow_schema = arrow::schema(std::move(fields));
  schema = import_schema(*arrow_schema, path);
  unsupported = std::move(readable.unsupported);
}

parquet::ReaderProperties ParquetFile::State::reader_properties(
    arrow::MemoryPool* pool) const {
  constexpr Index kMost = std::numeric_limits<std::int32_t>::max();
  parquet::ReaderProperties properties(pool);
  const Index containers = std::max(limits.max_columns, limits.max_row_groups);
  properties.set_thrift_string_size_limit(
      static_cast<std::int32_t>(std::min(limits.max_value_bytes, kMost)));
  properties.set_thrift_container_size_limit(
      static_cast<std::int32_t>(containers > kMost / 4 ? kMost : containers * 4));
  properties.set_page_checksum_verification(true);
  return properties;
}

void ParquetFile::State::require_group(Index g) const {
  const auto groups = static_cast<Index>(footer.group_rows.size());
  require(g >= 0 && g < groups, "parquet: row group must be in [0, " +
                                    std::to_string(groups) + "), got " +
                                    std::to_string(g));
}

const ColumnChunkPlace& ParquetFile::State::chunk(Index g, int column) const {
  return footer.chunks[static_cast<std::size_t>(g * footer.columns + leaf(column))];
}

std::vector<int> ParquetFile::State::find(const std::vector<std::string>& names) const {
  std::vector<int> columns(schema.fields.size());
  std::iota(columns.begin(), columns.end(), 0);
  if (names.empty()) return columns;
  columns.clear();
  for (const std::string& name : names) {
    const Index c = schema.find(name);
    if (c < 0) {
      require_supported(unsupported, name, path);
      throw ArgumentError(escape_text(path) + ": " +
                          unknown_name("column", name, schema.names()));
    }
    columns.push_back(static_cast<int>(c));
  }
  return columns;
}

void ParquetFile::State::refuse(Index g, int column, const std::string& rule,
                                const std::string& what) const {
  throw DataError({.source = path,
                   .offset = chunk(g, column).offset,
                   .row = {},
                   .column = schema.fields[static_cast<std::size_t>(column)].name,
                   .rule = rule},
                  "row group " + std::to_string(g) + ": " + what);
}

ParquetFile::ParquetFile(Files& files, const std::string& path, const Limits& limits)
    : state_(std::make_unique<State>(files, path, limits)) {}
ParquetFile::~ParquetFile() = default;
ParquetFile::ParquetFile(ParquetFile&&) noexcept = default;
ParquetFile& ParquetFile::operator=(ParquetFile&&) noexcept = default;

const std::string& ParquetFile::path() const { return state_->path; }
const Schema& ParquetFile::schema() const { return state_->schema; }
const std::vector<UnsupportedColumn>& ParquetFile::unsupported() const {
  return state_->unsupported;
}
std::shared_ptr<arrow::Schema> ParquetFile::arrow_schema() const {
  return state_->arrow_schema;
}
Index ParquetFile::bytes() const { return state_->footer.file_bytes; }
Index ParquetFile::rows() const { return state_->footer.rows; }
Index ParquetFile::row_groups() const {
  return static_cast<Index>(state_->footer.group_rows.size());
}
Index ParquetFile::row_group_rows(Index g) const {
  state_->require_group(g);
  return state_->footer.group_rows[static_cast<std::size_t>(g)];
}
std::uint64_t ParquetFile::footer_xxh3() const { return state_->footer.xxh3; }
Index ParquetFile::bytes_read() const { return state_->bytes_read; }
Index ParquetFile::unverified_pages() const { return state_->unverified_pages; }
void ParquetFile::release() const { state_->file.release(); }

Index ParquetFile::stored_bytes(Index g,
                                const std::vector<std::string>& columns) const {
  state_->require_group(g);
  Index bytes = 0;
  for (const int c : state_->find(columns)) bytes += state_->chunk(g, c).bytes;
  return bytes;
}

Index ParquetFile::decoded_bytes(Index g,
                                 const std::vector<std::string>& columns) const {
  const Index rows = row_group_rows(g);
  const auto group = state_->metadata->RowGroup(static_cast<int>(g));
  Index bytes = 0;
  for (const int c : state_->find(columns)) {
    const ColumnType& type = state_->schema.fields[static_cast<std::size_t>(c)].type;
    bytes += rows * width(type.kind);
    if (type.kind == Kind::text)
      bytes += group->ColumnChunk(state_->leaf(c))->total_uncompressed_size();
  }
  return bytes;
}

std::optional<std::string> ParquetFile::metadata(std::string_view key) const {
  const auto& pairs = state_->metadata->key_value_metadata();
  if (!pairs) return std::nullopt;
  const int i = pairs->FindKey(std::string(key));
  if (i < 0) return std::nullopt;
  return pairs->value(i);
}

std::vector<RecordBatch> ParquetFile::read_row_group(
    Index g, const std::vector<std::string>& columns, arrow::MemoryPool* pool) const {
  state_->require_group(g);
  if (pool == nullptr) pool = block_pool();
  arrow::FieldVector fields;
  arrow::ChunkedArrayVector arrays;
  for (const int c : state_->find(columns)) {
    arrays.push_back(state_->read(g, c, pool));
    fields.push_back(state_->arrow_schema->field(c)->WithType(arrays.back()->type()));
  }
  const auto table =
      arrow::Table::Make(arrow::schema(fields), arrays, row_group_rows(g));
  arrow::TableBatchReader reader(*table);
  std::vector<RecordBatch> batches;
  for (RecordBatch batch;;) {
    check(reader.ReadNext(&batch), state_->path);
    if (!batch) break;
    batches.push_back(batch);
  }
  return batches;
}

std::shared_ptr<const Chunk> ParquetFile::read_chunk(
    Index g, const std::vector<std::string>& columns, arrow::MemoryPool* pool) const {
  if (pool == nullptr) pool = block_pool();
  std::vector<RecordBatch> batches = read_row_group(g, columns, pool);
  if (batches.size() == 1) return import_chunk(batches[0], {}, state_->path, pool);
  arrow::FieldVector fields;
  for (const int c : state_->find(columns))
    fields.push_back(state_->arrow_schema->field(c));
  const auto schema = batches.empty() ? arrow::schema(fields) : batches[0]->schema();
  const auto table =
      take(arrow::Table::FromRecordBatches(schema, batches), state_->path);
  return import_chunk(take(table->CombineChunksToBatch(pool), state_->path), {},
                      state_->path, pool);
}

}  // namespace lade::io
