// SPDX-License-Identifier: Apache-2.0
// What makes two datasets the same: docs/formats/fingerprint.md.
#pragma once

#include <string>
#include <vector>

#include "lade/core/hash.h"
#include "lade/io/file.h"
#include "lade/io/interrupt.h"

namespace lade::io {

/// One data file as the fingerprint sees it.
struct FilePrint {
  std::string path;  // relative to the dataset's root
  Index bytes = 0;
  std::uint64_t hash = 0;  // XXH3-64 of the footer; text: of both ends; full: of all
};

/// Hash of files in the order of their relative paths as bytes.
Hash128 fingerprint_of_files(std::vector<FilePrint> files);

/// XXH3-64 of the first and the last 64 KiB (of all bytes if there are fewer than 128
/// KiB).
std::uint64_t hash_of_ends(const File& file);

/// XXH3-64 of every byte; `interrupt` may end it.
std::uint64_t hash_of_all(const File& file, Interrupt* interrupt = nullptr);

}  // namespace lade::io
