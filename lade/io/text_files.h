// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lade/io/csv.h"
#include "lade/io/discover.h"

namespace lade::io {

/// Text files with what their paths say: `key=value` directories are columns behind
/// those of the text.
///
/// Threads: one.
class TextFiles {
 public:
  /// `options.columns` and `options.keys` may name parts of the paths.
  /// Errors: those of CsvReader; DataError `dataset.parts` if a part is a column, too.
  TextFiles(const Discovery& found, CsvOptions options);

  const Schema& schema() const { return schema_; }
  const std::vector<std::string>& paths() const { return paths_; }
  Index rows_seen() const { return reader_->rows_seen(); }
  Index decoded_bytes() const;  // an estimate
  const ReadReport& report() const { return reader_->report(); }
  /// Whether a key is a part of the path: its nulls are not judged here.
  bool key_is_part() const { return key_is_part_; }

  /// Rows of one file in order, and where they come from; no chunk at the end.
  struct Piece {
    std::shared_ptr<const Chunk> chunk;
    Place place;  // the file, and the number of the first row among those given of it
  };
  Piece next();

 private:
  std::shared_ptr<const Chunk> add_parts(std::shared_ptr<const Chunk> chunk,
                                         const FoundFile& file) const;

  std::vector<FoundFile> files_;
  std::vector<std::string> paths_;
  std::unique_ptr<CsvReader> reader_;
  Schema schema_;
  bool key_is_part_ = false;
  Index file_ = -1;  // of the last piece
  Index next_row_ = 0;
};

}  // namespace lade::io
