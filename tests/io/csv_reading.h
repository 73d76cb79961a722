// SPDX-License-Identifier: Apache-2.0
// What the CSV tests share: texts in memory, read and shown as text again.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lade/io/csv.h"
#include "lade/io/file_memory.h"

namespace lade::testing {

using Rows = std::vector<std::vector<std::string>>;

/// Rows of a table as text; null is "null".
inline Rows rows_of(const io::CsvTable& table) {
  const auto show = [](const Column& column, Index r) -> std::string {
    if (!column.valid(r)) return "null";
    switch (column.kind) {
      case Kind::boolean:
        return column.as<std::uint8_t>()[r] != 0 ? "true" : "false";
      case Kind::i8:
        return std::to_string(column.as<std::int8_t>()[r]);
      case Kind::i32:
        return std::to_string(column.as<std::int32_t>()[r]);
      case Kind::time:
      case Kind::i64:
        return std::to_string(column.as<std::int64_t>()[r]);
      case Kind::u64:
        return std::to_string(column.as<std::uint64_t>()[r]);
      case Kind::f32:
        return std::to_string(column.as<float>()[r]);
      case Kind::f64:
        return std::to_string(column.as<double>()[r]);
      case Kind::text:
        return std::string((*column.dictionary)[column.as<std::int32_t>()[r]]);
      default:
        return "?";
    }
  };
  Rows rows;
  for (const auto& chunk : table.chunks) {
    for (Index r = 0; r < chunk->rows; ++r) {
      auto& row = rows.emplace_back();
      for (const Column& column : chunk->columns) row.push_back(show(column, r));
    }
  }
  return rows;
}

/// Reads a text; the report must add up.
inline io::CsvTable read_text(std::string_view text, io::CsvOptions options = {}) {
  io::MemoryFiles files;
  files.put("/t.csv", text);
  options.files = &files;
  io::CsvTable table = io::read_csv("/t.csv", options);
  EXPECT_TRUE(table.report.balanced());
  Index given = 0;
  for (const auto& chunk : table.chunks) given += chunk->rows;
  EXPECT_EQ(given, table.report.rows_given);
  return table;
}

inline Rows read_rows(std::string_view text, const io::CsvOptions& options = {}) {
  return rows_of(read_text(text, options));
}

/// The DataError of reading a text; fails the test if there is none.
inline DataError error_of(std::string_view text, const io::CsvOptions& options = {}) {
  try {
    read_text(text, options);
  } catch (const DataError& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return DataError({}, "");
}

inline io::CsvOptions with_policy(OnBad on_bad) {
  io::CsvOptions options;
  options.policies.on_bad = on_bad;
  return options;
}
inline io::CsvOptions with_policy(OnTruncated on_truncated) {
  io::CsvOptions options;
  options.policies.on_truncated = on_truncated;
  return options;
}

inline Index dropped(const io::CsvTable& table, DropReason reason) {
  return table.report.dropped[static_cast<int>(reason)];
}

}  // namespace lade::testing
