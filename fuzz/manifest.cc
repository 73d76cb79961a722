// SPDX-License-Identifier: Apache-2.0
#include "lade/io/manifest.h"

#include "fuzz/targets.h"

namespace lade::fuzz {

void manifest(std::string_view bytes) {
  const io::Manifest read = io::parse_manifest(bytes, "fuzz", small_limits());
  must(io::parse_manifest(io::manifest_text(read), "again") == read,
       "a manifest changes when it is written and read");
}

}  // namespace lade::fuzz
