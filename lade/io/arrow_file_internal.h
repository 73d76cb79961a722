// SPDX-License-Identifier: Apache-2.0
// Exceptions of ours through Arrow's Status and back, type and text kept.
#pragma once

#include <arrow/status.h>

#include <exception>
#include <string_view>

namespace lade::io {

/// A status that carries the exception now being handled.
arrow::Status carry_exception();

/// Throws the carried exception if there is one, else what `lade::check` throws.
void check_carried(const arrow::Status& status, std::string_view source);

}  // namespace lade::io
