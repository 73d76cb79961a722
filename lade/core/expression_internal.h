// SPDX-License-Identifier: Apache-2.0
// How programs are built and what they are made of. For recipe/expression*.cc and
// tests.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lade/core/expression.h"
#include "lade/core/hash.h"

namespace lade {

/// How a number lies in a register. Times are i64.
enum class NumberType : std::uint8_t { i64, u64, f64 };

/// What an instruction does. A mask is one byte a row: 1 where something is known to be
/// true, so null is 0. Negation is pushed down to the leaves (`negated`), which keeps
/// three-valued logic with one byte a row.
enum class Op : std::uint8_t {
  // masks
  constant_mask,  // low
  column_range,   // column within [low, high] of its own type
  column_set,     // whole-number column in set `extra`
  column_text,    // text column fulfils predicate `extra`
  column_null,
  column_true,     // boolean column
  register_range,  // number a within [low, high] of its type
  register_null,
  compare,       // a `comparison` b
  compare_time,  // a * low `comparison` b * high, in 128 bits
  compare_text,  // two text columns: `column`, `other`
  all_of,        // a and b
  any_of,
  // numbers
  load,
  constant,  // low as `type`
  add,
  subtract,
  multiply,
  divide,
  negate,
  absolute,
  least,
  greatest,
  logarithm,  // base 10
  to_i64,     // u64: null above 2^63 - 1
  to_f64,
  choose,  // mask a true: c; mask b true: d; else null
  hour,
  weekday,
  month
};
enum class Comparison : std::uint8_t { equal, less, less_equal };
bool is_mask(Op op) noexcept;

/// A set of whole numbers; `bits` when they lie close together.
struct IntegerSet {
  std::vector<std::int64_t> sorted;  // u64 columns: as their bits, sorted unsigned
  std::vector<std::uint64_t> bits;   // bit (x - sorted[0]); empty: search `sorted`
};

/// What a text must fulfil: one of `values`, or within the bounds.
struct TextPredicate {
  struct Bound {
    std::string text;
    bool closed = true;
  };
  std::optional<std::vector<std::string>> values;  // sorted, unique
  std::optional<Bound> low, high;
  bool operator()(std::string_view text) const;
};

struct Instruction {
  Op op = Op::constant_mask;
  NumberType type = NumberType::f64;        // of the result; of a for masks
  NumberType other_type = NumberType::f64;  // of b, of comparisons
  Comparison comparison = Comparison::equal;
  bool negated = false;
  Kind kind = Kind::f64;        // of `column`
  TimeUnit unit = TimeUnit::s;  // of hour, weekday, month
  std::int32_t out = 0;         // register; masks and numbers count apart
  std::int32_t a = -1, b = -1, c = -1, d = -1;
  std::int32_t column = -1, other = -1;
  std::int32_t extra = -1;         // set, predicate or zone
  std::int64_t low = 0, high = 0;  // bits of the column's or register's type
};

struct Program::Data {
  ValueType type = ValueType::boolean;
  std::vector<Index> columns;
  std::string key;
  std::vector<Instruction> code;
  std::int32_t masks = 0, numbers = 0;  // registers needed
  std::int32_t result = 0;              // register of the value
  std::int32_t result_false = -1;       // boolean: register of "known to be false"
  std::size_t select_code = 0;          // instructions that `result` alone needs
  std::vector<IntegerSet> sets;
  std::vector<TextPredicate> texts;
  std::vector<Hash128> text_ids;  // equal predicates share memo tables
  std::vector<std::shared_ptr<const Zone>> zones;
};

/// An exact number: a whole one, a double, or one between two neighbouring whole
/// numbers (a time finer than the unit of its column).
struct ExactNumber {
  using Whole = __int128;
  enum class Form : std::uint8_t { whole, real, between } form = Form::whole;
  Whole whole = 0;  // between: the lower neighbour
  double real = 0.0;
  static ExactNumber of(Whole value) { return {Form::whole, value, 0.0}; }
  static ExactNumber of_real(double value) { return {Form::real, 0, value}; }
  static ExactNumber after(Whole lower) { return {Form::between, lower, 0.0}; }
};

/// Builds a program out of nodes; equal nodes become one.
///
/// Requires: types fit (the caller has checked them): masks go where masks are wanted.
class ProgramBuilder {
 public:
  using Node = std::int32_t;
  struct Bound {
    ExactNumber value;
    bool closed = true;
  };
  using Limit = std::optional<Bound>;  // nullopt: no bound on that side

  explicit ProgramBuilder(const Schema& schema);
  ~ProgramBuilder();

  Node always(bool value);
  /// The column lies between the bounds (or not). Integers exactly, NaN as IEEE.
  Node column_between(Index column, const Limit& low, const Limit& high, bool negated);
  Node column_in(Index column, std::span<const ExactNumber> values, bool negated);
  Node column_text(Index column, TextPredicate predicate, bool negated);
  Node column_null(Index column, bool negated);
  Node column_true(Index column, bool negated);
  Node between(Node number, const Limit& low, const Limit& high, bool negated);
  Node is_null(Node number, bool negated);
  Node compare(Comparison comparison, Node a, Node b, bool negated);
  /// Times in different units.
  Node compare_times(Comparison comparison, Node a, TimeUnit a_unit, Node b,
                     TimeUnit b_unit, bool negated);
  Node compare_texts(Comparison comparison, Index a, Index b, bool negated);
  Node all_of(std::vector<Node> masks);
  Node any_of(std::vector<Node> masks);

  /// A number, boolean excepted, or time column.
  Node column(Index column);
  Node integer(std::int64_t value);
  Node real(double value);
  /// add .. divide, least, greatest. Whole numbers stay whole (null on overflow of 64
  /// bits) unless one is real; divide is always real.
  Node arithmetic(Op op, Node a, Node b);
  /// negate, absolute, logarithm.
  Node arithmetic(Op op, Node a);
  Node choose(Node is_true, Node is_false, Node a, Node b);
  /// hour, weekday, month of a time column in a zone.
  Node calendar(Op op, Index time, std::shared_ptr<const Zone> zone);
  Node to_real(Node number);
  NumberType type_of(Node number) const;

  Program finish_mask(Node is_true, Node is_false = -1);
  Program finish_number(Node number);
  /// A bare text column.
  Program finish_text(Index column);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lade
