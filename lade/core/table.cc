// SPDX-License-Identifier: Apache-2.0
#include "lade/core/table.h"

#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <arrow/util/io_util.h>

#include <new>
#include <set>
#include <stdexcept>

#include "lade/core/table_internal.h"

namespace lade {
namespace {

/// The rule of a status that speaks about the data, "" if it does not.
std::string_view data_rule(arrow::StatusCode code) {
  switch (code) {
    case arrow::StatusCode::Invalid:
      return "arrow.invalid";
    case arrow::StatusCode::TypeError:
      return "arrow.type";
    case arrow::StatusCode::SerializationError:
      return "arrow.serialization";
    case arrow::StatusCode::KeyError:
      return "arrow.key";
    case arrow::StatusCode::IndexError:
      return "arrow.index";
    case arrow::StatusCode::CapacityError:
      return "arrow.capacity";
    case arrow::StatusCode::NotImplemented:
      return "arrow.unsupported";
    case arrow::StatusCode::IOError:
      return "arrow.format";
    default:
      return "";
  }
}

TimeUnit time_unit(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return TimeUnit::s;
    case arrow::TimeUnit::MILLI:
      return TimeUnit::ms;
    case arrow::TimeUnit::MICRO:
      return TimeUnit::us;
    case arrow::TimeUnit::NANO:
      return TimeUnit::ns;
  }
  return TimeUnit::us;
}

arrow::TimeUnit::type time_unit(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::s:
      return arrow::TimeUnit::SECOND;
    case TimeUnit::ms:
      return arrow::TimeUnit::MILLI;
    case TimeUnit::us:
      return arrow::TimeUnit::MICRO;
    case TimeUnit::ns:
      return arrow::TimeUnit::NANO;
  }
  return arrow::TimeUnit::MICRO;
}

ColumnType timestamp_type(const arrow::DataType& type) {
  const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
  return {.kind = Kind::time,
          .unit = time_unit(timestamp.unit()),
          .zone = timestamp.timezone()};
}

}  // namespace

void check(const arrow::Status& status, std::string_view source) {
  if (status.ok()) return;
  if (status.IsOutOfMemory()) throw std::bad_alloc();
  const std::string message = escape_text(status.message());
  if (const int error = arrow::internal::ErrnoFromStatus(status);
      status.IsIOError() && error != 0) {
    throw IoError(std::string(source), error, message);
  }
  const std::string_view rule = data_rule(status.code());
  if (rule.empty()) {
    throw std::runtime_error("internal error: " + std::string(source) + ": " + message);
  }
  throw DataError({.source = std::string(source), .rule = std::string(rule)}, message);
}

std::optional<ColumnType> column_type(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return ColumnType{.kind = Kind::boolean};
    case arrow::Type::INT8:
      return ColumnType{.kind = Kind::i8};
    case arrow::Type::INT16:
      return ColumnType{.kind = Kind::i16};
    case arrow::Type::INT32:
      return ColumnType{.kind = Kind::i32};
    case arrow::Type::INT64:
    case arrow::Type::DURATION:
      return ColumnType{.kind = Kind::i64};
    case arrow::Type::UINT8:
      return ColumnType{.kind = Kind::u8};
    case arrow::Type::UINT16:
      return ColumnType{.kind = Kind::u16};
    case arrow::Type::UINT32:
      return ColumnType{.kind = Kind::u32};
    case arrow::Type::UINT64:
      return ColumnType{.kind = Kind::u64};
    case arrow::Type::HALF_FLOAT:
    case arrow::Type::FLOAT:
      return ColumnType{.kind = Kind::f32};
    case arrow::Type::DOUBLE:
    case arrow::Type::DECIMAL128:
      return ColumnType{.kind = Kind::f64};
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
      return ColumnType{.kind = Kind::time, .unit = TimeUnit::s, .date = true};
    case arrow::Type::TIMESTAMP:
      return timestamp_type(type);
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
      return ColumnType{.kind = Kind::text};
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
      return ColumnType{.kind = Kind::text, .binary = true};
    case arrow::Type::DICTIONARY: {
      const auto& values =
          *static_cast<const arrow::DictionaryType&>(type).value_type();
      if (values.id() == arrow::Type::DICTIONARY) return std::nullopt;
      return column_type(values);
    }
    case arrow::Type::EXTENSION:
      return column_type(
          *static_cast<const arrow::ExtensionType&>(type).storage_type());
    default:
      return std::nullopt;
  }
}

Schema import_schema(const arrow::Schema& schema, std::string_view source) {
  Schema result;
  std::set<std::string_view> seen;
  for (const auto& field : schema.fields()) {
    const Place place{.source = std::string(source), .column = field->name()};
    const auto refusal = [&](std::string_view rule, std::string_view what) {
      Place at = place;
      at.rule = rule;
      at.value = field->type()->ToString();
      return DataError(std::move(at), what);
    };
    if (!seen.insert(field->name()).second) {
      throw refusal("table.duplicate_column", "column names must differ");
    }
    const std::optional<ColumnType> type = column_type(*field->type());
    if (!type) {
      throw refusal("table.type", "columns of type " +
                                      escape_text(field->type()->ToString()) +
                                      " cannot be read; leave it out of the data");
    }
    result.fields.push_back(
        {.name = field->name(), .type = *type, .nullable = field->nullable()});
  }
  return result;
}

std::shared_ptr<arrow::DataType> to_arrow(const ColumnType& type) {
  switch (type.kind) {
    case Kind::boolean:
      return arrow::boolean();
    case Kind::i8:
      return arrow::int8();
    case Kind::i16:
      return arrow::int16();
    case Kind::i32:
      return arrow::int32();
    case Kind::i64:
      return arrow::int64();
    case Kind::u8:
      return arrow::uint8();
    case Kind::u16:
      return arrow::uint16();
    case Kind::u32:
      return arrow::uint32();
    case Kind::u64:
      return arrow::uint64();
    case Kind::f32:
      return arrow::float32();
    case Kind::f64:
      return arrow::float64();
    case Kind::time:
      if (type.date) return arrow::date32();
      return arrow::timestamp(time_unit(type.unit), type.zone);
    case Kind::text:
      return arrow::dictionary(arrow::int32(),
                               type.binary ? arrow::binary() : arrow::utf8());
  }
  return nullptr;
}

}  // namespace lade
