// SPDX-License-Identifier: Apache-2.0
// LADE_SIMD chooses the instruction set, as it does for the program.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "lade/core/build.h"

int main(int argc, char** argv) {
  if (const char* name = std::getenv("LADE_SIMD"); name != nullptr && *name != '\0') {
    lade::use_instruction_set(name);
  }
  benchmark::AddCustomContext("simd", lade::instruction_set());
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
