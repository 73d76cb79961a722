// SPDX-License-Identifier: Apache-2.0
#include "lade/io/csv_frame.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace lade::io {
namespace {

constexpr Index kPadding = 64;

/// Bytes up to and with the last line feed that ends a row; 0 if there is none.
Index last_row_end(std::string_view text, const std::vector<std::uint64_t>& marks) {
  for (std::size_t word = marks.size(); word-- > 0;) {
    for (std::uint64_t bits = marks[word]; bits != 0;) {
      const int top = 63 - std::countl_zero(bits);
      const std::size_t at = 64 * word + static_cast<std::size_t>(top);
      if (text[at] == '\n') return static_cast<Index>(at) + 1;
      bits ^= std::uint64_t{1} << top;
    }
  }
  return 0;
}

}  // namespace

CsvText::CsvText(Index capacity)
    : bytes_(std::make_unique_for_overwrite<char[]>(
          static_cast<std::size_t>(capacity + kPadding))),
      capacity_(capacity) {}

bool mark_text(CsvText& text, CsvDialect dialect, std::vector<std::uint64_t>& marks) {
  // The vector code looks at whole words; what stands behind the text must be defined.
  std::memset(text.data() + text.size, 0, kPadding);
  marks.resize(static_cast<std::size_t>((text.size + 63) / 64));
  return text.size > 0 && mark_fields(text.data(), text.size, dialect, marks.data());
}

void read_text(const File& file, Index offset, Index read_bytes, Index upto,
               CsvText& text) {
  while (text.size < upto) {
    const Index count = std::min(read_bytes, upto - text.size);
    file.read_at(offset + text.size,
                 std::as_writable_bytes(std::span(text.data() + text.size,
                                                  static_cast<std::size_t>(count))));
    text.size += count;
  }
}

std::optional<CsvPiece> CsvFramer::next() {
  const Index left = file_.bytes() - offset_;
  if (done_ || left <= 0) return std::nullopt;
  const Index longest = options_.max_row_bytes + 2;  // with CR and LF
  for (Index wanted = options_.block_bytes;; wanted *= 2) {
    const Index upto = std::min(left, wanted);
    CsvPiece piece{.text = CsvText(upto + 1), .marks = {}, .offset = offset_};
    fill(piece.text, upto);
    const bool open = mark_text(piece.text, options_.dialect, piece.marks);
    const Index end = last_row_end(piece.text.view(), piece.marks);
    if (end > 0) return cut(std::move(piece), end);
    if (upto > longest) {
      done_ = true;
      piece.end = CsvEnd::too_long;
      return piece;
    }
    if (upto == left) return last_piece(std::move(piece), open);
    rest_.assign(piece.text.data(), piece.text.data() + piece.text.size);
  }
}

void CsvFramer::fill(CsvText& text, Index upto) {
  const auto kept = std::min(static_cast<Index>(rest_.size()), upto);
  std::copy_n(rest_.data(), kept, text.data());
  text.size = kept;
  read_text(file_, offset_, options_.read_bytes, upto, text);
}

CsvPiece CsvFramer::last_piece(CsvPiece piece, bool open) {
  done_ = true;
  piece.end = open ? CsvEnd::open_quote : CsvEnd::unterminated;
  if (!open) {
    piece.text.data()[piece.text.size++] = '\n';
    mark_text(piece.text, options_.dialect, piece.marks);
  }
  return piece;
}

CsvPiece CsvFramer::cut(CsvPiece piece, Index end) {
  rest_.assign(piece.text.data() + end, piece.text.data() + piece.text.size);
  offset_ += end;
  piece.text.size = end;
  piece.marks.resize(static_cast<std::size_t>((end + 63) / 64));
  if (end % 64 != 0) piece.marks.back() &= (std::uint64_t{1} << (end % 64)) - 1;
  return piece;
}

}  // namespace lade::io
