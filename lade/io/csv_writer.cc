// SPDX-License-Identifier: Apache-2.0
#include "lade/io/csv_writer.h"

#include <arrow/array/array_binary.h>
#include <arrow/array/array_primitive.h>
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <iterator>

#include "lade/core/calendar.h"
#include "lade/io/arrow_capture_internal.h"

namespace lade::io {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kFlushBytes = std::size_t{256} << 10;

/// A field that would not be read back as it stands is put in quotes.
void append_text(std::string_view text, std::string& out) {
  const bool plain = !text.empty() && text.find_first_of("\",\r\n") == text.npos &&
                     !text.starts_with(kByteOrderMark);
  if (plain) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

template <class T>
void append_number(T value, std::string& out) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;
  out.append(digits.begin(), end);
}

template <class T>
void append_real(T value, std::string& out) {
  if (std::isnan(value)) {
    out += "nan";  // of whatever sign: what is read back is canonical
  } else {
    append_number(value, out);
  }
}

void append_day(std::int64_t day, std::string& out) {
  const Date date = to_date(day);
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}", date.year, date.month,
                 date.day);
}

/// Digits of a fraction of a second.
int fraction_digits(TimeUnit unit) {
  int digits = 0;
  for (Index parts = per_second(unit); parts > 1; parts /= 10) ++digits;
  return digits;
}

void append_time(std::int64_t time, const ColumnType& type, std::string& out) {
  const Index parts = per_second(type.unit);
  const std::int64_t second = floor_div(time, parts);
  const std::int64_t of_day = floor_mod(second, 86'400);
  append_day(floor_div(second, 86'400), out);
  fmt::format_to(std::back_inserter(out), "T{:02}:{:02}:{:02}", of_day / 3600,
                 of_day / 60 % 60, of_day % 60);
  if (parts > 1) {
    fmt::format_to(std::back_inserter(out), ".{:0{}}", floor_mod(time, parts),
                   fraction_digits(type.unit));
  }
  if (!type.zone.empty()) out += 'Z';
}

template <class Array>
auto value_at(const arrow::Array& column, Index row) {
  return static_cast<const Array&>(column).Value(row);
}

void append_value(const arrow::Array& column, const ColumnType& type, Index row,
                  std::string& out) {
  switch (column.type_id()) {
    case arrow::Type::BOOL:
      out += value_at<arrow::BooleanArray>(column, row) ? "true" : "false";
      return;
    case arrow::Type::INT8:
      return append_number(value_at<arrow::Int8Array>(column, row), out);
    case arrow::Type::INT16:
      return append_number(value_at<arrow::Int16Array>(column, row), out);
    case arrow::Type::INT32:
      return append_number(value_at<arrow::Int32Array>(column, row), out);
    case arrow::Type::INT64:
      return append_number(value_at<arrow::Int64Array>(column, row), out);
    case arrow::Type::UINT8:
      return append_number(value_at<arrow::UInt8Array>(column, row), out);
    case arrow::Type::UINT16:
      return append_number(value_at<arrow::UInt16Array>(column, row), out);
    case arrow::Type::UINT32:
      return append_number(value_at<arrow::UInt32Array>(column, row), out);
    case arrow::Type::UINT64:
      return append_number(value_at<arrow::UInt64Array>(column, row), out);
    case arrow::Type::FLOAT:
      return append_real(value_at<arrow::FloatArray>(column, row), out);
    case arrow::Type::DOUBLE:
      return append_real(value_at<arrow::DoubleArray>(column, row), out);
    case arrow::Type::DATE32:
      return append_day(value_at<arrow::Date32Array>(column, row), out);
    case arrow::Type::TIMESTAMP:
      return append_time(value_at<arrow::TimestampArray>(column, row), type, out);
    default:  // the constructor let nothing else pass
      append_text(static_cast<const arrow::StringArray&>(column).GetView(row), out);
  }
}

bool is_written(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
    case arrow::Type::UINT32:
    case arrow::Type::UINT64:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::DATE32:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::STRING:
      return true;
    default:
      return false;
  }
}

std::string time_pattern(const ColumnType& type) {
  if (type.date) return "%Y-%m-%d";
  std::string pattern = "%Y-%m-%dT%H:%M:%S";
  if (type.unit == TimeUnit::ns) {
    pattern += ".%N";
  } else if (type.unit != TimeUnit::s) {
    pattern += ".%f";
  }
  return type.zone.empty() ? pattern : pattern + "%z";
}

}  // namespace

struct CsvWriter::State {
  GuardedFile guard;
  std::shared_ptr<arrow::Schema> schema;  // without dictionaries
  std::vector<ColumnType> types;
  std::string text;
  Index rows = 0;

  State(AtomicFile target, const arrow::Schema& given)
      : guard(std::move(target), "csv"), schema(dense_schema(given)) {
    require(schema->num_fields() > 0, "csv: there must be a column");
    for (const auto& field : schema->fields()) {
      require(is_written(*field->type()),
              fmt::format("csv: column '{}' must be a number, boolean, date, timestamp "
                          "or text, got {}",
                          escape_text(field->name()), field->type()->ToString()));
      types.push_back(*column_type(*field->type()));
      if (!text.empty()) text += ',';
      append_text(field->name(), text);
    }
    text += '\n';
  }

  void append_rows(const arrow::RecordBatch& batch) {
    const auto& columns = batch.columns();
    for (Index row = 0; row < batch.num_rows(); ++row) {
      for (std::size_t c = 0; c < columns.size(); ++c) {
        if (c > 0) text += ',';
        if (!columns[c]->IsNull(row)) append_value(*columns[c], types[c], row, text);
      }
      text += '\n';
      if (text.size() >= kFlushBytes) flush();
    }
    rows += batch.num_rows();
  }

  void flush() {
    guard.file.write(text);
    text.clear();
  }

  ManifestFile finish() {
    flush();
    ManifestFile done;
    done.bytes = guard.file.written();
    done.rows = rows;
    done.xxh3 = guard.file.xxh3();
    guard.file.commit();
    guard.finished = true;
    return done;
  }
};

CsvWriter::CsvWriter(AtomicFile file, std::shared_ptr<arrow::Schema> schema)
    : state_(std::make_unique<State>(std::move(file), *schema)) {}
CsvWriter::~CsvWriter() = default;
CsvWriter::CsvWriter(CsvWriter&&) noexcept = default;
CsvWriter& CsvWriter::operator=(CsvWriter&&) noexcept = default;

void CsvWriter::write(const RecordBatch& batch) {
  state_->guard.run(
      [&] { state_->append_rows(*dense_batch(batch, state_->schema, "csv")); });
}

Index CsvWriter::rows() const { return state_->rows; }

ManifestFile CsvWriter::finish() {
  return state_->guard.run([&] { return state_->finish(); });
}

SourceOptions csv_source(const Schema& schema) {
  SourceOptions source;
  source.format = "csv";
  for (const Field& field : schema.fields) {
    if (field.type.kind == Kind::time) {
      source.dates[field.name] = time_pattern(field.type);
    } else {
      source.types[field.name] = std::string(name(field.type.kind));
    }
  }
  return source;
}

}  // namespace lade::io
