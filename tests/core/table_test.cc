// SPDX-License-Identifier: Apache-2.0
#include "lade/core/table.h"

#include <arrow/api.h>
#include <arrow/extension_type.h>
#include <arrow/io/api.h>
#include <arrow/json/from_string.h>
#include <arrow/util/io_util.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <bit>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <set>

#include "lade/core/table_internal.h"

namespace lade {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

ArrayPtr array(const std::shared_ptr<arrow::DataType>& type, std::string_view json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

RecordBatch batch_of(const ArrayPtr& values, const std::string& name = "x") {
  return arrow::RecordBatch::Make(arrow::schema({arrow::field(name, values->type())}),
                                  values->length(), {values});
}

std::shared_ptr<const Chunk> chunk_of(const ArrayPtr& values) {
  return import_chunk(batch_of(values), {}, "test");
}

template <class T>
std::vector<T> values_of(const Chunk& chunk, std::size_t c = 0) {
  const T* values = chunk.columns[c].as<T>();
  return {values, values + chunk.rows};
}

/// Texts, "<null>" where null.
std::vector<std::string> texts_of(const Chunk& chunk, std::size_t c = 0) {
  const Column& column = chunk.columns[c];
  std::vector<std::string> texts;
  for (Index r = 0; r < chunk.rows; ++r) {
    const auto code = column.as<std::int32_t>()[r];
    texts.emplace_back(column.valid(r) ? (*column.dictionary)[code] : "<null>");
  }
  return texts;
}

std::vector<bool> valid_of(const Chunk& chunk) {
  std::vector<bool> valid;
  for (Index r = 0; r < chunk.rows; ++r) valid.push_back(chunk.columns[0].valid(r));
  return valid;
}

DataError data_error(const auto& call) {
  try {
    call();
  } catch (const DataError& error) {
    return error;
  }
  ADD_FAILURE() << "no DataError";
  return {{}, ""};
}

TEST(Check, MapsEveryStatusToItsError) {
  EXPECT_NO_THROW(check(arrow::Status::OK(), "x"));
  using arrow::Status;
  for (const Status& status :
       {Status::Invalid("a"), Status::TypeError("a"), Status::SerializationError("a"),
        Status::KeyError("a"), Status::IndexError("a"), Status::CapacityError("a"),
        Status::NotImplemented("a"), Status::IOError("bad page")}) {
    EXPECT_THROW(check(status, "x"), DataError) << status.ToString();
  }
  EXPECT_THROW(check(Status::OutOfMemory("a"), "x"), std::bad_alloc);
  EXPECT_THROW(check(Status::UnknownError("a"), "x"), std::runtime_error);
  EXPECT_STREQ(
      data_error([] { check(arrow::Status::Invalid("a\x1b"), "x.parquet"); }).what(),
      "x.parquet: arrow.invalid: a\\x1B");
}

TEST(Check, KeepsTheErrnoOfAnIoError) {
  try {
    check(arrow::internal::IOErrorFromErrno(ENOSPC, "writing"), "/data/x");
    FAIL();
  } catch (const IoError& error) {
    EXPECT_EQ(error.error_number(), ENOSPC);
    EXPECT_EQ(error.path(), "/data/x");
  }
}

TEST(Take, GivesTheValueOrTheError) {
  EXPECT_EQ(take(arrow::Result<int>(7), "x"), 7);
  EXPECT_THROW(take(arrow::Result<int>(arrow::Status::Invalid("no")), "x"), DataError);
}

TEST(ImportSchema, ReadsTheAllowedTypes) {
  const Schema schema = import_schema(
      *arrow::schema(
          {arrow::field("flag", arrow::boolean()),
           arrow::field("half", arrow::float16()),
           arrow::field("price", arrow::decimal128(20, 4)),
           arrow::field("day", arrow::date32()),
           arrow::field("at", arrow::timestamp(arrow::TimeUnit::NANO, "UTC")),
           arrow::field("took", arrow::duration(arrow::TimeUnit::MILLI)),
           arrow::field("name", arrow::utf8_view(), false),
           arrow::field("raw", arrow::large_binary()),
           arrow::field("city", arrow::dictionary(arrow::int8(), arrow::utf8()))}),
      "test");
  std::vector<std::string> types;
  for (const Field& field : schema.fields) types.push_back(to_string(field.type));
  EXPECT_EQ(types, (std::vector<std::string>{"boolean", "f32", "f64", "date",
                                             "timestamp[ns, UTC]", "i64", "text",
                                             "binary", "text"}));
  EXPECT_FALSE(schema.fields[6].nullable);
  EXPECT_TRUE(schema.fields[0].nullable);
}

TEST(ImportSchema, RefusesOtherTypesByName) {
  for (const auto& type :
       {arrow::null(), arrow::list(arrow::int32()),
        arrow::time32(arrow::TimeUnit::SECOND), arrow::fixed_size_binary(4),
        arrow::struct_({arrow::field("a", arrow::int8())})}) {
    const DataError error = data_error(
        [&] { import_schema(*arrow::schema({arrow::field("bad", type)}), "x"); });
    EXPECT_EQ(error.place().rule, "table.type");
    EXPECT_EQ(error.place().column, "bad");
    EXPECT_NE(std::string(error.what()).find(type->ToString()), std::string::npos);
  }
}

TEST(ImportSchema, RefusesTwoColumnsOfOneName) {
  const auto schema = arrow::schema(
      {arrow::field("a", arrow::int8()), arrow::field("a", arrow::int16())});
  EXPECT_EQ(data_error([&] { import_schema(*schema, "x"); }).place().rule,
            "table.duplicate_column");
}

TEST(ImportChunk, ViewsWhatLiesAsItShould) {
  const auto values = array(arrow::int64(), "[1, 2, -9223372036854775808]");
  const auto chunk = chunk_of(values);
  EXPECT_EQ(chunk->columns[0].values, values->data()->buffers[1]->data());
  EXPECT_EQ(chunk->rows, 3);
  EXPECT_EQ(chunk->bytes, 24);
  EXPECT_EQ(values_of<std::int64_t>(*chunk)[2],
            std::numeric_limits<std::int64_t>::min());
}

TEST(ImportChunk, OutlivesItsBatch) {
  auto values = array(arrow::float64(), "[1.5, null, 2.5]");
  auto batch = batch_of(values);
  const auto chunk = import_chunk(batch, {}, "test");
  batch.reset();
  values.reset();
  EXPECT_EQ(values_of<double>(*chunk), (std::vector<double>{1.5, 0, 2.5}));
}

TEST(ImportChunk, ZeroesTheBytesUnderNulls) {
  const std::vector<std::int32_t> secret = {1, 666, 3};
  const std::uint8_t bits = 0b101;
  const auto values = std::make_shared<arrow::Int32Array>(
      3, arrow::Buffer::Wrap(secret), std::make_shared<arrow::Buffer>(&bits, 1));
  const auto chunk = chunk_of(values);
  EXPECT_EQ(values_of<std::int32_t>(*chunk), (std::vector<std::int32_t>{1, 0, 3}));
  EXPECT_EQ(valid_of(*chunk), (std::vector<bool>{true, false, true}));
}

TEST(ImportChunk, WidensHalfFloatsExactly) {
  std::vector<std::uint16_t> halves(65536);
  for (std::size_t i = 0; i < halves.size(); ++i)
    halves[i] = static_cast<std::uint16_t>(i);
  const auto chunk = chunk_of(
      std::make_shared<arrow::HalfFloatArray>(65536, arrow::Buffer::Wrap(halves)));
  for (std::size_t i = 0; i < halves.size(); ++i) {
    const int exponent = static_cast<int>(i >> 10U) & 31;
    const int fraction = static_cast<int>(i & 1023U);
    const float got = chunk->columns[0].as<float>()[i];
    EXPECT_EQ(std::signbit(got), i >= 32768);
    if (exponent == 31) {
      EXPECT_EQ(std::isnan(got), fraction != 0);
      EXPECT_EQ(std::isinf(got), fraction == 0);
    } else {
      const double wanted = exponent == 0 ? std::ldexp(fraction, -24)
                                          : std::ldexp(1024 + fraction, exponent - 25);
      EXPECT_EQ(std::fabs(got), wanted) << i;
    }
  }
}

TEST(ImportChunk, KeepsEveryBitOfADouble) {
  const std::vector<double> odd = {-0.0, std::numeric_limits<double>::denorm_min(),
                                   std::numeric_limits<double>::infinity(),
                                   std::bit_cast<double>(0x7FF8DEADBEEF0001U),
                                   9007199254740993.0};
  const auto chunk =
      chunk_of(std::make_shared<arrow::DoubleArray>(5, arrow::Buffer::Wrap(odd)));
  for (std::size_t i = 0; i < odd.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(chunk->columns[0].as<double>()[i]),
              std::bit_cast<std::uint64_t>(odd[i]));
  }
}

TEST(ImportChunk, ReadsDatesAsSecondsAtMidnight) {
  const auto days = chunk_of(array(arrow::date32(), "[0, 1, -1, null, 8492]"));
  EXPECT_EQ(values_of<std::int64_t>(*days),
            (std::vector<std::int64_t>{0, 86400, -86400, 0, 733708800}));
  const auto millis = chunk_of(array(arrow::date64(), "[86400000, -86400000]"));
  EXPECT_EQ(values_of<std::int64_t>(*millis),
            (std::vector<std::int64_t>{86400, -86400}));
}

TEST(ImportChunk, ReadsAMissingTimeStampAsNull) {
  const auto chunk = chunk_of(array(arrow::timestamp(arrow::TimeUnit::NANO),
                                    "[5, -9223372036854775808, null, 7]"));
  EXPECT_EQ(values_of<std::int64_t>(*chunk), (std::vector<std::int64_t>{5, 0, 0, 7}));
  EXPECT_EQ(valid_of(*chunk), (std::vector<bool>{true, false, false, true}));
  EXPECT_EQ(chunk->columns[0].unit, TimeUnit::ns);
}

TEST(ImportChunk, RoundsDecimalsToTheNearestDouble) {
  const auto chunk = chunk_of(array(
      arrow::decimal128(38, 4),
      R"(["0.1000", "-12345.6789", "1234567890123456789012345678901234.5678", null,
          "900719925474.0993", "-9999999999999999999999999999999999.9999"])"));
  EXPECT_EQ(values_of<double>(*chunk),
            (std::vector<double>{
                0.1, -12345.6789, 1234567890123456789012345678901234.5678, 0,
                900719925474.0993, -9999999999999999999999999999999999.9999}));
}

TEST(ImportChunk, RoundsDecimalsOfEveryScaleAsTheirTextDoes) {
  EXPECT_TRUE(rc::check([](std::int64_t high, std::uint64_t low) {
    const int scale = *rc::gen::inRange(0, 39);
    const arrow::Decimal128 value(high / 20, low);  // within 38 digits
    const auto type = arrow::decimal128(38, scale);
    arrow::Decimal128Builder builder(type);
    RC_ASSERT(builder.Append(value).ok());
    const auto chunk = chunk_of(builder.Finish().ValueOrDie());
    RC_ASSERT(values_of<double>(*chunk)[0] ==
              std::strtod(value.ToString(scale).c_str(), nullptr));
  }));
}

TEST(ImportChunk, ReadsEveryWidthOfInteger) {
  EXPECT_EQ(values_of<std::int8_t>(*chunk_of(array(arrow::int8(), "[-128, 127]"))),
            (std::vector<std::int8_t>{-128, 127}));
  EXPECT_EQ(
      values_of<std::uint16_t>(*chunk_of(array(arrow::uint16(), "[65535, null]"))),
      (std::vector<std::uint16_t>{65535, 0}));
  EXPECT_EQ(values_of<std::uint64_t>(
                *chunk_of(array(arrow::uint64(), "[18446744073709551615]"))),
            (std::vector<std::uint64_t>{18446744073709551615U}));
  EXPECT_EQ(values_of<std::uint8_t>(
                *chunk_of(array(arrow::boolean(), "[true, null, false]"))),
            (std::vector<std::uint8_t>{1, 0, 0}));
}

TEST(ImportChunk, GivesTextsCodesInOrderOfFirstUse) {
  for (const auto& type :
       {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view(), arrow::binary(),
        arrow::large_binary(), arrow::binary_view()}) {
    const auto chunk = chunk_of(
        array(arrow::utf8(), R"(["b", "a", "b", null, "", "a longer text than 12"])")
            ->View(arrow::utf8())
            .ValueOrDie());
    EXPECT_EQ(values_of<std::int32_t>(*chunk),
              (std::vector<std::int32_t>{0, 1, 0, 0, 2, 3}));
    const auto typed =
        chunk_of(array(type, R"(["b", "a", "b", null, "", "a longer text than 12"])"));
    EXPECT_EQ(texts_of(*typed), texts_of(*chunk)) << type->ToString();
    EXPECT_EQ(typed->columns[0].dictionary->size(), 4);
  }
}

TEST(ImportChunk, ReadsEveryKindOfDictionary) {
  for (const auto& indices :
       {arrow::int8(), arrow::uint8(), arrow::int16(), arrow::uint16(), arrow::int32(),
        arrow::uint32(), arrow::int64(), arrow::uint64()}) {
    for (const auto& texts : {arrow::utf8(), arrow::large_utf8(), arrow::binary()}) {
      const auto values =
          arrow::DictionaryArray::FromArrays(
              arrow::dictionary(indices, texts), array(indices, "[2, 0, null, 2, 3]"),
              array(texts, R"(["x", "unused", "y", "x"])"))
              .ValueOrDie();
      const auto chunk = chunk_of(values);
      EXPECT_EQ(texts_of(*chunk),
                (std::vector<std::string>{"y", "x", "<null>", "y", "x"}));
      EXPECT_EQ(chunk->columns[0].dictionary->size(), 2) << "unused and equal ones go";
    }
  }
}

TEST(ImportChunk, KeepsOfADictionaryOnlyWhatItGives) {
  arrow::ProxyMemoryPool pool(arrow::default_memory_pool());
  const auto batch = batch_of(arrow::DictionaryArray::FromArrays(
                                  arrow::dictionary(arrow::int64(), arrow::utf8()),
                                  array(arrow::int64(), "[0, 1, 0, 0]"),
                                  array(arrow::utf8(), R"(["ab", "c", "unused"])"))
                                  .ValueOrDie());
  const auto chunk = import_chunk(batch, {}, "test", &pool);
  EXPECT_EQ(chunk->bytes, 4 * 4 + 3 * 8 + 3) << "codes, offsets, texts";
  EXPECT_EQ(pool.bytes_allocated(), 64 + 3 * 8 + 3) << "one buffer of codes: 64 bytes";
}

TEST(ImportChunk, ReadsANullEntryOfADictionaryAsNull) {
  const auto texts =
      arrow::DictionaryArray::FromArrays(
          arrow::dictionary(arrow::int32(), arrow::utf8()),
          array(arrow::int32(), "[0, 1, 0]"), array(arrow::utf8(), R"(["x", null])"))
          .ValueOrDie();
  EXPECT_EQ(texts_of(*chunk_of(texts)), (std::vector<std::string>{"x", "<null>", "x"}));
  const auto numbers = arrow::DictionaryArray::FromArrays(
                           arrow::dictionary(arrow::int8(), arrow::float32()),
                           array(arrow::int8(), "[1, 0, null, 1]"),
                           array(arrow::float32(), "[null, 2.5]"))
                           .ValueOrDie();
  const auto chunk = chunk_of(numbers);
  EXPECT_EQ(values_of<float>(*chunk), (std::vector<float>{2.5F, 0, 0, 2.5F}));
  EXPECT_EQ(valid_of(*chunk), (std::vector<bool>{true, false, false, true}));
}

TEST(ImportChunk, SeesASliceAsItsRows) {
  const auto all =
      batch_of(array(arrow::utf8(), R"(["a", null, "b", "c", null, "b"])"));
  for (Index from = 0; from < 6; ++from) {
    for (Index count = 0; count <= 6 - from; ++count) {
      const auto part = import_chunk(all->Slice(from, count), {}, "test");
      const auto whole = texts_of(*import_chunk(all, {}, "test"));
      EXPECT_EQ(
          texts_of(*part),
          std::vector<std::string>(whole.begin() + from, whole.begin() + from + count));
    }
  }
}

TEST(ImportChunk, SlicesOfEveryTypeEqualTheWhole) {
  const ArrayPtr columns[] = {
      array(arrow::boolean(),
            "[true, false, null, true, true, null, false, true, true, true]"),
      array(arrow::int16(), "[1, 2, null, 4, 5, null, 7, 8, 9, 10]"),
      array(arrow::date32(), "[1, 2, null, 4, 5, null, 7, 8, 9, 10]"),
      array(arrow::decimal128(9, 2),
            R"(["1.00", "2.00", null, "4.25", "5.00", null, "7.00",
                                         "8.00", "9.00", "10.00"])"),
      array(arrow::dictionary(arrow::int8(), arrow::int64()),
            "[1, 2, null, 4, 5, null, 7, 8, 9, 10]")};
  for (const ArrayPtr& column : columns) {
    const auto whole = chunk_of(column);
    const auto bytes = static_cast<std::size_t>(width(whole->columns[0].kind));
    for (Index from = 0; from < 10; ++from) {
      const auto part = chunk_of(column->Slice(from));
      for (Index r = 0; r < part->rows; ++r) {
        EXPECT_EQ(part->columns[0].valid(r), whole->columns[0].valid(r + from));
        EXPECT_EQ(std::memcmp(
                      part->columns[0].as<char>() + static_cast<std::size_t>(r) * bytes,
                      whole->columns[0].as<char>() +
                          static_cast<std::size_t>(r + from) * bytes,
                      bytes),
                  0);
      }
    }
  }
}

TEST(ImportChunk, TakesZeroRowsAndAllNulls) {
  for (const auto& type :
       {arrow::boolean(), arrow::int64(), arrow::float16(), arrow::utf8(),
        arrow::date32(), arrow::timestamp(arrow::TimeUnit::MICRO),
        arrow::decimal128(10, 2), arrow::dictionary(arrow::int32(), arrow::utf8())}) {
    EXPECT_EQ(chunk_of(array(type, "[]"))->rows, 0) << type->ToString();
    const auto nulls = chunk_of(array(type, "[null, null]"));
    EXPECT_EQ(valid_of(*nulls), (std::vector<bool>{false, false})) << type->ToString();
  }
}

TEST(ImportChunk, GivesTheNamedColumnsInTheirOrder) {
  const auto batch = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("a", arrow::int8()), arrow::field("b", arrow::int8()),
                     arrow::field("list", arrow::list(arrow::int8()))}),
      1,
      {array(arrow::int8(), "[1]"), array(arrow::int8(), "[2]"),
       array(arrow::list(arrow::int8()), "[[]]")});
  const auto chunk = import_chunk(batch, {"b", "a"}, "test");
  EXPECT_EQ(chunk->columns[0].as<std::int8_t>()[0], 2);
  EXPECT_EQ(chunk->columns[1].as<std::int8_t>()[0], 1);
  EXPECT_THROW(import_chunk(batch, {"c"}, "test"), ArgumentError);
}

TEST(ImportChunk, RefusesTextThatIsNotUtf8WithItsRow) {
  arrow::BinaryBuilder builder;
  for (const char* text : {"good", "\xc3\x28"}) ASSERT_TRUE(builder.Append(text).ok());
  auto data = builder.Finish().ValueOrDie()->data()->Copy();
  data->type = arrow::utf8();
  const auto texts = arrow::MakeArray(data);
  const DataError error =
      data_error([&] { import_chunk(batch_of(texts), {}, "x.parquet", nullptr, 100); });
  EXPECT_STREQ(
      error.what(),
      "x.parquet: row 101, column x: table.utf8: text must be UTF-8, got '\\xC3('");
  data->type = arrow::binary();
  EXPECT_EQ(chunk_of(arrow::MakeArray(data))->rows, 2) << "binary may hold any bytes";
  data->type = arrow::utf8();
  const auto coded = arrow::DictionaryArray::FromArrays(
                         arrow::dictionary(arrow::int8(), arrow::utf8()),
                         array(arrow::int8(), "[0]"), texts)
                         .ValueOrDie();
  EXPECT_EQ(data_error([&] { chunk_of(coded); }).place().rule, "table.utf8");
}

TEST(ImportChunk, RefusesOffsetsThatGoBackwards) {
  const std::vector<std::int32_t> offsets = {0, 5, 2, 6};
  const auto texts = std::make_shared<arrow::StringArray>(
      3, arrow::Buffer::Wrap(offsets), arrow::Buffer::FromString("abcdef"));
  const DataError error = data_error([&] { chunk_of(texts); });
  EXPECT_EQ(error.place().rule, "table.invalid");
  EXPECT_EQ(error.place().column, "x");
}

TEST(ImportChunk, RefusesCodesOutsideTheDictionary) {
  auto data = array(arrow::int32(), "[0, 7]")->data()->Copy();
  data->type = arrow::dictionary(arrow::int32(), arrow::utf8());
  data->dictionary = array(arrow::utf8(), R"(["only"])")->data();
  EXPECT_EQ(data_error([&] { chunk_of(arrow::MakeArray(data)); }).place().rule,
            "table.invalid");
}

TEST(ImportChunk, RefusesABufferShorterThanItsRows) {
  const std::vector<std::int64_t> two = {1, 2};
  const auto values = arrow::MakeArray(arrow::ArrayData::Make(
      arrow::int64(), 3, {nullptr, arrow::Buffer::Wrap(two)}, 0));
  EXPECT_EQ(data_error([&] { chunk_of(values); }).place().rule, "table.invalid");
}

TEST(ImportChunk, CopiesValuesThatAreNotAligned) {
  alignas(8) std::uint8_t bytes[17] = {};
  const std::int64_t wanted[2] = {5, -6};
  std::memcpy(bytes + 1, wanted, 16);
  const auto values = arrow::MakeArray(arrow::ArrayData::Make(
      arrow::int64(), 2, {nullptr, std::make_shared<arrow::Buffer>(bytes + 1, 16)}, 0));
  EXPECT_EQ(values_of<std::int64_t>(*chunk_of(values)),
            (std::vector<std::int64_t>{5, -6}));
}

/// A type whose code must never run on what a file says.
class Shouting : public arrow::ExtensionType {
 public:
  Shouting() : ExtensionType(arrow::utf8()) {}
  std::string extension_name() const override { return "shouting"; }
  bool ExtensionEquals(const ExtensionType&) const override { return true; }
  ArrayPtr MakeArray(std::shared_ptr<arrow::ArrayData> data) const override {
    return std::make_shared<arrow::ExtensionArray>(data);
  }
  arrow::Result<std::shared_ptr<arrow::DataType>> Deserialize(
      std::shared_ptr<arrow::DataType>, const std::string&) const override {
    return arrow::Status::Invalid("not read");
  }
  std::string Serialize() const override { return ""; }
};

TEST(ImportChunk, SeesAnExtensionTypeAsItsStorage) {
  const auto values = arrow::ExtensionType::WrapArray(
      std::make_shared<Shouting>(), array(arrow::utf8(), R"(["a", "b"])"));
  EXPECT_EQ(texts_of(*chunk_of(values)), (std::vector<std::string>{"a", "b"}));
}

TEST(ImportChunk, AsksOnlyThePoolGiven) {
  arrow::ProxyMemoryPool pool(arrow::default_memory_pool());
  const auto batch = batch_of(array(arrow::utf8(), R"(["a", null, "b"])"));
  auto chunk = import_chunk(batch, {}, "test", &pool);
  EXPECT_GT(pool.bytes_allocated(), 0);
  chunk.reset();
  EXPECT_EQ(pool.bytes_allocated(), 0);
}

TEST(ImportChunk, EncodesManyTextsLikeAMap) {
  arrow::StringBuilder builder;
  std::vector<std::string> wanted;
  for (Index i = 0; i < 5000; ++i) {
    wanted.push_back("key" + std::to_string(i * 7919 % 1777) +
                     std::string(static_cast<std::size_t>(i % 3), 'z'));
    ASSERT_TRUE(builder.Append(wanted.back()).ok());
  }
  const auto chunk = chunk_of(builder.Finish().ValueOrDie());
  EXPECT_EQ(texts_of(*chunk), wanted);
  EXPECT_EQ(
      chunk->columns[0].dictionary->size(),
      static_cast<Index>(std::set<std::string>(wanted.begin(), wanted.end()).size()));
}

TEST(ExportChunk, KeepsValuesTypesAndNulls) {
  const std::pair<std::shared_ptr<arrow::DataType>, const char*> columns[] = {
      {arrow::boolean(), "[true, null, false, true, true, true, true, true, true]"},
      {arrow::int8(), "[1, null, -3]"},
      {arrow::uint64(), "[1, null, 18446744073709551615]"},
      {arrow::float32(), "[1.5, null, -0.0]"},
      {arrow::float64(), "[1.5, null, 1e300]"},
      {arrow::date32(), "[0, null, -1]"},
      {arrow::timestamp(arrow::TimeUnit::MILLI, "Europe/Prague"), "[0, null, -1]"},
      {arrow::dictionary(arrow::int32(), arrow::utf8()), R"(["b", null, "a", "b"])"},
      {arrow::dictionary(arrow::int32(), arrow::binary()), R"(["b", null, "", "b"])"}};
  for (const auto& [type, json] : columns) {
    for (const ArrayPtr& values :
         {array(type, json), array(type, json)->Slice(2), array(type, "[]")}) {
      const RecordBatch batch = batch_of(values);
      const Schema schema = import_schema(*batch->schema(), "test");
      const RecordBatch back = export_chunk(import_chunk(batch, {}, "test"), schema);
      EXPECT_TRUE(back->ValidateFull().ok());
      EXPECT_TRUE(back->schema()->Equals(*batch->schema())) << type->ToString();
      const auto again = import_chunk(back, {}, "test");
      EXPECT_EQ(again->rows, batch->num_rows());
      if (type->id() == arrow::Type::DICTIONARY) {
        EXPECT_EQ(texts_of(*again), texts_of(*import_chunk(batch, {}, "test")));
      } else {
        EXPECT_TRUE(back->column(0)->Equals(*values)) << back->column(0)->ToString();
      }
    }
  }
}

TEST(ExportChunk, LivesLongerThanTheChunkHandle) {
  auto chunk = chunk_of(array(arrow::utf8(), R"(["a", "b", "a"])"));
  const Schema schema{{{.name = "x", .type = {.kind = Kind::text}}}};
  const RecordBatch back = export_chunk(chunk, schema);
  EXPECT_EQ(back->column(0)->GetScalar(2).ValueOrDie()->ToString(),
            arrow::DictionaryScalar::Make(arrow::MakeScalar(std::int32_t{0}),
                                          array(arrow::utf8(), R"(["a", "b"])"))
                ->ToString());
  EXPECT_TRUE(back->ValidateFull().ok());
}

}  // namespace
}  // namespace lade
