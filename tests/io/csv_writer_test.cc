// SPDX-License-Identifier: Apache-2.0
#include "lade/io/csv_writer.h"

#include <arrow/api.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <bit>
#include <cerrno>
#include <cmath>
#include <limits>

#include "lade/core/hash.h"
#include "lade/core/table_internal.h"
#include "lade/io/csv.h"
#include "lade/io/file_memory.h"
#include "lade/io/table_writer.h"
#include "tests/testing/faulty_files.h"

namespace lade::io {
namespace {

using testing::FaultyFiles;

/// The columns of one batch, made one by one.
class Columns {
 public:
  /// A null where `values` has none.
  template <class Builder, class T>
  Columns& add(const std::string& name, const std::vector<std::optional<T>>& values,
               const std::shared_ptr<arrow::DataType>& type) {
    Builder builder(type, arrow::default_memory_pool());
    for (const auto& value : values) {
      check(value ? builder.Append(*value) : builder.AppendNull(), "test");
    }
    fields_.push_back(arrow::field(name, type));
    arrays_.push_back(take(builder.Finish(), "test"));
    return *this;
  }
  RecordBatch batch() const {
    return arrow::RecordBatch::Make(arrow::schema(fields_), arrays_[0]->length(),
                                    arrays_);
  }

 private:
  arrow::FieldVector fields_;
  arrow::ArrayVector arrays_;
};

template <class T>
using Values = std::vector<std::optional<T>>;

RecordBatch texts(const Values<std::string>& values) {
  return Columns()
      .add<arrow::StringBuilder, std::string>("t", values, arrow::utf8())
      .batch();
}

std::string written(const std::vector<RecordBatch>& batches) {
  MemoryFiles files;
  files.make_directory("d");
  CsvWriter writer(AtomicFile("d/t.csv", {.files = &files}), batches[0]->schema());
  for (const RecordBatch& batch : batches) writer.write(batch);
  writer.finish();
  return files.contents("d/t.csv");
}

/// The rows as they are read with the options that the writer names.
RecordBatch read_back(const std::string& text, const RecordBatch& given) {
  MemoryFiles files;
  files.put("/t.csv", text);
  CsvOptions options;
  options.files = &files;
  options.source = csv_source(import_schema(*given->schema(), "test"));
  const CsvTable table = read_csv("/t.csv", options);
  arrow::RecordBatchVector batches;
  for (const auto& chunk : table.chunks) {
    batches.push_back(export_chunk(chunk, table.schema));
  }
  if (batches.empty()) return nullptr;
  const auto all = take(arrow::Table::FromRecordBatches(batches), "test");
  return take(all->CombineChunksToBatch(), "test");
}

std::string text_of(const arrow::Array& column, Index row) {
  const auto& coded = static_cast<const arrow::DictionaryArray&>(column);
  return static_cast<const arrow::StringArray&>(*coded.dictionary())
      .GetString(coded.GetValueIndex(row));
}

bool same_bits(const arrow::Array& a, const arrow::Array& b) {
  return a.Equals(b, arrow::EqualOptions().nans_equal(true).signed_zeros_equal(false));
}

TEST(CsvWriter, EveryNumberIsReadBackToTheSameBits) {
  using Whole = std::numeric_limits<std::int64_t>;
  using Real = std::numeric_limits<double>;
  using Single = std::numeric_limits<float>;
  const RecordBatch given =
      Columns()
          .add<arrow::Int64Builder, std::int64_t>(
              "i64", {Whole::min(), Whole::max(), 0, {}}, arrow::int64())
          .add<arrow::UInt64Builder, std::uint64_t>(
              "u64", {~std::uint64_t{0}, 0, {}, 7}, arrow::uint64())
          .add<arrow::Int8Builder, std::int8_t>("i8", {-128, {}, 127, 0}, arrow::int8())
          .add<arrow::UInt16Builder, std::uint16_t>("u16", {0, 65'535, {}, 1},
                                                    arrow::uint16())
          .add<arrow::BooleanBuilder, bool>("yes", {true, false, {}, true},
                                            arrow::boolean())
          .add<arrow::DoubleBuilder, double>(
              "f64", {0.1, -0.0, Real::denorm_min(), Real::max()}, arrow::float64())
          .add<arrow::DoubleBuilder, double>(
              "odd", {Real::infinity(), -Real::infinity(), Real::quiet_NaN(), {}},
              arrow::float64())
          .add<arrow::FloatBuilder, float>(
              "f32", {0.1F, Single::denorm_min(), -Single::max(), 16'777'216.0F},
              arrow::float32())
          .batch();
  const RecordBatch read = read_back(written({given}), given);
  ASSERT_EQ(read->num_columns(), given->num_columns());
  for (int c = 0; c < given->num_columns(); ++c) {
    EXPECT_TRUE(same_bits(*read->column(c), *given->column(c)))
        << given->column_name(c) << read->column(c)->ToString();
  }
}

TEST(CsvWriter, AnyDoubleAndFloatIsReadBackToTheSameBits) {
  rc::check([](const std::vector<std::uint64_t>& bits) {
    Values<double> wide;
    Values<float> narrow;
    for (const std::uint64_t b : bits) {
      const auto x = std::bit_cast<double>(b);
      const auto y = std::bit_cast<float>(static_cast<std::uint32_t>(b >> 9));
      wide.emplace_back(std::isnan(x) ? 1.0 / 3 : x);
      narrow.emplace_back(std::isnan(y) ? 1.0F / 3 : y);
    }
    if (wide.empty()) return;
    const RecordBatch given =
        Columns()
            .add<arrow::DoubleBuilder, double>("a", wide, arrow::float64())
            .add<arrow::FloatBuilder, float>("b", narrow, arrow::float32())
            .batch();
    const RecordBatch read = read_back(written({given}), given);
    RC_ASSERT(same_bits(*read->column(0), *given->column(0)));
    RC_ASSERT(same_bits(*read->column(1), *given->column(1)));
  });
}

TEST(CsvWriter, AnyTextIsReadBack) {
  rc::check([] {
    const auto given =
        *rc::gen::container<std::vector<std::string>>(rc::gen::container<std::string>(
            rc::gen::elementOf(std::string("ab\",\n\r; "))));
    if (given.empty()) return;
    Values<std::string> values(given.begin(), given.end());
    const RecordBatch batch = texts(values);
    const RecordBatch read = read_back(written({batch}), batch);
    RC_ASSERT(read != nullptr);
    RC_ASSERT(read->num_rows() == batch->num_rows());
    for (std::size_t r = 0; r < given.size(); ++r) {
      RC_ASSERT(text_of(*read->column(0), static_cast<Index>(r)) == given[r]);
    }
  });
}

TEST(CsvWriter, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(written({texts({"a b", "a,b", "5\"", "x\ny", "x\r", "a;b", " "})}),
            "t\na b\n\"a,b\"\n\"5\"\"\"\n\"x\ny\"\n\"x\r\"\na;b\n \n");
  const RecordBatch named = Columns()
                                .add<arrow::Int32Builder, std::int32_t>(
                                    "\xEF\xBB\xBFx,\"y\"", {1}, arrow::int32())
                                .batch();
  EXPECT_EQ(written({named}), "\"\xEF\xBB\xBFx,\"\"y\"\"\"\n1\n");
}

TEST(CsvWriter, NullIsAnEmptyFieldAndAnEmptyTextIsInQuotes) {
  const RecordBatch given =
      Columns()
          .add<arrow::StringBuilder, std::string>("t", {"", {}, "x"}, arrow::utf8())
          .add<arrow::FloatBuilder, float>("f", {{}, 2.5F, {}}, arrow::float32())
          .batch();
  EXPECT_EQ(written({given}), "t,f\n\"\",\n,2.5\nx,\n");
  EXPECT_TRUE(
      same_bits(*read_back(written({given}), given)->column(1), *given->column(1)));
}

/// A batch with one time column.
RecordBatch times(const Values<std::int64_t>& values, arrow::TimeUnit::type unit,
                  const std::string& zone) {
  return Columns()
      .add<arrow::TimestampBuilder, std::int64_t>("at", values,
                                                  arrow::timestamp(unit, zone))
      .batch();
}

TEST(CsvWriter, TimesAreIso8601AndReadBackToTheSameInstant) {
  constexpr std::int64_t kLeapDay = 1'709'210'645;  // 2024-02-29 12:44:05
  EXPECT_EQ(written({times({kLeapDay, -1, {}}, arrow::TimeUnit::SECOND, "")}),
            "at\n2024-02-29T12:44:05\n1969-12-31T23:59:59\n\n");
  EXPECT_EQ(written({times({-1, 1}, arrow::TimeUnit::MILLI, "UTC")}),
            "at\n1969-12-31T23:59:59.999Z\n1970-01-01T00:00:00.001Z\n");
  EXPECT_EQ(written({times({-62'135'596'800'000'000}, arrow::TimeUnit::MICRO,
                           "Europe/Prague")}),
            "at\n0001-01-01T00:00:00.000000Z\n");
  for (const std::string zone : {"", "UTC"}) {
    const RecordBatch micro =
        times({kLeapDay * 1'000'000 + 7, {}, -1}, arrow::TimeUnit::MICRO, zone);
    EXPECT_TRUE(read_back(written({micro}), micro)->Equals(*micro)) << zone;
    const RecordBatch nano = times({kLeapDay * 1'000'000'000 + 7,
                                    {},
                                    -1,
                                    std::numeric_limits<std::int64_t>::min() + 1,
                                    std::numeric_limits<std::int64_t>::max()},
                                   arrow::TimeUnit::NANO, zone);
    EXPECT_TRUE(read_back(written({nano}), nano)->Equals(*nano)) << zone;
  }
}

TEST(CsvWriter, DatesHaveNoTimeOfDay) {
  const RecordBatch given = Columns()
                                .add<arrow::Date32Builder, std::int32_t>(
                                    "on", {18'321, {}, -1}, arrow::date32())
                                .batch();
  EXPECT_EQ(written({given}), "on\n2020-02-29\n\n1969-12-31\n");
  EXPECT_TRUE(read_back(written({given}), given)->Equals(*given));
}

TEST(CsvWriter, WritesTheSameBytesForAnyBatches) {
  Values<std::string> values;
  for (Index i = 0; i < 50'000; ++i) values.emplace_back(std::to_string(i * i) + ",");
  const RecordBatch whole = texts(values);
  EXPECT_EQ(written({whole}), written({whole->Slice(0, 1), whole->Slice(1, 0),
                                       whole->Slice(1, 40'000), whole->Slice(40'001)}));
}

TEST(CsvWriter, TellsBytesRowsAndHash) {
  MemoryFiles files;
  files.make_directory("d");
  const RecordBatch given = texts({"a", "b"});
  CsvWriter writer(AtomicFile("d/t.csv", {.files = &files}), given->schema());
  writer.write(given);
  EXPECT_EQ(writer.rows(), 2);
  const ManifestFile done = writer.finish();
  EXPECT_EQ(done.rows, 2);
  EXPECT_EQ(done.bytes, 6);
  EXPECT_EQ(done.footer_xxh3, 0U);
  EXPECT_EQ(done.xxh3, xxh3_64("t\na\nb\n"));
  EXPECT_THROW(writer.write(given), ArgumentError);
}

TEST(CsvWriter, RefusesAColumnThatIsNoPlainValueAndAnotherSchema) {
  MemoryFiles files;
  files.make_directory("d");
  const auto writer_of = [&](const std::shared_ptr<arrow::DataType>& type) {
    return CsvWriter(AtomicFile("d/t.csv", {.files = &files}),
                     arrow::schema({arrow::field("a", type)}));
  };
  EXPECT_THROW(writer_of(arrow::binary()), ArgumentError);
  EXPECT_THROW(writer_of(arrow::list(arrow::int32())), ArgumentError);
  try {
    writer_of(arrow::decimal128(10, 2));
    ADD_FAILURE() << "accepted";
  } catch (const ArgumentError& error) {
    EXPECT_NE(std::string(error.what()).find("column 'a'"), std::string::npos);
  }
  CsvWriter writer = writer_of(arrow::int32());
  EXPECT_THROW(writer.write(texts({"a"})), ArgumentError);
  EXPECT_THROW(writer.finish(), ArgumentError) << "after a failure nothing is finished";
  EXPECT_FALSE(files.exists("d/t.csv"));
}

TEST(CsvWriter, FailingAtAnyCallLeavesTheOldFile) {
  const RecordBatch given = texts(Values<std::string>(100'000, "text"));
  for (int n = 1;; ++n) {
    MemoryFiles files;
    files.put("d/t.csv", "old");
    FaultyFiles faulty(files, {.at = n, .error_number = ENOSPC, .write_first = 5});
    bool threw = false;
    try {
      CsvWriter writer(AtomicFile("d/t.csv", {.overwrite = true, .files = &faulty}),
                       given->schema());
      writer.write(given);
      writer.finish();
    } catch (const IoError& error) {
      threw = true;
      EXPECT_EQ(error.error_number(), ENOSPC);
    }
    if (!faulty.fired()) break;
    const bool old = files.contents("d/t.csv") == "old";
    EXPECT_TRUE(old || files.contents("d/t.csv").size() == 500'002) << "call " << n;
    EXPECT_TRUE(threw || !old) << "call " << n;
  }
}

TEST(TableWriter, NamesItsFormats) {
  for (const TableFormat format :
       {TableFormat::parquet, TableFormat::ipc, TableFormat::csv}) {
    EXPECT_EQ(parse_table_format(name(format), "test"), format);
  }
  EXPECT_EQ(suffix(TableFormat::ipc), ".arrow");
}

TEST(TableWriter, RefusesAnUnknownFormat) {
  try {
    parse_table_format("xlsx", "apply: output_format");
    ADD_FAILURE() << "accepted";
  } catch (const ArgumentError& error) {
    EXPECT_STREQ(error.what(),
                 "apply: output_format: must be parquet, ipc or csv, got 'xlsx'");
  }
}

}  // namespace
}  // namespace lade::io
