// SPDX-License-Identifier: Apache-2.0
// For the few sources that include Arrow's headers anyway.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <optional>
#include <utility>

#include "lade/core/table.h"

namespace lade {

template <class T>
T take(arrow::Result<T> result, std::string_view source) {
  check(result.status(), source);
  return std::move(result).ValueUnsafe();
}

/// Lade's type of an Arrow type, nullopt if it is not on the list.
std::optional<ColumnType> column_type(const arrow::DataType& type);

}  // namespace lade
