// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/expression_types.h"

#include "lade/core/error.h"
#include "lade/core/unknown_name.h"
#include "lade/recipe/instant.h"

namespace lade {

using Form = SyntaxNode::Form;

TypedTree::TypedTree(const Syntax& syntax, std::string_view text, const Schema& schema,
                     const ExpressionOptions& options)
    : syntax_(syntax), text_(text), schema_(schema), options_(options) {
  check_all();
}

bool TypedTree::is_number(Type type) {
  return type == Type::integer || type == Type::real;
}

std::string_view TypedTree::word_of(Type type) {
  switch (type) {
    case Type::boolean:
      return "true or false";
    case Type::integer:
      return "a whole number";
    case Type::real:
      return "a number";
    case Type::text:
      return "text";
    case Type::time:
      return "a time";
  }
  return "";
}

void TypedTree::refuse(Spot spot, std::string_view rule) const {
  refuse_at(text_, options_, spot, rule);
}

std::string TypedTree::shown(std::int32_t node) const {
  const Spot spot = at(node).whole;
  return "'" +
         escape_text(text_.substr(static_cast<std::size_t>(spot.at),
                                  static_cast<std::size_t>(spot.size))) +
         "'";
}

std::span<const TypedTree::Function> TypedTree::functions() {
  static constexpr Function kFunctions[] = {
      {"abs", Op::absolute, 1, 1, Function::Where::both},
      {"hour", Op::hour, 1, 1, Function::Where::rows},
      {"weekday", Op::weekday, 1, 1, Function::Where::rows},
      {"month", Op::month, 1, 1, Function::Where::rows},
      {"min", Op::least, 2, 64, Function::Where::mix},
      {"max", Op::greatest, 2, 64, Function::Where::mix},
      {"log10", Op::logarithm, 1, 1, Function::Where::mix},
      {"clip", Op::least, 3, 3, Function::Where::mix},
      {"if", Op::choose, 3, 3, Function::Where::mix}};
  return kFunctions;
}

bool TypedTree::allowed(const Function& function) const {
  return function.where == Function::Where::both ||
         (function.where == Function::Where::mix) == options_.mix;
}

std::vector<std::string> TypedTree::function_names() const {
  std::vector<std::string> names;
  for (const Function& function : functions()) {
    if (allowed(function)) names.emplace_back(function.name);
  }
  return names;
}

void TypedTree::check_all() {
  for (std::int32_t n = 0; n < static_cast<std::int32_t>(syntax_.nodes.size()); ++n) {
    types_.push_back(check(n));
  }
}

TypedTree::Type TypedTree::check(std::int32_t n) {
  const SyntaxNode& node = at(n);
  switch (node.form) {
    case Form::column:
      return column_type(node);
    case Form::number:
      return node.number.form == ExactNumber::Form::whole ? Type::integer : Type::real;
    case Form::text:
      return Type::text;
    case Form::truth:
      return Type::boolean;
    case Form::call:
      return check_call(node);
    case Form::minus:
    case Form::sum:
    case Form::product:
      return check_arithmetic(node);
    case Form::compare:
      check_pair(node, node.children[0], node.children[1]);
      break;
    case Form::in:
      check_in(node);
      break;
    case Form::between:
      check_pair(node, node.children[0], node.children[1]);
      check_pair(node, node.children[0], node.children[2]);
      if (type(node.children[0]) == Type::boolean) {
        refuse(node.spot, "between needs numbers, texts or times");
      }
      break;
    case Form::is_null:
      check_null(node);
      break;
    case Form::negation:
    case Form::all_of:
    case Form::any_of:
      for (const std::int32_t child : node.children) want_condition(child);
      break;
  }
  return Type::boolean;
}

TypedTree::Type TypedTree::column_type(const SyntaxNode& node) const {
  const Index found = schema_.find(node.word);
  if (found < 0) {
    const std::string what = options_.mix ? "target" : "column";
    for (const std::string& name : function_names()) {
      if (name == node.word) {
        refuse(node.spot, "'" + name + "' is a function and needs (...)");
      }
    }
    refuse(node.spot, unknown_name(what, node.word, schema_.names()));
  }
  const Kind kind = schema_.fields[static_cast<std::size_t>(found)].type.kind;
  if (kind == Kind::boolean) return Type::boolean;
  if (kind == Kind::text) return Type::text;
  if (kind == Kind::time) return Type::time;
  return is_integer(kind) ? Type::integer : Type::real;
}

const TypedTree::Function& TypedTree::function(const SyntaxNode& node) const {
  for (const Function& function : functions()) {
    if (function.name != node.word) continue;
    if (!allowed(function)) {
      refuse(node.spot, std::string(function.name) +
                            (options_.mix ? "() is not offered over targets"
                                          : "() is offered only in a mix of targets"));
    }
    return function;
  }
  refuse(node.spot, unknown_name("function", node.word, function_names()));
}

TypedTree::Type TypedTree::check_call(const SyntaxNode& node) const {
  const Function& f = function(node);
  const std::size_t given = node.children.size();
  if (given < f.least || given > f.most) {
    const std::string wanted =
        f.least == f.most ? std::to_string(f.least)
                          : std::to_string(f.least) + " to " + std::to_string(f.most);
    refuse(node.whole, node.word + "() takes " + wanted + " arguments, got " +
                           std::to_string(given));
  }
  if (f.where == Function::Where::rows) {
    const std::int32_t time = node.children[0];
    if (at(time).form != Form::column || type(time) != Type::time) {
      refuse(at(time).whole, node.word + "() needs a time column, " + shown(time) +
                                 " is " + std::string(word_of(type(time))));
    }
    return Type::integer;
  }
  bool real = f.op == Op::logarithm;
  for (std::size_t k = 0; k < given; ++k) {
    if (f.op == Op::choose && k == 0) {
      want_condition(node.children[0]);
      continue;
    }
    want_number(node.children[k]);
    real = real || type(node.children[k]) == Type::real;
  }
  return real ? Type::real : Type::integer;
}

void TypedTree::want_number(std::int32_t n) const {
  if (is_number(type(n))) return;
  refuse(at(n).whole, "arithmetic needs numbers, " + shown(n) + " is " +
                          std::string(word_of(type(n))));
}

void TypedTree::want_condition(std::int32_t n) const {
  if (type(n) == Type::boolean) return;
  refuse(at(n).whole, "a condition is needed here, " + shown(n) + " is " +
                          std::string(word_of(type(n))));
}

TypedTree::Type TypedTree::check_arithmetic(const SyntaxNode& node) const {
  bool real = node.operators.find('/') != std::string::npos;
  for (const std::int32_t child : node.children) {
    want_number(child);
    real = real || type(child) == Type::real;
  }
  return real ? Type::real : Type::integer;
}

bool TypedTree::is_constant(std::int32_t n) const {
  const SyntaxNode& node = at(n);
  if (node.form == Form::number || node.form == Form::text ||
      node.form == Form::truth) {
    return true;
  }
  if (node.form != Form::minus && node.form != Form::sum &&
      node.form != Form::product) {
    return false;
  }
  for (const std::int32_t child : node.children) {
    if (!is_constant(child)) return false;
  }
  return true;
}

void TypedTree::check_pair(const SyntaxNode& node, std::int32_t a,
                           std::int32_t b) const {
  const Type left = type(a);
  const Type right = type(b);
  if (is_number(left) && is_number(right)) return;
  if (left == Type::time && right == Type::time) {
    if (is_constant(a) == is_constant(b)) return;
  }
  if (left == Type::time && time_constant(b)) return;
  if (right == Type::time && time_constant(a)) return;
  if (left == right && left == Type::boolean) {
    const bool equality = node.form == Form::in ||
                          (node.form == Form::compare &&
                           (node.op == CompareOp::eq || node.op == CompareOp::ne));
    if (!equality) refuse(node.spot, "conditions are compared with == or !=");
    return;
  }
  if (left == right) return;
  if (left == Type::time && at(b).form == Form::text) bad_date(b);
  if (right == Type::time && at(a).form == Form::text) bad_date(a);
  refuse(at(b).whole, shown(a) + " is " + std::string(word_of(left)) + " and " +
                          shown(b) + " is " + std::string(word_of(right)) +
                          "; they cannot be compared");
}

void TypedTree::bad_date(std::int32_t n) const {
  refuse(at(n).whole,
         "a time is compared with a date such as '1993-01-31' or "
         "'1993-01-31T10:00:00', not with " +
             shown(n));
}

bool TypedTree::time_constant(std::int32_t n) const {
  if (at(n).form == Form::text) return parse_instant(at(n).word).has_value();
  return type(n) == Type::integer && is_constant(n);
}

void TypedTree::check_in(const SyntaxNode& node) const {
  for (std::size_t k = 1; k < node.children.size(); ++k) {
    const std::int32_t item = node.children[k];
    if (!is_constant(item)) {
      refuse(at(item).whole, "in (...) takes written values, not " + shown(item));
    }
    check_pair(node, node.children[0], item);
  }
}

void TypedTree::check_null(const SyntaxNode& node) const {
  const std::int32_t child = node.children[0];
  if (at(child).form == Form::column || is_number(type(child))) return;
  refuse(at(child).whole, "is null is asked of a column or a number");
}

}  // namespace lade
