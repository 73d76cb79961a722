// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/guess_schema.h"

#include <algorithm>

#include "lade/recipe/aggregate_text.h"
#include "lade/recipe/expression_syntax.h"

namespace lade {
namespace {

using Form = SyntaxNode::Form;

class Guess {
 public:
  explicit Guess(const std::string& time) : time_(time.empty() ? "time" : time) {}

  void see_condition(const std::string& text) {
    if (text.empty()) return;
    const Syntax syntax = parse_expression(text, {});
    see(syntax, syntax.root, {Kind::boolean, TimeUnit::us, false, ""});
  }

  /// Column names in "sum(amount - fee)": names that are no functions.
  void see_aggregate(const std::string& text) {
    const std::vector<Token> tokens = tokens_of(parse_aggregate(text, {}).value, {});
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
      if (tokens[i].kind == Token::Kind::name && tokens[i + 1].word != "(") {
        note(tokens[i].word, number());
      }
    }
  }

  Schema schema() const {
    Schema out;
    out.fields.push_back({time_, {Kind::time, TimeUnit::us, false, ""}, true});
    for (const Field& field : fields_) {
      if (field.name != time_) out.fields.push_back(field);
    }
    return out;
  }

 private:
  static ColumnType number() { return {Kind::f64, TimeUnit::us, false, ""}; }

  /// Numbers are what nothing is known of: anything else wins.
  void note(const std::string& name, const ColumnType& type) {
    for (Field& field : fields_) {
      if (field.name != name) continue;
      if (field.type.kind == Kind::f64) field.type = type;
      return;
    }
    fields_.push_back({name, type, true});
  }

  void see(const Syntax& syntax, std::int32_t at, const ColumnType& wanted) {
    const SyntaxNode& node = syntax.nodes[static_cast<std::size_t>(at)];
    if (node.form == Form::column) return note(node.word, wanted);
    const auto holds_text = [&](std::int32_t child) {
      return syntax.nodes[static_cast<std::size_t>(child)].form == Form::text;
    };
    ColumnType type = number();
    if (node.form == Form::all_of || node.form == Form::any_of ||
        node.form == Form::negation) {
      type.kind = Kind::boolean;
    } else if (node.form == Form::call && node.word != "abs") {
      type.kind = Kind::time;
    } else if (std::any_of(node.children.begin(), node.children.end(), holds_text)) {
      type.kind = Kind::text;
    }
    for (const std::int32_t child : node.children) see(syntax, child, type);
  }

  std::string time_;
  std::vector<Field> fields_;
};

}  // namespace

Schema guess_schema(const RecipeSpec& recipe) {
  Guess guess(recipe.sequence.time);
  for (const TargetText& target : recipe.targets) {
    guess.see_condition(target.where);
    if (!target.aggregate.empty()) guess.see_aggregate(target.aggregate);
  }
  return guess.schema();
}

}  // namespace lade
