// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <benchmark/benchmark.h>

#include "lade/loading/loader.h"

namespace lade::bench {

/// A batch an iteration, epoch after epoch. Returns the bytes of all of them.
inline Index run_epochs(benchmark::State& state, Loader& loader) {
  auto iterator = loader.begin_epoch();
  Index bytes = 0;
  for (auto _ : state) {
    auto batch = iterator.next();
    if (!batch) {
      iterator = loader.begin_epoch();
      batch = iterator.next();
    }
    bytes += batch->nbytes();
  }
  return bytes;
}

}  // namespace lade::bench
