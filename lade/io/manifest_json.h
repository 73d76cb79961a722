// SPDX-License-Identifier: Apache-2.0
// The JSON of a manifest: the one source of io that knows the JSON library.
#pragma once

#include <string>
#include <string_view>

#include "lade/io/manifest.h"

namespace lade::io {

/// Canonical JSON of a manifest, with this `check` (left out if it is empty).
std::string manifest_json(const Manifest& manifest, const std::string& check);

/// Parses and checks everything but the paths.
Manifest manifest_of_json(std::string_view text, const std::string& source,
                          const Limits& limits);

}  // namespace lade::io
