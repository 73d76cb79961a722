// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "lade/core/limits.h"

namespace lade::cli {

nlohmann::ordered_json to_json(const ReadReport& report);
/// "49,102 rows given of 49,103 seen; dropped: truncated_tail 1".
std::string to_text(const ReadReport& report);
/// 49102 as "49,102".
std::string grouped(Index number);
/// Bytes for people: "4.2 MiB".
std::string sized(double bytes);

}  // namespace lade::cli
