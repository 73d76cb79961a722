// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/expression.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "expression_data.h"
#include "lade/core/error.h"

namespace lade {
namespace {

using testing_recipe::TableData;

std::vector<int> selected(const TableData& table, std::string_view text,
                          ExpressionOptions options = {}) {
  const Program program = compile(text, table.schema(), options);
  EvalScratch scratch;
  std::vector<std::uint8_t> mask(static_cast<std::size_t>(table.rows()), 7);
  select(program, table.columns(), 0, table.rows(), scratch, mask.data());
  return {mask.begin(), mask.end()};
}

struct Values {
  std::vector<double> value;
  std::vector<int> valid;
};
Values computed(const TableData& table, std::string_view text,
                ExpressionOptions options = {}) {
  const Program program = compile(text, table.schema(), options);
  EvalScratch scratch;
  Values result;
  const auto rows = static_cast<std::size_t>(table.rows());
  result.value.assign(rows, -1);
  std::vector<std::uint8_t> valid(rows, 7);
  compute(program, table.columns(), 0, table.rows(), scratch, result.value.data(),
          valid.data());
  result.valid.assign(valid.begin(), valid.end());
  return result;
}

std::string message_of(const Schema& schema, std::string_view text,
                       ExpressionOptions options = {}) {
  try {
    compile(text, schema, options);
  } catch (const ArgumentError& error) {
    return error.what();
  }
  return "accepted";
}

using Mask = std::vector<int>;

TableData small() {
  TableData table(4);
  table.add<std::int32_t>("mcc", Kind::i32, {5411, 5499, 5812, 5411}, {1, 1, 1, 0});
  table.add<double>("amount", Kind::f64, {0.5, -1.0, 25.5, 3.0});
  table.add_text("operation", {"VYDAJ", "", " ", "VYBER"}, {1, 1, 1, 1});
  table.add<std::uint8_t>("flag", Kind::boolean, {1, 0, 1, 0}, {1, 1, 0, 1});
  return table;
}

TEST(Expression, SelectsByComparisonAndSet) {
  const TableData table = small();
  EXPECT_EQ(selected(table, "mcc in (5411, 5499) and amount > 0"), (Mask{1, 0, 0, 0}));
  EXPECT_EQ(selected(table, "amount between -1 and 3"), (Mask{1, 1, 0, 1}));
  EXPECT_EQ(selected(table, "amount not between -1 and 3"), (Mask{0, 0, 1, 0}));
  EXPECT_EQ(selected(table, "not (mcc == 5411)"), (Mask{0, 1, 1, 0}));
  EXPECT_EQ(selected(table, "mcc not in (5411)"), (Mask{0, 1, 1, 0}));
  EXPECT_EQ(selected(table, "flag"), (Mask{1, 0, 0, 0}));
  EXPECT_EQ(selected(table, "not flag"), (Mask{0, 1, 0, 1}));
  EXPECT_EQ(selected(table, "flag == false"), (Mask{0, 1, 0, 1}));
}

TEST(Expression, KeepsThreeValuedLogic) {
  const TableData table = small();
  EXPECT_EQ(selected(table, "mcc is null"), (Mask{0, 0, 0, 1}));
  EXPECT_EQ(selected(table, "mcc is not null"), (Mask{1, 1, 1, 0}));
  EXPECT_EQ(selected(table, "not (mcc is null)"), (Mask{1, 1, 1, 0}));
  // Null or true is true; null and true is not selected, neither is its negation.
  EXPECT_EQ(selected(table, "mcc == 1 or amount == 3"), (Mask{0, 0, 0, 1}));
  EXPECT_EQ(selected(table, "mcc == 5411 and amount == 3"), (Mask{0, 0, 0, 0}));
  EXPECT_EQ(selected(table, "not (mcc == 5411 and amount == 3)"), (Mask{1, 1, 1, 0}));
  EXPECT_EQ(selected(table, "(mcc == 5411) == (amount == 0.5)"), (Mask{1, 1, 1, 0}));
}

TEST(Expression, ComparesTextAsBytesWithoutTrimming) {
  const TableData table = small();
  EXPECT_EQ(selected(table, "operation == ''"), (Mask{0, 1, 0, 0}));
  EXPECT_EQ(selected(table, "operation == ' '"), (Mask{0, 0, 1, 0}));
  EXPECT_EQ(selected(table, "operation in (\"VYDAJ\", 'VYBER', 'none')"),
            (Mask{1, 0, 0, 1}));
  EXPECT_EQ(selected(table, "operation < 'VYD'"), (Mask{0, 1, 1, 1}));
  EXPECT_EQ(selected(table, "operation between 'VYBER' and 'VYDAJ'"),
            (Mask{1, 0, 0, 1}));
  EXPECT_EQ(selected(table, "operation == 'it''s'"), (Mask{0, 0, 0, 0}));
  EXPECT_EQ(selected(table, "'VYDAJ' <= operation"), (Mask{1, 0, 0, 0}));
  EXPECT_EQ(selected(table, "operation == operation"), (Mask{1, 1, 1, 1}));
}

TEST(Expression, AnEmptyDictionaryIsAllNull) {
  TableData table(2);
  table.add_text("s", {"", ""}, {0, 0}, true);
  EXPECT_EQ(selected(table, "s == ''"), (Mask{0, 0}));
  EXPECT_EQ(selected(table, "s != 'x'"), (Mask{0, 0}));
  EXPECT_EQ(selected(table, "s is null"), (Mask{1, 1}));
  EXPECT_EQ(selected(table, "s == s"), (Mask{0, 0}));
}

TEST(Expression, ComparesWholeNumbersExactly) {
  constexpr std::int64_t kBig = (std::int64_t{1} << 53) + 1;
  TableData table(4);
  table.add<std::int64_t>("i", Kind::i64, {kBig, kBig - 1, INT64_MIN, INT64_MAX});
  table.add<std::uint64_t>("u", Kind::u64, {UINT64_MAX, std::uint64_t{1} << 63, 0, 5});
  table.add<double>(
      "f", Kind::f64,
      {static_cast<double>(kBig - 1), static_cast<double>(kBig - 1), -0x1p63, 0x1p63});
  EXPECT_EQ(selected(table, "i == 9007199254740993"), (Mask{1, 0, 0, 0}));
  EXPECT_EQ(selected(table, "i == -9223372036854775808"), (Mask{0, 0, 1, 0}));
  EXPECT_EQ(selected(table, "u == 18446744073709551615"), (Mask{1, 0, 0, 0}));
  EXPECT_EQ(selected(table, "u > 9223372036854775807"), (Mask{1, 1, 0, 0}));
  EXPECT_EQ(selected(table, "i < 18446744073709551616"), (Mask{1, 1, 1, 1}));
  EXPECT_EQ(selected(table, "u >= -1"), (Mask{1, 1, 1, 1}));
  EXPECT_EQ(selected(table, "f == 9007199254740993"), (Mask{0, 0, 0, 0}));
  EXPECT_EQ(selected(table, "i == f"), (Mask{0, 1, 1, 0}));
  EXPECT_EQ(selected(table, "i > f"), (Mask{1, 0, 0, 0}));
  EXPECT_EQ(selected(table, "i <= u"), (Mask{1, 1, 1, 0}));
  EXPECT_EQ(
      selected(table, "i in (9007199254740992, 1e300, 0.5, -9223372036854775808)"),
      (Mask{0, 1, 1, 0}));
}

TEST(Expression, KeepsHalvesAndNeverGoesThroughSingles) {
  TableData table(3);
  table.add<std::int32_t>("i", Kind::i32, {0, 1, 16'777'217});
  table.add<float>("f", Kind::f32, {0.1F, 0.5F, 16'777'216.0F});
  EXPECT_EQ(selected(table, "i > 0.5"), (Mask{0, 1, 1}));
  EXPECT_EQ(selected(table, "i == 0.5"), (Mask{0, 0, 0}));
  EXPECT_EQ(selected(table, "i != 0.5"), (Mask{1, 1, 1}));
  EXPECT_EQ(selected(table, "i >= -0.5 and i < 1.5"), (Mask{1, 1, 0}));
  EXPECT_EQ(selected(table, "i == 16777217"), (Mask{0, 0, 1}));
  EXPECT_EQ(selected(table, "f == 0.1"), (Mask{0, 0, 0}));  // 0.1F is another number
  EXPECT_EQ(selected(table, "f > 0.1"), (Mask{1, 1, 1}));
  EXPECT_EQ(selected(table, "f == 0.5"), (Mask{0, 1, 0}));
  EXPECT_EQ(selected(table, "f >= 16777217"), (Mask{0, 0, 0}));
}

TEST(Expression, ComparesNanAsIeee) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInf = std::numeric_limits<double>::infinity();
  TableData table(4);
  table.add<double>("x", Kind::f64, {kNan, kInf, -kInf, -0.0});
  EXPECT_EQ(selected(table, "x == x"), (Mask{0, 1, 1, 1}));
  EXPECT_EQ(selected(table, "x != 1"), (Mask{1, 1, 1, 1}));
  EXPECT_EQ(selected(table, "not (x > 1)"), (Mask{1, 0, 1, 1}));
  EXPECT_EQ(selected(table, "x > 1e308"), (Mask{0, 1, 0, 0}));
  EXPECT_EQ(selected(table, "x == 0"), (Mask{0, 0, 0, 1}));
  EXPECT_EQ(selected(table, "x < 0"), (Mask{0, 0, 1, 0}));
  EXPECT_EQ(selected(table, "x is null"), (Mask{0, 0, 0, 0}));
  EXPECT_EQ(selected(table, "x not in (1, 2)"), (Mask{1, 1, 1, 1}));
}

TEST(Expression, ReadsPrecedenceAsUsual) {
  TableData table(1);
  table.add<std::int64_t>("x", Kind::i64, {7});
  EXPECT_EQ(computed(table, "x - 2 - 1").value[0], 4);
  EXPECT_EQ(computed(table, "x - (2 - 1)").value[0], 6);
  EXPECT_EQ(computed(table, "1 + x * 2").value[0], 15);
  EXPECT_EQ(computed(table, "x / 2 * 2").value[0], 7);
  EXPECT_EQ(computed(table, "-x + 1").value[0], -6);
  EXPECT_EQ(computed(table, "- - x").value[0], 7);
  EXPECT_EQ(selected(table, "x == 7 or x == 8 and x == 9"), (Mask{1}));
  EXPECT_EQ(selected(table, "(x == 7 or x == 8) and x == 9"), (Mask{0}));
  EXPECT_EQ(selected(table, "not x == 8 and true"), (Mask{1}));
}

TEST(Expression, WholeNumbersThatLeaveSixtyFourBitsAreNull) {
  TableData table(2);
  table.add<std::int64_t>("i", Kind::i64, {INT64_MAX, INT64_MIN});
  table.add<std::uint64_t>("u", Kind::u64, {UINT64_MAX, 3});
  EXPECT_EQ(computed(table, "i + 1").valid, (Mask{0, 1}));
  EXPECT_EQ(computed(table, "-i").valid, (Mask{1, 0}));
  EXPECT_EQ(computed(table, "abs(i)").valid, (Mask{1, 0}));
  EXPECT_EQ(computed(table, "i * 2").valid, (Mask{0, 0}));
  EXPECT_EQ(computed(table, "u - 1").valid, (Mask{0, 1}));
  EXPECT_EQ(computed(table, "u - 1").value, (std::vector<double>{0, 2}));
  EXPECT_EQ(computed(table, "u").value, (std::vector<double>{0x1p64, 3}));
  EXPECT_EQ(selected(table, "i + 1 is null"), (Mask{1, 0}));
  EXPECT_EQ(computed(table, "i + 0.0").valid, (Mask{1, 1}));
}

TEST(Expression, ComparesTimesWithDates) {
  TableData table(3);
  // 1993-01-31 00:00, one us before it, 1969-12-31 23:59:59.9
  table.add_time("t", TimeUnit::us,
                 {728'438'400'000'000, 728'438'399'999'999, -100'000});
  table.add_time("s", TimeUnit::s, {728'438'400, 728'438'399, 0});
  EXPECT_EQ(selected(table, "t >= '1993-01-31'"), (Mask{1, 0, 0}));
  EXPECT_EQ(selected(table, "t < \"1993-01-31T00:00:00\""), (Mask{0, 1, 1}));
  EXPECT_EQ(selected(table, "'1993-01-31' == t"), (Mask{1, 0, 0}));
  EXPECT_EQ(selected(table, "t between '1969-12-31 23:59:59.9' and '1993-01-30'"),
            (Mask{0, 0, 1}));
  EXPECT_EQ(selected(table, "s == '1993-01-31T00:00:00.5'"), (Mask{0, 0, 0}));
  EXPECT_EQ(selected(table, "s < '1993-01-31T00:00:00.5'"), (Mask{1, 1, 1}));
  EXPECT_EQ(selected(table, "s > '1993-01-30T23:59:58.5'"), (Mask{1, 1, 0}));
  EXPECT_EQ(selected(table, "t == s"), (Mask{1, 0, 0}));
  EXPECT_EQ(selected(table, "t < s"), (Mask{0, 0, 1}));
  EXPECT_EQ(selected(table, "s == 728438400"), (Mask{1, 0, 0}));
  EXPECT_EQ(selected(table, "t == '1993-01-31T01:00:00+01:00'"), (Mask{1, 0, 0}));
  EXPECT_EQ(selected(table, "s in ('1993-01-31', '1970-01-01')"), (Mask{1, 0, 1}));
}

TEST(Expression, GivesPartsOfTheLocalTime) {
  TableData table(3);
  // 1993-01-31 23:30 UTC (Sunday), 1970-01-01 00:00 (Thursday), 1969-12-31 23:59:59
  table.add_time("t", TimeUnit::s, {728'523'000, 0, -1}, {1, 1, 1});
  EXPECT_EQ(computed(table, "hour(t)").value, (std::vector<double>{23, 0, 23}));
  EXPECT_EQ(computed(table, "weekday(t)").value, (std::vector<double>{7, 4, 3}));
  EXPECT_EQ(computed(table, "month(t)").value, (std::vector<double>{1, 1, 12}));
  ExpressionOptions options;
  options.time = 0;
  options.zone = Zone::find("+01:00");
  EXPECT_EQ(computed(table, "hour(t)", options).value, (std::vector<double>{0, 1, 0}));
  EXPECT_EQ(computed(table, "weekday(t)", options).value,
            (std::vector<double>{1, 4, 4}));
  EXPECT_EQ(computed(table, "month(t)", options).value, (std::vector<double>{2, 1, 1}));
  EXPECT_EQ(selected(table, "t == '1993-02-01T00:30:00'", options), (Mask{1, 0, 0}));
}

TEST(Expression, ComputesMixes) {
  TableData table(3);
  table.add<double>("a", Kind::f64, {1, 0, -4}, {1, 1, 1});
  table.add<double>("b", Kind::f64, {0, 5, 2}, {1, 0, 1});
  ExpressionOptions options;
  options.mix = true;
  const Values ratio = computed(table, "a / b", options);
  EXPECT_TRUE(std::isinf(ratio.value[0]));
  EXPECT_EQ(ratio.valid, (Mask{1, 0, 1}));
  EXPECT_EQ(ratio.value[1], 0.0);
  EXPECT_EQ(computed(table, "max(a, 0.5, -1)", options).value,
            (std::vector<double>{1, .5, .5}));
  EXPECT_EQ(computed(table, "min(a, 0)", options).value,
            (std::vector<double>{0, 0, -4}));
  EXPECT_EQ(computed(table, "clip(a, -1, 0.25)", options).value,
            (std::vector<double>{.25, 0, -1}));
  EXPECT_EQ(computed(table, "log10(100 * a)", options).value[0], 2.0);
  EXPECT_EQ(computed(table, "if(a > 0, a, abs(a))", options).value,
            (std::vector<double>{1, 0, 4}));
  const Values choice = computed(table, "if(b > 1, b, a)", options);
  EXPECT_EQ(choice.valid, (Mask{1, 0, 1}));
  EXPECT_EQ(choice.value, (std::vector<double>{1, 0, 2}));
  EXPECT_EQ(computed(table, "1.0 * a + 0.5 * b", options).value,
            (std::vector<double>{1, 0, -3}));
}

TEST(Expression, EqualWorkHasEqualKeys) {
  const TableData table = small();
  const auto key = [&](std::string_view text) {
    return compile(text, table.schema(), {}).key();
  };
  EXPECT_EQ(key("mcc in (5411, 5499)"), key("mcc in (5499, 5411, 5499)"));
  EXPECT_EQ(key("mcc == 1 and amount > 0"), key("0 < amount and mcc == 1"));
  EXPECT_EQ(key("mcc > 4"), key("mcc >= 5"));
  EXPECT_EQ(key("not (mcc == 1 or flag)"), key("not flag and mcc != 1"));
  EXPECT_NE(key("amount > 4"), key("amount >= 5"));
  EXPECT_NE(key("operation == 'a'"), key("operation == 'b'"));
  EXPECT_NE(key("amount - mcc"), key("mcc - amount"));
  EXPECT_NE(key("mcc in (1, 2)"), key("mcc in (1, 3)"));
}

TEST(Expression, NamesColumnsAndTypes) {
  const TableData table = small();
  const Program program = compile("flag and mcc == 1", table.schema(), {});
  EXPECT_EQ(program.columns(), (std::vector<Index>{0, 3}));
  EXPECT_EQ(program.type(), ValueType::boolean);
  EXPECT_EQ(compile("mcc + 1", table.schema(), {}).type(), ValueType::integer);
  EXPECT_EQ(compile("mcc / 2", table.schema(), {}).type(), ValueType::real);
  EXPECT_EQ(compile("operation", table.schema(), {}).type(), ValueType::text);
  EXPECT_EQ(names_in("a + b * a > `odd name`", {}),
            (std::vector<std::string>{"a", "b", "odd name"}));
}

TEST(Expression, ReadsQuotedColumnNames) {
  TableData table(1);
  table.add<std::int64_t>("in", Kind::i64, {3});
  table.add<std::int64_t>("two words", Kind::i64, {4});
  table.add<std::int64_t>("řada", Kind::i64, {5});
  table.add<std::int64_t>("a`b", Kind::i64, {6});
  EXPECT_EQ(
      selected(table, "`in` == 3 and `two words` == 4 and řada == 5 and `a``b` == 6"),
      (Mask{1}));
}

struct Wrong {
  const char* text;
  const char* message;
};

TEST(Expression, RefusesWithACaretUnderTheWord) {
  const Schema schema = small().schema();
  const Wrong table[] = {
      {"mc in (1)",
       "where: unknown column 'mc'; did you mean 'mcc'?\n  mc in (1)\n  ^~"},
      {"amount > 0 and operatoin == 'x'",
       "where: unknown column 'operatoin'; did you mean 'operation'?\n"
       "  amount > 0 and operatoin == 'x'\n                 ^~~~~~~~~"},
      {"hours(amount) > 1",
       "where: unknown function 'hours'; did you mean 'hour'?\n  hours(amount) > 1\n  "
       "^~~~~"},
      {"operation == 5411",
       "where: 'operation' is text and '5411' is a whole number; they cannot be "
       "compared\n"
       "  operation == 5411\n               ^~~~"},
      {"mcc in (1, 'a')",
       "where: 'mcc' is a whole number and ''a'' is text; they cannot be compared\n"
       "  mcc in (1, 'a')\n             ^~~"},
      {"1 < mcc < 3",
       "where: comparisons cannot be chained; write a < b and b < c, or between\n"
       "  1 < mcc < 3\n          ^"},
      {"mcc = 3", "where: '=' is no operator; use '==' to compare\n  mcc = 3\n      ^"},
      {"mcc == 3 && flag",
       "where: '&&' is no operator; use 'and'\n  mcc == 3 && flag\n           ^~"},
      {"mcc == 3 AND flag",
       "where: 'AND' is not expected here; did you mean 'and'?\n  mcc == 3 AND flag\n  "
       "         ^~~"},
      {"", "where: the expression is empty\n  \n  ^"},
      {"mcc ==", "where: the expression ends too early\n  mcc ==\n        ^"},
      {"(mcc == 1", "where: expected ')' here\n  (mcc == 1\n           ^"},
      {"mcc == null",
       "where: null can only be asked for: x is null\n  mcc == null\n         ^~~~"},
      {"operation == 'x",
       "where: the quote ' is never closed\n  operation == 'x\n               ^~"},
      {"mcc == 12ab",
       "where: a number is followed by 'a'\n  mcc == 12ab\n         ^~~"},
      {"amount > 1e999",
       "where: the number is out of the range of a double\n  amount > 1e999\n          "
       " ^~~~~"},
      {"amount + operation > 1",
       "where: arithmetic needs numbers, 'operation' is text\n  amount + operation > "
       "1\n           ^~~~~~~~~"},
      {"amount and flag",
       "where: a condition is needed here, 'amount' is a number\n  amount and flag\n  "
       "^~~~~~"},
      {"mcc in (amount)",
       "where: in (...) takes written values, not 'amount'\n  mcc in (amount)\n        "
       "  ^~~~~~"},
      {"abs(1, 2) > 1",
       "where: abs() takes 1 arguments, got 2\n  abs(1, 2) > 1\n  ^~~~~~~~~"},
      {"hour(amount) > 1",
       "where: hour() needs a time column, 'amount' is a number\n  hour(amount) > 1\n  "
       "     ^~~~~~"},
      {"clip(amount, 0, 1) > 1",
       "where: clip() is offered only in a mix of targets\n  clip(amount, 0, 1) > 1\n  "
       "^~~~"},
      {"hour > 1", "where: 'hour' is a function and needs (...)\n  hour > 1\n  ^~~~"},
      {"amount > 1 / 0",
       "where: the constant is not a finite number\n  amount > 1 / 0\n           "
       "^~~~~"},
      {"flag > true",
       "where: conditions are compared with == or !=\n  flag > true\n       ^"},
      {"amount $ 1",
       "where: '$' is no word of an expression\n  amount $ 1\n         ^"},
  };
  for (const Wrong& wrong : table) {
    ExpressionOptions options;
    options.field = "where";
    EXPECT_EQ(message_of(schema, wrong.text, options), wrong.message) << wrong.text;
  }
}

TEST(Expression, RefusesTimesComparedWithOtherTexts) {
  TableData table(1);
  table.add_time("t", TimeUnit::us, {0});
  for (const char* text :
       {"t > 'yesterday'", "t == '1993-02-30'", "t < '93-01-01'",
        "t < '2024-01-01T25:00:00'", "t > 1.5", "t in ('x')", "t + 1 > 2"}) {
    EXPECT_NE(message_of(table.schema(), text), "accepted") << text;
  }
}

TEST(Expression, EscapesHostileTextAndKeepsTheCaret) {
  const Schema schema = small().schema();
  const std::string whole = message_of(schema, "x == 1");
  const auto list = whole.find("; there are");
  const std::string there_are = whole.substr(list, whole.find('\n') - list);
  EXPECT_EQ(message_of(schema, "'\x1b[2J' == x"),
            "expression: unknown column 'x'" + there_are +
                "\n  '\\x1B[2J' == x\n               ^");
  // Letters of two bytes are one column wide.
  EXPECT_EQ(
      message_of(schema, "'éé' == x"),
      "expression: unknown column 'x'" + there_are + "\n  'éé' == x\n          ^");
  const std::string far(500, ' ');
  const std::string message = message_of(schema, far + "zz > 1" + far);
  EXPECT_LT(message.size(), 400U);
  EXPECT_NE(message.find("..."), std::string::npos);
}

TEST(Expression, RefusesDepthWithoutUsingTheStack) {
  const Schema schema = small().schema();
  const auto nested = [&](std::string_view part, int times, std::string_view rest) {
    std::string text;
    for (int i = 0; i < times; ++i) text += part;
    return message_of(schema, text + std::string(rest));
  };
  for (const char* part : {"(", "not ", "- ", "abs(", "(flag and not ("}) {
    EXPECT_NE(nested(part, 5'000, "flag").find("max_nesting = 64"), std::string::npos)
        << part;
    EXPECT_NE(nested(part, 100'000, "flag"), "accepted") << part;
  }
}

TEST(Expression, NestingAtTheLimitPasses) {
  const Schema schema = small().schema();
  EXPECT_EQ(message_of(schema, std::string(64, '(') + "flag" + std::string(64, ')')),
            "accepted");
  EXPECT_NE(message_of(schema, std::string(65, '(') + "flag" + std::string(65, ')')),
            "accepted");
}

TEST(Expression, LongChainsAreNotDeep) {
  const TableData table = small();
  std::string text = "mcc == 0";
  for (int i = 1; i < 3'000; ++i) text += " or mcc == " + std::to_string(i);
  EXPECT_EQ(selected(table, text), (Mask{0, 0, 0, 0}));
  EXPECT_EQ(selected(table, text + " or mcc == 5812"), (Mask{0, 0, 1, 0}));
  std::string sum = "amount";
  for (int i = 0; i < 4'000; ++i) sum += " + 1";
  EXPECT_EQ(computed(table, sum).value[0], 4'000.5);
}

TEST(Expression, RefusesMorePartsThanTheLimit) {
  const Schema schema = small().schema();
  std::string text = "mcc == 0";
  for (int i = 1; i < 4'000; ++i) text += " or mcc == " + std::to_string(i);
  EXPECT_NE(message_of(schema, text).find("max_recipe_parts = 10000"),
            std::string::npos);
}

}  // namespace
}  // namespace lade
