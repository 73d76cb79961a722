// SPDX-License-Identifier: Apache-2.0
// One column of one row group: bytes, page checks, Arrow's decoder, validation.
#include <arrow/array.h>
#include <arrow/chunked_array.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "lade/core/table_internal.h"
#include "lade/io/arrow_file.h"
#include "lade/io/arrow_file_internal.h"
#include "lade/io/arrow_reading_internal.h"
#include "lade/io/parquet_internal.h"

namespace lade::io {
namespace {

// A file of which one column is in memory: what was checked is what is decoded,
// whatever others do to the file meanwhile.
class LoadedColumn final : public ReadingFile {
 public:
  LoadedColumn(Index file_bytes, Index offset, std::shared_ptr<arrow::Buffer> bytes)
      : file_bytes_(file_bytes), offset_(offset), bytes_(std::move(bytes)) {}

  arrow::Result<int64_t> GetSize() override { return file_bytes_; }

  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position,
                                                       int64_t wanted) override {
    const Index begin = position - offset_;
    if (begin < 0 || wanted < 0 || begin > bytes_->size()) {
      return arrow::Status::Invalid("a read outside the column");
    }
    return arrow::SliceBuffer(bytes_, begin, std::min(wanted, bytes_->size() - begin));
  }
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t wanted, void* out) override {
    const auto slice = ReadAt(position, wanted);
    if (!slice.ok()) return slice.status();
    std::memcpy(out, (*slice)->data(), static_cast<std::size_t>((*slice)->size()));
    return (*slice)->size();
  }

 private:
  Index file_bytes_;
  Index offset_;
  std::shared_ptr<arrow::Buffer> bytes_;
};

bool is_text(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRING || type.id() == arrow::Type::LARGE_STRING ||
         type.id() == arrow::Type::BINARY || type.id() == arrow::Type::LARGE_BINARY;
}

// Arrow has no reader of delta-encoded texts into a dictionary.
bool readable_as_dictionary(const parquet::ColumnChunkMetaData& chunk) {
  const auto& encodings = chunk.encodings();
  return std::none_of(encodings.begin(), encodings.end(),
                      [](parquet::Encoding::type encoding) {
                        return encoding == parquet::Encoding::DELTA_BYTE_ARRAY ||
                               encoding == parquet::Encoding::DELTA_LENGTH_BYTE_ARRAY;
                      });
}

// Parquet's own words become a DataError; out of memory and our own exceptions stay.
void check_decoding(const arrow::Status& status, const ParquetFile::State& state,
                    Index g, int column) {
  if (status.ok()) return;
  if (status.IsOutOfMemory()) throw std::bad_alloc();
  if (status.detail() != nullptr) check_carried(status, state.path);
  const std::string& text = status.message();
  const bool checksum = text.find("CRC checksum") != std::string::npos;
  state.refuse(g, column, checksum ? "parquet.checksum" : "parquet.page", text);
}

}  // namespace

void rethrow_parquet(const ParquetFile::State& state, Index g, int column) {
  try {
    throw;
  } catch (const parquet::ParquetStatusException& error) {
    check_decoding(error.status(), state, g, column);
    throw;
  } catch (const parquet::ParquetException& error) {
    check_decoding(arrow::Status::Invalid(error.what()), state, g, column);
    throw;
  }
}

std::shared_ptr<arrow::Buffer> ParquetFile::State::load(Index g, int column,
                                                        arrow::MemoryPool* pool) {
  const ColumnChunkPlace place = chunk(g, column);
  std::shared_ptr<arrow::Buffer> buffer =
      take(arrow::AllocateBuffer(place.bytes, pool), path);
  open_file()->read_at(place.offset,
                       {reinterpret_cast<std::byte*>(buffer->mutable_data()),
                        static_cast<std::size_t>(place.bytes)});
  bytes_read += place.bytes;
  const std::span bytes(reinterpret_cast<const std::byte*>(buffer->data()),
                        static_cast<std::size_t>(buffer->size()));
  try {
    unverified_pages +=
        check_pages(bytes, footer.group_rows[static_cast<std::size_t>(g)], place.offset,
                    path, limits)
            .unverified;
  } catch (const DataError& error) {
    Place where = error.place();
    where.column = schema.fields[static_cast<std::size_t>(column)].name;
    throw DataError(where, "row group " + std::to_string(g) + ": " + error.detail());
  }
  return buffer;
}

std::shared_ptr<arrow::ChunkedArray> ParquetFile::State::read(Index g, int column,
                                                              arrow::MemoryPool* pool) {
  const int group = static_cast<int>(g);
  const Index rows = footer.group_rows[static_cast<std::size_t>(g)];
  std::shared_ptr<arrow::ChunkedArray> array;
  try {
    auto source = std::make_shared<LoadedColumn>(
        footer.file_bytes, chunk(g, column).offset, load(g, column, pool));
    parquet::ArrowReaderProperties properties(/*use_threads=*/false);
    properties.set_pre_buffer(false);
    properties.set_arrow_extensions_enabled(false);
    properties.set_read_dictionary(
        leaf(column), is_text(*arrow_schema->field(column)->type()) &&
                          readable_as_dictionary(
                              *metadata->RowGroup(group)->ColumnChunk(leaf(column))));
    auto reader = parquet::arrow::FileReader::Make(
        pool,
        parquet::ParquetFileReader::Open(source, reader_properties(pool), metadata),
        properties);
    check_decoding(reader.status(), *this, g, column);
    const auto table = (*reader)->ReadRowGroup(group, {leaf(column)});
    check_decoding(table.status(), *this, g, column);
    array = (*table)->column(0);
  } catch (const parquet::ParquetException&) {
    rethrow_parquet(*this, g, column);
  }
  if (array->length() != rows) {
    refuse(g, column, "parquet.values",
           std::to_string(rows) + " rows expected, " + std::to_string(array->length()) +
               " decoded");
  }
  const arrow::Status valid = array->ValidateFull();
  if (!valid.ok()) refuse(g, column, "parquet.values", valid.message());
  return array;
}

}  // namespace lade::io
