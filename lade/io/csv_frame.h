// SPDX-License-Identifier: Apache-2.0
// Cuts a file into pieces of whole rows.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "lade/core/limits.h"
#include "lade/io/csv_marks.h"
#include "lade/io/file.h"

namespace lade::io {

/// Bytes of a file with 64 readable ones behind them.
class CsvText {
 public:
  CsvText() = default;
  explicit CsvText(Index capacity);
  char* data() { return bytes_.get(); }
  const char* data() const { return bytes_.get(); }
  std::string_view view() const {
    return {bytes_.get(), static_cast<std::size_t>(size)};
  }
  Index capacity() const { return capacity_; }
  Index size = 0;

 private:
  std::unique_ptr<char[]> bytes_;
  Index capacity_ = 0;
};

/// How a piece ends.
enum class CsvEnd : std::uint8_t {
  whole,         // at a line feed
  unterminated,  // at the end of the file; a line feed was added
  open_quote,    // at the end of the file, inside quotes
  too_long       // no row end within max_row_bytes
};

struct CsvPiece {
  CsvText text;
  std::vector<std::uint64_t> marks;
  Index offset = 0;  // of the piece in its file
  CsvEnd end = CsvEnd::whole;
};

/// Marks of a text that starts at a row start; true if it ends inside quotes.
bool mark_text(CsvText& text, CsvDialect dialect, std::vector<std::uint64_t>& marks);

/// Reads a file from `offset`, a row start, piece by piece.
///
/// Pieces have about block_bytes, more if a row is longer; they depend on the file and
/// block_bytes alone. After a piece whose end is not `whole` there is none.
class CsvFramer {
 public:
  struct Options {
    CsvDialect dialect;
    Index block_bytes = Index{1} << 20;
    Index read_bytes = Index{1} << 20;
    Index max_row_bytes = Index{16} << 20;
  };
  CsvFramer(const File& file, Index offset, Options options)
      : file_(file), options_(options), offset_(offset) {}
  std::optional<CsvPiece> next();

 private:
  void fill(CsvText& text, Index upto);
  CsvPiece last_piece(CsvPiece piece, bool open);
  CsvPiece cut(CsvPiece piece, Index end);

  const File& file_;
  Options options_;
  Index offset_;            // of the first byte not yet given
  std::vector<char> rest_;  // bytes read, not yet given
  bool done_ = false;
};

/// Fills `text` up to `upto` bytes from `offset` of the file, read_bytes at a time.
void read_text(const File& file, Index offset, Index read_bytes, Index upto,
               CsvText& text);

}  // namespace lade::io
