// SPDX-License-Identifier: Apache-2.0
#include "lade/io/csv_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "lade/core/unknown_name.h"
#include "lade/io/csv_text.h"

namespace lade::io {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr Index kLargestRow = Index{1} << 30;

Index data_begin(const File& file) {
  if (file.bytes() < 3) return 0;
  char start[3];
  file.read_at(0, std::as_writable_bytes(std::span(start)));
  return std::string_view(start, 3) == kByteOrderMark ? 3 : 0;
}

[[noreturn]] void refuse(const File& file, std::string_view rule, Index offset,
                         Index line, std::string value, std::string_view what) {
  throw DataError({.source = file.path(),
                   .offset = offset,
                   .row = line,
                   .column = "",
                   .rule = std::string(rule),
                   .value = std::move(value)},
                  what);
}

/// The first line that is not blank, as fields of `piece`; size 0 if there is none.
struct HeaderLine {
  std::vector<CsvField> fields;
  Index begin = 0;
  Index end = 0;  // behind the line feed
};

HeaderLine find_header(const CsvPiece& piece) {
  HeaderLine line;
  const std::string_view text = piece.text.view();
  std::uint32_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((piece.marks[i / 64] >> (i % 64) & 1) == 0) continue;
    const bool ends = text[i] == '\n';
    auto stop = static_cast<std::uint32_t>(i);
    if (ends && stop > from && text[stop - 1] == '\r') --stop;
    line.fields.push_back({from, stop - from});
    from = static_cast<std::uint32_t>(i) + 1;
    if (!ends) continue;
    line.end = from;
    if (line.fields.size() > 1 || line.fields[0].size > 0) return line;
    line = {.fields = {}, .begin = from, .end = from};
  }
  return {};
}

/// Why a name is refused, or "".
std::string_view fault_of(std::string_view name, const Limits& limits) {
  if (name.empty()) return "column name must not be empty; give names by `header`";
  if (static_cast<Index>(name.size()) > limits.max_name_bytes) {
    return "column name is longer than max_name_bytes";
  }
  if (name.find('\0') != std::string_view::npos) return "column name must not hold NUL";
  return is_utf8(name) ? "" : "column name must be UTF-8";
}

void check_names(const File& file, const CsvHeader& header, Index offset, Index line,
                 const Limits& limits) {
  std::unordered_set<std::string_view> seen;
  for (const std::string& name : header.names) {
    const auto fault = fault_of(name, limits);
    if (!fault.empty()) {
      refuse(file, "csv.column_name", offset, line, name,
             fmt::format("{}, got '{}'", fault, escape_text(name)));
    }
    if (!seen.insert(name).second) {
      refuse(file, "csv.duplicate_column", offset, line, name,
             fmt::format("column '{}' stands twice", escape_text(name)));
    }
  }
}

void check_piece(const File& file, const CsvPiece& piece) {
  if (piece.end == CsvEnd::open_quote) {
    refuse(file, "csv.open_quote", piece.offset, 1, "",
           "a quoted column name is never closed");
  }
  if (piece.end == CsvEnd::too_long) {
    refuse(file, "csv.row_bytes", piece.offset, 1, "",
           "the header line is longer than max_row_bytes");
  }
}

std::string unknown_column(std::string_view what, std::string_view name,
                           const std::vector<std::string>& names) {
  return fmt::format("{}: {}", what, unknown_name("column", name, names));
}

Index position_of(std::string_view what, std::string_view name,
                  const std::vector<std::string>& names) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw ArgumentError(unknown_column(what, name, names));
  return found - names.begin();
}

}  // namespace

CsvDialect check_dialect(std::string_view path, const SourceOptions& source) {
  const CsvDialect dialect{
      .delimiter = source.delimiter.value_or(path.ends_with(".tsv") ? '\t' : ','),
      .quote = source.quote,
      .decimal = source.decimal};
  const auto line_end = [](char c) { return c == '\n' || c == '\r'; };
  require(!line_end(dialect.delimiter) && dialect.delimiter != 0,
          "csv: delimiter must be one byte and no line end");
  require(!line_end(dialect.quote) && dialect.quote != dialect.delimiter,
          "csv: quote must be one byte, no line end and not the delimiter");
  require(dialect.decimal == '.' || dialect.decimal == ',',
          fmt::format("csv: decimal must be . or , got '{}'",
                      escape_text(std::string(1, dialect.decimal))));
  return dialect;
}

CsvFramer::Options framer_options(const CsvOptions& options, CsvDialect dialect) {
  require(options.block_bytes >= 1 && options.block_bytes <= kLargestRow,
          fmt::format("csv: block_bytes must be in [1, 2^30], got {}",
                      options.block_bytes));
  require(options.read_bytes >= 1,
          fmt::format("csv: read_bytes must be >= 1, got {}", options.read_bytes));
  return {.dialect = dialect,
          .block_bytes = options.block_bytes,
          .read_bytes = options.read_bytes,
          .max_row_bytes = std::min({options.limits.max_row_bytes,
                                     options.limits.max_block_bytes, kLargestRow})};
}

CsvHeader read_header(const File& file, const CsvOptions& options, CsvDialect dialect) {
  CsvHeader header;
  header.data_offset = data_begin(file);
  if (!options.source.column_names.empty()) {
    header.names = options.source.column_names;
    check_names(file, header, 0, 1, options.limits);
    return header;
  }
  require(options.source.header, "csv: header = false needs a list of column names");
  CsvFramer framer(file, header.data_offset, framer_options(options, dialect));
  while (const auto piece = framer.next()) {
    check_piece(file, *piece);
    const HeaderLine line = find_header(*piece);
    const std::string_view text = piece->text.view();
    const auto lines_before = [&](Index end) {
      return std::count(text.begin(), text.begin() + end, '\n');
    };
    if (line.fields.empty()) {
      header.line += lines_before(piece->text.size);
      continue;
    }
    const Index row = header.line + lines_before(line.begin);
    const CsvField last = line.fields.back();
    if (last.begin + last.size - line.begin > options.limits.max_row_bytes) {
      refuse(file, "csv.row_bytes", piece->offset + line.begin, row, "",
             "the header line is longer than max_row_bytes");
    }
    const auto columns = static_cast<Index>(line.fields.size());
    if (columns > options.limits.max_columns) {
      refuse(file, "csv.columns", piece->offset + line.begin, row, "",
             fmt::format("at most max_columns = {} columns, got {}",
                         options.limits.max_columns, columns));
    }
    std::string scratch;
    for (const CsvField field : line.fields) {
      header.names.emplace_back(field_text(text, field, dialect.quote, scratch));
    }
    check_names(file, header, piece->offset + line.begin, row, options.limits);
    header.line += lines_before(line.end);
    header.data_offset = std::min(piece->offset + line.end, file.bytes());
    header.end = line.end == piece->text.size ? piece->end : CsvEnd::whole;
    return header;
  }
  refuse(file, "csv.header", 0, 1, "", "a header line is needed, the file holds none");
}

std::vector<CsvColumn> bind_columns(const std::vector<std::string>& names,
                                    const CsvOptions& options) {
  std::vector<CsvColumn> columns;
  for (const auto& name : names) columns.emplace_back().name = name;
  for (const auto& [name, word] : options.source.types) {
    auto& column = columns[static_cast<std::size_t>(position_of("types", name, names))];
    column.type = parse_csv_type(name, word);
    column.given = true;
  }
  for (const auto& [name, pattern] : options.source.dates) {
    auto& column = columns[static_cast<std::size_t>(position_of("dates", name, names))];
    require(!column.given,
            fmt::format("dates: column '{}' has a type as well", escape_text(name)));
    column.date.emplace(pattern);
    column.type = column.date->type();
    column.given = true;
  }
  for (const auto& name : options.keys) {
    columns[static_cast<std::size_t>(position_of("csv", name, names))].key = true;
  }
  return columns;
}

std::vector<Index> select_columns(const std::vector<std::string>& names,
                                  const std::vector<std::string>& wanted) {
  std::vector<Index> positions;
  if (wanted.empty()) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      positions.push_back(static_cast<Index>(i));
    }
    return positions;
  }
  for (const auto& name : wanted) {
    const Index position = position_of("columns", name, names);
    require(std::find(positions.begin(), positions.end(), position) == positions.end(),
            fmt::format("columns: '{}' is asked for twice", escape_text(name)));
    positions.push_back(position);
  }
  return positions;
}

}  // namespace lade::io
