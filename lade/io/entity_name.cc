// SPDX-License-Identifier: Apache-2.0
#include "lade/io/entity_name.h"

#include "lade/core/error.h"

namespace lade::io {
namespace {

std::string name_of(std::string_view shown) {
  return "entity " + std::string(shown) + ": ";
}

std::string name_of_text(std::string_view text) {
  return name_of("'" + escape_text(text) + "'");
}

template <class T>
std::string name_of_number(const Column& column, Index row) {
  return name_of(std::to_string(column.as<T>()[row]));
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
  switch (column.kind) {
    case Kind::text:
      return name_of_text((*column.dictionary)[column.as<std::int32_t>()[row]]);
    case Kind::boolean:
    case Kind::u8:
      return name_of_number<std::uint8_t>(column, row);
    case Kind::i8:
      return name_of_number<std::int8_t>(column, row);
    case Kind::i16:
      return name_of_number<std::int16_t>(column, row);
    case Kind::i32:
      return name_of_number<std::int32_t>(column, row);
    case Kind::u16:
      return name_of_number<std::uint16_t>(column, row);
    case Kind::u32:
      return name_of_number<std::uint32_t>(column, row);
    case Kind::u64:
      return name_of_number<std::uint64_t>(column, row);
    case Kind::f32:
    case Kind::f64:
      return "";  // no entity has this type
    default:
      return name_of_number<std::int64_t>(column, row);
  }
}

}  // namespace lade::io
