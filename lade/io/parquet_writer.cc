// SPDX-License-Identifier: Apache-2.0
#include <arrow/ipc/writer.h>
#include <arrow/type.h>
#include <arrow/util/base64.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/file_writer.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "lade/core/block_pool.h"
#include "lade/core/pool.h"
#include "lade/io/arrow_capture_internal.h"
#include "lade/io/parquet.h"
#include "lade/io/parquet_encode.h"

namespace lade::io {
namespace {

/// Larger dictionaries are written as values.
constexpr Index kDictionaryBytes = Index{1} << 20;

arrow::Compression::type compression(ParquetCodec codec) {
  switch (codec) {
    case ParquetCodec::none:
      return arrow::Compression::UNCOMPRESSED;
    case ParquetCodec::snappy:
      return arrow::Compression::SNAPPY;
    case ParquetCodec::lz4:
      return arrow::Compression::LZ4;
    case ParquetCodec::zstd:
      return arrow::Compression::ZSTD;
  }
  return arrow::Compression::UNCOMPRESSED;
}

bool is_text(const arrow::DataType& type) {
  return arrow::is_base_binary_like(type.id()) || arrow::is_binary_view_like(type.id());
}

/// What `step` gives; Parquet's exceptions become ours.
template <class Step>
auto translated(Step step, const std::string& path) {
  try {
    return step();
  } catch (const parquet::ParquetStatusException& e) {
    check_carried(e.status(), path);
    throw;
  } catch (const parquet::ParquetException& e) {
    throw std::runtime_error("internal error: " + std::string(e.what()));
  }
}

}  // namespace

struct ParquetWriter::State {
  GuardedFile guard;
  std::shared_ptr<arrow::Schema> schema;  // without dictionaries
  ParquetWriteOptions options;
  std::unique_ptr<parquet::ParquetFileWriter> writer;  // from the first row group on
  std::vector<RecordBatch> pending;
  Index pending_rows = 0;
  Index rows = 0;

  State(AtomicFile target, const arrow::Schema& given, ParquetWriteOptions chosen)
      : guard(std::move(target), "parquet"),
        schema(dense_schema(given)),
        options(std::move(chosen)) {
    require(options.page_bytes >= 1 && options.page_bytes <= (Index{1} << 30),
            "parquet: page_bytes must be in [1, 2^30], got " +
                std::to_string(options.page_bytes));
    require(options.zstd_level >= 1 && options.zstd_level <= 22,
            "parquet: zstd_level must be in [1, 22], got " +
                std::to_string(options.zstd_level));
    for (const auto& field : schema->fields()) {
      require(field->type()->num_fields() == 0,
              "parquet: column " + escape_text(field->name()) + " must be flat, got " +
                  field->type()->ToString());
    }
  }

  // Arrow's writer closes itself and would finish the file: the sink refuses from here
  // on.
  ~State() {
    guard.file.abandon();
    writer.reset();
  }
  const std::string& path() const { return guard.file.path(); }

  template <class Step>
  auto run(Step step) {
    return guard.run([&] { return translated(step, path()); });
  }

  // Encodings are chosen once, by what the first row group holds.
  std::shared_ptr<parquet::WriterProperties> properties(
      const arrow::ArrayVector& first) const {
    parquet::WriterProperties::Builder builder;
    builder.memory_pool(block_pool())
        ->compression(compression(options.codec))
        ->data_pagesize(options.page_bytes)
        ->dictionary_pagesize_limit(kDictionaryBytes)
        ->enable_write_page_index()
        ->enable_page_checksum()
        ->max_row_group_length(std::numeric_limits<std::int64_t>::max())
        ->created_by("lade version " LADE_VERSION);
    if (options.codec == ParquetCodec::zstd)
      builder.compression_level(options.zstd_level);
    std::vector<std::uint8_t> few(first.size(), 0);
    parallel_for(static_cast<Index>(first.size()), options.threads, [&](Index c) {
      const auto at = static_cast<std::size_t>(c);
      const Index most = std::min(options.dictionary_values, pending_rows / 4);
      few[at] = few_values(*first[at], most) ? 1 : 0;
    });
    for (int c = 0; c < schema->num_fields(); ++c) {
      const auto& type = *schema->field(c)->type();
      if (is_text(type)) continue;  // a dictionary, which is the default
      if (!first.empty() && few[static_cast<std::size_t>(c)] != 0) continue;
      const auto path = std::make_shared<parquet::schema::ColumnPath>(
          std::vector<std::string>{schema->field(c)->name()});
      builder.disable_dictionary(path);
      const bool is_float =
          type.id() == arrow::Type::FLOAT || type.id() == arrow::Type::DOUBLE;
      if (is_float) builder.encoding(path, parquet::Encoding::BYTE_STREAM_SPLIT);
    }
    return builder.build();
  }

  void begin(const arrow::ArrayVector& first) {
    if (writer) return;
    const auto chosen = properties(first);
    std::shared_ptr<parquet::SchemaDescriptor> columns;
    check(parquet::arrow::ToParquetSchema(schema.get(), *chosen, &columns), path());
    writer = parquet::ParquetFileWriter::Open(
        guard.stream,
        std::static_pointer_cast<parquet::schema::GroupNode>(columns->schema_root()),
        chosen);
  }

  void end_row_group() {
    if (pending_rows == 0) return;
    arrow::ArrayVector columns(static_cast<std::size_t>(schema->num_fields()));
    parallel_for(static_cast<Index>(columns.size()), options.threads, [&](Index c) {
      const auto& field = *schema->field(static_cast<int>(c));
      columns[static_cast<std::size_t>(c)] =
          whole_column(pending, field, static_cast<int>(c), kDictionaryBytes);
    });
    begin(columns);
    parquet::RowGroupWriter* const group = writer->AppendBufferedRowGroup();
    encode_columns(*group, columns, *schema, options.threads);
    group->Close();
    rows += pending_rows;
    pending_rows = 0;
    pending.clear();
  }

  ManifestFile finish() {
    end_row_group();
    begin({});
    // The Arrow schema in the footer keeps time zones and durations.
    const auto stored = take(arrow::ipc::SerializeSchema(*schema), path());
    std::vector<std::pair<std::string, std::string>> metadata{
        {"ARROW:schema", arrow::util::base64_encode(std::string_view(*stored))}};
    metadata.insert(metadata.end(), options.metadata.begin(), options.metadata.end());
    writer->AddKeyValueMetadata(arrow_metadata(metadata));
    return guard.finish(*writer, rows, 4);
  }
};

ParquetWriter::ParquetWriter(AtomicFile file, std::shared_ptr<arrow::Schema> schema,
                             ParquetWriteOptions options)
    : state_(std::make_unique<State>(std::move(file), *schema, std::move(options))) {}
ParquetWriter::~ParquetWriter() = default;
ParquetWriter::ParquetWriter(ParquetWriter&&) noexcept = default;
ParquetWriter& ParquetWriter::operator=(ParquetWriter&&) noexcept = default;

void ParquetWriter::write(const RecordBatch& batch) {
  state_->run([&] {
    require_columns(batch, *state_->schema, "parquet");
    if (batch->num_rows() == 0) return;
    state_->pending_rows += batch->num_rows();
    state_->pending.push_back(batch);
  });
}

void ParquetWriter::end_row_group() {
  state_->run([&] { state_->end_row_group(); });
}

Index ParquetWriter::rows() const { return state_->rows + state_->pending_rows; }
Index ParquetWriter::row_group_rows() const { return state_->pending_rows; }
Index ParquetWriter::bytes() const { return state_->guard.file.written(); }

void ParquetWriter::set_metadata(std::string key, std::string value) {
  state_->run(
      [&] { state_->options.metadata.emplace_back(std::move(key), std::move(value)); });
}

ManifestFile ParquetWriter::finish() {
  return state_->run([&] { return state_->finish(); });
}

}  // namespace lade::io
