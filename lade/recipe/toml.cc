// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <sstream>
#include <stdexcept>

// The parser states what it expects of the text by assertions, which are promises to
// the compiler where NDEBUG is set: `[#x` breaks one. Here they are checked, always.
namespace {
struct BrokenPromise : std::runtime_error {
  using std::runtime_error::runtime_error;
};
[[noreturn]] void broken_promise() { throw BrokenPromise("malformed"); }
}  // namespace
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expr) ((expr) ? static_cast<void>(0) : broken_promise())
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

#include "lade/core/error.h"
#include "lade/recipe/json.h"

namespace lade {
namespace {

/// Counts brackets and dots outside strings and comments: the parser and the tree it
/// makes recurse, so depth is judged before.
class NestingScan {
 public:
  NestingScan(std::string_view text, std::string_view source, Index most)
      : text_(text), source_(source), most_(most) {}

  void run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        skip_string(c);
        continue;
      }
      if (c == '#') {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
        continue;
      }
      step(c);
      ++at_;
    }
  }

 private:
  void step(char c) {
    if (c == '[' || c == '{') ++depth_;
    if ((c == ']' || c == '}') && depth_ > 0) --depth_;
    if (c == '.') ++dots_;
    if (c == '\n') ++line_;
    if (c == '\n' || c == '=' || c == ',' || c == '{') dots_ = 0;
    if (depth_ > most_ || dots_ > most_) {
      throw ArgumentError(
          escape_text(source_) + ": line " + std::to_string(line_) +
          ": nested deeper than max_nesting = " + std::to_string(most_));
    }
  }

  void skip_string(char quote) {
    const std::string triple(3, quote);
    const bool multi = text_.substr(at_).starts_with(triple);
    at_ += multi ? 3 : 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\\' && quote == '"') {
        if (at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++line_;
        at_ = std::min(at_ + 2, text_.size());
        continue;
      }
      if (c == '\n') {
        if (!multi) return;  // broken: the parser will say so
        ++line_;
      }
      if (!multi && c == quote) {
        ++at_;
        return;
      }
      if (multi && text_.substr(at_).starts_with(triple)) {
        at_ += 3;
        return;
      }
      ++at_;
    }
  }

  std::string_view text_, source_;
  Index most_;
  std::size_t at_ = 0;
  Index depth_ = 0, dots_ = 0, line_ = 1;
};

template <class Value>
std::string written(const Value& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

Json converted(const toml::node& node) {
  const auto line = static_cast<Index>(node.source().begin.line);
  if (const auto* table = node.as_table()) {
    Json result{Json::Object{}, line};
    for (const auto& [key, member] : *table) {
      Json value = converted(member);
      value.line = static_cast<Index>(key.source().begin.line);
      result.set(std::string(key.str()), std::move(value));
    }
    return result;
  }
  if (const auto* array = node.as_array()) {
    Json::Array items;
    for (const auto& item : *array) items.push_back(converted(item));
    return {std::move(items), line};
  }
  if (const auto* text = node.as_string()) return {text->get(), line};
  if (const auto* whole = node.as_integer()) return {whole->get(), line};
  if (const auto* real = node.as_floating_point()) return {real->get(), line};
  if (const auto* truth = node.as_boolean()) return {truth->get(), line};
  if (const auto* date = node.as_date()) return {written(date->get()), line};
  if (const auto* time = node.as_time()) return {written(time->get()), line};
  if (const auto* both = node.as_date_time()) return {written(both->get()), line};
  return {};
}

}  // namespace

Json parse_toml(std::string_view text, std::string_view source, const Limits& limits) {
  NestingScan(text, source, std::min<Index>(limits.max_nesting, 1'000)).run();
  try {
    return converted(toml::parse(text));
  } catch (const toml::parse_error& error) {
    throw ArgumentError(escape_text(source) + ": line " +
                        std::to_string(error.source().begin.line) + ": " +
                        escape_text(error.description()));
  } catch (const BrokenPromise& error) {
    throw ArgumentError(escape_text(source) + ": " + error.what() + " TOML");
  }
}

}  // namespace lade
