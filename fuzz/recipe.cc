// SPDX-License-Identifier: Apache-2.0
#include "fuzz/targets.h"
#include "lade/recipe/spec.h"

namespace lade::fuzz {

/// JSON if it starts as an object, else TOML; what was read must read again from its
/// JSON.
void recipe(std::string_view bytes) {
  const bool json = bytes.starts_with("{");
  const Recipe read = json ? Recipe::from_json(bytes, "fuzz", small_limits())
                           : Recipe::from_toml(bytes, "fuzz", small_limits());
  const Recipe again = Recipe::from_json(read.to_json(), "again", small_limits());
  must(again.hash() == read.hash(), "a recipe changes when it is written and read");
}

}  // namespace lade::fuzz
