// SPDX-License-Identifier: Apache-2.0
// A syntax tree bound to a schema: every node has a type, or the text is refused.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lade/recipe/expression_syntax.h"

namespace lade {

class TypedTree {
 public:
  /// Errors: ArgumentError with a caret under what is not known, or of the wrong type.
  /// Lifetime: refers to all of them.
  TypedTree(const Syntax& syntax, std::string_view text, const Schema& schema,
            const ExpressionOptions& options);

 protected:
  enum class Type : std::uint8_t { boolean, integer, real, text, time };
  struct Function {
    std::string_view name;
    Op op;
    std::size_t least, most;  // arguments
    enum class Where : std::uint8_t { both, rows, mix } where;
  };

  const SyntaxNode& at(std::int32_t node) const {
    return syntax_.nodes[static_cast<std::size_t>(node)];
  }
  Type type(std::int32_t node) const { return types_[static_cast<std::size_t>(node)]; }
  [[noreturn]] void refuse(Spot spot, std::string_view rule) const;
  /// Whether a node is made of written values alone.
  bool is_constant(std::int32_t n) const;
  const Function& function(const SyntaxNode& node) const;

  const Syntax& syntax_;
  std::string_view text_;
  const Schema& schema_;
  const ExpressionOptions& options_;

 private:
  std::string shown(std::int32_t node) const;
  std::vector<std::string> function_names() const;
  static std::span<const Function> functions();
  bool allowed(const Function& function) const;
  static bool is_number(Type type);
  static std::string_view word_of(Type type);
  void check_all();
  Type check(std::int32_t n);
  Type column_type(const SyntaxNode& node) const;
  Type check_call(const SyntaxNode& node) const;
  void want_number(std::int32_t n) const;
  void want_condition(std::int32_t n) const;
  Type check_arithmetic(const SyntaxNode& node) const;
  /// Numbers with numbers, texts with texts, times with times, date texts or whole
  /// constants, conditions with conditions (== and != only).
  void check_pair(const SyntaxNode& node, std::int32_t a, std::int32_t b) const;
  [[noreturn]] void bad_date(std::int32_t n) const;
  bool time_constant(std::int32_t n) const;
  void check_in(const SyntaxNode& node) const;
  void check_null(const SyntaxNode& node) const;

  std::vector<Type> types_;
};

}  // namespace lade
