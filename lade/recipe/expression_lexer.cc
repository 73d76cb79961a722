// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "lade/core/error.h"
#include "lade/recipe/expression_syntax.h"

namespace lade {
namespace {

constexpr std::array<std::string_view, 9> kKeywords = {
    "and", "or", "not", "in", "between", "is", "null", "true", "false"};
constexpr std::array<std::string_view, 4> kLongSymbols = {"==", "!=", "<=", ">="};
constexpr std::string_view kSymbols = "<>+-*/(),";

struct Mistake {
  std::string_view symbol, rule;
};
/// What people write who come from other languages.
constexpr std::array<Mistake, 8> kMistakes = {{{"&&", "use 'and'"},
                                               {"||", "use 'or'"},
                                               {"<>", "use '!='"},
                                               {"=", "use '==' to compare"},
                                               {"&", "use 'and'"},
                                               {"|", "use 'or'"},
                                               {"!", "use 'not'"},
                                               {"~", "use 'not'"}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

class Lexer {
 public:
  Lexer(std::string_view text, const ExpressionOptions& options)
      : text_(text), options_(options) {}

  std::vector<Token> all() {
    std::vector<Token> tokens;
    for (;;) {
      while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
      tokens.push_back(next());
      if (tokens.back().kind == Token::Kind::end) return tokens;
      if (static_cast<Index>(tokens.size()) > 4 * options_.limits.max_recipe_parts) {
        refuse(at_, 1,
               "is longer than max_recipe_parts = " +
                   std::to_string(options_.limits.max_recipe_parts) + " allows");
      }
    }
  }

 private:
  static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
  }

  [[noreturn]] void refuse(std::size_t at, std::size_t size,
                           std::string_view rule) const {
    refuse_at(text_, options_, {static_cast<Index>(at), static_cast<Index>(size)},
              rule);
  }

  Token token(Token::Kind kind, std::size_t size) {
    Token token;
    token.kind = kind;
    token.spot = {static_cast<Index>(at_), static_cast<Index>(size)};
    token.word = std::string(text_.substr(at_, size));
    at_ += size;
    return token;
  }

  Token next() {
    if (at_ == text_.size()) return token(Token::Kind::end, 0);
    const char c = text_[at_];
    if (is_letter(c)) return word();
    if (c == '`' || c == '\'' || c == '"') return quoted(c);
    const bool point = c == '.' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]);
    if (is_digit(c) || point) return number();
    return symbol();
  }

  Token word() {
    std::size_t size = 1;
    while (at_ + size < text_.size() &&
           (is_letter(text_[at_ + size]) || is_digit(text_[at_ + size]))) {
      ++size;
    }
    const std::string_view word = text_.substr(at_, size);
    const bool keyword =
        std::find(kKeywords.begin(), kKeywords.end(), word) != kKeywords.end();
    return token(keyword ? Token::Kind::keyword : Token::Kind::name, size);
  }

  /// The quote is written twice to stand for itself.
  Token quoted(char quote) {
    std::string word;
    std::size_t end = at_ + 1;
    for (;; ++end) {
      if (end >= text_.size()) {
        refuse(at_, text_.size() - at_,
               std::string("the quote ") + quote + " is never closed");
      }
      if (text_[end] == quote) {
        if (end + 1 >= text_.size() || text_[end + 1] != quote) break;
        ++end;
      }
      word += text_[end];
    }
    Token result =
        token(quote == '`' ? Token::Kind::name : Token::Kind::text, end + 1 - at_);
    result.word = std::move(word);
    return result;
  }

  Token number() {
    std::size_t end = at_;
    const auto digits = [&] {
      while (end < text_.size() && is_digit(text_[end])) ++end;
    };
    digits();
    bool whole = true;
    if (end < text_.size() && text_[end] == '.') {
      whole = false;
      ++end;
      digits();
    }
    if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
      std::size_t exponent = end + 1;
      if (exponent < text_.size() &&
          (text_[exponent] == '+' || text_[exponent] == '-')) {
        ++exponent;
      }
      if (exponent < text_.size() && is_digit(text_[exponent])) {
        whole = false;
        end = exponent;
        digits();
      }
    }
    if (end < text_.size() && (is_letter(text_[end]) || text_[end] == '.')) {
      refuse(at_, end + 1 - at_,
             "a number is followed by '" + escape_text(text_.substr(end, 1)) + "'");
    }
    Token result = token(Token::Kind::number, end - at_);
    result.number = value_of(result, whole);
    return result;
  }

  ExactNumber value_of(const Token& token, bool whole) const {
    constexpr std::size_t kExactDigits = 29;  // below 2^100
    if (whole && token.word.size() <= kExactDigits) {
      ExactNumber::Whole value = 0;
      for (const char c : token.word) value = value * 10 + (c - '0');
      return ExactNumber::of(value);
    }
    double value = 0.0;
    const char* end = token.word.data() + token.word.size();
    const auto [at, error] = std::from_chars(token.word.data(), end, value);
    if (error != std::errc{} || at != end || !std::isfinite(value)) {
      refuse_at(text_, options_, token.spot,
                "the number is out of the range of a double");
    }
    return ExactNumber::of_real(value);
  }

  Token symbol() {
    for (const std::string_view symbol : kLongSymbols) {
      if (text_.substr(at_).starts_with(symbol)) return token(Token::Kind::symbol, 2);
    }
    for (const Mistake& mistake : kMistakes) {
      if (text_.substr(at_).starts_with(mistake.symbol)) {
        refuse(at_, mistake.symbol.size(),
               "'" + std::string(mistake.symbol) + "' is no operator; " +
                   std::string(mistake.rule));
      }
    }
    if (kSymbols.find(text_[at_]) != std::string_view::npos) {
      return token(Token::Kind::symbol, 1);
    }
    refuse(at_, 1,
           "'" + escape_text(text_.substr(at_, 1)) + "' is no word of an expression");
  }

  std::string_view text_;
  const ExpressionOptions& options_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Token> tokens_of(std::string_view text, const ExpressionOptions& options) {
  return Lexer(text, options).all();
}

}  // namespace lade
