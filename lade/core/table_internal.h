// SPDX-License-Identifier: Apache-2.0
// For the few sources that include Arrow's headers anyway.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <utility>

#include "lade/core/table.h"

namespace lade {

template <class T>
T take(arrow::Result<T> result, std::string_view source) {
  check(result.status(), source);
  return std::move(result).ValueUnsafe();
}

}  // namespace lade
