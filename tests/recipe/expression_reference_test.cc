// SPDX-License-Identifier: Apache-2.0
// Random expressions against a plain evaluation of one row at a time. long double holds
// every i64, u64 and f64 exactly here, so comparisons of the reference are exact.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <random>

#include "expression_data.h"
#include "lade/recipe/expression.h"

namespace lade {
namespace {

using testing_recipe::TableData;
using Wide = long double;
static_assert(std::numeric_limits<Wide>::digits >= 64);

enum class Tri : std::uint8_t { no, yes, unknown };
Tri tri(bool value) { return value ? Tri::yes : Tri::no; }
Tri negation(Tri a) { return a == Tri::unknown ? a : tri(a == Tri::no); }

/// A number of one row: null, whole (also u64) or real.
struct Number {
  bool valid = true;
  bool whole = true;
  __int128 i = 0;
  double r = 0.0;
  Wide wide() const { return whole ? static_cast<Wide>(i) : static_cast<Wide>(r); }
  double real() const { return whole ? static_cast<double>(i) : r; }
};

struct NumberExpr {
  std::string text;
  bool constant = false;
  std::function<Number(std::size_t)> at;
};
struct ConditionExpr {
  std::string text;
  std::function<Tri(std::size_t)> at;
};

Number narrowed(Number x) {
  if (x.whole && (x.i < INT64_MIN || x.i > INT64_MAX)) x.valid = false;
  return x;
}

Number arithmetic(char op, Number a, Number b) {
  Number result;
  if (op == '/' || !a.whole || !b.whole) {
    result.valid = a.valid && b.valid;
    result.whole = false;
    const double x = a.real(), y = b.real();
    result.r = op == '+' ? x + y : op == '-' ? x - y : op == '*' ? x * y : x / y;
    return result;
  }
  a = narrowed(a);
  b = narrowed(b);
  result.valid = a.valid && b.valid;
  if (!result.valid) return result;
  result.i = op == '+' ? a.i + b.i : op == '-' ? a.i - b.i : a.i * b.i;
  return narrowed(result);
}

Tri compared(std::string_view op, const Number& a, const Number& b) {
  if (!a.valid || !b.valid) return Tri::unknown;
  const Wide x = a.wide(), y = b.wide();
  if (op == "==") return tri(x == y);
  if (op == "!=") return tri(x != y);
  if (op == "<") return tri(x < y);
  if (op == "<=") return tri(x <= y);
  if (op == ">") return tri(x > y);
  return tri(x >= y);
}

/// Makes tables and expressions from one seed.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed), table_(0) {
    rows_ = below(4) == 0 ? 1'000 + below(1'500) : below(70);
    table_ = TableData(static_cast<Index>(rows_));
    integers<std::int8_t>("i8", Kind::i8);
    integers<std::int16_t>("i16", Kind::i16);
    integers<std::int32_t>("i32", Kind::i32);
    integers<std::int64_t>("i64", Kind::i64);
    integers<std::uint8_t>("u8", Kind::u8);
    integers<std::uint16_t>("u16", Kind::u16);
    integers<std::uint32_t>("u32", Kind::u32);
    integers<std::uint64_t>("u64", Kind::u64);
    reals<float>("f32", Kind::f32);
    reals<double>("f64", Kind::f64);
    flags();
    texts();
  }

  const TableData& table() const { return table_; }
  std::size_t rows() const { return rows_; }

  NumberExpr number(int depth) {
    if (depth == 0 || below(3) == 0) return below(4) == 0 ? literal() : column();
    const auto which = below(6);
    if (which == 0) return one_sided("-", number_of_column(depth - 1));
    if (which == 1) return one_sided("abs", number_of_column(depth - 1));
    const NumberExpr a = number_of_column(depth - 1);
    const NumberExpr b = number(depth - 1);
    const char op = "+-*/"[below(4)];
    return {"(" + a.text + " " + op + " " + b.text + ")", false,
            [=](std::size_t r) { return arithmetic(op, a.at(r), b.at(r)); }};
  }

  ConditionExpr condition(int depth) {
    if (depth > 0 && below(2) == 0) {
      const auto which = below(4);
      const ConditionExpr a = condition(depth - 1);
      if (which == 0) {
        return {"not (" + a.text + ")",
                [=](std::size_t r) { return negation(a.at(r)); }};
      }
      const ConditionExpr b = condition(depth - 1);
      if (which == 1) {
        return {"((" + a.text + ") == (" + b.text + "))", [=](std::size_t r) {
                  const Tri x = a.at(r), y = b.at(r);
                  if (x == Tri::unknown || y == Tri::unknown) return Tri::unknown;
                  return tri(x == y);
                }};
      }
      const bool all = which == 2;
      return {"(" + a.text + (all ? " and " : " or ") + b.text + ")",
              [=](std::size_t r) {
                const Tri x = a.at(r), y = b.at(r);
                const Tri strong = all ? Tri::no : Tri::yes;
                if (x == strong || y == strong) return strong;
                if (x == Tri::unknown || y == Tri::unknown) return Tri::unknown;
                return negation(strong);
              }};
    }
    switch (below(7)) {
      case 0:
        return membership();
      case 1:
        return null_test();
      case 2:
        return text_condition();
      case 3:
        return {"flag", [this](std::size_t r) {
                  return flag_valid_[r] != 0 ? tri(flag_[r] != 0) : Tri::unknown;
                }};
      case 4:
        return between();
      default:
        return comparison();
    }
  }

 private:
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

  std::vector<int> validity() {
    std::vector<int> valid;
    for (std::size_t r = 0; r < rows_; ++r) valid.push_back(below(4) != 0 ? 1 : 0);
    return valid;
  }

  template <class T>
  void integers(std::string name, Kind kind) {
    using L = std::numeric_limits<T>;
    const T pool[] = {0,
                      1,
                      2,
                      5,
                      static_cast<T>(-1),
                      static_cast<T>(100),
                      L::min(),
                      L::max(),
                      static_cast<T>(L::max() - 1),
                      static_cast<T>((std::uint64_t{1} << 53) + 1),
                      static_cast<T>(std::uint64_t{1} << 53)};
    std::vector<T> values;
    for (std::size_t r = 0; r < rows_; ++r) {
      values.push_back(below(3) == 0 ? static_cast<T>(random_()) : pool[below(11)]);
    }
    add<T>(std::move(name), kind, std::move(values));
  }

  template <class T>
  void reals(std::string name, Kind kind) {
    using L = std::numeric_limits<T>;
    const T pool[] = {T{0},
                      T{-0.0},
                      T(0.5),
                      T{1},
                      T{2},
                      L::quiet_NaN(),
                      L::infinity(),
                      T(1e18),
                      T(-1.5),
                      L::lowest(),
                      L::denorm_min(),
                      T(9007199254740992.0),
                      T(0x1p63),
                      T(-0x1p63),
                      T(5)};
    std::vector<T> values;
    for (std::size_t r = 0; r < rows_; ++r) values.push_back(pool[below(15)]);
    add<T>(std::move(name), kind, std::move(values));
  }

  template <class T>
  void add(std::string name, Kind kind, std::vector<T> values) {
    std::vector<int> valid;
    if (below(2) == 0) valid = validity();
    table_.add<T>(name, kind, values, valid);
    columns_.push_back({name, false, [values, valid](std::size_t r) {
                          Number x;
                          x.valid = valid.empty() || valid[r] != 0;
                          x.whole = std::is_integral_v<T>;
                          if constexpr (std::is_integral_v<T>) {
                            x.i = values[r];
                          } else {
                            x.r = static_cast<double>(values[r]);
                          }
                          return x;
                        }});
  }

  void flags() {
    for (std::size_t r = 0; r < rows_; ++r) flag_.push_back(below(2) == 0 ? 1 : 0);
    flag_valid_ = validity();
    table_.add<std::uint8_t>("flag", Kind::boolean, flag_, flag_valid_);
  }

  void texts() {
    const char* pool[] = {"", " ", "a", "ab", "B", "é", "VYDAJ"};
    for (std::size_t r = 0; r < rows_; ++r) text_.emplace_back(pool[below(7)]);
    text_valid_ = validity();
    table_.add_text("text", text_, text_valid_);
  }

  NumberExpr column() { return columns_[below(columns_.size())]; }
  NumberExpr number_of_column(int depth) {
    NumberExpr x = number(depth);
    return x.constant ? column() : x;
  }

  NumberExpr literal() {
    const std::int64_t wholes[] = {0,        1, 2, 5, 100, 255, 9'007'199'254'740'993,
                                   INT64_MAX};
    const char* reals[] = {"0.5",   "1.5", "1e18", "0.1", "2.0", "9007199254740992.0",
                           "1e-300"};
    Number value;
    std::string text;
    if (below(2) == 0) {
      value.i = wholes[below(8)];
      text = std::to_string(static_cast<std::int64_t>(value.i));
    } else {
      text = reals[below(7)];
      value.whole = false;
      value.r = std::stod(text);
    }
    if (below(4) == 0) {
      text = "-" + text;
      value.i = -value.i;
      value.r = -value.r;
    }
    return {text, true, [value](std::size_t) { return value; }};
  }

  NumberExpr one_sided(const std::string& function, const NumberExpr& a) {
    const bool minus = function == "-";
    return {(minus ? "-(" : "abs(") + a.text + ")", false, [=](std::size_t r) {
              Number x = a.at(r);
              if (!x.whole) {
                x.r = minus ? -x.r : std::fabs(x.r);
                return x;
              }
              if (!x.valid) return x;
              // u64 stays what it is under abs; minus needs 64 signed bits.
              if (minus) x = narrowed(x);
              if (!x.valid || (!minus && x.i >= 0)) return x;
              x.i = -x.i;
              return narrowed(x);
            }};
  }

  ConditionExpr comparison() {
    const char* ops[] = {"==", "!=", "<", "<=", ">", ">="};
    const std::string op = ops[below(6)];
    const NumberExpr a = number(2);
    const NumberExpr b = number(2);
    return {a.text + " " + op + " " + b.text,
            [=](std::size_t r) { return compared(op, a.at(r), b.at(r)); }};
  }

  ConditionExpr between() {
    const NumberExpr x = number(1), a = number(1), b = number(1);
    const bool negated = below(2) == 0;
    return {
        x.text + (negated ? " not between " : " between ") + a.text + " and " + b.text,
        [=](std::size_t r) {
          const Tri low = compared(">=", x.at(r), a.at(r));
          const Tri high = compared("<=", x.at(r), b.at(r));
          const Tri inside = low == Tri::no || high == Tri::no ? Tri::no
                             : low == Tri::unknown || high == Tri::unknown
                                 ? Tri::unknown
                                 : Tri::yes;
          return negated ? negation(inside) : inside;
        }};
  }

  ConditionExpr membership() {
    const NumberExpr x = number(1);
    std::vector<NumberExpr> items;
    std::string text = x.text;
    const bool negated = below(2) == 0;
    text += negated ? " not in (" : " in (";
    const std::size_t count = below(3) == 0 ? 20 : 1 + below(4);
    for (std::size_t k = 0; k < count; ++k) {
      items.push_back(literal());
      text += (k > 0 ? ", " : "") + items.back().text;
    }
    return {text + ")", [=](std::size_t r) {
              Tri any = Tri::no;
              for (const NumberExpr& item : items) {
                const Tri equal = compared("==", x.at(r), item.at(r));
                if (equal != Tri::no) any = equal;
              }
              return negated ? negation(any) : any;
            }};
  }

  ConditionExpr null_test() {
    const NumberExpr x = number_of_column(1);
    const bool negated = below(2) == 0;
    return {x.text + (negated ? " is not null" : " is null"),
            [=](std::size_t r) { return tri(x.at(r).valid == negated); }};
  }

  ConditionExpr text_condition() {
    const char* pool[] = {"", " ", "a", "ab", "zz"};
    const char* ops[] = {"==", "!=", "<", "<=", ">", ">="};
    const std::string op = ops[below(6)];
    const std::string value = pool[below(5)];
    return {"text " + op + " '" + value + "'", [this, op, value](std::size_t r) {
              if (text_valid_[r] == 0) return Tri::unknown;
              const int order = text_[r].compare(value);
              return tri(op == "=="   ? order == 0
                         : op == "!=" ? order != 0
                         : op == "<"  ? order < 0
                         : op == "<=" ? order <= 0
                         : op == ">"  ? order > 0
                                      : order >= 0);
            }};
  }

  std::mt19937_64 random_;
  TableData table_;
  std::size_t rows_ = 0;
  std::vector<NumberExpr> columns_;
  std::vector<std::uint8_t> flag_;
  std::vector<int> flag_valid_, text_valid_;
  std::vector<std::string> text_;
};

constexpr std::uint64_t kSeeds = 60;

/// The expression over the table, from a row on; nothing is written behind the end.
void check_condition(const Generator& generator, const ConditionExpr& expression,
                     std::size_t begin, EvalScratch& scratch) {
  SCOPED_TRACE(expression.text);
  const Program program = compile(expression.text, generator.table().schema(), {});
  const std::size_t rows = generator.rows() - begin;
  std::vector<std::uint8_t> mask(rows + 1, 9);
  std::vector<std::uint8_t> valid(rows + 1, 9);
  std::vector<double> value(rows + 1, -7);
  const auto first = static_cast<Index>(begin);
  const auto count = static_cast<Index>(rows);
  select(program, generator.table().columns(), first, count, scratch, mask.data());
  compute(program, generator.table().columns(), first, count, scratch, value.data(),
          valid.data());
  EXPECT_EQ(mask.back(), 9);
  EXPECT_EQ(valid.back(), 9);
  EXPECT_EQ(value.back(), -7);
  for (std::size_t r = 0; r < rows; ++r) {
    const Tri wanted = expression.at(begin + r);
    ASSERT_EQ(mask[r], wanted == Tri::yes ? 1 : 0) << "row " << begin + r;
    ASSERT_EQ(valid[r], wanted == Tri::unknown ? 0 : 1) << "row " << begin + r;
    ASSERT_EQ(value[r], wanted == Tri::yes ? 1.0 : 0.0) << "row " << begin + r;
  }
}

TEST(ExpressionReference, MatchesReferenceOfConditions) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Generator generator(seed);
    EvalScratch scratch;  // shared by expressions, as a worker does
    for (int k = 0; k < 20; ++k) {
      const std::size_t begin = generator.rows() == 0 ? 0 : seed * 7 % generator.rows();
      check_condition(generator, generator.condition(3), begin, scratch);
      if (HasFatalFailure()) return;
    }
  }
}

void check_number(const Generator& generator, const NumberExpr& expression,
                  EvalScratch& scratch) {
  SCOPED_TRACE(expression.text);
  const Program program = compile(expression.text, generator.table().schema(), {});
  std::vector<double> value(generator.rows() + 1, -7);
  std::vector<std::uint8_t> valid(generator.rows() + 1, 9);
  compute(program, generator.table().columns(), 0, static_cast<Index>(generator.rows()),
          scratch, value.data(), valid.data());
  EXPECT_EQ(valid.back(), 9);
  EXPECT_EQ(value.back(), -7);
  for (std::size_t r = 0; r < generator.rows(); ++r) {
    const Number wanted = expression.at(r);
    const double number = wanted.valid ? wanted.real() : 0.0;
    ASSERT_EQ(valid[r], wanted.valid ? 1 : 0) << "row " << r;
    if (std::isnan(number) && std::isnan(value[r])) continue;
    ASSERT_EQ(value[r], number) << "row " << r;
  }
}

TEST(ExpressionReference, MatchesReferenceOfNumbers) {
  for (std::uint64_t seed = 1'000; seed < 1'000 + kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Generator generator(seed);
    EvalScratch scratch;
    for (int k = 0; k < 20; ++k) {
      const NumberExpr expression = generator.number(4);
      if (!expression.constant) check_number(generator, expression, scratch);
      if (HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace lade
