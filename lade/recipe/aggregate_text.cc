// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/aggregate_text.h"

#include <string>
#include <vector>

#include "lade/core/error.h"
#include "lade/core/unknown_name.h"
#include "lade/recipe/expression_syntax.h"
#include "lade/recipe/parse.h"
#include "lade/targets/aggregates.h"

namespace lade {
namespace {

constexpr std::string_view kBlanks = " \t\n\r";

using Option = Aggregate::Option;

std::string_view name_of(Option option) noexcept {
  return option == Option::quantile ? "q" : "ddof";
}

/// Commas of the argument list itself, outside of quotes and parentheses.
std::vector<std::size_t> commas_of(std::string_view text) {
  std::vector<std::size_t> commas;
  Index depth = 0;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == quote) quote = 0;  // a doubled quote opens the text again
    } else if (c == '\'' || c == '"' || c == '`') {
      quote = c;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')') {
      --depth;
    } else if (c == ',' && depth == 0) {
      commas.push_back(i);
    }
  }
  return commas;
}

class AggregateParser {
 public:
  AggregateParser(std::string_view text, const ExpressionOptions& options)
      : text_(text), options_(options) {}

  AggregateText parse() {
    const std::string_view all = trimmed(text_);
    const auto open = all.find('(');
    const std::string_view word = trimmed(all.substr(0, open));
    const Aggregate& aggregate = find(word.empty() ? all : word);
    result_.kind = aggregate.kind;
    if (open == std::string_view::npos || all.back() != ')') {
      refuse(all, "must be written as " + shown(aggregate));
    }
    const std::string_view inside = all.substr(open + 1, all.size() - open - 2);
    take_arguments(aggregate, all, inside);
    return result_;
  }

 private:
  [[noreturn]] void refuse(std::string_view part, const std::string& rule) const {
    refuse_at(text_, options_,
              {static_cast<Index>(part.data() - text_.data()),
               static_cast<Index>(part.size())},
              rule);
  }
  static std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return text.substr(0, 0);
    return text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
  }

  static std::string shown(const Aggregate& aggregate) {
    const std::string name(aggregate.name);
    if (!needs_value(aggregate.kind)) return name + "()";
    if (aggregate.option == Option::quantile) return name + "(column, 0.9)";
    return name + "(column)";
  }

  const Aggregate& find(std::string_view word) const {
    std::vector<std::string> names;
    for (const Aggregate& known : aggregates()) {
      if (known.name == word) return known;
      names.emplace_back(known.name);
    }
    if (const auto name = foreign_aggregate(word); !name.empty()) {
      refuse(word, "unknown aggregate '" + std::string(word) + "'; did you mean '" +
                       std::string(name) + "'?");
    }
    refuse(word, unknown_name("aggregate", word, names));
  }

  void take_arguments(const Aggregate& aggregate, std::string_view all,
                      std::string_view inside) {
    if (!needs_value(aggregate.kind)) {
      if (trimmed(inside).empty()) return;
      refuse(trimmed(inside), std::string(aggregate.name) + "() takes no column");
    }
    const auto commas = commas_of(inside);
    const std::size_t end = commas.empty() ? inside.size() : commas[0];
    result_.value = trimmed(inside.substr(0, end));
    if (result_.value.empty()) refuse(all, "needs a column or an expression");
    if (commas.empty()) {
      if (aggregate.option == Option::quantile) {
        refuse(all, "needs the quantile, 0 to 1: " + shown(aggregate));
      }
      return;
    }
    const std::string_view rest = inside.substr(commas[0] + 1);
    const bool plain = aggregate.option == Option::none;
    if (plain || commas.size() > 1) {
      const std::size_t extra = plain ? commas[0] : commas[1];
      const std::string_view part = inside.substr(extra + 1);
      refuse(trimmed(part).empty() ? all : trimmed(part),
             std::string(aggregate.name) + "() takes " +
                 (plain ? "one argument"
                        : "a column and '" + std::string(name_of(aggregate.option)) +
                              "'"));
    }
    take_option(aggregate, all, trimmed(rest));
  }

  void take_option(const Aggregate& aggregate, std::string_view all,
                   std::string_view written) {
    const std::string option(name_of(aggregate.option));
    const bool bare = aggregate.option == Option::quantile;
    std::string_view value = written;
    if (const auto equal = written.find('='); equal != std::string_view::npos) {
      const std::string_view name = trimmed(written.substr(0, equal));
      if (name != option) {
        refuse(name.empty() ? written : name,
               unknown_name("argument", name, std::vector<std::string>{option}));
      }
      value = trimmed(written.substr(equal + 1));
    } else if (!bare) {
      refuse(written.empty() ? all : written, "must be written as 'ddof = 0'");
    }
    if (bare) return take_quantile(value.empty() ? all : value);
    if (value != "0" && value != "1") {
      refuse(value.empty() ? all : value, "ddof must be 0 or 1");
    }
    result_.ddof = value == "0" ? 0 : 1;
  }

  void take_quantile(std::string_view value) {
    const auto number = parse_real(value);
    if (!number || !(*number >= 0 && *number <= 1)) {
      refuse(value, "the quantile must be a number from 0 to 1");
    }
    result_.quantile = *number;
  }

  std::string_view text_;
  const ExpressionOptions& options_;
  AggregateText result_;
};

}  // namespace

AggregateText parse_aggregate(std::string_view text, const ExpressionOptions& options) {
  return AggregateParser(text, options).parse();
}

}  // namespace lade
