// SPDX-License-Identifier: Apache-2.0
// What the fuzzers feed: each reads any bytes and either succeeds or throws one of
// Lade's errors; everything else is a find.
#pragma once

#include <string_view>

#include "lade/core/limits.h"

namespace lade::fuzz {

void csv(std::string_view bytes);
void parquet(std::string_view bytes);
void ipc(std::string_view bytes);
void recipe(std::string_view bytes);
void expression(std::string_view bytes);
void state(std::string_view bytes);
void manifest(std::string_view bytes);
void index(std::string_view bytes);

struct Target {
  const char* name;
  void (*run)(std::string_view bytes);
};
inline constexpr Target kTargets[] = {{"csv", csv},     {"parquet", parquet},
                                      {"ipc", ipc},     {"recipe", recipe},
                                      {"state", state}, {"manifest", manifest},
                                      {"index", index}, {"expression", expression}};

/// Small limits, so that 1 kB cannot decode to 1 GiB and read as a hang.
Limits small_limits();

/// Runs a target; Lade's own errors are what bad bytes should end in.
void run(void (*target)(std::string_view), std::string_view bytes);

/// Aborts with the text unless `ok`.
void must(bool ok, const char* what);

}  // namespace lade::fuzz
