// SPDX-License-Identifier: Apache-2.0
// What a recipe with compat = "hppl" may say.
#include "lade/recipe/hppl.h"

#include <cmath>
#include <limits>

#include "lade/core/error.h"
#include "lade/recipe/expression_syntax.h"
#include "lade/recipe/parse.h"

namespace lade {
namespace {

using Form = SyntaxNode::Form;

constexpr const char* kRule = "is not allowed with compat = \"hppl\"";

/// The number a node stands for.
double number_of(const Syntax& syntax, const SyntaxNode& node) {
  if (node.form == Form::minus) {
    return -number_of(syntax, syntax.nodes[static_cast<std::size_t>(node.children[0])]);
  }
  return node.number.form == ExactNumber::Form::real
             ? node.number.real
             : static_cast<double>(node.number.whole);
}

bool is_number(const Syntax& syntax, const SyntaxNode& node) {
  if (node.form == Form::number) return true;
  return node.form == Form::minus &&
         syntax.nodes[static_cast<std::size_t>(node.children[0])].form == Form::number;
}

}  // namespace

HpplWhere hppl_where(std::string_view text, const ExpressionOptions& options) {
  const Syntax syntax = parse_expression(text, options);
  const SyntaxNode& root = syntax.nodes[static_cast<std::size_t>(syntax.root)];
  const std::string rule =
      "must be column == number, column > number or column >= number with compat = "
      "\"hppl\"";
  if (root.form != Form::compare || root.children.size() != 2) {
    refuse_at(text, options, root.whole, rule);
  }
  const auto child = [&](std::size_t i) -> const SyntaxNode& {
    return syntax.nodes[static_cast<std::size_t>(root.children[i])];
  };
  const SyntaxNode& column = child(0);
  const SyntaxNode& bound = child(1);
  if (column.form != Form::column || !is_number(syntax, bound) ||
      (root.op != CompareOp::eq && root.op != CompareOp::gt &&
       root.op != CompareOp::ge)) {
    refuse_at(text, options, root.whole, rule);
  }
  const double number = number_of(syntax, bound);
  const double whole = std::trunc(number);
  using Int32 = std::numeric_limits<std::int32_t>;
  if (!(whole >= Int32::min() && whole <= Int32::max())) {
    refuse_at(text, options, bound.whole,
              "the number must fit 32 bits with compat = \"hppl\"");
  }
  HpplWhere where{column.word, {}};
  where.filter.bound = static_cast<std::int32_t>(whole);
  if (root.op == CompareOp::eq) {
    if (whole != number) {
      refuse_at(text, options, bound.whole,
                "== takes a whole number with compat = \"hppl\"");
    }
    return where;
  }
  where.filter.test = HpplFilter::Test::above;
  return where;
}

void check_hppl(const Fields& fields, const TargetText& target) {
  fields.require_absent({"look_ahead", "lag", "look_back_by", "within", "warmup",
                         "missing", "of", "align", "observed_until"},
                        kRule);
  if (fields.has("empty") && *target.empty != 0.0) {
    fields.refuse_value("empty", "must be 0 with compat = \"hppl\"");
  }
  if (target.is_mix()) return;
  fields.word("every", {"day", "week", "month", "quarter", "year"});
  if (!target.look_back.empty() && !parse_whole(target.look_back)) {
    fields.refuse_value("look_back",
                        "must be a number of intervals with compat = \"hppl\"");
  }
  const auto call = parse_call(target.aggregate);
  if (!call || (call->name != "sum" && call->name != "mean" && call->name != "min" &&
                call->name != "max")) {
    fields.refuse_value("aggregate",
                        "must be sum, mean, min or max with compat = \"hppl\"");
  }
  if (target.where.empty()) return;
  ExpressionOptions options;
  options.field = fields.place("where");
  options.limits = fields.document().limits;
  hppl_where(target.where, options);
}

void check_hppl(const Fields& top, const RecipeSpec& spec) {
  if (!spec.families.empty()) top.refuse("target_family", kRule);
  const auto refuse = [&](std::string_view table, std::string_view field) {
    top.table(table, "[" + std::string(table) + "]").refuse(field, kRule);
  };
  if (spec.sequence.week_start != 1) refuse("sequence", "week_start");
  if (spec.sequence.mask) {
    top.table("output", "[output]")
        .refuse("mask", std::string(kRule) + ": it gives padding_mask instead");
  }
  if (spec.stack_targets) refuse("output", "stack");
  if (!spec.align.empty()) refuse("output", "align");
  if (!spec.observed_until.empty()) refuse("output", "observed_until");
}

}  // namespace lade
