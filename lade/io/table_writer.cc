// SPDX-License-Identifier: Apache-2.0
#include "lade/io/table_writer.h"

namespace lade::io {
namespace {

using Writer = std::variant<ParquetWriter, IpcWriter, CsvWriter>;

Writer make_writer(AtomicFile file, const std::shared_ptr<arrow::Schema>& schema,
                   TableFormat format, const TableWriteOptions& options) {
  if (format == TableFormat::csv) return CsvWriter(std::move(file), schema);
  if (format == TableFormat::ipc) {
    return IpcWriter(
        std::move(file), schema,
        {.batch_rows = options.row_group_rows, .metadata = options.metadata});
  }
  ParquetWriteOptions parquet;
  parquet.page_bytes = options.page_bytes;
  parquet.metadata = options.metadata;
  return ParquetWriter(std::move(file), schema, std::move(parquet));
}

}  // namespace

std::string_view name(TableFormat format) {
  if (format == TableFormat::parquet) return "parquet";
  return format == TableFormat::ipc ? "ipc" : "csv";
}

TableFormat parse_table_format(std::string_view word, std::string_view what) {
  for (const TableFormat format :
       {TableFormat::parquet, TableFormat::ipc, TableFormat::csv}) {
    if (word == name(format)) return format;
  }
  throw ArgumentError(std::string(what) + ": must be parquet, ipc or csv, got '" +
                      escape_text(word) + "'");
}

std::string_view suffix(TableFormat format) {
  if (format == TableFormat::parquet) return ".parquet";
  return format == TableFormat::ipc ? ".arrow" : ".csv";
}

TableWriter::TableWriter(AtomicFile file, const std::shared_ptr<arrow::Schema>& schema,
                         TableFormat format, const TableWriteOptions& options)
    : writer_(make_writer(std::move(file), schema, format, options)) {}

void TableWriter::write(const RecordBatch& batch) {
  std::visit([&](auto& writer) { writer.write(batch); }, writer_);
}

Index TableWriter::row_group_rows() const {
  const auto* parquet = std::get_if<ParquetWriter>(&writer_);
  return parquet == nullptr ? 0 : parquet->row_group_rows();
}

void TableWriter::end_row_group() {
  if (auto* parquet = std::get_if<ParquetWriter>(&writer_)) parquet->end_row_group();
}

ManifestFile TableWriter::finish() {
  return std::visit([](auto& writer) { return writer.finish(); }, writer_);
}

}  // namespace lade::io
