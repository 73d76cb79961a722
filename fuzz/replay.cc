// SPDX-License-Identifier: Apache-2.0
// Runs every file of fuzz/corpus/<target>/ through its target: `lade_fuzz_replay
// CORPUS`.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/targets.h"

int main(int count, char** arguments) {
  namespace fs = std::filesystem;
  if (count != 2) return std::fputs("usage: lade_fuzz_replay CORPUS\n", stderr), 2;
  for (const auto& target : lade::fuzz::kTargets) {
    const fs::path directory = fs::path(arguments[1]) / target.name;
    int files = 0;
    for (const auto& entry : fs::directory_iterator(directory)) {
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      std::fprintf(stderr, "%s\n", entry.path().c_str());
      lade::fuzz::run(target.run, bytes);
      ++files;
    }
    if (files == 0) return std::fprintf(stderr, "%s: no corpus\n", target.name), 1;
    std::printf("%s: %d files\n", target.name, files);
  }
  return 0;
}
