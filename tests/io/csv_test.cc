// SPDX-License-Identifier: Apache-2.0
#include "lade/io/csv.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "lade/core/calendar.h"
#include "tests/io/csv_reading.h"

namespace lade::io {
namespace {

using lade::testing::dropped;
using lade::testing::error_of;
using lade::testing::read_rows;
using lade::testing::read_text;
using lade::testing::Rows;
using lade::testing::rows_of;
using lade::testing::with_policy;

std::vector<Kind> kinds(const Schema& schema) {
  std::vector<Kind> out;
  for (const Field& field : schema.fields) out.push_back(field.type.kind);
  return out;
}

std::string data_file(const std::string& name) {
  std::ifstream in(std::string(LADE_TEST_DATA) + "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

CsvOptions as_text(std::initializer_list<std::string> columns) {
  CsvOptions options;
  for (const auto& column : columns) options.source.types[column] = "string";
  return options;
}

TEST(Csv, InfersTypesOverTheWholeInput) {
  CsvOptions options;
  options.block_bytes = 8;
  const CsvTable table = read_text("a,b,c,d\n1,1,1,\n2,2,2,\n-3,.5,x,\n", options);
  EXPECT_EQ(kinds(table.schema),
            (std::vector<Kind>{Kind::i64, Kind::f64, Kind::text, Kind::text}));
  EXPECT_EQ(rows_of(table).back(),
            (std::vector<std::string>{"-3", "0.500000", "x", ""}));
}

TEST(Csv, EmptyFieldsAreNullExceptInText) {
  EXPECT_EQ(read_rows("a,b,c\n1,x,0.5\n,,\n"),
            (Rows{{"1", "x", "0.500000"}, {"null", "", "null"}}));
}

TEST(Csv, NullsAreTheTextsGivenAndNotInTextColumns) {
  CsvOptions options;
  options.source.nulls = {"NA", "-"};
  EXPECT_EQ(read_rows("a,b\n1,NA\nNA,x\n-,-\n", options),
            (Rows{{"1", "NA"}, {"null", "x"}, {"null", "-"}}));
}

TEST(Csv, IdsThatFitNoIntegerStayText) {
  const CsvTable table =
      read_text("id,x\n9223372036854775808,9223372036854775808\n1,0.5\n");
  EXPECT_EQ(kinds(table.schema), (std::vector<Kind>{Kind::text, Kind::f64}));
  EXPECT_EQ(read_rows("id\n9223372036854775807\n-9223372036854775808\n"),
            (Rows{{"9223372036854775807"}, {"-9223372036854775808"}}));
}

TEST(Csv, ReadsTheNumbersFromCharsReads) {
  const auto kind = [](const std::string& value) {
    return read_text("a\n" + value + "\n").schema.fields[0].type.kind;
  };
  for (const auto* text :
       {"1.5", "-1e5", "1E-3", ".5", "5.", "inf", "-INF", "nan", "NaN"}) {
    EXPECT_EQ(kind(text), Kind::f64) << text;
  }
  for (const auto* text :
       {"+1", " 1", "1 ", "0x10", "1e999", "nan(1)", "1_000", "-", ".", "e5", "1,5e"}) {
    if (std::string_view(text).find(',') != std::string_view::npos) continue;
    EXPECT_EQ(kind(text), Kind::text) << text;
  }
}

TEST(Csv, NansAreCanonical) {
  const CsvTable table = read_text("a\n-nan\n1.5\n");
  EXPECT_FALSE(std::signbit(table.chunks[0]->columns[0].as<double>()[0]));
}

TEST(Csv, DecimalCommaIsTheOnlyPoint) {
  CsvOptions options;
  options.source.delimiter = ';';
  options.source.decimal = ',';
  EXPECT_EQ(read_rows("a;b\n1,5;1.5\n2;2\n", options),
            (Rows{{"1.500000", "1.5"}, {"2.000000", "2"}}));
}

TEST(Csv, TabIsTheDelimiterOfTsv) {
  MemoryFiles files;
  files.put("/t.tsv", "a\tb\n1,5\t2\n");
  CsvOptions options;
  options.files = &files;
  EXPECT_EQ(rows_of(read_csv("/t.tsv", options)), (Rows{{"1,5", "2"}}));
}

TEST(Csv, NamedDatesBecomeTime) {
  CsvOptions options;
  options.source.dates = {{"d", "%y%m%d"}, {"t", "%Y-%m-%d %H:%M"}};
  const CsvTable table = read_text("d,t\n930101,1993-01-01 00:01\n,\n", options);
  EXPECT_TRUE(table.schema.fields[0].type.date);
  EXPECT_EQ(table.schema.fields[1].type.unit, TimeUnit::us);
  const auto second = 86'400 * to_day({1993, 1, 1});
  EXPECT_EQ(rows_of(table),
            (Rows{{std::to_string(second), std::to_string((second + 60) * 1'000'000)},
                  {"null", "null"}}));
}

TEST(Csv, GivenTypesAreNotInferred) {
  CsvOptions options;
  options.source.types = {
      {"a", "int8"}, {"b", "float32"}, {"c", "bool"}, {"d", "string"}};
  EXPECT_EQ(read_rows("a,b,c,d\n127,1,true,1\n-128,2.5,0,2\n,,,\n", options),
            (Rows{{"127", "1.000000", "true", "1"},
                  {"-128", "2.500000", "false", "2"},
                  {"null", "null", "null", ""}}));
  EXPECT_EQ(error_of("a,b,c,d\n128,1,1,1\n", options).place().column, "a");
  EXPECT_EQ(error_of("a,b,c,d\n1,1,yes,1\n", options).place().column, "c");
}

TEST(Csv, QuotesHoldDelimitersLinesAndQuotes) {
  EXPECT_EQ(read_rows("a,b\n\"x,\ny\",\"he said \"\"no\"\"\"\n\"\",z\n"),
            (Rows{{"x,\ny", "he said \"no\""}, {"", "z"}}));
}

TEST(Csv, GoldenQuotesReadAsPythonReadsThem) {
  const auto expected =
      nlohmann::json::parse(data_file("csv_quotes.v1.json")).get<Rows>();
  CsvOptions options = as_text({"one", "two", "three"});
  for (const Index block : {Index{1}, Index{64}, Index{1} << 20}) {
    options.block_bytes = block;
    EXPECT_EQ(read_rows(data_file("csv_quotes.v1.csv"), options), expected);
  }
}

TEST(Csv, NothingIsQuotedWithoutAQuote) {
  CsvOptions options;
  options.source.quote = '\0';
  EXPECT_EQ(read_rows("a,b\n\"x,y\"\n", options), (Rows{{"\"x", "y\""}}));
}

TEST(Csv, LineEndsAreLfOrCrLf) {
  EXPECT_EQ(read_rows("a,b\r\n1,2\r\n3,4\n\"5\",\"6\"\r\n"),
            (Rows{{"1", "2"}, {"3", "4"}, {"5", "6"}}));
  EXPECT_EQ(read_rows("a,b\n1\r,2\n"), (Rows{{"1\r", "2"}}));
}

TEST(Csv, BlankLinesAreNoRowsUnlessThereIsOneColumn) {
  const CsvTable table = read_text("\n\na,b\n\n1,2\n\r\n3,4\n\n");
  EXPECT_EQ(rows_of(table), (Rows{{"1", "2"}, {"3", "4"}}));
  EXPECT_EQ(table.report.rows_seen, 2);
  EXPECT_EQ(read_rows("a\n1\n\n2\n"), (Rows{{"1"}, {"null"}, {"2"}}));
}

TEST(Csv, ByteOrderMarkIsSkipped) {
  EXPECT_EQ(read_text("\xEF\xBB\xBF"
                      "a\n1\n")
                .schema.fields[0]
                .name,
            "a");
}

TEST(Csv, NamesMayComeFromTheCaller) {
  CsvOptions options;
  options.source.column_names = {"x", "y"};
  const CsvTable table = read_text("1,2\n3,4\n", options);
  EXPECT_EQ(table.schema.names(), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(table.report.rows_given, 2);
}

TEST(Csv, ColumnsAreGivenInTheOrderAskedFor) {
  CsvOptions options;
  options.columns = {"c", "a"};
  EXPECT_EQ(read_rows("a,b,c\n1,2,3\n", options), (Rows{{"3", "1"}}));
}

TEST(Csv, FilesWithTheSameColumnsAreOneTable) {
  MemoryFiles files;
  files.put("/1.csv", "a,b\n1,2\n");
  files.put("/2.csv", "a,b\n1.5,x\n");
  CsvOptions options;
  options.files = &files;
  CsvReader reader({"/1.csv", "/2.csv"}, options);
  EXPECT_EQ(kinds(reader.schema()), (std::vector<Kind>{Kind::f64, Kind::text}));
  CsvTable table;
  while (auto chunk = reader.next()) table.chunks.push_back(chunk);
  EXPECT_EQ(rows_of(table), (Rows{{"1.000000", "2"}, {"1.500000", "x"}}));
  EXPECT_EQ(reader.next(), nullptr);
}

TEST(Csv, RefusesFilesWithOtherColumns) {
  MemoryFiles files;
  files.put("/1.csv", "a,b\n1,2\n");
  files.put("/2.csv", "b,a\n1,2\n");
  CsvOptions options;
  options.files = &files;
  EXPECT_THROW(CsvReader({"/1.csv", "/2.csv"}, options), DataError);
}

TEST(Csv, ChunksAreChargedToTheLedger) {
  MemoryFiles files;
  files.put("/t.csv", "a\n1\n2\n");
  CsvOptions options;
  options.files = &files;
  options.ledger = std::make_shared<Ledger>(1 << 20);
  {
    const CsvTable table = read_csv("/t.csv", options);
    EXPECT_EQ(options.ledger->used(Account::decode), table.chunks[0]->bytes);
  }
  EXPECT_EQ(options.ledger->used(), 0);
}

TEST(Csv, EstimateOfMemoryFollowsTheFirstBlock) {
  std::string text = "a,b\n";
  for (int i = 0; i < 1000; ++i) text += "100" + std::to_string(i % 10) + ",food\n";
  MemoryFiles files;
  files.put("/t.csv", text);
  CsvOptions options;
  options.files = &files;
  options.block_bytes = 1000;
  const CsvReader reader({"/t.csv"}, options);
  EXPECT_EQ(reader.rows_seen(), 1000);
  EXPECT_NEAR(static_cast<double>(reader.decoded_bytes()), 12'000, 2'000);
}

TEST(Csv, RefusesOptionsThatClash) {
  const auto refuses = [](auto change) {
    CsvOptions options;
    change(options);
    EXPECT_THROW(read_text("a,b\n1,2\n", options), ArgumentError);
  };
  refuses([](CsvOptions& o) { o.source.delimiter = '"'; });
  refuses([](CsvOptions& o) { o.source.delimiter = '\n'; });
  refuses([](CsvOptions& o) { o.source.quote = '\r'; });
  refuses([](CsvOptions& o) { o.source.decimal = ';'; });
  refuses([](CsvOptions& o) { o.source.header = false; });
  refuses([](CsvOptions& o) { o.source.types["c"] = "int64"; });
  refuses([](CsvOptions& o) { o.source.types["a"] = "integer"; });
  refuses([](CsvOptions& o) { o.source.dates["c"] = "%Y"; });
  refuses([](CsvOptions& o) { o.source.dates["a"] = "%q"; });
  refuses([](CsvOptions& o) {
    o.source.dates["a"] = "%Y";
    o.source.types["a"] = "string";
  });
  refuses([](CsvOptions& o) { o.columns = {"a", "a"}; });
  refuses([](CsvOptions& o) { o.columns = {"c"}; });
  refuses([](CsvOptions& o) { o.keys = {"c"}; });
  refuses([](CsvOptions& o) { o.threads = -1; });
  refuses([](CsvOptions& o) { o.block_bytes = 0; });
  refuses([](CsvOptions& o) { o.read_bytes = 0; });
  EXPECT_THROW(CsvReader({}, {}), ArgumentError);
}

TEST(Csv, UnknownColumnNamesTheNearest) {
  CsvOptions options;
  options.columns = {"acount"};
  try {
    read_text("account,amount\n1,2\n", options);
    FAIL();
  } catch (const ArgumentError& error) {
    EXPECT_NE(std::string_view(error.what()).find("did you mean 'account'"),
              std::string_view::npos)
        << error.what();
  }
}

TEST(CsvPolicies, BrokenRowNamesLineByteAndRule) {
  const DataError error = error_of("a,b\n\"x\n\",1\n3\n4,5\n");
  EXPECT_EQ(error.place().rule, "csv.field_count");
  EXPECT_EQ(error.place().row, 4);
  EXPECT_EQ(error.place().offset, 11);
  EXPECT_EQ(error.detail(), "row must have 2 fields, got 1");
}

TEST(CsvPolicies, BadValueNamesColumnByteAndValue) {
  CsvOptions options;
  options.source.dates["d"] = "%y%m%d";
  const DataError error = error_of("a,d\n1,930101\n2,930230\n", options);
  EXPECT_EQ(error.place().rule, "csv.date");
  EXPECT_EQ(error.place().row, 3);
  EXPECT_EQ(error.place().offset, 15);
  EXPECT_EQ(error.place().column, "d");
  EXPECT_EQ(error.place().value, "930230");
}

TEST(CsvPolicies, SkipDropsBrokenRowsByReason) {
  CsvOptions options = with_policy(OnBad::skip);
  options.source.types["a"] = "int64";
  options.keys = {"a"};
  const CsvTable table =
      read_text("a,b\n1,x\nx,y\n2\n3,4,5\n,z\n6,\xFF\n7,ok\n", options);
  EXPECT_EQ(rows_of(table), (Rows{{"1", "x"}, {"7", "ok"}}));
  EXPECT_EQ(dropped(table, DropReason::bad_value), 1);
  EXPECT_EQ(dropped(table, DropReason::short_row), 1);
  EXPECT_EQ(dropped(table, DropReason::long_row), 1);
  EXPECT_EQ(dropped(table, DropReason::null_key), 1);
  EXPECT_EQ(dropped(table, DropReason::bad_utf8), 1);
  EXPECT_EQ(table.report.rows_seen, 7);
  ASSERT_EQ(table.report.first_bad.size(), 5U);
  EXPECT_EQ(table.report.first_bad[0].row, 3);
  EXPECT_EQ(table.report.first_bad[4].rule, "csv.utf8");
}

TEST(CsvPolicies, NullRepairsValuesOnly) {
  CsvOptions options = with_policy(OnBad::null);
  options.source.types["a"] = "int64";
  const CsvTable table = read_text("a,b\nx,y\n2,\xFF\n", options);
  EXPECT_EQ(rows_of(table), (Rows{{"null", "y"}, {"2", "null"}}));
  EXPECT_EQ(table.report.nulls_made, 2);
  EXPECT_EQ(error_of("a,b\n1\n", options).place().rule, "csv.field_count");
  options.keys = {"a"};
  EXPECT_EQ(error_of("a,b\nx,y\n", options).place().rule, "csv.value");
}

TEST(CsvPolicies, KeysAreNotNullNorInfinite) {
  CsvOptions options;
  options.keys = {"t"};
  options.columns = {"a"};
  EXPECT_EQ(error_of("a,t\n1,0.5\n2,\n", options).place().rule, "csv.null_key");
  EXPECT_EQ(error_of("a,t\n1,0.5\n2,inf\n", options).place().rule, "csv.null_key");
  EXPECT_EQ(error_of("a,t\n1,0.5\n2,nan\n", options).place().column, "t");
}

TEST(CsvPolicies, MaxBadIsJudgedInFileOrder) {
  CsvOptions options = with_policy(OnBad::skip);
  options.policies.max_bad.count = 2;
  EXPECT_EQ(read_text("a,b\n1\n2\n3,4\n", options).report.dropped_total(), 2);
  for (const int threads : {1, 2, 7}) {
    options.threads = threads;
    options.block_bytes = 4;
    const DataError error = error_of("a,b\n1\n2\n3,4\n5\n6\n7\n", options);
    EXPECT_EQ(error.place().rule, "csv.max_bad");
    EXPECT_EQ(error.place().row, 5);
  }
}

TEST(CsvPolicies, FractionOfBadRowsAllowsAHundredOfFiveThousand) {
  const auto text = [](int bad) {
    std::string rows = "a,b\n";
    for (int i = 0; i < 5000 - bad; ++i) rows += "1,2\n";
    for (int i = 0; i < bad; ++i) rows += "1\n";
    return rows;
  };
  const CsvOptions options = with_policy(OnBad::skip);
  EXPECT_EQ(read_text(text(100), options).report.dropped_total(), 100);
  EXPECT_EQ(error_of(text(101), options).place().row, 5001);
}

TEST(CsvPolicies, CutLastRowIsAnErrorUnlessToldToStop) {
  const std::string text = "a;b\n1;2\n3";
  CsvOptions options;
  options.source.delimiter = ';';
  const DataError error = error_of(text, options);
  EXPECT_EQ(error.place().rule, "csv.truncated");
  EXPECT_EQ(error.place().row, 3);
  EXPECT_EQ(error.place().offset, 8);
  options.policies.on_truncated = OnTruncated::stop;
  const CsvTable table = read_text(text, options);
  EXPECT_EQ(rows_of(table), (Rows{{"1", "2"}}));
  EXPECT_EQ(dropped(table, DropReason::truncated_tail), 1);
  EXPECT_FALSE(table.report.unproven_end);
}

TEST(CsvPolicies, LastRowThatFitsWithoutALineEndIsUnproven) {
  const CsvTable table = read_text("a,b\n1,2.5\n3,4.7");
  EXPECT_EQ(table.report.rows_given, 2);
  EXPECT_TRUE(table.report.unproven_end);
  EXPECT_FALSE(read_text("a,b\n1,2.5\n3,4.7\n").report.unproven_end);
  const auto strict = with_policy(OnTruncated::strict);
  EXPECT_EQ(error_of("a,b\n1,2.5\n3,4.7", strict).place().rule, "csv.unproven_end");
  EXPECT_EQ(error_of("a,b", strict).place().rule, "csv.unproven_end");
  EXPECT_NO_THROW(read_text("a,b\n1,2.5\n", strict));
}

TEST(CsvPolicies, CutValueInTheLastRowIsATruncatedTail) {
  CsvOptions options = with_policy(OnBad::skip);
  options.source.dates["d"] = "%y%m%d";
  EXPECT_EQ(error_of("a,d\n1,930101\n2,9302", options).place().rule, "csv.truncated");
  options.policies.on_truncated = OnTruncated::stop;
  const CsvTable table = read_text("a,d\n1,930101\n2,9302", options);
  EXPECT_EQ(dropped(table, DropReason::truncated_tail), 1);
}

TEST(CsvPolicies, CutValueInTheLastRowIsNotMadeNull) {
  CsvOptions options = with_policy(OnBad::null);
  options.source.dates["d"] = "%y%m%d";
  EXPECT_EQ(error_of("a,d\n1,930101\n2,9302", options).place().rule, "csv.truncated");
  options.policies.on_truncated = OnTruncated::stop;
  const CsvTable table = read_text("a,d\n1,930101\n2,9302", options);
  EXPECT_EQ(dropped(table, DropReason::truncated_tail), 1);
  EXPECT_EQ(table.report.rows_given, 1);
  EXPECT_EQ(table.report.nulls_made, 0);
  EXPECT_TRUE(table.report.balanced());
}

TEST(CsvPolicies, QuoteThatIsNeverClosedIsFraming) {
  const std::string text = "a,b\n1,x\n2,\"y\n3,z\n";
  const DataError error = error_of(text, with_policy(OnBad::skip));
  EXPECT_EQ(error.place().rule, "csv.open_quote");
  EXPECT_EQ(error.place().row, 3);
  const CsvTable table = read_text(text, with_policy(OnTruncated::stop));
  EXPECT_EQ(rows_of(table), (Rows{{"1", "x"}}));
  EXPECT_EQ(dropped(table, DropReason::truncated_tail), 1);
}

}  // namespace
}  // namespace lade::io
