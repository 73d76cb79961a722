// SPDX-License-Identifier: Apache-2.0
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <cstring>
#include <exception>
#include <limits>
#include <unordered_set>

#include "lade/core/block_pool.h"
#include "lade/core/hash.h"
#include "lade/io/arrow_capture_internal.h"
#include "lade/io/parquet.h"

namespace lade::io {
namespace {

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

// True if at most `most` different values occur among the valid rows.
bool few_values(const arrow::Array& array, Index most) {
  const int bits = array.type()->bit_width();
  if (bits < 8 || bits > 64) return false;
  const auto bytes = static_cast<std::size_t>(bits / 8);
  const auto* values = array.data()->buffers[1]->data() +
                       static_cast<std::size_t>(array.offset()) * bytes;
  std::unordered_set<std::uint64_t> seen;
  for (Index r = 0; r < array.length(); ++r) {
    if (array.IsNull(r)) continue;
    std::uint64_t value = 0;
    std::memcpy(&value, values + static_cast<std::size_t>(r) * bytes, bytes);
    seen.insert(value);
    if (static_cast<Index>(seen.size()) > most) return false;
  }
  return true;
}

}  // namespace

struct ParquetWriter::State {
  AtomicFile file;
  std::shared_ptr<CapturingStream> stream;
  std::shared_ptr<arrow::Schema> schema;  // without dictionaries
  ParquetWriteOptions options;
  std::unique_ptr<parquet::arrow::FileWriter> writer;  // made with the first row group
  std::vector<RecordBatch> pending;
  Index pending_rows = 0;
  Index rows = 0;
  bool finished = false;
  std::exception_ptr error;

  State(AtomicFile target, const arrow::Schema& given, ParquetWriteOptions chosen)
      : file(std::move(target)),
        schema(dense_schema(given)),
        options(std::move(chosen)) {
    require(options.page_bytes >= 1 && options.page_bytes <= (Index{1} << 30),
            "parquet: page_bytes must be in [1, 2^30], got " +
                std::to_string(options.page_bytes));
    require(options.zstd_level >= 1 && options.zstd_level <= 22,
            "parquet: zstd_level must be in [1, 22], got " +
                std::to_string(options.zstd_level));
    stream = std::make_shared<CapturingStream>(arrow_stream(file));
  }

  // Arrow's writer closes itself and would finish the file: the sink refuses from here
  // on.
  ~State() {
    file.abandon();
    writer.reset();
  }

  template <class Step>
  auto run(Step step) {
    if (error) std::rethrow_exception(error);
    require(!finished, "parquet: nothing after finish, path " + file.path());
    try {
      return step();
    } catch (const parquet::ParquetStatusException& e) {
      remember([&] { check_carried(e.status(), file.path()); });
    } catch (const parquet::ParquetException& e) {
      remember([&] {
        throw std::runtime_error("internal error: " + std::string(e.what()));
      });
    } catch (...) {
      remember([] { throw; });
    }
    std::rethrow_exception(error);
  }

  template <class Throw>
  void remember(Throw raise) noexcept {
    try {
      raise();
    } catch (...) {
      error = std::current_exception();
    }
    file.abandon();
  }

  // Encodings are chosen once, by what the first row group holds.
  std::shared_ptr<parquet::WriterProperties> properties(
      const arrow::RecordBatch* first) const {
    parquet::WriterProperties::Builder builder;
    builder.compression(compression(options.codec))
        ->data_pagesize(options.page_bytes)
        ->enable_write_page_index()
        ->enable_page_checksum()
        ->max_row_group_length(std::numeric_limits<std::int64_t>::max())
        ->created_by("lade version " LADE_VERSION);
    if (options.codec == ParquetCodec::zstd)
      builder.compression_level(options.zstd_level);
    for (int c = 0; c < schema->num_fields(); ++c) {
      const auto& type = *schema->field(c)->type();
      if (is_text(type)) continue;  // a dictionary, which is the default
      const Index rows_here = first != nullptr ? first->num_rows() : 0;
      const Index most = std::min(options.dictionary_values, rows_here / 4);
      if (first != nullptr && few_values(*first->column(c), most)) continue;
      const auto path = std::make_shared<parquet::schema::ColumnPath>(
          std::vector<std::string>{schema->field(c)->name()});
      builder.disable_dictionary(path);
      const bool is_float =
          type.id() == arrow::Type::FLOAT || type.id() == arrow::Type::DOUBLE;
      if (is_float) builder.encoding(path, parquet::Encoding::BYTE_STREAM_SPLIT);
    }
    return builder.build();
  }

  void begin(const arrow::RecordBatch* first) {
    if (writer) return;
    // The Arrow schema in the footer keeps time zones and durations.
    const auto arrow_properties = parquet::ArrowWriterProperties::Builder()
                                      .store_schema()
                                      ->set_use_threads(false)
                                      ->build();
    auto opened = parquet::arrow::FileWriter::Open(*schema, block_pool(), stream,
                                                   properties(first), arrow_properties);
    check_carried(opened.status(), file.path());
    writer = std::move(opened).ValueUnsafe();
  }

  void end_row_group() {
    if (pending_rows == 0) return;
    const RecordBatch group = one_batch(pending, schema);
    begin(group.get());
    const auto table =
        take(arrow::Table::FromRecordBatches(schema, {group}), file.path());
    check_carried(writer->WriteTable(*table, table->num_rows()), file.path());
    rows += pending_rows;
    pending_rows = 0;
    pending.clear();
  }

  ManifestFile finish() {
    end_row_group();
    begin(nullptr);
    std::vector<std::string> keys;
    std::vector<std::string> values;
    for (const auto& [key, value] : options.metadata) {
      keys.push_back(key);
      values.push_back(value);
    }
    if (!keys.empty()) {
      check_carried(writer->AddKeyValueMetadata(
                        arrow::key_value_metadata(std::move(keys), std::move(values))),
                    file.path());
    }
    stream->capture();
    check_carried(writer->Close(), file.path());
    const ManifestFile done{
        .path = "",
        .bytes = file.written(),
        .rows = rows,
        .footer_xxh3 = xxh3_64(captured_footer(stream->captured(), 4)),
        .xxh3 = file.xxh3()};
    file.commit();
    finished = true;
    return done;
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
    RecordBatch dense = dense_batch(batch, state_->schema, "parquet");
    if (dense->num_rows() == 0) return;
    state_->pending_rows += dense->num_rows();
    state_->pending.push_back(std::move(dense));
  });
}

void ParquetWriter::end_row_group() {
  state_->run([&] { state_->end_row_group(); });
}

Index ParquetWriter::rows() const { return state_->rows + state_->pending_rows; }
Index ParquetWriter::row_group_rows() const { return state_->pending_rows; }
Index ParquetWriter::bytes() const { return state_->file.written(); }

void ParquetWriter::set_metadata(std::string key, std::string value) {
  state_->run(
      [&] { state_->options.metadata.emplace_back(std::move(key), std::move(value)); });
}

ManifestFile ParquetWriter::finish() {
  return state_->run([&] { return state_->finish(); });
}

}  // namespace lade::io
