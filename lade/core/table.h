// SPDX-License-Identifier: Apache-2.0
// The border to Arrow: errors, schemas, tables to chunks and back.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lade/core/limits.h"
#include "lade/core/sequence.h"

namespace lade {

using RecordBatch = std::shared_ptr<arrow::RecordBatch>;
using Table = std::shared_ptr<arrow::Table>;

/// Throws the matching error unless `status` is ok.
///
/// Invalid, TypeError, SerializationError, KeyError, IndexError, CapacityError and
/// NotImplemented -> DataError with `source` and a rule `arrow.<kind>`. IOError with an
/// errno -> IoError; without one it is how the Parquet reader reports broken bytes ->
/// DataError `arrow.format`. OutOfMemory -> std::bad_alloc; anything else ->
/// std::runtime_error "internal error".
void check(const arrow::Status& status, std::string_view source);

/// The value of a result, or the error of `check`. Defined in table_internal.h for
/// sources that include Arrow's headers.
template <class T>
T take(arrow::Result<T> result, std::string_view source);

/// Lade's schema of an Arrow schema.
///
/// Allowed: bool, ints, floats, decimal128 (read as f64), date32/64, timestamp,
/// duration (as i64), string, large_string, string_view, binary forms of these,
/// dictionaries of them. Extension types are seen as their storage. f16 is f32. Errors:
/// DataError `table.type` naming column and type; `table.duplicate_column`.
Schema import_schema(const arrow::Schema& schema, std::string_view source);
/// The Arrow type that `export_chunk` gives: text is dictionary<int32, string> (of a
/// binary column: binary), dates are date32.
std::shared_ptr<arrow::DataType> to_arrow(const ColumnType& type);

/// One chunk of the named columns (all if empty) of a record batch, after ValidateFull.
///
/// Zero-copy where layouts agree and there are no nulls; otherwise converted, null
/// slots zeroed. Text becomes a dictionary per chunk, in order of first use. Dates are
/// seconds at midnight; decimals the nearest double; an INT64_MIN time stamp is a null.
/// Errors: DataError `table.utf8`, `table.invalid`, `table.rows` naming source, column
/// and,
///         where known, the row (counted from `first_row`); ArgumentError for an
///         unknown column, with the nearest.
/// Memory: `pool` is asked for what is converted; nullptr = the default pool. Only
/// buffers
///         of the named columns stay alive. Chunk.bytes counts the rows seen, not what
///         a slice's parent holds.
std::shared_ptr<const Chunk> import_chunk(const RecordBatch& batch,
                                          const std::vector<std::string>& columns,
                                          std::string_view source,
                                          arrow::MemoryPool* pool = nullptr,
                                          Index first_row = 0);

/// The chunk as Arrow again, without a copy where layouts agree; text as dictionary.
/// Requires: `schema` describes the chunk's columns.
/// Errors: DataError `table.text_bytes` if the texts of one column exceed 2 GiB.
RecordBatch export_chunk(const std::shared_ptr<const Chunk>& chunk,
                         const Schema& schema);

}  // namespace lade
