// SPDX-License-Identifier: Apache-2.0
#include "fuzz/targets.h"

#include <cstdio>
#include <cstdlib>
#include <new>

#include "lade/core/error.h"

namespace lade::fuzz {

Limits small_limits() {
  constexpr Index floor = Index{16} << 20;
  Limits limits;
  limits.max_metadata_bytes = floor;
  limits.max_metadata_memory = floor;
  limits.max_decoded_floor = floor;
  limits.max_decoded_ratio = 100;
  limits.max_block_bytes = floor;
  limits.max_row_bytes = Index{1} << 16;
  limits.max_value_bytes = Index{1} << 16;
  limits.max_columns = 1000;
  limits.max_row_groups = 1000;
  return limits;
}

void run(void (*target)(std::string_view), std::string_view bytes) {
  try {
    target(bytes);
  } catch (const ArgumentError&) {
  } catch (const DataError&) {
  } catch (const IoError&) {
  } catch (const std::bad_alloc&) {
  }
}

void must(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "fuzz: %s\n", what);
  std::abort();
}

}  // namespace lade::fuzz
