// SPDX-License-Identifier: Apache-2.0
#include "lade/io/dataset_schema.h"

#include <gtest/gtest.h>

#include "lade/core/error.h"

namespace lade::io {
namespace {

ColumnType of(Kind kind) {
  ColumnType type;
  type.kind = kind;
  return type;
}

FileColumns file(const std::string& path, std::vector<Field> fields,
                 std::vector<std::pair<std::string, std::string>> parts = {}) {
  return {path, Schema{std::move(fields)}, std::move(parts)};
}

TEST(DatasetSchema, CommonTypeHoldsBothExactly) {
  EXPECT_EQ(common_type(of(Kind::i8), of(Kind::i32)), of(Kind::i32));
  EXPECT_EQ(common_type(of(Kind::u8), of(Kind::i8)), of(Kind::i16));
  EXPECT_EQ(common_type(of(Kind::u32), of(Kind::i32)), of(Kind::i64));
  EXPECT_EQ(common_type(of(Kind::f32), of(Kind::i16)), of(Kind::f32));
  EXPECT_EQ(common_type(of(Kind::f32), of(Kind::i32)), of(Kind::f64));
  EXPECT_EQ(common_type(of(Kind::f32), of(Kind::f64)), of(Kind::f64));
  EXPECT_FALSE(common_type(of(Kind::i64), of(Kind::f64)));
  EXPECT_FALSE(common_type(of(Kind::u64), of(Kind::i64)));
  EXPECT_FALSE(common_type(of(Kind::text), of(Kind::i64)));
  EXPECT_FALSE(common_type(of(Kind::boolean), of(Kind::i64)));
}

TEST(DatasetSchema, RefusesDifferencesNamingBothFilesAndTypes) {
  const std::vector<FileColumns> files{file("a", {{"x", of(Kind::i32)}}),
                                       file("b", {{"x", of(Kind::i64)}})};
  try {
    merge_schemas(files, "exact");
    FAIL();
  } catch (const DataError& error) {
    const std::string text = error.what();
    EXPECT_EQ(error.place().rule, "dataset.schema");
    EXPECT_EQ(error.place().column, "x");
    EXPECT_NE(text.find("i32"), std::string::npos);
    EXPECT_NE(text.find("i64"), std::string::npos);
    EXPECT_NE(text.find("file is a"), std::string::npos);
  }
  EXPECT_EQ(merge_schemas(files, "promote").fields[0].type.kind, Kind::i64);
}

TEST(DatasetSchema, AbsentColumnsAreNullInAUnionOnly) {
  const std::vector<FileColumns> files{file("a", {{"x", of(Kind::i32), false}}),
                                       file("b", {{"y", of(Kind::f64), false}})};
  EXPECT_THROW(merge_schemas(files, "exact"), DataError);
  EXPECT_THROW(merge_schemas(files, "promote"), DataError);
  const Schema schema = merge_schemas(files, "union");
  EXPECT_EQ(schema.names(), (std::vector<std::string>{"x", "y"}));
  EXPECT_TRUE(schema.fields[0].nullable);
  EXPECT_TRUE(schema.fields[1].nullable);
}

TEST(DatasetSchema, PartsOfThePathBecomeColumns) {
  const std::vector<FileColumns> files{
      file("a", {{"x", of(Kind::i32)}}, {{"day", "3"}, {"shop", "7"}}),
      file("b", {{"x", of(Kind::i32)}}, {{"day", "12"}, {"shop", "x"}})};
  const Schema schema = merge_schemas(files, "exact");
  EXPECT_EQ(schema.fields[1].name, "day");
  EXPECT_EQ(schema.fields[1].type.kind, Kind::i64);
  EXPECT_EQ(schema.fields[2].type.kind, Kind::text);
}

TEST(DatasetSchema, RefusesAPartThatIsAColumnToo) {
  const std::vector<FileColumns> files{file("a", {{"x", of(Kind::i32)}}, {{"x", "3"}})};
  EXPECT_THROW(merge_schemas(files, "exact"), DataError);
}

TEST(DatasetSchema, RefusesAnUnknownMode) {
  const std::vector<FileColumns> files{file("a", {})};
  EXPECT_THROW(merge_schemas(files, "loose"), ArgumentError);
}

TEST(DatasetSchema, WideningKeepsEveryValue) {
  const std::vector<std::int8_t> values{-128, 0, 127};
  Column column;
  column.kind = Kind::i8;
  column.values = values.data();
  std::shared_ptr<const void> owner;
  const Column wide = widen_column(column, of(Kind::f64), 3, owner);
  EXPECT_EQ(wide.as<double>()[0], -128.0);
  EXPECT_EQ(wide.as<double>()[2], 127.0);
}

TEST(DatasetSchema, ConstantsAndNullsFillTheirColumns) {
  std::shared_ptr<const void> owner, text_owner, null_owner;
  const Column number = constant_column(of(Kind::i64), "-4", 2, owner);
  EXPECT_EQ(number.as<std::int64_t>()[1], -4);
  const Column text = constant_column(of(Kind::text), "a/b", 2, text_owner);
  EXPECT_EQ((*text.dictionary)[text.as<std::int32_t>()[1]], "a/b");
  const Column null =
      constant_column(of(Kind::text), std::string(kNullPart), 9, null_owner);
  EXPECT_FALSE(null.valid(8));
}

}  // namespace
}  // namespace lade::io
