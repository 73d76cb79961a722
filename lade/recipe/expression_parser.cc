// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "lade/core/error.h"
#include "lade/recipe/expression_syntax.h"

namespace lade {
namespace {

using Form = SyntaxNode::Form;
using Node = std::int32_t;

constexpr std::array<std::pair<std::string_view, CompareOp>, 6> kCompare = {
    {{"==", CompareOp::eq},
     {"!=", CompareOp::ne},
     {"<", CompareOp::lt},
     {"<=", CompareOp::le},
     {">", CompareOp::gt},
     {">=", CompareOp::ge}}};

const CompareOp* comparison_of(const Token& token) {
  if (token.kind != Token::Kind::symbol) return nullptr;
  for (const auto& entry : kCompare) {
    if (entry.first == token.word) return &entry.second;
  }
  return nullptr;
}

/// Recursive descent; long chains of one operator are one node, so that depth is
/// nesting.
class Parser {
 public:
  Parser(std::string_view text, const ExpressionOptions& options)
      : text_(text), options_(options), tokens_(tokens_of(text, options)) {}

  Syntax parse() {
    if (now().kind == Token::Kind::end) refuse(now().spot, "the expression is empty");
    syntax_.root = disjunction();
    if (now().kind != Token::Kind::end) unexpected();
    return std::move(syntax_);
  }

 private:
  const Token& now() const { return tokens_[at_]; }
  const Token& following() const {
    return tokens_[std::min(at_ + 1, tokens_.size() - 1)];
  }
  const Token& take() { return tokens_[at_++]; }
  bool is(std::string_view word) const {
    return (now().kind == Token::Kind::symbol || now().kind == Token::Kind::keyword) &&
           now().word == word;
  }
  bool skip(std::string_view word) {
    if (!is(word)) return false;
    ++at_;
    return true;
  }
  void want(std::string_view word) {
    if (!skip(word)) refuse(now().spot, "expected '" + std::string(word) + "' here");
  }
  [[noreturn]] void refuse(Spot spot, std::string_view rule) const {
    refuse_at(text_, options_, spot, rule);
  }

  [[noreturn]] void unexpected() const {
    if (now().kind == Token::Kind::end)
      refuse(now().spot, "the expression ends too early");
    std::string lower = now().word;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    const bool keyword = lower == "and" || lower == "or" || lower == "not" ||
                         lower == "in" || lower == "between" || lower == "is";
    const bool shouted = now().kind == Token::Kind::name && keyword;
    refuse(now().spot,
           "'" + escape_text(now().word) + "' is not expected here" +
               (shouted ? "; did you mean '" + lower + "'?" : std::string()));
  }

  /// Depth of nesting, given back when the block ends.
  class Deeper {
   public:
    explicit Deeper(Parser& parser) : parser_(parser) {
      // Beyond a thousand the stack of a thread would be the limit.
      const Index most = std::min<Index>(parser.options_.limits.max_nesting, 1'000);
      if (++parser_.depth_ > most) {
        parser.refuse(parser.now().spot,
                      "nested deeper than max_nesting = " + std::to_string(most));
      }
    }
    ~Deeper() { --parser_.depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

   private:
    Parser& parser_;
  };

  Node add(SyntaxNode node) {
    const auto most = static_cast<std::size_t>(options_.limits.max_recipe_parts);
    if (syntax_.nodes.size() >= most) {
      refuse(node.spot, "more parts than max_recipe_parts = " + std::to_string(most));
    }
    if (node.whole.size == 0) node.whole = node.spot;
    for (const Node child : node.children) {
      const Spot inner = syntax_.nodes[static_cast<std::size_t>(child)].whole;
      const Index end =
          std::max(node.whole.at + node.whole.size, inner.at + inner.size);
      node.whole.at = std::min(node.whole.at, inner.at);
      node.whole.size = end - node.whole.at;
    }
    syntax_.nodes.push_back(std::move(node));
    return static_cast<Node>(syntax_.nodes.size()) - 1;
  }
  static SyntaxNode made(Form form, Spot spot) {
    SyntaxNode node;
    node.form = form;
    node.spot = spot;
    return node;
  }

  Node disjunction() { return junction(Form::any_of, "or"); }
  Node junction(Form form, std::string_view word) {
    const auto part = [&] {
      return form == Form::any_of ? junction(Form::all_of, "and") : negation();
    };
    const Node first = part();
    if (!is(word)) return first;
    SyntaxNode node = made(form, now().spot);
    node.children = {first};
    while (skip(word)) node.children.push_back(part());
    return add(std::move(node));
  }

  Node negation() {
    if (!is("not")) return comparison();
    const Deeper deeper(*this);
    SyntaxNode node = made(Form::negation, take().spot);
    node.children = {negation()};
    return add(std::move(node));
  }

  Node comparison() {
    const Node left = sum();
    if (const CompareOp* op = comparison_of(now())) {
      SyntaxNode node = made(Form::compare, take().spot);
      node.op = *op;
      node.children = {left, sum()};
      if (comparison_of(now()) != nullptr) {
        refuse(now().spot,
               "comparisons cannot be chained; write a < b and b < c, or between");
      }
      return add(std::move(node));
    }
    const Spot spot = now().spot;
    if (skip("is")) {
      SyntaxNode node = made(Form::is_null, spot);
      node.negated = skip("not");
      want("null");
      node.children = {left};
      return add(std::move(node));
    }
    const bool negated =
        is("not") && (following().word == "in" || following().word == "between");
    if (negated) take();
    if (is("in")) return membership(left, negated);
    if (is("between")) {
      SyntaxNode node = made(Form::between, take().spot);
      node.negated = negated;
      node.children = {left, sum()};
      want("and");
      node.children.push_back(sum());
      return add(std::move(node));
    }
    return left;
  }

  Node membership(Node left, bool negated) {
    SyntaxNode node = made(Form::in, take().spot);
    node.negated = negated;
    node.children = {left};
    want("(");
    do {
      node.children.push_back(sum());
    } while (skip(","));
    want(")");
    return add(std::move(node));
  }

  Node sum() { return chain(Form::sum, "+", "-"); }
  Node chain(Form form, std::string_view one, std::string_view two) {
    const auto part = [&] {
      return form == Form::sum ? chain(Form::product, "*", "/") : unary();
    };
    const Node first = part();
    if (!is(one) && !is(two)) return first;
    SyntaxNode node = made(form, now().spot);
    node.children = {first};
    node.operators = one;
    while (is(one) || is(two)) {
      node.operators += take().word;
      node.children.push_back(part());
    }
    return add(std::move(node));
  }

  Node unary() {
    if (!is("-") && !is("+")) return primary();
    const Deeper deeper(*this);
    const Token& sign = take();
    const Node inner = unary();
    if (sign.word == "+") return inner;
    SyntaxNode node = made(Form::minus, sign.spot);
    node.children = {inner};
    return add(std::move(node));
  }

  Node primary() {
    const Token& token = now();
    switch (token.kind) {
      case Token::Kind::number: {
        SyntaxNode node = made(Form::number, take().spot);
        node.number = token.number;
        return add(std::move(node));
      }
      case Token::Kind::text: {
        SyntaxNode node = made(Form::text, take().spot);
        node.word = token.word;
        return add(std::move(node));
      }
      case Token::Kind::name:
        return name();
      case Token::Kind::keyword:
        if (is("true") || is("false")) {
          SyntaxNode node = made(Form::truth, take().spot);
          node.negated = token.word == "false";
          return add(std::move(node));
        }
        if (is("null")) refuse(token.spot, "null can only be asked for: x is null");
        if (is("not")) {
          refuse(token.spot, "'not' needs parentheses here: write (not ...)");
        }
        unexpected();
      case Token::Kind::symbol:
        if (is("(")) {
          const Deeper deeper(*this);
          take();
          const Node inner = disjunction();
          want(")");
          return inner;
        }
        unexpected();
      case Token::Kind::end:
        unexpected();
    }
    unexpected();
  }

  Node name() {
    const Token& token = take();
    const bool call = is("(") && text_[static_cast<std::size_t>(token.spot.at)] != '`';
    SyntaxNode node = made(call ? Form::call : Form::column, token.spot);
    node.word = token.word;
    if (!call) return add(std::move(node));
    const Deeper deeper(*this);
    take();
    if (!is(")")) {
      do {
        node.children.push_back(disjunction());
      } while (skip(","));
    }
    node.whole = {node.spot.at, now().spot.at + now().spot.size - node.spot.at};
    want(")");
    return add(std::move(node));
  }

  std::string_view text_;
  const ExpressionOptions& options_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  Index depth_ = 0;
  Syntax syntax_;
};

}  // namespace

Syntax parse_expression(std::string_view text, const ExpressionOptions& options) {
  return Parser(text, options).parse();
}

}  // namespace lade
