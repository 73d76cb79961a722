// SPDX-License-Identifier: Apache-2.0
// What a dataset directory says of itself, in its manifest and in its Parquet footers.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lade/io/manifest.h"

namespace lade {

/// Key-value metadata of a part's footer: `lade.entity`, `.time`, `.layout`,
/// `.version`.
std::vector<std::pair<std::string, std::string>> footer_metadata(
    const std::string& entity, const std::string& time);

/// Sets `schema`, `created_by`, `entity`, `time`, `layout` and `unit` (of the time
/// column, "" if it is no time).
void describe_dataset(io::Manifest& manifest, const Schema& schema,
                      const std::string& entity, const std::string& time);

}  // namespace lade
