// SPDX-License-Identifier: Apache-2.0
// The machine itself, with programs made by hand; the language is tested in
// tests/recipe.
#include "lade/core/expression.h"

#include <gtest/gtest.h>

#include <array>

#include "lade/core/expression_internal.h"

namespace lade {
namespace {

using Bound = ProgramBuilder::Bound;

Schema schema_of(std::initializer_list<Kind> kinds) {
  Schema schema;
  for (const Kind kind : kinds) {
    schema.fields.push_back({"c" + std::to_string(schema.fields.size()),
                             {kind, TimeUnit::us, false, ""},
                             true});
  }
  return schema;
}

template <class T>
Column view(Kind kind, const std::vector<T>& values) {
  Column column;
  column.kind = kind;
  column.values = values.data();
  return column;
}

ExactNumber whole(std::int64_t value) { return ExactNumber::of(value); }

std::vector<std::uint8_t> run(const Program& program, std::span<const Column> columns,
                              Index begin, Index rows, EvalScratch& scratch) {
  std::vector<std::uint8_t> mask(static_cast<std::size_t>(rows) + 1, 9);
  select(program, columns, begin, rows, scratch, mask.data());
  EXPECT_EQ(mask.back(), 9) << "wrote behind the end";
  mask.pop_back();
  return mask;
}

TEST(Select, WorksAtEveryLengthAndOffset) {
  std::vector<std::int32_t> values;
  std::vector<std::uint8_t> bits(400);
  for (int i = 0; i < 3'200; ++i) values.push_back(i % 7);
  for (std::size_t i = 0; i < bits.size(); ++i)
    bits[i] = static_cast<std::uint8_t>(i * 37 + 5);
  std::array columns = {view(Kind::i32, values)};
  columns[0].validity = bits.data();
  const Schema schema = schema_of({Kind::i32});
  ProgramBuilder builder(schema);
  const Program program = builder.finish_mask(
      builder.column_between(0, Bound{whole(2), true}, Bound{whole(5), false}, false));
  EvalScratch scratch;
  for (const Index begin : {0, 1, 7, 8, 1'023, 1'500}) {
    for (const Index rows : {0, 1, 7, 8, 9, 63, 1'023, 1'024, 1'025, 1'700}) {
      const auto mask = run(program, columns, begin, rows, scratch);
      for (Index r = 0; r < rows; ++r) {
        const Index row = begin + r;
        const int value = values[static_cast<std::size_t>(row)];
        ASSERT_EQ(mask[static_cast<std::size_t>(r)],
                  columns[0].valid(row) && value >= 2 && value < 5 ? 1 : 0)
            << begin << " + " << r;
      }
    }
  }
}

TEST(Select, MatchesReferenceOfEveryKindAtItsEnds) {
  const auto check = [](auto type, Kind kind) {
    using T = decltype(type);
    using L = std::numeric_limits<T>;
    const std::vector<T> values = {
        L::lowest(), T(L::lowest() + T(1)), T(0),    T(1), T(2),
        T(100),      T(L::max() - T(1)),    L::max()};
    const Schema schema = schema_of({kind});
    const std::array columns = {view(kind, values)};
    EvalScratch scratch;
    for (const T low : values) {
      for (const T high : values) {
        for (const bool negated : {false, true}) {
          ProgramBuilder builder(schema);
          const auto number = [](T value) {
            return std::is_integral_v<T>
                       ? ExactNumber::of(static_cast<ExactNumber::Whole>(value))
                       : ExactNumber::of_real(static_cast<double>(value));
          };
          const Program program = builder.finish_mask(builder.column_between(
              0, Bound{number(low), true}, Bound{number(high), false}, negated));
          const auto mask = run(program, columns, 0, 8, scratch);
          for (std::size_t r = 0; r < 8; ++r) {
            const bool inside = values[r] >= low && values[r] < high;
            ASSERT_EQ(mask[r], inside != negated ? 1 : 0) << name(kind) << " row " << r;
          }
        }
      }
    }
  };
  check(std::int8_t{}, Kind::i8);
  check(std::int16_t{}, Kind::i16);
  check(std::int32_t{}, Kind::i32);
  check(std::int64_t{}, Kind::i64);
  check(std::uint8_t{}, Kind::u8);
  check(std::uint16_t{}, Kind::u16);
  check(std::uint32_t{}, Kind::u32);
  check(std::uint64_t{}, Kind::u64);
  check(float{}, Kind::f32);
  check(double{}, Kind::f64);
}

TEST(Select, TellsDictionariesApart) {
  const Schema schema = schema_of({Kind::text});
  ProgramBuilder builder(schema);
  TextPredicate predicate;
  predicate.values = {"b"};
  const Program program = builder.finish_mask(builder.column_text(0, predicate, false));
  const std::vector<std::int32_t> codes = {0, 1, 2, 1};
  EvalScratch scratch;
  for (int k = 0; k < 40; ++k) {
    std::vector<std::string> texts(std::size_t{1} << 6);
    texts[0] = "a";
    texts[static_cast<std::size_t>(1 + k % 2)] = "b";
    const auto dictionary = Dictionary::of(texts);
    std::array columns = {view(Kind::text, codes)};
    columns[0].dictionary = dictionary.get();
    const auto mask = run(program, columns, 0, 4, scratch);
    const std::uint8_t one = k % 2 == 0 ? 1 : 0;
    const std::uint8_t two = k % 2 == 0 ? 0 : 1;
    ASSERT_EQ(mask, (std::vector<std::uint8_t>{0, one, two, one}));
  }
}

TEST(Select, SharesScratchBetweenPrograms) {
  const Schema schema = schema_of({Kind::i64});
  const std::vector<std::int64_t> values = {1, 2, 3};
  const std::array columns = {view(Kind::i64, values)};
  EvalScratch scratch;
  ProgramBuilder wide(schema);
  std::vector<ProgramBuilder::Node> parts;
  for (int i = 0; i < 40; ++i) {
    const auto sum = wide.arithmetic(Op::add, wide.column(0), wide.integer(i));
    parts.push_back(wide.between(sum, Bound{whole(2 + i), true}, std::nullopt, false));
  }
  const Program large = wide.finish_mask(wide.all_of(parts));
  ProgramBuilder narrow(schema);
  const Program small = narrow.finish_mask(
      narrow.column_between(0, Bound{whole(3), true}, std::nullopt, false));
  EvalScratch moved = std::move(scratch);
  for (int k = 0; k < 3; ++k) {
    EXPECT_EQ(run(large, columns, 0, 3, moved), (std::vector<std::uint8_t>{0, 1, 1}));
    EXPECT_EQ(run(small, columns, 0, 3, moved), (std::vector<std::uint8_t>{0, 0, 1}));
  }
  EXPECT_LE(large.data().masks, 3);
  EXPECT_LE(large.data().numbers, 4 + 40);  // constants stay; sums do not
}

TEST(Compute, GivesNumbersOfEveryKindAsDoubles) {
  const Schema schema = schema_of({Kind::u64, Kind::boolean, Kind::f32, Kind::i8});
  const std::vector<std::uint64_t> big = {UINT64_MAX, 1};
  const std::vector<std::uint8_t> flag = {1, 0};
  const std::vector<float> single = {0.1F, -2.0F};
  const std::vector<std::int8_t> tiny = {-128, 127};
  const std::array columns = {view(Kind::u64, big), view(Kind::boolean, flag),
                              view(Kind::f32, single), view(Kind::i8, tiny)};
  EvalScratch scratch;
  const auto values = [&](const Program& program) {
    std::vector<double> value(2);
    std::vector<std::uint8_t> valid(2);
    compute(program, columns, 0, 2, scratch, value.data(), valid.data());
    EXPECT_EQ(valid, (std::vector<std::uint8_t>{1, 1}));
    return value;
  };
  ProgramBuilder builder(schema);
  EXPECT_EQ(values(builder.finish_number(builder.column(0))),
            (std::vector<double>{0x1p64, 1}));
  EXPECT_EQ(values(builder.finish_mask(builder.column_true(1, false),
                                       builder.column_true(1, true))),
            (std::vector<double>{1, 0}));
  EXPECT_EQ(values(builder.finish_number(builder.column(2))),
            (std::vector<double>{static_cast<double>(0.1F), -2}));
  EXPECT_EQ(values(builder.finish_number(builder.column(3))),
            (std::vector<double>{-128, 127}));
}

}  // namespace
}  // namespace lade
