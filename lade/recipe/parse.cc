// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/parse.h"

#include <map>

#include "lade/core/error.h"

namespace lade {
namespace {

/// The tables of `input = [...]` or [[input]].
std::vector<Fields> tables_of(const Json& form, Document& document,
                              std::string_view part) {
  std::vector<Fields> tables;
  const Json* list = form.find(part);
  if (list == nullptr) return tables;
  const auto* items = list->as<Json::Array>();
  const std::string title = "[[" + std::string(part) + "]]";
  if (items == nullptr) {
    const Fields top(form, document, "", "");
    top.refuse(part, "must be a list of tables: write " + title);
  }
  for (std::size_t i = 0; i < items->size(); ++i) {
    tables.emplace_back((*items)[i], document, title + " " + std::to_string(i + 1),
                        "/" + std::string(part) + "/" + std::to_string(i));
  }
  return tables;
}

void parse_output(const Fields& fields, RecipeSpec& spec) {
  fields.only({"mask", "padding_mask", "entity", "stack", "valid", "target_time",
               "align", "observed_until", "arrays", "precision", "wire"});
  spec.sequence.mask = fields.truth("mask");
  spec.sequence.padding_mask = fields.truth("padding_mask");
  spec.sequence.entity_array = fields.truth("entity");
  spec.stack_targets = fields.truth("stack");
  spec.target_valid = fields.truth("valid");
  spec.target_time = fields.truth("target_time");
  spec.align = fields.word("align", {"event"});
  spec.observed_until = fields.number_or_text("observed_until");
  fields.word("arrays", {"grouped"}, {"per_column"});
  fields.word("precision", {"off"}, {"fp16", "bf16", "auto"});
  fields.word("wire", {"as_is"}, {"compact"});
}

}  // namespace

RecipeSpec parse_recipe(const Json& form, Document& document) {
  const Fields top(form, document, "", "");
  top.only({"sequence", "input", "target", "target_family", "label", "output", "source",
            "loader", "compat"},
           {"augment", "depth", "rolling", "balance", "split"});
  RecipeSpec spec;
  spec.compat = top.word("compat", {"hppl"});
  if (top.has("sequence"))
    spec.sequence = parse_sequence(top.table("sequence", "[sequence]"));
  if (top.has("output")) parse_output(top.table("output", "[output]"), spec);
  std::map<std::string, std::size_t> seen;
  for (Fields& fields : tables_of(form, document, "input")) {
    InputSpec input = parse_input(fields);
    const auto [first, is_new] = seen.emplace(input.name, spec.inputs.size());
    if (!is_new) {
      fields.refuse(fields.has("name") ? "name" : "as",
                    "'" + escape_text(input.name) + "' is also the name of [[input]] " +
                        std::to_string(first->second + 1));
    }
    spec.inputs.push_back(std::move(input));
  }
  parse_targets(tables_of(form, document, "target"), spec);
  for (const Fields& fields : tables_of(form, document, "target_family")) {
    spec.families.push_back(parse_family(fields));
  }
  if (!spec.compat.empty()) check_hppl(top, spec);
  if (top.has("label")) {
    const Fields label = top.table("label", "[label]");
    label.only({"column"});
    spec.label = label.needed_text("column");
  }
  if (top.has("source")) spec.source = parse_source(top.table("source", "[source]"));
  if (top.has("loader")) spec.loader = parse_loader(top.table("loader", "[loader]"));
  return spec;
}

}  // namespace lade
