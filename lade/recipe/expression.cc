// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/expression.h"

#include <algorithm>

#include "lade/core/error.h"
#include "lade/recipe/expression_syntax.h"

namespace lade {
namespace {

constexpr Index kShown = 60;  // bytes of the text to either side of the caret

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// Code points of a printable text: columns of a terminal, for most scripts.
std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

/// The part of the text around [at, at + size), cut between characters.
std::string_view piece(std::string_view text, Index from, Index to) {
  const auto size = static_cast<Index>(text.size());
  from = std::clamp<Index>(from, 0, size);
  to = std::clamp<Index>(to, from, size);
  while (from > 0 && from < size && continues(text[static_cast<std::size_t>(from)]))
    --from;
  while (to < size && continues(text[static_cast<std::size_t>(to)])) ++to;
  return text.substr(static_cast<std::size_t>(from),
                     static_cast<std::size_t>(to - from));
}

}  // namespace

void refuse_at(std::string_view text, const ExpressionOptions& options, Spot spot,
               std::string_view rule) {
  const auto size = static_cast<Index>(text.size());
  const Index end = std::min(spot.at + std::min(spot.size, kShown), size);
  std::string before = escape_text(piece(text, spot.at - kShown, spot.at));
  const std::string under = escape_text(piece(text, spot.at, end));
  std::string after = escape_text(piece(text, end, end + kShown));
  if (spot.at > kShown) before = "..." + before;
  if (end + kShown < size) after += "...";
  std::string message = options.field.empty() ? "expression" : options.field;
  message += ": " + std::string(rule);
  message += "\n  " + before + under + after;
  message += "\n  " + std::string(columns_of(before), ' ') + "^";
  const std::size_t wide = columns_of(under);
  if (wide > 1) message += std::string(wide - 1, '~');
  throw ArgumentError(message);
}

Program compile(std::string_view text, const Schema& schema,
                const ExpressionOptions& options) {
  return compile_syntax(parse_expression(text, options), text, schema, options);
}

std::vector<std::string> names_in(std::string_view text,
                                  const ExpressionOptions& options) {
  std::vector<std::string> names;
  for (const SyntaxNode& node : parse_expression(text, options).nodes) {
    if (node.form != SyntaxNode::Form::column) continue;
    if (std::find(names.begin(), names.end(), node.word) == names.end()) {
      names.push_back(node.word);
    }
  }
  return names;
}

std::string quoted_name(std::string_view name) {
  std::string out = "`";
  for (const char c : name) {
    if (c == '`') out += c;
    out += c;
  }
  return out + "`";
}

}  // namespace lade
