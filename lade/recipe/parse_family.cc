// SPDX-License-Identifier: Apache-2.0
// [[target_family]]: its fields; every target it may draw is checked as one.
#include <algorithm>
#include <array>

#include "lade/core/error.h"
#include "lade/recipe/family.h"
#include "lade/recipe/parse.h"

namespace lade {
namespace {

/// A list that is there, without a word twice.
void parse_list(const Fields& fields, std::string_view field,
                std::vector<std::string>& list) {
  if (!fields.has(field)) return;
  list = fields.numbers_or_texts(field);
  if (list.empty()) fields.refuse(field, "must not be empty");
  std::vector<std::string> sorted = list;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) {
    fields.refuse(field, "must name each once, '" + escape_text(*twice) +
                             "' is there "
                             "twice");
  }
}

void parse_set_size(const Fields& fields, FamilySpec& family) {
  const Json* value = fields.find("set_size");
  if (value == nullptr) return;
  const auto* pair = value->as<Json::Array>();
  const bool two = pair != nullptr && pair->size() == 2;
  const auto* least = two ? (*pair)[0].as<std::int64_t>() : nullptr;
  const auto* most = two ? (*pair)[1].as<std::int64_t>() : nullptr;
  if (least == nullptr || most == nullptr || *least < 1 || *most < *least ||
      *most > 1'000) {
    fields.refuse("set_size",
                  "must be two whole numbers, 1 <= least <= most <= 1000, got " +
                      write_json(*value));
  }
  family.least_codes = *least;
  family.most_codes = *most;
}

/// As [[target]]: words and windows that no target may have are refused here.
void check_targets(const Fields& fields, const FamilySpec& family) {
  for (const std::string& aggregate : family.aggregates) {
    for (const std::string& every : family.every) {
      for (const std::string& look_back : family.look_back) {
        Json target{Json::Object{}};
        target.set("name", Json{std::string("family")});
        target.set("aggregate",
                   Json{aggregate + (takes_value(aggregate) ? "(x)" : "()")});
        target.set("every", Json{every});
        target.set("look_back", Json{look_back});
        Document document = fields.document();
        document.parts = 0;
        parse_target(Fields(target, document, "[[target_family]]", "/target_family"));
      }
    }
  }
}

}  // namespace

FamilySpec parse_family(const Fields& fields) {
  fields.only({"count", "seed", "values", "sets_of", "set_size", "aggregates", "every",
               "look_back", "min_support", "name"});
  FamilySpec family;
  if (!fields.has("count")) fields.refuse("", "'count' is missing");
  family.count = fields.whole("count", 0, 1, fields.document().limits.max_recipe_parts);
  family.seed = fields.whole("seed", 0, INT64_MIN, INT64_MAX);
  family.sets_of = fields.needed_text("sets_of");
  parse_list(fields, "values", family.values);
  parse_list(fields, "aggregates", family.aggregates);
  parse_list(fields, "every", family.every);
  parse_list(fields, "look_back", family.look_back);
  parse_set_size(fields, family);
  family.min_support = fields.real("min_support", family.min_support);
  if (family.min_support < 0.0 || family.min_support > 1.0) {
    fields.refuse_value("min_support", "must be 0 to 1");
  }
  if (fields.has("name")) family.name = fields.needed_text("name");
  if (family.values.empty() &&
      std::any_of(family.aggregates.begin(), family.aggregates.end(), takes_value)) {
    fields.refuse("", "'values' is missing; only count needs none");
  }
  check_targets(fields, family);
  return family;
}

FamilySpec family_from_json(std::string_view text, const Limits& limits) {
  Document document{"target_family", false, limits};
  const Json json = parse_json(text, "target_family", limits);
  return parse_family(Fields(json, document, "", ""));
}

std::string targets_json(std::span<const TargetText> targets) {
  Json::Array items;
  for (const TargetText& target : targets) items.push_back(target_json(target));
  return write_json(Json{std::move(items)});
}

}  // namespace lade
