// SPDX-License-Identifier: Apache-2.0
#include "fuzz/targets.h"
#include "lade/loading/loader.h"

namespace lade::fuzz {

void state(std::string_view bytes) {
  const LoaderState read = LoaderState::from_json(bytes, small_limits());
  must(LoaderState::from_json(read.to_json()).to_json() == read.to_json(),
       "a state changes when it is written and read");
}

}  // namespace lade::fuzz
