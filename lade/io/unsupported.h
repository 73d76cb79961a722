// SPDX-License-Identifier: Apache-2.0
// Columns of types that are not read: they are no error until somebody asks for them.
#pragma once

#include <arrow/type_fwd.h>

#include <string>
#include <string_view>
#include <vector>

namespace lade::io {

/// A column that is left out: a list, a struct, a wide decimal.
struct UnsupportedColumn {
  std::string name;
  std::string type;
  bool operator==(const UnsupportedColumn&) const = default;
};

/// The columns of a schema that can be read, by position, and the others.
struct ReadableColumns {
  std::vector<int> positions;
  std::vector<UnsupportedColumn> unsupported;
};

/// Errors: DataError `table.duplicate_column`; `table.type` if no column can be read.
ReadableColumns readable_columns(const arrow::Schema& schema, std::string_view source);

/// Errors: DataError `table.type` naming the column and its type if it is one of those.
void require_supported(const std::vector<UnsupportedColumn>& unsupported,
                       std::string_view column, std::string_view source);

/// "tags (list<item: int64>), key (...)", escaped, at most eight of them.
std::string list_unsupported(const std::vector<UnsupportedColumn>& unsupported);

}  // namespace lade::io
