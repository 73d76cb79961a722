// SPDX-License-Identifier: Apache-2.0
#include "lade/io/csv_rows.h"

#include <algorithm>
#include <bit>

namespace lade::io {
namespace {

/// Grows a row field by field; one for a whole block.
class RowCutter {
 public:
  /// `fields`: how many there are in the text.
  RowCutter(std::string_view text, std::size_t fields, Index columns,
            const Limits& limits)
      : text_(text), limits_(limits) {
    rows_.columns = columns;
    rows_.fields.resize(fields + static_cast<std::size_t>(columns));
  }

  /// The byte at `end` ends a field; false if a limit is broken.
  bool end_field(std::uint32_t end) {
    if (text_[end] != '\n') {
      add(end);
      return true;
    }
    std::uint32_t stop = end;
    if (stop > field_begin_ && text_[stop - 1] == '\r') --stop;
    const bool blank = stop == row_begin_ && rows_.columns > 1;
    add(stop);
    const bool ok = blank || end_row(stop);
    row_begin_ = field_begin_ = end + 1;
    count_ = 0;
    return ok;
  }
  CsvRows take() { return std::move(rows_); }

 private:
  void add(std::uint32_t end) {
    if (count_ < rows_.columns) {
      rows_.fields[at_ + static_cast<std::size_t>(count_)] = {field_begin_,
                                                              end - field_begin_};
    }
    ++count_;
    field_begin_ = end + 1;
  }
  bool end_row(std::uint32_t end) {
    const Index ordinal = rows_.seen++;
    if (!within_limits(ordinal, end)) return false;
    if (count_ != rows_.columns) {
      rows_.misfits.push_back({ordinal, row_begin_, count_});
      return true;
    }
    ++rows_.rows;
    at_ += static_cast<std::size_t>(rows_.columns);
    return true;
  }
  bool within_limits(Index ordinal, std::uint32_t end) {
    const Index bytes = end - row_begin_;
    if (bytes > limits_.max_row_bytes) {
      rows_.over_limit = CsvOverLimit{ordinal, row_begin_, false, bytes};
    } else if (bytes > limits_.max_value_bytes) {
      for (Index c = 0; c < std::min(count_, rows_.columns); ++c) {
        const CsvField field = rows_.fields[at_ + static_cast<std::size_t>(c)];
        if (field.size > limits_.max_value_bytes && !rows_.over_limit) {
          rows_.over_limit = CsvOverLimit{ordinal, field.begin, true, field.size};
        }
      }
    }
    return !rows_.over_limit;
  }

  std::string_view text_;
  const Limits& limits_;
  CsvRows rows_;
  std::size_t at_ = 0;  // where the row's fields go
  Index count_ = 0;     // fields of the row so far
  std::uint32_t row_begin_ = 0;
  std::uint32_t field_begin_ = 0;
};

}  // namespace

Index CsvRows::ordinal(Index row) const {
  if (misfits.empty()) return row;
  // Misfit m comes before the row if at most `row` fitting rows precede it.
  const auto before = std::partition_point(
      misfits.begin(), misfits.end(),
      [&](const CsvMisfit& m) { return m.ordinal - (&m - misfits.data()) <= row; });
  return row + (before - misfits.begin());
}

CsvRows cut_rows(std::string_view text, const std::uint64_t* marks, Index columns,
                 const Limits& limits) {
  const std::size_t words = (text.size() + 63) / 64;
  std::size_t fields = 0;
  for (std::size_t word = 0; word < words; ++word)
    fields += static_cast<std::size_t>(std::popcount(marks[word]));
  RowCutter cutter(text, fields, columns, limits);
  for (std::size_t word = 0; word * 64 < text.size(); ++word) {
    for (std::uint64_t bits = marks[word]; bits != 0; bits &= bits - 1) {
      const auto at = static_cast<std::uint32_t>(word * 64) +
                      static_cast<std::uint32_t>(std::countr_zero(bits));
      if (!cutter.end_field(at)) return cutter.take();
    }
  }
  return cutter.take();
}

std::string_view unquoted(std::string_view raw, char quote, std::string& scratch) {
  const std::string_view inner = raw.substr(1);
  const std::size_t close = inner.find(quote);
  if (close + 1 == inner.size()) return inner.substr(0, close);
  scratch.clear();
  bool quoted = true;
  for (std::size_t i = 0; i < inner.size(); ++i) {
    if (!quoted || inner[i] != quote) {
      scratch += inner[i];
    } else if (i + 1 < inner.size() && inner[i + 1] == quote) {
      scratch += inner[i++];
    } else {
      quoted = false;
    }
  }
  return scratch;
}

}  // namespace lade::io
