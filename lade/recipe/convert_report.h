// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lade/core/limits.h"

namespace lade {

/// What reading came to, as the member `read` of a manifest.
std::string report_json(const ReadReport& report);

}  // namespace lade
