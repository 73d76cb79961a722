// SPDX-License-Identifier: Apache-2.0
// Arrow arrays to chunks: validate, then view what already lies as Lade wants it and
// convert the rest.
#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/extension_type.h>
#include <arrow/record_batch.h>
#include <arrow/util/bit_run_reader.h>
#include <arrow/util/bitmap_ops.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>

#include "lade/core/block_pool.h"
#include "lade/core/table_internal.h"
#include "lade/core/table_numbers_internal.h"
#include "lade/core/table_text_internal.h"
#include "lade/core/unknown_name.h"

namespace lade {
namespace {

constexpr Index kMaxRows = std::numeric_limits<std::int32_t>::max() - 1;

/// One column on its way into a chunk.
struct Import {
  std::string_view source;
  const std::string& column;
  arrow::MemoryPool* pool;
  Index first_row;
  Chunk& chunk;

  [[noreturn]] void fail(std::string_view rule, std::optional<Index> row,
                         std::string_view what, std::string value = {}) const {
    if (row) *row += first_row;
    throw DataError({.source = std::string(source),
                     .row = row,
                     .column = column,
                     .rule = std::string(rule),
                     .value = std::move(value)},
                    what);
  }
  void keep(std::shared_ptr<const void> owner, Index bytes) const {
    chunk.owners.push_back(std::move(owner));
    chunk.bytes += bytes;
  }
  template <class T>
  T* allocate(Index count) const {
    const Index bytes = count * static_cast<Index>(sizeof(T));
    std::shared_ptr<arrow::Buffer> buffer =
        take(arrow::AllocateBuffer(bytes, pool), source);
    T* data = reinterpret_cast<T*>(buffer->mutable_data());
    keep(std::move(buffer), bytes);
    return data;
  }
};

/// Extension types are their storage: no code of theirs runs on the bytes.
std::shared_ptr<arrow::Array> storage_of(std::shared_ptr<arrow::Array> array) {
  while (array->type_id() == arrow::Type::EXTENSION) {
    array = static_cast<const arrow::ExtensionArray&>(*array).storage();
  }
  return array;
}

Index bitmap_bytes(Index rows) { return (rows + 7) / 8; }

/// Validity with bit 0 = first row; nullptr if every row is valid.
const std::uint8_t* import_validity(const Import& import, const arrow::Array& array) {
  if (array.null_count() == 0) return nullptr;
  const std::uint8_t* bits = array.null_bitmap_data();
  const Index bytes = bitmap_bytes(array.length());
  if (array.offset() % 8 == 0) {
    import.keep(array.null_bitmap(), bytes);
    return bits + array.offset() / 8;
  }
  std::uint8_t* copy = import.allocate<std::uint8_t>(bytes);
  copy[bytes - 1] = 0;
  arrow::internal::CopyBitmap(bits, array.offset(), array.length(), copy, 0);
  return copy;
}

/// A validity that may be written to: a copy, or all ones.
std::uint8_t* writable_validity(const Import& import, const std::uint8_t* bits,
                                Index rows) {
  const Index bytes = bitmap_bytes(rows);
  std::uint8_t* copy = import.allocate<std::uint8_t>(bytes);
  if (bits == nullptr) {
    std::memset(copy, 0xFF, static_cast<std::size_t>(bytes));
  } else {
    std::memcpy(copy, bits, static_cast<std::size_t>(bytes));
  }
  return copy;
}

void clear_bit(std::uint8_t* bits, Index row) {
  bits[row >> 3] = static_cast<std::uint8_t>(bits[row >> 3] & ~(1U << (row & 7)));
}

template <class T>
T load(const std::uint8_t* from, Index row) {
  T value;
  std::memcpy(&value, from + row * static_cast<Index>(sizeof(T)), sizeof(T));
  return value;
}

/// First byte of the first row's value.
const std::uint8_t* value_bytes(const arrow::Array& array, Index bytes_per_value) {
  const auto& buffer = array.data()->buffers[1];
  if (buffer == nullptr) return nullptr;
  return buffer->data() + array.offset() * bytes_per_value;
}

/// Same layout: a view, or a copy with zeros under the nulls (or if not aligned).
void import_same(const Import& import, const arrow::Array& array, Column& column) {
  const Index rows = array.length();
  const Index bytes = width(column.kind);
  const std::uint8_t* from = value_bytes(array, bytes);
  const bool aligned =
      reinterpret_cast<std::uintptr_t>(from) % static_cast<std::uintptr_t>(bytes) == 0;
  if (column.validity == nullptr && aligned) {
    column.values = from;
    import.keep(array.data()->buffers[1], rows * bytes);
    return;
  }
  std::uint8_t* out = import.allocate<std::uint8_t>(rows * bytes);
  column.values = out;
  if (column.validity != nullptr) {
    std::memset(out, 0, static_cast<std::size_t>(rows * bytes));
  }
  arrow::internal::VisitSetBitRunsVoid(
      column.validity, 0, rows, [&](Index begin, Index count) {
        std::memcpy(out + begin * bytes, from + begin * bytes,
                    static_cast<std::size_t>(count * bytes));
      });
}

/// out[r] = convert(in[r]) of the valid rows, 0 elsewhere.
template <class From, class To, class Convert>
void import_converted(const Import& import, const arrow::Array& array, Column& column,
                      Convert convert) {
  const Index rows = array.length();
  const std::uint8_t* from = value_bytes(array, sizeof(From));
  To* out = import.allocate<To>(rows);
  for (Index r = 0; r < rows; ++r) {
    out[r] = column.valid(r) ? convert(load<From>(from, r)) : To{0};
  }
  column.values = out;
}

void import_booleans(const Import& import, const arrow::Array& array, Column& column) {
  const Index rows = array.length();
  std::uint8_t* out = import.allocate<std::uint8_t>(rows);
  const std::uint8_t* bits = value_bytes(array, 0);
  for (Index r = 0; r < rows; ++r) {
    const Index at = r + array.offset();
    const bool one = column.valid(r) && ((bits[at >> 3] >> (at & 7)) & 1) != 0;
    out[r] = one ? 1 : 0;
  }
  column.values = out;
}

/// INT64_MIN is how other libraries write "no time".
void import_time(const Import& import, const arrow::Array& array, Column& column) {
  import_same(import, array, column);
  const auto* stamps = column.as<std::int64_t>();
  const Index rows = array.length();
  constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();
  if (std::find(stamps, stamps + rows, kNoTime) == stamps + rows) return;
  std::uint8_t* validity = writable_validity(import, column.validity, rows);
  auto* out = import.allocate<std::int64_t>(rows);
  for (Index r = 0; r < rows; ++r) {
    const bool none = stamps[r] == kNoTime;
    out[r] = none ? 0 : stamps[r];
    if (none) clear_bit(validity, r);
  }
  column.values = out;
  column.validity = validity;
}

void set_dictionary(const Import& import, TextEncoder& encoder, Column& column) {
  const Index bytes = encoder.bytes();
  const auto dictionary = encoder.finish();
  column.dictionary = dictionary.get();
  import.keep(dictionary, bytes);
}

template <class Texts>
void encode_texts(const Import& import, const Texts& texts, Column& column) {
  const Index rows = texts.length();
  auto* codes = import.allocate<std::int32_t>(rows);
  TextEncoder encoder(import.pool);
  std::string_view last;
  std::int32_t last_code = -1;
  for (Index r = 0; r < rows; ++r) {
    if (!column.valid(r)) {
      codes[r] = 0;
      continue;
    }
    const std::string_view text = texts.GetView(r);
    if (last_code < 0 || text != last) {  // runs of one text are common
      last = text;
      last_code = encoder.code(text);
    }
    codes[r] = last_code;
  }
  column.values = codes;
  set_dictionary(import, encoder, column);
}

/// Calls `visit` with the array as the class that has its texts.
template <class Visit>
void visit_texts(const arrow::Array& array, Visit visit) {
  switch (array.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return visit(static_cast<const arrow::BinaryArray&>(array));
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return visit(static_cast<const arrow::LargeBinaryArray&>(array));
    default:
      return visit(static_cast<const arrow::BinaryViewArray&>(array));
  }
}

void import_array(const Import& import, const arrow::Array& array, Column& column);

template <class T>
void copy_indices(const Import& import, const arrow::Array& indices, Column& column) {
  import_converted<T, std::int32_t>(
      import, indices, column, [](T code) { return static_cast<std::int32_t>(code); });
}

/// Indices as i32 with zeros under nulls. They fit: the dictionary is short enough.
void import_indices(const Import& import, const arrow::Array& indices, Column& column) {
  switch (indices.type_id()) {
    case arrow::Type::INT8:
      return copy_indices<std::int8_t>(import, indices, column);
    case arrow::Type::UINT8:
      return copy_indices<std::uint8_t>(import, indices, column);
    case arrow::Type::INT16:
      return copy_indices<std::int16_t>(import, indices, column);
    case arrow::Type::UINT16:
      return copy_indices<std::uint16_t>(import, indices, column);
    case arrow::Type::UINT32:
      return copy_indices<std::uint32_t>(import, indices, column);
    case arrow::Type::INT64:
      return copy_indices<std::int64_t>(import, indices, column);
    case arrow::Type::UINT64:
      return copy_indices<std::uint64_t>(import, indices, column);
    default:
      return import_same(import, indices, column);  // i32: as wide as text codes
  }
}

/// A row whose dictionary entry is null is a null. The codes made stay in `scratch`.
void drop_null_entries(const Import& import, const Import& scratch,
                       const Column& entries, Index rows, Column& column) {
  if (entries.validity == nullptr) return;
  std::uint8_t* validity = writable_validity(import, column.validity, rows);
  auto* out = scratch.allocate<std::int32_t>(rows);
  const auto* codes = column.as<std::int32_t>();
  for (Index r = 0; r < rows; ++r) {
    const bool kept = column.valid(r) && entries.valid(codes[r]);
    out[r] = kept ? codes[r] : 0;
    if (!kept) clear_bit(validity, r);
  }
  column.values = out;
  column.validity = validity;
}

/// Only the entries in use are taken over; equal ones merge.
void import_dictionary_texts(const Import& import, const arrow::Array& entries,
                             Index rows, Column& column) {
  TextEncoder encoder(import.pool);
  auto* codes = import.allocate<std::int32_t>(rows);
  const auto* from = column.as<std::int32_t>();
  std::vector<std::int32_t, arrow::stl::allocator<std::int32_t>> code_of(
      static_cast<std::size_t>(entries.length()), -1,
      arrow::stl::allocator<std::int32_t>(import.pool));
  visit_texts(entries, [&](const auto& texts) {
    for (Index r = 0; r < rows; ++r) {
      codes[r] = 0;
      if (!column.valid(r)) continue;
      std::int32_t& code = code_of[static_cast<std::size_t>(from[r])];
      if (code < 0) code = encoder.code(texts.GetView(from[r]));
      codes[r] = code;
    }
  });
  column.values = codes;
  set_dictionary(import, encoder, column);
}

template <class T>
void gather(const Import& import, const Column& entries, Index rows, Column& column) {
  const auto* codes = column.as<std::int32_t>();
  T* out = import.allocate<T>(rows);
  for (Index r = 0; r < rows; ++r) {
    out[r] = column.valid(r) ? entries.as<T>()[codes[r]] : T{0};
  }
  column.values = out;
}

void import_dictionary(const Import& import, const arrow::DictionaryArray& array,
                       Column& column) {
  const std::shared_ptr<arrow::Array> values = storage_of(array.dictionary());
  const Index rows = array.length();
  if (values->length() > kMaxRows) {
    import.fail("table.rows", std::nullopt,
                "a dictionary must have fewer than 2^31 - 1 entries, got " +
                    std::to_string(values->length()));
  }
  Chunk scratch_chunk;  // dies when the rows have their values
  const Import scratch{import.source, import.column, import.pool, import.first_row,
                       scratch_chunk};
  column.validity = import_validity(import, *array.indices());
  import_indices(scratch, *array.indices(), column);
  Column entries{.kind = column.kind, .unit = column.unit};
  if (column.kind == Kind::text) {
    entries.validity = import_validity(scratch, *values);
    drop_null_entries(import, scratch, entries, rows, column);
    import_dictionary_texts(import, *values, rows, column);
    return;
  }
  import_array(scratch, *values, entries);
  drop_null_entries(import, scratch, entries, rows, column);
  switch (width(column.kind)) {
    case 1:
      return gather<std::uint8_t>(import, entries, rows, column);
    case 2:
      return gather<std::uint16_t>(import, entries, rows, column);
    case 4:
      return gather<std::uint32_t>(import, entries, rows, column);
    default:
      return gather<std::uint64_t>(import, entries, rows, column);
  }
}

void import_array(const Import& import, const arrow::Array& array, Column& column) {
  if (array.type_id() == arrow::Type::DICTIONARY) {
    const auto& dictionary = static_cast<const arrow::DictionaryArray&>(array);
    return import_dictionary(import, dictionary, column);
  }
  column.validity = import_validity(import, array);
  if (column.kind == Kind::text) {
    return visit_texts(array,
                       [&](const auto& texts) { encode_texts(import, texts, column); });
  }
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return import_booleans(import, array, column);
    case arrow::Type::HALF_FLOAT:
      return import_converted<std::uint16_t, float>(import, array, column, widen_half);
    case arrow::Type::DATE32:
      return import_converted<std::int32_t, std::int64_t>(
          import, array, column, [](std::int32_t day) { return Index{day} * 86'400; });
    case arrow::Type::DATE64:
      return import_converted<std::int64_t, std::int64_t>(
          import, array, column, [](std::int64_t ms) { return ms / 1'000; });
    case arrow::Type::TIMESTAMP:
      return import_time(import, array, column);
    case arrow::Type::DECIMAL128: {
      const int scale =
          static_cast<const arrow::Decimal128Type&>(*array.type()).scale();
      return import_converted<Int128, double>(
          import, array, column,
          [scale](Int128 value) { return nearest_double(value, scale); });
    }
    default:
      return import_same(import, array, column);
  }
}

/// Whether nothing is wrong with an array but that its texts are not UTF-8.
bool only_utf8_is_wrong(const arrow::Array& texts) {
  auto data = texts.data()->Copy();
  switch (texts.type_id()) {
    case arrow::Type::STRING:
      data->type = arrow::binary();
      break;
    case arrow::Type::LARGE_STRING:
      data->type = arrow::large_binary();
      break;
    case arrow::Type::STRING_VIEW:
      data->type = arrow::binary_view();
      break;
    default:
      return false;
  }
  return !texts.ValidateFull().ok() && arrow::MakeArray(data)->ValidateFull().ok();
}

/// Names the first text that is not UTF-8.
void refuse_bad_utf8(const Import& import, const arrow::Array& texts, bool is_row) {
  arrow::util::InitializeUTF8();
  visit_texts(texts, [&](const auto& values) {
    for (Index r = 0; r < values.length(); ++r) {
      if (values.IsNull(r)) continue;
      const std::string_view text = values.GetView(r);
      if (arrow::util::ValidateUTF8(text)) continue;
      import.fail("table.utf8", is_row ? std::optional(r) : std::nullopt,
                  "text must be UTF-8, got '" + escape_text(text) + "'",
                  std::string(text));
    }
  });
}

/// Everything Arrow can check about the bytes, before any of them is used.
void validate(const Import& import, const arrow::Array& array) {
  const arrow::Status status = array.ValidateFull();
  if (status.ok()) return;
  if (status.IsOutOfMemory()) check(status, import.source);
  if (only_utf8_is_wrong(array)) refuse_bad_utf8(import, array, true);
  if (array.type_id() == arrow::Type::DICTIONARY) {
    const auto values =
        storage_of(static_cast<const arrow::DictionaryArray&>(array).dictionary());
    if (only_utf8_is_wrong(*values)) refuse_bad_utf8(import, *values, false);
  }
  import.fail("table.invalid", std::nullopt, escape_text(status.message()));
}

/// Positions of the named columns (all if none is named).
std::vector<int> selected(const arrow::Schema& schema,
                          const std::vector<std::string>& columns) {
  std::vector<int> positions;
  if (columns.empty()) {
    for (int c = 0; c < schema.num_fields(); ++c) positions.push_back(c);
  }
  for (const std::string& column : columns) {
    const int at = schema.GetFieldIndex(column);
    if (at < 0) {
      throw ArgumentError("columns: " +
                          unknown_name("column", column, schema.field_names()));
    }
    positions.push_back(at);
  }
  return positions;
}

}  // namespace

std::shared_ptr<const Chunk> import_chunk(const RecordBatch& batch,
                                          const std::vector<std::string>& columns,
                                          std::string_view source,
                                          arrow::MemoryPool* pool, Index first_row) {
  const std::vector<int> positions = selected(*batch->schema(), columns);
  arrow::FieldVector fields;
  for (const int at : positions) fields.push_back(batch->schema()->field(at));
  const Schema schema = import_schema(arrow::Schema(fields), source);
  auto chunk = std::make_shared<Chunk>();
  chunk->rows = batch->num_rows();
  if (pool == nullptr) pool = block_pool();
  if (chunk->rows > kMaxRows) {
    throw DataError({.source = std::string(source), .rule = "table.rows"},
                    "a batch must have fewer than 2^31 - 1 rows, got " +
                        std::to_string(chunk->rows));
  }
  for (std::size_t c = 0; c < positions.size(); ++c) {
    const Field& field = schema.fields[c];
    const Import import{source, field.name, pool, first_row, *chunk};
    const auto array = storage_of(batch->column(positions[c]));
    if (array->length() != chunk->rows) {
      import.fail("table.invalid", std::nullopt,
                  "a column of " + std::to_string(array->length()) +
                      " rows in a batch of " + std::to_string(chunk->rows));
    }
    validate(import, *array);
    Column column{.kind = field.type.kind, .unit = field.type.unit};
    import_array(import, *array, column);
    chunk->columns.push_back(column);
  }
  return chunk;
}

}  // namespace lade
