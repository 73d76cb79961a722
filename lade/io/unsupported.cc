// SPDX-License-Identifier: Apache-2.0
#include "lade/io/unsupported.h"

#include <arrow/type.h>

#include <algorithm>
#include <set>

#include "lade/core/error.h"
#include "lade/core/table_internal.h"

namespace lade::io {
namespace {

[[noreturn]] void refuse(const UnsupportedColumn& column, std::string_view source) {
  throw DataError({.source = std::string(source),
                   .column = column.name,
                   .rule = "table.type",
                   .value = column.type},
                  "columns of type " + escape_text(column.type) + " cannot be read");
}

}  // namespace

ReadableColumns readable_columns(const arrow::Schema& schema, std::string_view source) {
  ReadableColumns out;
  std::set<std::string_view> seen;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const arrow::Field& field = *schema.field(i);
    if (!seen.insert(field.name()).second) {
      throw DataError({.source = std::string(source),
                       .column = field.name(),
                       .rule = "table.duplicate_column",
                       .value = field.type()->ToString()},
                      "column names must differ");
    }
    if (column_type(*field.type())) {
      out.positions.push_back(i);
    } else {
      out.unsupported.push_back({field.name(), field.type()->ToString()});
    }
  }
  if (out.positions.empty() && !out.unsupported.empty())
    refuse(out.unsupported.front(), source);
  return out;
}

void require_supported(const std::vector<UnsupportedColumn>& unsupported,
                       std::string_view column, std::string_view source) {
  for (const UnsupportedColumn& one : unsupported) {
    if (one.name == column) refuse(one, source);
  }
}

std::string list_unsupported(const std::vector<UnsupportedColumn>& unsupported) {
  constexpr std::size_t most = 8;
  std::string out;
  for (std::size_t i = 0; i < std::min(most, unsupported.size()); ++i) {
    out += (i == 0 ? "" : ", ") + escape_text(unsupported[i].name) + " (" +
           escape_text(unsupported[i].type) + ")";
  }
  if (unsupported.size() > most)
    out += " and " + std::to_string(unsupported.size() - most) + " more";
  return out;
}

}  // namespace lade::io
