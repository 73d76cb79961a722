// SPDX-License-Identifier: Apache-2.0
// Every cut, flip, limit and block size: right rows or one named error.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

#include "lade/io/csv.h"
#include "tests/io/csv_reading.h"

namespace lade::io {
namespace {

using lade::testing::error_of;
using lade::testing::read_text;
using lade::testing::Rows;
using lade::testing::rows_of;

const std::string kBank =
    "\"id\";\"day\";\"kind\";\"amount\"\n"
    "1;930101;\"PRIJEM\";700.00\n"
    "2;930102;\"two\nlines; \"\"quoted\"\"\";\r\n"
    "\n"
    "3;930131;\"\";1e3\r\n"
    "4;930228;\"\xC3\xA9\";-5\n";

CsvOptions bank_options() {
  CsvOptions options;
  options.source.delimiter = ';';
  options.source.types = {{"id", "int64"}, {"amount", "float64"}};
  options.source.dates = {{"day", "%y%m%d"}};
  options.threads = 1;
  return options;
}

/// What reading came to, as one text.
std::string outcome(const std::string& text, const CsvOptions& options) {
  try {
    const CsvTable table = read_text(text, options);
    std::string out;
    for (const auto& row : rows_of(table)) {
      for (const auto& value : row) out += value + "|";
      out += "\n";
    }
    for (const Field& field : table.schema.fields) out += to_string(field.type) + " ";
    for (const Index n : table.report.dropped) out += std::to_string(n) + " ";
    for (const Place& place : table.report.first_bad) {
      out += DataError(place, "").what();
    }
    return out + std::to_string(table.report.rows_seen) + " " +
           std::to_string(table.report.nulls_made) +
           (table.report.unproven_end ? " unproven" : "");
  } catch (const DataError& error) {
    return error.what();
  }
}

TEST(CsvBadInput, CutAtEveryByteGivesAPrefixOrAnError) {
  const Rows whole = rows_of(read_text(kBank, bank_options()));
  ASSERT_EQ(whole.size(), 4U);
  CsvOptions options = bank_options();
  options.policies.on_truncated = OnTruncated::stop;
  for (std::size_t cut = 0; cut < kBank.size(); ++cut) {
    SCOPED_TRACE(cut);
    const std::string text = kBank.substr(0, cut);
    try {
      const CsvTable table = read_text(text, options);
      const Rows rows = rows_of(table);
      ASSERT_LE(rows.size(), whole.size());
      // The last row of an unproven end may hold a part of a value; the others are
      // whole.
      const std::size_t sure =
          rows.size() - (table.report.unproven_end && !rows.empty());
      EXPECT_TRUE(std::equal(rows.begin(), rows.begin() + static_cast<Index>(sure),
                             whole.begin()));
      const bool line_end = text.back() == '\n' && sure == rows.size();
      EXPECT_TRUE(line_end || table.report.unproven_end ||
                  table.report.dropped_total() == 1);
    } catch (const DataError& error) {
      EXPECT_FALSE(error.place().rule.empty());
      EXPECT_LE(error.place().offset.value_or(0), static_cast<Index>(cut));
    } catch (const ArgumentError&) {
      EXPECT_LT(cut, kBank.find('\n') + 1);  // a header that is cut lacks columns
    }
  }
}

TEST(CsvBadInput, EveryFlippedBitGivesRowsOrANamedError) {
  for (std::size_t bit = 0; bit < 8 * kBank.size(); ++bit) {
    std::string text = kBank;
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
    for (const OnBad on_bad : {OnBad::fail, OnBad::skip, OnBad::null}) {
      CsvOptions options = bank_options();
      options.policies.on_bad = on_bad;
      try {
        read_text(text, options);  // checks that the report adds up
      } catch (const DataError& error) {
        EXPECT_TRUE(error.place().rule.starts_with("csv.")) << error.what();
      } catch (const ArgumentError&) {
        EXPECT_LT(bit / 8, kBank.find('\n') + 1);
      }
    }
  }
}

TEST(CsvBadInput, SameOutcomeForAnyThreadsBlocksAndReads) {
  EXPECT_TRUE(rc::check([] {
    std::string text = "id;day;kind;amount\n";
    const auto count = *rc::gen::inRange(0, 40);
    for (int i = 0; i < count; ++i) {
      text += *rc::gen::element<std::string>(
          "1;930101;a;2\n", "2;930102;\"x;\ny\";3\n", "3;930103;b\n", "x;930104;c;1\n",
          "4;930199;d;1\n", "5;930105;e;1;2\n", "6;930106;\"q\"\"q\";\r\n", "\n",
          "7;930107;\xFF;1\n", "8;930108;pl\"ain;1\n");
    }
    text += *rc::gen::element<std::string>("", "9;930109;z;1", "9;93", "9;\"93");
    CsvOptions options = bank_options();
    options.policies.on_bad = *rc::gen::element(OnBad::fail, OnBad::skip, OnBad::null);
    options.policies.max_bad.count = *rc::gen::inRange(0, 30);
    options.policies.on_truncated =
        *rc::gen::element(OnTruncated::fail, OnTruncated::stop, OnTruncated::strict);
    if (*rc::gen::arbitrary<bool>()) options.source.types.clear();
    const std::string expected = outcome(text, options);
    for (const auto& [threads, block, read] :
         {std::tuple{1, 1, 1}, {2, 16, 3}, {7, 64, 1000}, {2, 100'000, 1}}) {
      options.threads = threads;
      options.block_bytes = block;
      options.read_bytes = read;
      RC_ASSERT(outcome(text, options) == expected);
    }
  }));
}

TEST(CsvBadInput, RefusesHeadersWithoutUsableNames) {
  const auto rule = [](const std::string& text, Limits limits = {}) {
    CsvOptions options;
    options.limits = limits;
    return error_of(text, options).place().rule;
  };
  EXPECT_EQ(rule(""), "csv.header");
  EXPECT_EQ(rule("\n\r\n\n"), "csv.header");
  EXPECT_EQ(rule("a,,c\n"), "csv.column_name");
  EXPECT_EQ(rule("a,\xFF\n"), "csv.column_name");
  EXPECT_EQ(rule(std::string("a,b\0\n", 5)), "csv.column_name");
  EXPECT_EQ(rule(std::string(1 << 20, 'n') + "\n"), "csv.column_name");
  EXPECT_EQ(rule("a,b,a\n"), "csv.duplicate_column");
  EXPECT_EQ(rule("a,b,c\n", {.max_columns = 2}), "csv.columns");
  EXPECT_EQ(rule("\"a,b,c\n"), "csv.open_quote");
  EXPECT_EQ(rule("abcdefgh\n", {.max_row_bytes = 4}), "csv.row_bytes");
}

TEST(CsvBadInput, LimitsAllowTheirValueAndRefuseOneMore) {
  CsvOptions options;
  options.limits.max_row_bytes = 10;
  EXPECT_EQ(read_text("a,b\n12345,7890\r\n", options).report.rows_given, 1);
  EXPECT_EQ(error_of("a,b\n12345,78901\n1\n", options).place().rule, "csv.row_bytes");
  EXPECT_EQ(error_of("a,b\n1,2\n12345,78901234567890", options).place().rule,
            "csv.row_bytes");
  options.limits = {.max_value_bytes = 5};
  EXPECT_EQ(read_text("a,b\n12345,67890\n", options).report.rows_given, 1);
  const DataError error = error_of("a,b\n12345,678901\n", options);
  EXPECT_EQ(error.place().rule, "csv.value_bytes");
  EXPECT_EQ(error.place().offset, 10);
}

TEST(CsvBadInput, LongRowsGrowTheirBlock) {
  CsvOptions options;
  options.block_bytes = 16;
  const std::string value(100'000, 'x');
  EXPECT_EQ(rows_of(read_text("a,b\n1,2\n3," + value + "\n4,5\n", options))[1][1],
            value);
}

TEST(CsvBadInput, OpenQuoteInALargeFileStopsAtTheRowLimit) {
  CsvOptions options;
  options.limits.max_row_bytes = 1000;
  options.block_bytes = 64;
  std::string text = "a,b\n1,\"x\n";
  for (int i = 0; i < 1000; ++i) text += "2,y\n";
  const DataError error = error_of(text, options);
  EXPECT_EQ(error.place().rule, "csv.row_bytes");
  EXPECT_EQ(error.place().row, 2);
}

TEST(CsvBadInput, NulIsAByteOfTextAndNoNumber) {
  const std::string text("a,b\nx\0y,1\n", 10);
  EXPECT_EQ(rows_of(read_text(text))[0][0], std::string("x\0y", 3));
  CsvOptions options;
  options.source.types["a"] = "int64";
  EXPECT_EQ(error_of(std::string("a,b\n1\0,1\n", 9), options).place().rule,
            "csv.value");
}

TEST(CsvBadInput, HostileTextIsEscapedInMessages) {
  CsvOptions options;
  options.source.types["a"] = "int64";
  const DataError error = error_of("a,b\n\x1B[2J,1\n", options);
  EXPECT_NE(std::string_view(error.what()).find("\\x1B[2J"), std::string_view::npos);
  EXPECT_EQ(std::string_view(error.what()).find('\x1B'), std::string_view::npos);
}

TEST(CsvBadInput, FileThatChangesBetweenThePassesIsRefused) {
  MemoryFiles files;
  files.put("/t.csv", "a,b\n1,2\n");
  CsvOptions options;
  options.files = &files;
  CsvReader reader({"/t.csv"}, options);
  files.put("/t.csv", "a,b\n1\n2\n3\n");
  try {
    reader.next();
    FAIL();
  } catch (const DataError& error) {
    EXPECT_EQ(error.place().rule, "file.changed");
  }
  EXPECT_THROW(reader.next(), ArgumentError);
}

TEST(CsvBadInput, RefusesWhatIsNoFile) {
  MemoryFiles files;
  files.make_directory("/d");
  CsvOptions options;
  options.files = &files;
  EXPECT_THROW(read_csv("/d", options), IoError);
  EXPECT_THROW(read_csv("/absent", options), IoError);
}

}  // namespace
}  // namespace lade::io
