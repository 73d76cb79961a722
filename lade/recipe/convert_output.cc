// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/convert_output.h"

#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "lade/core/table.h"

namespace lade {
namespace {

std::string part_name(std::size_t number) {
  return fmt::format("part-{:05}.parquet", number);
}

/// The schema of what export_chunk makes: it is the one a writer must be given.
std::shared_ptr<arrow::Schema> arrow_schema_of(const Schema& schema) {
  const io::RowPool none;
  return export_chunk(io::copy_rows(none, {}, schema, 1), schema)->schema();
}

}  // namespace

DatasetWriter::DatasetWriter(io::AtomicDirectory& directory, const Schema& schema,
                             Options options)
    : directory_(directory), schema_(schema), options_(std::move(options)) {}

Index DatasetWriter::add(const io::RowPool& pool, io::RowRef row, bool first) {
  if (first) {
    end_sequence(pool);
    ++sequences_;
  }
  if (static_cast<Index>(sequence_.size()) == options_.row_group_rows) {
    if (!long_sequence_) write(pool, group_);
    long_sequence_ = true;
    write(pool, sequence_);
  }
  sequence_.push_back(row);
  ++events_;
  return static_cast<Index>(group_.size() + sequence_.size());
}

void DatasetWriter::end_sequence(const io::RowPool& pool) {
  if (long_sequence_) {
    write(pool, sequence_);
    long_sequence_ = false;
    return;
  }
  group_.insert(group_.end(), sequence_.begin(), sequence_.end());
  sequence_.clear();
  if (static_cast<Index>(group_.size()) >= options_.row_group_rows) write(pool, group_);
}

void DatasetWriter::write(const io::RowPool& pool, std::vector<io::RowRef>& rows) {
  if (rows.empty()) return;
  open_part();
  const Index before = part_->bytes();
  part_->write(
      export_chunk(io::copy_rows(pool, rows, schema_, options_.threads), schema_));
  part_->end_row_group();
  ++row_groups_;
  rows.clear();
  const Index after = part_->bytes();
  largest_group_bytes_ = std::max(largest_group_bytes_, after - before);
  if (after + largest_group_bytes_ > options_.part_bytes) close_part();
}

void DatasetWriter::open_part() {
  if (part_) return;
  io::ParquetWriteOptions options;
  options.page_bytes = options_.page_bytes;
  options.threads = options_.threads;
  options.metadata = options_.metadata;
  part_.emplace(directory_.file(part_name(files_.size())), arrow_schema_of(schema_),
                options);
}

void DatasetWriter::close_part() {
  io::ManifestFile file = part_->finish();
  file.path = part_name(files_.size());
  files_.push_back(std::move(file));
  part_.reset();
  largest_group_bytes_ = 0;
}

void DatasetWriter::finish(const io::RowPool& pool) {
  end_sequence(pool);
  write(pool, group_);
  if (files_.empty()) open_part();
  if (part_) close_part();
}

}  // namespace lade
