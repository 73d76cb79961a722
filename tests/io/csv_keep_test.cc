// SPDX-License-Identifier: Apache-2.0
// The first pass converts to the types seen so far: what it keeps must not show.
#include <gtest/gtest.h>

#include <random>

#include "tests/io/csv_reading.h"

namespace lade::io {
namespace {

using testing::Rows;
using testing::rows_of;

struct Read {
  Rows rows;
  std::vector<Index> chunk_rows;
  std::string types;
  std::string error;
  Index dropped = 0;
  Index nulls_made = 0;
  bool operator==(const Read&) const = default;
};

Read read(const std::string& text, Index keep_bytes, OnBad on_bad = OnBad::fail,
          int threads = 1) {
  MemoryFiles files;
  files.put("/t.csv", text);
  CsvOptions options;
  options.files = &files;
  options.block_bytes = 64;
  options.keep_bytes = keep_bytes;
  options.policies.on_bad = on_bad;
  options.threads = threads;
  Read out;
  try {
    const CsvTable table = read_csv("/t.csv", options);
    out.rows = rows_of(table);
    for (const auto& chunk : table.chunks) out.chunk_rows.push_back(chunk->rows);
    for (const Field& field : table.schema.fields)
      out.types += to_string(field.type) + " ";
    out.dropped = table.report.dropped_total();
    out.nulls_made = table.report.nulls_made;
    EXPECT_TRUE(table.report.balanced());
  } catch (const DataError& error) {
    out.error = error.what();
  }
  return out;
}

/// Values of a column that shows what it is only later, or never.
std::string value(std::mt19937& random, int style, int row) {
  const int n = static_cast<int>(random() % 1000);
  switch (style) {
    case 0:
      return std::to_string(n);
    case 1:
      return row < 60 ? std::to_string(n) : std::to_string(n) + ".25";
    case 2:
      return row < 90 ? std::to_string(n) + ".5" : "x" + std::to_string(n);
    case 3:
      return row < 50 ? "" : std::to_string(n);
    case 4:
      return row == 70 ? "99999999999999999999" : std::to_string(n);
    case 5:
      return "\"a,\"\"" + std::to_string(n % 3) + "\"";
    default:
      return n % 5 == 0 ? "" : "w" + std::to_string(n % 9);
  }
}

TEST(CsvKeep, SameAsReadingTwice) {
  std::mt19937 random(3);
  for (int round = 0; round < 40; ++round) {
    std::vector<int> styles;
    for (int c = 0; c < 4; ++c) styles.push_back(static_cast<int>(random() % 7));
    std::string text = "a,b,c,d\n";
    for (int row = 0; row < 120; ++row) {
      for (std::size_t c = 0; c < 4; ++c)
        text += (c == 0 ? "" : ",") + value(random, styles[c], row);
      text += '\n';
    }
    const Read twice = read(text, 0);
    EXPECT_EQ(twice.error, "");
    EXPECT_EQ(read(text, Index{1} << 20), twice);
    EXPECT_EQ(read(text, 3000), twice);  // room for some
    EXPECT_EQ(read(text, Index{1} << 20, OnBad::fail, 3), twice);
  }
}

TEST(CsvKeep, SameErrorsAndDropsAsReadingTwice) {
  std::string text = "a,b\n";
  for (int row = 0; row < 100; ++row) text += std::to_string(row) + ",1.5\n";
  text += "1,2,3\n";
  for (int row = 0; row < 100; ++row) text += std::to_string(row) + ",2\n";
  text += "4,\xff\n";
  for (int row = 0; row < 20; ++row) text += std::to_string(row) + ",text\n";
  for (const OnBad on_bad : {OnBad::fail, OnBad::skip, OnBad::null}) {
    const Read twice = read(text, 0, on_bad);
    EXPECT_EQ(twice.error.empty(), on_bad == OnBad::skip);
    EXPECT_EQ(read(text, Index{1} << 20, on_bad), twice);
  }
}

TEST(CsvKeep, TextAndWhatIsKeptAreOnTheLedger) {
  MemoryFiles files;
  std::string text = "a,b\n";
  for (int row = 0; row < 20'000; ++row) text += std::to_string(row) + ",word\n";
  files.put("/t.csv", text);
  CsvOptions options;
  options.files = &files;
  options.threads = 2;
  options.block_bytes = Index{16} << 10;
  options.keep_bytes = Index{1} << 20;
  options.ledger = std::make_shared<Ledger>(Index{8} << 20);
  {
    CsvReader reader({"/t.csv"}, options);
    EXPECT_GE(options.ledger->peak(Account::read), options.block_bytes);
    EXPECT_EQ(options.ledger->used(Account::read), 0);
    EXPECT_GT(options.ledger->used(Account::decode), 20'000 * 12 / 2);
    EXPECT_LE(options.ledger->used(Account::decode), options.keep_bytes);
  }
  EXPECT_EQ(options.ledger->used(), 0);
}

}  // namespace
}  // namespace lade::io
