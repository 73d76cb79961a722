// SPDX-License-Identifier: Apache-2.0
#include "lade/io/text_files.h"

#include <algorithm>
#include <utility>

#include "lade/io/dataset_schema.h"

namespace lade::io {
namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

/// The names that are no parts of the paths.
std::vector<std::string> without_parts(const std::vector<std::string>& names,
                                       const FoundFile& file) {
  std::vector<std::string> out;
  for (const std::string& name : names) {
    const bool part = std::any_of(file.parts.begin(), file.parts.end(),
                                  [&](const auto& one) { return one.first == name; });
    if (!part) out.push_back(name);
  }
  return out;
}

}  // namespace

TextFiles::TextFiles(const Discovery& found, CsvOptions options) : files_(found.files) {
  for (const FoundFile& file : files_) paths_.push_back(file.path);
  const std::size_t keys = options.keys.size();
  options.keys = without_parts(options.keys, files_.front());
  key_is_part_ = options.keys.size() < keys;
  options.columns = without_parts(options.columns, files_.front());
  reader_ = std::make_unique<CsvReader>(paths_, std::move(options));
  std::vector<FileColumns> columns;
  for (const FoundFile& file : files_)
    columns.push_back({file.path, reader_->schema(), file.parts});
  schema_ = merge_schemas(columns, "exact");
}

Index TextFiles::decoded_bytes() const {
  Index bytes = reader_->decoded_bytes();
  for (std::size_t c = reader_->schema().fields.size(); c < schema_.fields.size(); ++c)
    bytes += reader_->rows_seen() * width(schema_.fields[c].type.kind);
  return bytes;
}

TextFiles::Piece TextFiles::next() {
  auto chunk = reader_->next();
  if (!chunk) return {};
  if (reader_->file() != std::exchange(file_, reader_->file())) next_row_ = 0;
  const FoundFile& file = files_[at(file_)];
  Piece piece;
  piece.place.source = file.path;
  piece.place.row = next_row_;
  next_row_ += chunk->rows;
  piece.chunk =
      file.parts.empty() ? std::move(chunk) : add_parts(std::move(chunk), file);
  return piece;
}

std::shared_ptr<const Chunk> TextFiles::add_parts(std::shared_ptr<const Chunk> chunk,
                                                  const FoundFile& file) const {
  auto out = std::make_shared<Chunk>();
  out->rows = chunk->rows;
  out->columns = chunk->columns;
  out->bytes = chunk->bytes;
  const std::size_t own = chunk->columns.size();
  for (std::size_t p = 0; p < file.parts.size(); ++p) {
    const ColumnType& type = schema_.fields[own + p].type;
    std::shared_ptr<const void> owner;
    out->columns.push_back(
        constant_column(type, file.parts[p].second, chunk->rows, owner));
    out->owners.push_back(std::move(owner));
    out->bytes += chunk->rows * width(type.kind);
  }
  out->owners.push_back(std::move(chunk));
  return out;
}

}  // namespace lade::io
