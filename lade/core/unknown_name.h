// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace lade {

/// "unknown column 'amont'; did you mean 'amount'?", or where none is near "; there are
/// 'a', 'b', 'c'" (the first eight). All names are escaped.
std::string unknown_name(std::string_view kind, std::string_view name,
                         std::span<const std::string> known);

/// "; did you mean 'amount'?", or "" where none is near: for a sentence of one's own.
std::string did_you_mean(std::string_view name, std::span<const std::string> known);

}  // namespace lade
