// SPDX-License-Identifier: Apache-2.0
// The entry of libFuzzer, compiled once per target with its name.
#include <cstddef>
#include <cstdint>

#include "fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lade::fuzz::run(lade::fuzz::LADE_FUZZ_TARGET,
                  {reinterpret_cast<const char*>(data), size});
  return 0;
}
