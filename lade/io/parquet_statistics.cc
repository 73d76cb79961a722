// SPDX-License-Identifier: Apache-2.0
#include <arrow/type.h>
#include <parquet/exception.h>
#include <parquet/statistics.h>
#include <parquet/types.h>

#include <cmath>
#include <limits>

#include "lade/io/parquet_internal.h"

namespace lade::io {
namespace {

using Value = ColumnStatistics::Value;

template <class Type>
const parquet::TypedStatistics<Type>& typed(const parquet::Statistics& statistics) {
  return static_cast<const parquet::TypedStatistics<Type>&>(statistics);
}

template <class Type>
void floats(const parquet::Statistics& statistics, ColumnStatistics& out) {
  const double min = typed<Type>(statistics).min();
  const double max = typed<Type>(statistics).max();
  if (std::isnan(min) || std::isnan(max)) return;
  // Writers differ on which zero they name.
  out.min = min == 0.0 ? -0.0 : min;
  out.max = max == 0.0 ? 0.0 : max;
}

template <class Type, class Unsigned>
void integers(const parquet::Statistics& statistics, const ColumnType& type,
              ColumnStatistics& out) {
  const auto value = [&](auto stored) -> Value {
    if (type.kind == Kind::u32 || type.kind == Kind::u64) {
      const auto v = static_cast<Unsigned>(stored);
      if (v > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        return {};
      return static_cast<std::int64_t>(v);
    }
    return std::int64_t{stored} * (type.date ? 86'400 : 1);
  };
  out.min = value(typed<Type>(statistics).min());
  out.max = value(typed<Type>(statistics).max());
}

std::string text(const parquet::ByteArray& bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.ptr), bytes.len);
}

void values(const parquet::Statistics& statistics, const ColumnType& type,
            ColumnStatistics& out) {
  switch (statistics.physical_type()) {
    case parquet::Type::BOOLEAN:
      out.min = std::int64_t{typed<parquet::BooleanType>(statistics).min()};
      out.max = std::int64_t{typed<parquet::BooleanType>(statistics).max()};
      return;
    case parquet::Type::INT32:
      return integers<parquet::Int32Type, std::uint32_t>(statistics, type, out);
    case parquet::Type::INT64:
      return integers<parquet::Int64Type, std::uint64_t>(statistics, type, out);
    case parquet::Type::FLOAT:
      return floats<parquet::FloatType>(statistics, out);
    case parquet::Type::DOUBLE:
      return floats<parquet::DoubleType>(statistics, out);
    case parquet::Type::BYTE_ARRAY:
      out.min = text(typed<parquet::ByteArrayType>(statistics).min());
      out.max = text(typed<parquet::ByteArrayType>(statistics).max());
      return;
    default:
      return;  // INT96 and fixed lengths have no order that could be trusted
  }
}

// The stored number is the column's value: not for decimals, which are scaled.
bool stored_as_is(const ColumnType& type, const arrow::DataType& arrow_type) {
  if (type.kind == Kind::text) return arrow_type.id() == arrow::Type::STRING;
  return arrow_type.id() != arrow::Type::DECIMAL128 &&
         arrow_type.id() != arrow::Type::DECIMAL256 &&
         arrow_type.id() != arrow::Type::DECIMAL32 &&
         arrow_type.id() != arrow::Type::DECIMAL64;
}

}  // namespace

ColumnStatistics ParquetFile::statistics(Index g, std::string_view column) const {
  state_->require_group(g);
  const int c = state_->find({std::string(column)})[0];
  const ColumnType& type = state_->schema.fields[static_cast<std::size_t>(c)].type;
  ColumnStatistics out;
  try {
    const auto chunk =
        state_->metadata->RowGroup(static_cast<int>(g))->ColumnChunk(state_->leaf(c));
    if (!chunk->is_stats_set()) return out;
    const auto statistics = chunk->statistics();
    if (!statistics) return out;
    if (statistics->HasNullCount()) out.nulls = statistics->null_count();
    if (statistics->HasMinMax() &&
        stored_as_is(type, *state_->arrow_schema->field(c)->type())) {
      values(*statistics, type, out);
    }
  } catch (const parquet::ParquetException&) {
    return {};  // statistics are claims: broken ones prune nothing
  }
  if (out.min.index() != out.max.index() || out.min > out.max)
    out.min = out.max = Value{};
  return out;
}

}  // namespace lade::io
