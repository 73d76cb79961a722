// SPDX-License-Identifier: Apache-2.0
#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <arrow/ipc/writer.h>

#include <algorithm>

#include "lade/core/hash.h"
#include "lade/core/table_internal.h"
#include "lade/io/index_file.h"

namespace lade::io {

namespace {

/// A column as Arrow sees it, without a copy.
template <class ArrowArray, class T>
std::shared_ptr<arrow::Array> array_of(std::span<const T> values) {
  return std::make_shared<ArrowArray>(
      static_cast<Index>(values.size()),
      std::make_shared<arrow::Buffer>(
          reinterpret_cast<const std::uint8_t*>(values.data()),
          static_cast<Index>(values.size_bytes())));
}

/// Column `member` of rows [begin, end), copied out.
template <class T, class Row>
std::vector<T> column_of(std::span<const Row> rows, T Row::* member) {
  std::vector<T> out;
  out.reserve(rows.size());
  for (const Row& row : rows) out.push_back(row.*member);
  return out;
}

using Metadata = std::vector<std::pair<std::string, std::string>>;

/// Where the files of an index go.
struct Target {
  AtomicDirectory& directory;
  std::string below;  // "" = the directory itself
  std::string path(const char* name) const {
    return below.empty() ? name : join(below, name);
  }
};

/// An uncompressed Arrow IPC file of the directory.
class TableWriter {
 public:
  TableWriter(const Target& target, const char* name,
              const std::shared_ptr<arrow::Schema>& schema)
      : name_(name),
        file_(target.directory.file(target.path(name))),
        stream_(arrow_stream(file_)) {
    writer_ = take(arrow::ipc::MakeFileWriter(stream_, schema), name_);
  }
  void write(const std::shared_ptr<arrow::RecordBatch>& batch) {
    check(writer_->WriteRecordBatch(*batch), name_);
  }
  void finish() {
    check(writer_->Close(), name_);
    check(stream_->Close(), name_);
    file_.commit();
  }

 private:
  std::string name_;
  AtomicFile file_;
  std::shared_ptr<arrow::io::OutputStream> stream_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
};

/// Writes `rows` rows, 2^20 at a time, as `batch(schema, begin, count, writer)` gives
/// them.
template <class F>
void write_table(const Target& target, const char* name, arrow::FieldVector fields,
                 Index rows, const Metadata& metadata, F&& batch) {
  auto keys = std::make_shared<arrow::KeyValueMetadata>();
  for (const auto& [key, value] : metadata) keys->Append(key, value);
  const auto schema = arrow::schema(std::move(fields), std::move(keys));
  TableWriter writer(target, name, schema);
  for (Index begin = 0; begin < rows; begin += kIndexBatchRows) {
    batch(schema, begin, std::min(kIndexBatchRows, rows - begin), writer);
  }
  writer.finish();
}

std::shared_ptr<arrow::Field> required(const char* name,
                                       std::shared_ptr<arrow::DataType> type) {
  return arrow::field(name, std::move(type), /*nullable=*/false);
}

void write_row_groups(const Target& target, const IndexTables& tables,
                      const Metadata& metadata) {
  write_table(
      target, kIndexFiles[0],
      {required("file", arrow::int32()), required("row_group", arrow::int32()),
       required("first_row", arrow::int64()), required("rows", arrow::int64()),
       required("time_min", arrow::int64()), required("time_max", arrow::int64())},
      static_cast<Index>(tables.row_groups.size()), metadata,
      [&](const auto& schema, Index begin, Index count, TableWriter& writer) {
        const auto rows = std::span(tables.row_groups)
                              .subspan(static_cast<std::size_t>(begin),
                                       static_cast<std::size_t>(count));
        const auto file = column_of(rows, &RowGroupEntry::file);
        const auto group = column_of(rows, &RowGroupEntry::row_group);
        const auto first = column_of(rows, &RowGroupEntry::first_row);
        const auto number = column_of(rows, &RowGroupEntry::rows);
        const auto low = column_of(rows, &RowGroupEntry::time_min);
        const auto high = column_of(rows, &RowGroupEntry::time_max);
        writer.write(arrow::RecordBatch::Make(
            schema, count,
            {array_of<arrow::Int32Array, std::int32_t>(file),
             array_of<arrow::Int32Array, std::int32_t>(group),
             array_of<arrow::Int64Array, std::int64_t>(first),
             array_of<arrow::Int64Array, std::int64_t>(number),
             array_of<arrow::Int64Array, std::int64_t>(low),
             array_of<arrow::Int64Array, std::int64_t>(high)}));
      });
}

std::shared_ptr<arrow::Array> entity_array(const EntityColumn& entity, Index begin,
                                           Index count) {
  if (entity.kind == EntityColumn::Kind::integer) {
    return array_of<arrow::Int64Array, std::int64_t>(
        std::span(entity.integers)
            .subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(count)));
  }
  const auto bytes = [](const void* data, std::size_t size) {
    return std::make_shared<arrow::Buffer>(static_cast<const std::uint8_t*>(data),
                                           static_cast<Index>(size));
  };
  return std::make_shared<arrow::LargeStringArray>(
      count,
      bytes(entity.offsets.data() + begin, static_cast<std::size_t>(count + 1) * 8),
      bytes(entity.bytes.data(), entity.bytes.size()));
}

void write_sequences(const Target& target, const IndexTables& tables) {
  arrow::FieldVector fields{
      required("first_run", arrow::int64()), required("events", arrow::int64()),
      required("first_time", arrow::int64()), required("last_time", arrow::int64())};
  const bool has_entity = tables.entity.kind != EntityColumn::Kind::none;
  if (has_entity) {
    const bool integer = tables.entity.kind == EntityColumn::Kind::integer;
    fields.insert(fields.begin(),
                  required("entity", integer ? arrow::int64() : arrow::large_utf8()));
  }
  write_table(
      target, kIndexFiles[1], fields, tables.sequences(), {},
      [&](const auto& schema, Index begin, Index count, TableWriter& writer) {
        const auto part = [&](const std::vector<std::int64_t>& values) {
          return array_of<arrow::Int64Array, std::int64_t>(std::span(values).subspan(
              static_cast<std::size_t>(begin), static_cast<std::size_t>(count)));
        };
        arrow::ArrayVector columns{part(tables.first_run), part(tables.events),
                                   part(tables.first_time), part(tables.last_time)};
        if (has_entity) {
          columns.insert(columns.begin(), entity_array(tables.entity, begin, count));
        }
        writer.write(arrow::RecordBatch::Make(schema, count, columns));
      });
}

void write_runs(const Target& target, const IndexTables& tables) {
  write_table(target, kIndexFiles[2],
              {required("row_group", arrow::int32()),
               required("first_row", arrow::int32()), required("rows", arrow::int32())},
              static_cast<Index>(tables.runs.size()), {},
              [&](const auto& schema, Index begin, Index count, TableWriter& writer) {
                const auto rows = std::span(tables.runs)
                                      .subspan(static_cast<std::size_t>(begin),
                                               static_cast<std::size_t>(count));
                const auto group = column_of(rows, &RowRun::row_group);
                const auto first = column_of(rows, &RowRun::first_row);
                const auto number = column_of(rows, &RowRun::rows);
                writer.write(arrow::RecordBatch::Make(
                    schema, count,
                    {array_of<arrow::Int32Array, std::int32_t>(group),
                     array_of<arrow::Int32Array, std::int32_t>(first),
                     array_of<arrow::Int32Array, std::int32_t>(number)}));
              });
}

/// What every 64 KiB of the other files hash to, read back from the files.
void write_pages(const Target& target, Files& files) {
  std::vector<std::int32_t> tables, pages;
  std::vector<std::uint64_t> hashes;
  for (int t = 0; t < kIndexTables; ++t) {
    const auto file =
        files.open(join(target.directory.part_path(),
                        target.path(kIndexFiles[static_cast<std::size_t>(t)])),
                   OpenMode::read);
    std::vector<std::byte> bytes;
    for (Index begin = 0; begin < file->bytes(); begin += kIndexPageBytes) {
      bytes.resize(
          static_cast<std::size_t>(std::min(kIndexPageBytes, file->bytes() - begin)));
      file->read_at(begin, bytes);
      tables.push_back(t);
      pages.push_back(static_cast<std::int32_t>(begin / kIndexPageBytes));
      hashes.push_back(xxh3_64(std::span<const std::byte>(bytes)));
    }
  }
  write_table(target, kIndexFiles[3],
              {required("table", arrow::int32()), required("page", arrow::int32()),
               required("xxh3", arrow::uint64())},
              static_cast<Index>(hashes.size()), {},
              [&](const auto& schema, Index begin, Index count, TableWriter& writer) {
                const auto part = [&](const auto& values) {
                  return std::span(values).subspan(static_cast<std::size_t>(begin),
                                                   static_cast<std::size_t>(count));
                };
                writer.write(arrow::RecordBatch::Make(
                    schema, count,
                    {array_of<arrow::Int32Array, std::int32_t>(part(tables)),
                     array_of<arrow::Int32Array, std::int32_t>(part(pages)),
                     array_of<arrow::UInt64Array, std::uint64_t>(part(hashes))}));
              });
}

}  // namespace

void write_index(const IndexTables& tables, const std::string& fingerprint,
                 AtomicDirectory& directory, Files& files, const std::string& below) {
  const auto facts = index_metadata(tables, fingerprint);
  const Target target{directory, below};
  write_row_groups(target, tables, Metadata(facts.begin(), facts.end()));
  write_sequences(target, tables);
  write_runs(target, tables);
  write_pages(target, files);
}

}  // namespace lade::io
