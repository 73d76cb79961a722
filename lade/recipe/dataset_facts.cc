// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/dataset_facts.h"

namespace lade {
namespace {

constexpr const char* kLayout = "flat";

std::string_view unit_of(const Schema& schema, const std::string& time) {
  const Index position = schema.find(time);
  if (position < 0) return "";
  const ColumnType& type = schema.fields[static_cast<std::size_t>(position)].type;
  return type.kind == Kind::time ? name(type.unit) : std::string_view();
}

}  // namespace

std::vector<std::pair<std::string, std::string>> footer_metadata(
    const std::string& entity, const std::string& time) {
  return {{"lade.entity", entity},
          {"lade.time", time},
          {"lade.layout", kLayout},
          {"lade.version", LADE_VERSION}};
}

void describe_dataset(io::Manifest& manifest, const Schema& schema,
                      const std::string& entity, const std::string& time) {
  manifest.schema = schema;
  manifest.created_by = "lade " LADE_VERSION;
  manifest.set_text("entity", entity);
  manifest.set_text("time", time);
  manifest.set_text("layout", kLayout);
  manifest.set_text("unit", unit_of(schema, time));
}

}  // namespace lade
