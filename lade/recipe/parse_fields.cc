// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cmath>

#include "lade/core/error.h"
#include "lade/core/unknown_name.h"
#include "lade/recipe/expression_syntax.h"
#include "lade/recipe/parse.h"

namespace lade {
namespace {

std::string quoted_list(std::initializer_list<std::string_view> words) {
  std::string list;
  for (const std::string_view word : words) {
    list += (list.empty() ? "\"" : ", \"") + std::string(word) + "\"";
  }
  return list;
}

bool contains(std::initializer_list<std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string shown(const Json& value) {
  if (value.as<Json::Array>() != nullptr) return "a list";
  if (value.as<Json::Object>() != nullptr) return "a table";
  const auto* real = value.as<double>();
  if (real != nullptr && !std::isfinite(*real))
    return std::isnan(*real) ? "nan" : "inf";
  if (const auto* text = value.as<std::string>()) return "'" + escape_text(*text) + "'";
  return write_json(value);
}

}  // namespace

Fields::Fields(const Json& table, Document& document, std::string title,
               std::string path)
    : table_(&table),
      document_(&document),
      title_(std::move(title)),
      path_(std::move(path)) {
  if (++document.parts > document.limits.max_recipe_parts) {
    refuse("", "more parts than max_recipe_parts = " +
                   std::to_string(document.limits.max_recipe_parts));
  }
  if (table.as<Json::Object>() == nullptr)
    refuse("", "must be a table, got " + shown(table));
}

void Fields::call(std::string_view name) { title_ += " \"" + escape_text(name) + "\""; }

std::string Fields::place(std::string_view field) const {
  const Json* value = field.empty() ? nullptr : table_->find(field);
  std::string where = escape_text(document_->source) + ": ";
  if (document_->lines) {
    const Index line = value != nullptr && value->line > 0 ? value->line : table_->line;
    if (line > 0) where += "line " + std::to_string(line) + ": ";
  } else {
    const std::string path = path_ + (field.empty() ? "" : "/" + escape_text(field));
    if (!path.empty()) where += path + ": ";
  }
  if (!title_.empty()) where += title_ + (field.empty() ? "" : ": ");
  return where + escape_text(field);
}

void Fields::refuse(std::string_view field, std::string_view rule) const {
  std::string where = place(field);
  if (!where.ends_with(": ")) where += ": ";
  throw ArgumentError(where + std::string(rule));
}

void Fields::refuse_value(std::string_view field, std::string_view rule) const {
  const Json* value = table_->find(field);
  refuse(field,
         std::string(rule) + ", got " + (value == nullptr ? "nothing" : shown(*value)));
}

void Fields::not_yet(std::string_view field, std::string_view what) const {
  refuse(field, std::string(what) + " is not in this version of Lade yet");
}

void Fields::only(std::initializer_list<std::string_view> names,
                  std::initializer_list<std::string_view> later) const {
  for (const auto& [field, value] : *table_->as<Json::Object>()) {
    if (contains(names, field)) continue;
    if (contains(later, field)) not_yet(field, "this field");
    // Everything but the field's own name, which is no known one.
    std::string where = place(field);
    where.resize(where.size() - escape_text(field).size());
    const std::vector<std::string> known(names.begin(), names.end());
    throw ArgumentError(where + unknown_name("field", field, known));
  }
}

void Fields::require_absent(std::initializer_list<std::string_view> fields,
                            std::string_view rule) const {
  for (const std::string_view field : fields) {
    if (has(field)) refuse(field, rule);
  }
}

std::string Fields::text(std::string_view field) const {
  const Json* value = find(field);
  if (value == nullptr) return "";
  const auto* text = value->as<std::string>();
  if (text == nullptr) refuse_value(field, "must be a text");
  return *text;
}

std::string Fields::needed_text(std::string_view field) const {
  if (!has(field)) {
    std::string where = place("");
    throw ArgumentError(where + ": '" + std::string(field) + "' is missing");
  }
  std::string value = text(field);
  if (value.empty()) refuse(field, "must not be empty");
  return value;
}

std::string Fields::word(std::string_view field,
                         std::initializer_list<std::string_view> words,
                         std::initializer_list<std::string_view> later) const {
  const std::string value = text(field);
  if (!has(field) || contains(words, value)) return value;
  if (contains(later, value)) not_yet(field, "\"" + value + "\"");
  const std::vector<std::string> known(words.begin(), words.end());
  refuse(field, "must be one of " + quoted_list(words) + ", got '" +
                    escape_text(value) + "'" + did_you_mean(value, known));
}

Index Fields::whole(std::string_view field, Index otherwise, Index least,
                    Index most) const {
  const Json* value = find(field);
  if (value == nullptr) return otherwise;
  const auto* whole = value->as<std::int64_t>();
  if (whole == nullptr) refuse_value(field, "must be a whole number");
  if (*whole < least) refuse_value(field, "must be >= " + std::to_string(least));
  if (*whole > most) refuse_value(field, "must be <= " + std::to_string(most));
  return *whole;
}

double Fields::real(std::string_view field, double otherwise) const {
  const Json* value = find(field);
  if (value == nullptr) return otherwise;
  if (const auto* whole = value->as<std::int64_t>()) return static_cast<double>(*whole);
  const auto* real = value->as<double>();
  if (real == nullptr) refuse_value(field, "must be a number");
  if (!std::isfinite(*real)) refuse_value(field, "must be finite");
  return *real;
}

bool Fields::truth(std::string_view field) const {
  const Json* value = find(field);
  if (value == nullptr) return false;
  const auto* truth = value->as<bool>();
  if (truth == nullptr) refuse_value(field, "must be true or false");
  return *truth;
}

std::string Fields::number_or_text(std::string_view field) const {
  const Json* value = find(field);
  if (value == nullptr) return "";
  if (const auto* whole = value->as<std::int64_t>()) return std::to_string(*whole);
  if (value->as<std::string>() == nullptr) {
    refuse_value(field, "must be a whole number or a text");
  }
  return needed_text(field);
}

std::vector<std::string> Fields::texts(std::string_view field) const {
  const Json* value = find(field);
  if (value == nullptr) return {};
  const auto* items = value->as<Json::Array>();
  if (items == nullptr) refuse_value(field, "must be a list of texts");
  std::vector<std::string> result;
  for (const Json& item : *items) {
    const auto* text = item.as<std::string>();
    if (text == nullptr)
      refuse(field, "must be a list of texts, got " + shown(item) + " in it");
    result.push_back(*text);
  }
  return result;
}

std::vector<double> Fields::reals(std::string_view field) const {
  const Json* value = find(field);
  if (value == nullptr) return {};
  const auto* items = value->as<Json::Array>();
  if (items == nullptr) refuse_value(field, "must be a list of numbers");
  std::vector<double> result;
  for (const Json& item : *items) {
    if (const auto* whole = item.as<std::int64_t>()) {
      result.push_back(static_cast<double>(*whole));
      continue;
    }
    const auto* real = item.as<double>();
    if (real == nullptr || !std::isfinite(*real)) {
      refuse(field, "must be a list of finite numbers, got " + shown(item) + " in it");
    }
    result.push_back(*real);
  }
  return result;
}

std::vector<std::string> Fields::numbers_or_texts(std::string_view field) const {
  const Json* value = find(field);
  if (value == nullptr) return {};
  const auto* items = value->as<Json::Array>();
  if (items == nullptr) refuse_value(field, "must be a list of whole numbers or texts");
  std::vector<std::string> result;
  for (const Json& item : *items) {
    const auto* text = item.as<std::string>();
    const auto* whole = item.as<std::int64_t>();
    if (text == nullptr && whole == nullptr) {
      refuse(field,
             "must be a list of whole numbers or texts, got " + shown(item) + " in it");
    }
    result.push_back(text != nullptr ? *text : std::to_string(*whole));
  }
  return result;
}

std::vector<std::pair<std::string, std::string>> Fields::text_map(
    std::string_view field) const {
  const Json* value = find(field);
  if (value == nullptr) return {};
  const auto* members = value->as<Json::Object>();
  if (members == nullptr) refuse_value(field, "must be a table of texts");
  std::vector<std::pair<std::string, std::string>> result;
  for (const auto& [name, member] : *members) {
    const auto* text = member.as<std::string>();
    if (text == nullptr) {
      refuse(field, "must be a table of texts, '" + escape_text(name) + "' is " +
                        shown(member));
    }
    result.emplace_back(name, *text);
  }
  return result;
}

Fields Fields::table(std::string_view field, std::string title) const {
  return {*find(field), *document_, std::move(title), path_ + "/" + std::string(field)};
}

Fields Fields::inner(std::string_view field) const {
  return table(field, title_ + " " + std::string(field));
}

std::optional<Index> parse_whole(std::string_view text) {
  Index value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || at != end) return std::nullopt;
  return value;
}

std::optional<double> parse_real(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || at != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<CallText> parse_call(std::string_view text) {
  text = trimmed(text);
  CallText call;
  const auto open = text.find('(');
  call.name = std::string(trimmed(text.substr(0, open)));
  if (open == std::string_view::npos) return call;
  if (text.back() != ')') return std::nullopt;
  std::string_view inside = trimmed(text.substr(open + 1, text.size() - open - 2));
  if (inside.empty()) return call;
  for (;;) {
    const auto comma = inside.find(',');
    const std::string_view argument = inside.substr(0, comma);
    const auto equals = argument.find('=');
    if (equals == std::string_view::npos) {
      call.arguments.emplace_back("", trimmed(argument));
    } else {
      call.arguments.emplace_back(trimmed(argument.substr(0, equals)),
                                  trimmed(argument.substr(equals + 1)));
    }
    if (call.arguments.back().second.empty()) return std::nullopt;
    if (comma == std::string_view::npos) return call;
    inside.remove_prefix(comma + 1);
  }
}

}  // namespace lade
