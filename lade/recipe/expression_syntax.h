// SPDX-License-Identifier: Apache-2.0
// From the text of an expression to its syntax tree; no schema yet.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lade/core/expression_internal.h"
#include "lade/recipe/expression.h"

namespace lade {

/// Bytes [at, at + size) of the text: where a caret goes.
struct Spot {
  Index at = 0;
  Index size = 0;
};

struct Token {
  enum class Kind : std::uint8_t {
    name,
    keyword,
    number,
    text,
    symbol,
    end
  } kind = Kind::end;
  Spot spot;
  std::string word;  // a name without its backticks, a text without its quotes
  ExactNumber number;
};

/// Errors: ArgumentError with a caret for what is no word of the language.
std::vector<Token> tokens_of(std::string_view text, const ExpressionOptions& options);

enum class CompareOp : std::uint8_t { eq, ne, lt, le, gt, ge };

/// A node of the tree; `children` are positions in Syntax::nodes.
struct SyntaxNode {
  enum class Form : std::uint8_t {
    column,
    number,
    text,
    truth,
    call,
    minus,
    sum,
    product,
    compare,
    in,
    between,
    is_null,
    negation,
    all_of,
    any_of
  } form = Form::column;
  Spot spot;         // its word, operator or literal
  Spot whole;        // all of it
  std::string word;  // column, function, text
  ExactNumber number;
  CompareOp op = CompareOp::eq;
  bool negated = false;  // not in, not between, is not null; truth: false
  std::vector<std::int32_t> children;
  std::string operators;  // of sum and product: one before each child
};

struct Syntax {
  std::vector<SyntaxNode> nodes;
  std::int32_t root = 0;
};

/// Errors: ArgumentError with a caret; also beyond max_nesting or max_recipe_parts.
Syntax parse_expression(std::string_view text, const ExpressionOptions& options);

/// ArgumentError "FIELD: RULE", the text and a caret line under `spot`.
[[noreturn]] void refuse_at(std::string_view text, const ExpressionOptions& options,
                            Spot spot, std::string_view rule);

/// Binds and compiles a tree (expression_compile.cc).
Program compile_syntax(const Syntax& syntax, std::string_view text,
                       const Schema& schema, const ExpressionOptions& options);

}  // namespace lade
