// SPDX-License-Identifier: Apache-2.0
// From a typed tree to instructions. `not` is pushed down to the leaves, so that one
// byte a row ("known to be true") carries three-valued logic.
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "lade/core/error.h"
#include "lade/recipe/expression_types.h"
#include "lade/recipe/instant.h"

namespace lade {
namespace {

using Form = SyntaxNode::Form;
using Node = ProgramBuilder::Node;
using Bound = ProgramBuilder::Bound;
using Limit = ProgramBuilder::Limit;
using Whole = ExactNumber::Whole;

/// `a op b` as `b op a`.
CompareOp flipped(CompareOp op) {
  switch (op) {
    case CompareOp::lt:
      return CompareOp::gt;
    case CompareOp::le:
      return CompareOp::ge;
    case CompareOp::gt:
      return CompareOp::lt;
    case CompareOp::ge:
      return CompareOp::le;
    default:
      return op;
  }
}

class Compiler : private TypedTree {
 public:
  Compiler(const Syntax& syntax, std::string_view text, const Schema& schema,
           const ExpressionOptions& options)
      : TypedTree(syntax, text, schema, options), build_(schema) {}

  Program program() {
    const std::int32_t root = syntax_.root;
    switch (type(root)) {
      case Type::boolean:
        if (options_.mix)
          refuse(at(root).whole, "a mix must be a number, not a condition");
        return build_.finish_mask(mask(root, false), mask(root, true));
      case Type::text:
        if (at(root).form == Form::column) return build_.finish_text(column(root));
        refuse(at(root).whole, "a text alone is no expression");
      default:
        return build_.finish_number(number(root));
    }
  }

 private:
  // --- constants

  Index column(std::int32_t n) const { return schema_.find(at(n).word); }
  const ColumnType& type_of_column(Index column) const {
    return schema_.fields[static_cast<std::size_t>(column)].type;
  }

  static double as_real(const ExactNumber& value) {
    return value.form == ExactNumber::Form::real ? value.real
                                                 : static_cast<double>(value.whole);
  }

  /// Value of a constant number.
  ExactNumber constant(std::int32_t n) const {
    const SyntaxNode& node = at(n);
    if (node.form == Form::number) return node.number;
    if (node.form == Form::minus) {
      const ExactNumber inner = constant(node.children[0]);
      return inner.form == ExactNumber::Form::whole ? ExactNumber::of(-inner.whole)
                                                    : ExactNumber::of_real(-inner.real);
    }
    ExactNumber result = constant(node.children[0]);
    for (std::size_t k = 1; k < node.children.size(); ++k) {
      result = folded(node, node.operators[k], result, constant(node.children[k]));
    }
    return result;
  }

  ExactNumber folded(const SyntaxNode& node, char op, const ExactNumber& a,
                     const ExactNumber& b) const {
    if (op != '/' && a.form == ExactNumber::Form::whole &&
        b.form == ExactNumber::Form::whole) {
      Whole value = 0;
      const bool overflow = op == '+' ? __builtin_add_overflow(a.whole, b.whole, &value)
                            : op == '-'
                                ? __builtin_sub_overflow(a.whole, b.whole, &value)
                                : __builtin_mul_overflow(a.whole, b.whole, &value);
      constexpr Whole kLarge = Whole{1} << 100;
      if (!overflow && value < kLarge && value > -kLarge) return ExactNumber::of(value);
    }
    const double x = as_real(a);
    const double y = as_real(b);
    const double value = op == '+'   ? x + y
                         : op == '-' ? x - y
                         : op == '*' ? x * y
                                     : x / y;
    if (!std::isfinite(value))
      refuse(node.whole, "the constant is not a finite number");
    return ExactNumber::of_real(value);
  }

  /// A written time in the unit of a column.
  ExactNumber instant(Index column, std::int32_t n) const {
    if (at(n).form != Form::text) return constant(n);
    const ColumnType& type = type_of_column(column);
    const Instant when = *parse_instant(at(n).word);
    const auto zone = type.date ? nullptr : zone_of(column);
    const Whole ns = static_cast<Whole>(utc_second(when, zone.get())) * 1'000'000'000 +
                     when.nanosecond;
    const Whole unit = 1'000'000'000 / per_second(type.unit);
    const Whole floor = ns >= 0 ? ns / unit : -((-ns + unit - 1) / unit);
    return floor * unit == ns ? ExactNumber::of(floor) : ExactNumber::after(floor);
  }

  std::shared_ptr<const Zone> zone_of(Index column) const {
    if (column == options_.time && options_.zone) return options_.zone;
    const std::string& name = type_of_column(column).zone;
    return name.empty() ? nullptr : Zone::find(name);
  }

  // --- masks

  Node mask(std::int32_t n, bool negated) {
    const auto key = std::pair(n, negated);
    const auto known = masks_.find(key);
    if (known != masks_.end()) return known->second;
    const Node result = make_mask(n, negated);
    masks_.emplace(key, result);
    return result;
  }

  Node make_mask(std::int32_t n, bool negated) {
    const SyntaxNode& node = at(n);
    switch (node.form) {
      case Form::column:
        return build_.column_true(column(n), negated);
      case Form::truth:
        return build_.always(node.negated == negated);
      case Form::negation:
        return mask(node.children[0], !negated);
      case Form::all_of:
      case Form::any_of: {
        std::vector<Node> parts;
        for (const std::int32_t child : node.children)
          parts.push_back(mask(child, negated));
        const bool all = (node.form == Form::all_of) != negated;
        return all ? build_.all_of(std::move(parts)) : build_.any_of(std::move(parts));
      }
      case Form::compare:
        return compare(node, negated);
      case Form::in:
        return membership(node, negated != node.negated);
      case Form::between:
        return between(node, negated != node.negated);
      case Form::is_null: {
        const std::int32_t child = node.children[0];
        const bool flip = negated != node.negated;
        if (at(child).form == Form::column)
          return build_.column_null(column(child), flip);
        return build_.is_null(number(child), flip);
      }
      default:
        LADE_DCHECK(false);
        return build_.always(false);
    }
  }

  struct ColumnLimits {
    Limit low, high;
    bool negated;
  };
  static ColumnLimits limits(CompareOp op, const ExactNumber& value, bool negated) {
    const Bound closed{value, true};
    const Bound open{value, false};
    switch (op) {
      case CompareOp::eq:
        return {closed, closed, negated};
      case CompareOp::ne:
        return {closed, closed, !negated};
      case CompareOp::lt:
        return {std::nullopt, open, negated};
      case CompareOp::le:
        return {std::nullopt, closed, negated};
      case CompareOp::gt:
        return {open, std::nullopt, negated};
      case CompareOp::ge:
        return {closed, std::nullopt, negated};
    }
    return {closed, closed, negated};
  }

  Node compare(const SyntaxNode& node, bool negated) {
    const std::int32_t a = node.children[0];
    const std::int32_t b = node.children[1];
    if (is_constant(a) && !is_constant(b))
      return compare(b, flipped(node.op), a, negated);
    return compare(a, node.op, b, negated);
  }

  Node compare(std::int32_t a, CompareOp op, std::int32_t b, bool negated) {
    const bool constant_b = is_constant(b) && !is_constant(a);
    switch (type(a)) {
      case Type::boolean:
        return compare_conditions(a, b, negated != (op == CompareOp::ne));
      case Type::text:
        return compare_texts(a, op, b, negated);
      case Type::time:
        if (constant_b) {
          const auto [low, high, flip] = limits(op, instant(column(a), b), negated);
          return build_.column_between(column(a), low, high, flip);
        }
        return compare_times(a, op, b, negated);
      default:
        break;
    }
    if (constant_b) {
      const auto [low, high, flip] = limits(op, constant(b), negated);
      return build_.between(number(a), low, high, flip);
    }
    const bool swap = op == CompareOp::gt || op == CompareOp::ge;
    const Node x = number(swap ? b : a);
    const Node y = number(swap ? a : b);
    return build_.compare(comparison(op), x, y, negated != (op == CompareOp::ne));
  }

  static Comparison comparison(CompareOp op) {
    if (op == CompareOp::lt || op == CompareOp::gt) return Comparison::less;
    if (op == CompareOp::le || op == CompareOp::ge) return Comparison::less_equal;
    return Comparison::equal;
  }

  /// Both true or both false (or, negated, one of each).
  Node compare_conditions(std::int32_t a, std::int32_t b, bool negated) {
    return build_.any_of({build_.all_of({mask(a, false), mask(b, negated)}),
                          build_.all_of({mask(a, true), mask(b, !negated)})});
  }

  Node compare_times(std::int32_t a, CompareOp op, std::int32_t b, bool negated) {
    if (op == CompareOp::gt || op == CompareOp::ge) std::swap(a, b);
    return build_.compare_times(
        comparison(op), build_.column(column(a)), type_of_column(column(a)).unit,
        build_.column(column(b)), type_of_column(column(b)).unit,
        negated != (op == CompareOp::ne));
  }

  Node compare_texts(std::int32_t a, CompareOp op, std::int32_t b, bool negated) {
    const bool flip = negated != (op == CompareOp::ne);
    if (is_constant(a)) {  // both are
      const int order = at(a).word.compare(at(b).word);
      const bool equal = order == 0;
      const bool swap = op == CompareOp::gt || op == CompareOp::ge;
      const bool less = swap ? order > 0 : order < 0;
      const bool holds = comparison(op) == Comparison::equal  ? equal
                         : comparison(op) == Comparison::less ? less
                                                              : less || equal;
      return build_.always(holds != flip);
    }
    if (!is_constant(b)) {
      if (op == CompareOp::gt || op == CompareOp::ge) std::swap(a, b);
      return build_.compare_texts(comparison(op), column(a), column(b), flip);
    }
    TextPredicate predicate;
    const std::string& value = at(b).word;
    switch (op) {
      case CompareOp::eq:
      case CompareOp::ne:
        predicate.values = {value};
        break;
      case CompareOp::lt:
        predicate.high = {value, false};
        break;
      case CompareOp::le:
        predicate.high = {value, true};
        break;
      case CompareOp::gt:
        predicate.low = {value, false};
        break;
      case CompareOp::ge:
        predicate.low = {value, true};
        break;
    }
    return build_.column_text(column(a), std::move(predicate), flip);
  }

  Node between(const SyntaxNode& node, bool negated) {
    const std::int32_t x = node.children[0];
    const std::int32_t low = node.children[1];
    const std::int32_t high = node.children[2];
    if (!is_constant(x) && is_constant(low) && is_constant(high)) {
      if (type(x) == Type::text) {
        TextPredicate predicate;
        predicate.low = {at(low).word, true};
        predicate.high = {at(high).word, true};
        return build_.column_text(column(x), std::move(predicate), negated);
      }
      const bool time = type(x) == Type::time;
      const ExactNumber from = time ? instant(column(x), low) : constant(low);
      const ExactNumber to = time ? instant(column(x), high) : constant(high);
      if (time)
        return build_.column_between(column(x), Bound{from}, Bound{to}, negated);
      return build_.between(number(x), Bound{from}, Bound{to}, negated);
    }
    const std::vector<Node> parts = {pair(x, CompareOp::ge, low, negated),
                                     pair(x, CompareOp::le, high, negated)};
    return negated ? build_.any_of(parts) : build_.all_of(parts);
  }
  Node pair(std::int32_t a, CompareOp op, std::int32_t b, bool negated) {
    if (is_constant(a) && !is_constant(b)) return compare(b, flipped(op), a, negated);
    return compare(a, op, b, negated);
  }

  Node membership(const SyntaxNode& node, bool negated) {
    const std::int32_t x = node.children[0];
    const std::span<const std::int32_t> items = std::span(node.children).subspan(1);
    if (!is_constant(x) && type(x) == Type::text) {
      TextPredicate predicate;
      predicate.values.emplace();
      for (const std::int32_t item : items) predicate.values->push_back(at(item).word);
      return build_.column_text(column(x), std::move(predicate), negated);
    }
    const bool plain = at(x).form == Form::column && type(x) != Type::boolean;
    if (plain) {
      std::vector<ExactNumber> values;
      for (const std::int32_t item : items) {
        values.push_back(type(x) == Type::time ? instant(column(x), item)
                                               : constant(item));
      }
      return build_.column_in(column(x), values, negated);
    }
    std::vector<Node> parts;
    for (const std::int32_t item : items) {
      parts.push_back(compare(x, CompareOp::eq, item, negated));
    }
    return negated ? build_.all_of(std::move(parts)) : build_.any_of(std::move(parts));
  }

  // --- numbers

  Node number(std::int32_t n) {
    const auto known = numbers_.find(n);
    if (known != numbers_.end()) return known->second;
    const Node result = is_constant(n) ? literal(n) : make_number(n);
    numbers_.emplace(n, result);
    return result;
  }

  Node literal(std::int32_t n) {
    const ExactNumber value = constant(n);
    if (value.form == ExactNumber::Form::whole && value.whole >= INT64_MIN &&
        value.whole <= INT64_MAX) {
      return build_.integer(static_cast<std::int64_t>(value.whole));
    }
    return build_.real(as_real(value));
  }

  Node make_number(std::int32_t n) {
    const SyntaxNode& node = at(n);
    switch (node.form) {
      case Form::column:
        return build_.column(column(n));
      case Form::call:
        return call(node);
      case Form::minus:
        return build_.arithmetic(Op::negate, number(node.children[0]));
      default:
        break;
    }
    Node result = number(node.children[0]);
    for (std::size_t k = 1; k < node.children.size(); ++k) {
      const char op = node.operators[k];
      result = build_.arithmetic(op == '+'   ? Op::add
                                 : op == '-' ? Op::subtract
                                 : op == '*' ? Op::multiply
                                             : Op::divide,
                                 result, number(node.children[k]));
    }
    return result;
  }

  Node call(const SyntaxNode& node) {
    const Function& f = function(node);
    const auto argument = [&](std::size_t k) { return number(node.children[k]); };
    if (f.where == Function::Where::rows) {
      const Index time = column(node.children[0]);
      auto zone = zone_of(time);
      return build_.calendar(f.op, time, zone ? std::move(zone) : Zone::utc());
    }
    if (f.op == Op::choose) {
      return build_.choose(mask(node.children[0], false), mask(node.children[0], true),
                           argument(1), argument(2));
    }
    if (f.name == "clip") {
      return build_.arithmetic(
          Op::least, build_.arithmetic(Op::greatest, argument(0), argument(1)),
          argument(2));
    }
    if (f.most == 1) return build_.arithmetic(f.op, argument(0));
    Node result = argument(0);
    for (std::size_t k = 1; k < node.children.size(); ++k) {
      result = build_.arithmetic(f.op, result, argument(k));
    }
    return result;
  }

  ProgramBuilder build_;
  std::map<std::pair<std::int32_t, bool>, Node> masks_;
  std::map<std::int32_t, Node> numbers_;
};

}  // namespace

Program compile_syntax(const Syntax& syntax, std::string_view text,
                       const Schema& schema, const ExpressionOptions& options) {
  return Compiler(syntax, text, schema, options).program();
}

}  // namespace lade
