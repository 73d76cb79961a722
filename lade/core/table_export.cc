// SPDX-License-Identifier: Apache-2.0
// Chunks to Arrow arrays again.
#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstring>
#include <limits>
#include <utility>

#include "lade/core/table_internal.h"

namespace lade {
namespace {

/// Bytes of a chunk, which lives as long as they do.
class ChunkBuffer : public arrow::Buffer {
 public:
  ChunkBuffer(const void* data, Index bytes, std::shared_ptr<const Chunk> chunk)
      : arrow::Buffer(static_cast<const std::uint8_t*>(data), bytes),
        chunk_(std::move(chunk)) {}

 private:
  std::shared_ptr<const Chunk> chunk_;
};

using Buffer = std::shared_ptr<arrow::Buffer>;
using Owner = std::shared_ptr<const Chunk>;

Buffer view(const void* data, Index bytes, const Owner& chunk) {
  return std::make_shared<ChunkBuffer>(data, bytes, chunk);
}

Buffer allocate(Index bytes) {
  return take(arrow::AllocateBuffer(bytes), "export_chunk");
}

Buffer packed_booleans(const Column& column, Index rows) {
  const Index bytes = (rows + 7) / 8;
  Buffer buffer = allocate(bytes);
  std::uint8_t* out = buffer->mutable_data();
  std::memset(out, 0, static_cast<std::size_t>(bytes));
  const auto* values = column.as<std::uint8_t>();
  for (Index r = 0; r < rows; ++r) {
    if (values[r] != 0)
      out[r >> 3] = static_cast<std::uint8_t>(out[r >> 3] | 1U << (r & 7));
  }
  return buffer;
}

Buffer days(const Column& column, Index rows) {
  Buffer buffer = allocate(rows * 4);
  const auto* seconds = column.as<std::int64_t>();
  auto* out = reinterpret_cast<std::int32_t*>(buffer->mutable_data());
  for (Index r = 0; r < rows; ++r) {
    out[r] = static_cast<std::int32_t>(seconds[r] / 86'400);
  }
  return buffer;
}

std::shared_ptr<arrow::Array> dictionary_values(const Dictionary& dictionary,
                                                const Field& field,
                                                const Owner& chunk) {
  const Index size = dictionary.size();
  const char* const begin = size == 0 ? "" : dictionary[0].data();
  const Index bytes =
      size == 0 ? 0 : dictionary[size - 1].data() + dictionary[size - 1].size() - begin;
  if (bytes > std::numeric_limits<std::int32_t>::max()) {
    throw DataError(
        {.source = "export_chunk", .column = field.name, .rule = "table.text_bytes"},
        "texts of a column must fit into 2 GiB, got " + std::to_string(bytes) +
            " bytes");
  }
  Buffer offsets = allocate((size + 1) * 4);
  auto* out = reinterpret_cast<std::int32_t*>(offsets->mutable_data());
  out[0] = 0;
  for (Index code = 0; code < size; ++code) {
    out[code + 1] = out[code] + static_cast<std::int32_t>(dictionary[code].size());
  }
  return arrow::MakeArray(arrow::ArrayData::Make(
      field.type.binary ? arrow::binary() : arrow::utf8(), size,
      {nullptr, std::move(offsets), view(begin, bytes, chunk)}, 0));
}

std::shared_ptr<arrow::Array> export_column(const Column& column, const Field& field,
                                            const Owner& chunk) {
  const Index rows = chunk->rows;
  Buffer validity;
  if (column.validity != nullptr)
    validity = view(column.validity, (rows + 7) / 8, chunk);
  Buffer values;
  if (column.kind == Kind::boolean) {
    values = packed_booleans(column, rows);
  } else if (field.type.date) {
    values = days(column, rows);
  } else {
    values = view(column.values, rows * width(column.kind), chunk);
  }
  auto data = arrow::ArrayData::Make(to_arrow(field.type), rows,
                                     {std::move(validity), std::move(values)});
  if (column.kind == Kind::text) {
    data->dictionary = dictionary_values(*column.dictionary, field, chunk)->data();
  }
  return arrow::MakeArray(data);
}

}  // namespace

RecordBatch export_chunk(const std::shared_ptr<const Chunk>& chunk,
                         const Schema& schema) {
  LADE_DCHECK(chunk->columns.size() == schema.fields.size());
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (std::size_t c = 0; c < schema.fields.size(); ++c) {
    const Field& field = schema.fields[c];
    LADE_DCHECK(chunk->columns[c].kind == field.type.kind);
    fields.push_back(arrow::field(field.name, to_arrow(field.type), field.nullable));
    arrays.push_back(export_column(chunk->columns[c], field, chunk));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), chunk->rows,
                                  std::move(arrays));
}

}  // namespace lade
