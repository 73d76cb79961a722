// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/unseen_values.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_set>

#include "lade/core/error.h"
#include "lade/core/unknown_name.h"
#include "lade/recipe/expression_syntax.h"

namespace lade {
namespace {

using Form = SyntaxNode::Form;

constexpr std::size_t kShown = 8;  // values of one sentence
constexpr Index kCompared = 4096;  // values that a mistyped one is compared with

/// A vocabulary that holds every value of its column, and its texts.
struct Values {
  const Vocabulary* vocabulary = nullptr;
  std::unordered_set<std::string_view> texts;

  bool hold(const std::string& value) const {
    if (texts.contains(value)) return true;
    if (vocabulary->integers()) return false;
    // A text that is cleaned on its way to an id may look like this one.
    const Vocabulary::Found kind = vocabulary->look_up(value).kind;
    return kind == Vocabulary::Found::known || kind == Vocabulary::Found::null;
  }
};
using Known = std::map<std::string, Values>;  // by column

Known known_values(const Recipe& recipe) {
  Known known;
  for (const InputSpec& input : recipe.spec().inputs) {
    for (const FittedInput& fitted : recipe.fitted_inputs()) {
      if (fitted.name != input.name || fitted.vocabulary == nullptr) continue;
      const VocabularyOptions& options = fitted.vocabulary->options();
      const bool cut = options.min_count > 1 || options.max_size > 0 || fitted.rare > 0;
      if (cut) continue;
      Values& values = known[input.column];
      values.vocabulary = fitted.vocabulary.get();
      for (const auto& entry : values.vocabulary->entries()) {
        values.texts.insert(entry.text);
      }
    }
  }
  return known;
}

/// Whole numbers as decimal text; nullopt for what is no written value of this kind.
std::optional<std::string> value_of(const Syntax& syntax, std::int32_t position,
                                    bool integers) {
  const SyntaxNode& node = syntax.nodes[static_cast<std::size_t>(position)];
  if (!integers)
    return node.form == Form::text ? std::optional(node.word) : std::nullopt;
  const bool minus = node.form == Form::minus;
  const SyntaxNode& number =
      minus ? syntax.nodes[static_cast<std::size_t>(node.children[0])] : node;
  if (number.form != Form::number || number.number.form != ExactNumber::Form::whole) {
    return std::nullopt;
  }
  const ExactNumber::Whole whole = minus ? -number.number.whole : number.number.whole;
  if (whole < std::numeric_limits<std::int64_t>::min() ||
      whole > std::numeric_limits<std::int64_t>::max()) {
    return std::nullopt;
  }
  return std::to_string(static_cast<std::int64_t>(whole));
}

/// Values that the tree compares a known column with, and that are not known.
std::map<std::string, std::vector<std::string>> unseen_in(const Syntax& syntax,
                                                          const Known& known) {
  std::map<std::string, std::vector<std::string>> unseen;
  const auto look = [&](std::int32_t column, std::span<const std::int32_t> values) {
    const SyntaxNode& left = syntax.nodes[static_cast<std::size_t>(column)];
    const auto found = left.form == Form::column ? known.find(left.word) : known.end();
    if (found == known.end()) return;
    for (const std::int32_t value : values) {
      const auto text = value_of(syntax, value, found->second.vocabulary->integers());
      if (!text || found->second.hold(*text)) continue;
      auto& of_column = unseen[left.word];
      if (std::find(of_column.begin(), of_column.end(), *text) == of_column.end()) {
        of_column.push_back(*text);
      }
    }
  };
  for (const SyntaxNode& node : syntax.nodes) {
    const std::span<const std::int32_t> children = node.children;
    if (node.form == Form::in) look(children[0], children.subspan(1));
    if (node.form != Form::compare) continue;
    if (node.op != CompareOp::eq && node.op != CompareOp::ne) continue;
    look(children[0], children.subspan(1, 1));
    look(children[1], children.first(1));
  }
  return unseen;
}

std::string sentence(const std::string& target, const std::string& column,
                     const std::vector<std::string>& values,
                     const Vocabulary& vocabulary) {
  std::string text = "target \"" + escape_text(target) + "\": where: column '" +
                     escape_text(column) + "' has no ";
  for (std::size_t v = 0; v < std::min(values.size(), kShown); ++v) {
    text += (v == 0 ? "'" : ", '") + escape_text(values[v]) + "'";
  }
  if (values.size() > kShown) {
    text += " and " + std::to_string(values.size() - kShown) + " more";
  }
  text += " among the values that the recipe was fitted on; no row matches";
  if (values.size() > 1 || vocabulary.integers() || vocabulary.size() > kCompared) {
    return text;
  }
  std::vector<std::string> names;
  for (const auto& entry : vocabulary.entries()) names.push_back(entry.text);
  return text + did_you_mean(values.front(), names);
}

}  // namespace

std::vector<std::string> unseen_values(const Recipe& recipe) {
  std::vector<std::string> sentences;
  const Known known = known_values(recipe);
  if (known.empty()) return sentences;
  for (const TargetText& target : recipe.spec().targets) {
    if (target.where.empty()) continue;
    const Syntax syntax = parse_expression(target.where, {});
    for (const auto& [column, values] : unseen_in(syntax, known)) {
      sentences.push_back(
          sentence(target.name, column, values, *known.at(column).vocabulary));
    }
  }
  return sentences;
}

}  // namespace lade
