// SPDX-License-Identifier: Apache-2.0
#include "lade/io/entity_name.h"

#include "lade/core/error.h"
#include "lade/core/integer_at.h"

namespace lade::io {
namespace {

std::string name_of(std::string_view shown) {
  return "entity " + std::string(shown) + ": ";
}

std::string name_of_text(std::string_view text) {
  return name_of("'" + escape_text(text) + "'");
}

}  // namespace

std::string name_of_entity(const Entity& entity) {
  if (const auto* number = std::get_if<std::int64_t>(&entity)) {
    return name_of(std::to_string(*number));
  }
  const auto* text = std::get_if<std::string>(&entity);
  return text == nullptr ? "" : name_of_text(*text);
}

std::string name_of_entity(const Column& column, Index row) {
  if (!column.valid(row)) return "";
  if (column.kind == Kind::text) {
    return name_of_text((*column.dictionary)[column.as<std::int32_t>()[row]]);
  }
  if (column.kind == Kind::f32 || column.kind == Kind::f64) return "";  // no entity
  if (column.kind == Kind::u64) {
    return name_of(std::to_string(column.as<std::uint64_t>()[row]));
  }
  return name_of(std::to_string(integer_at(column, row)));
}

}  // namespace lade::io
