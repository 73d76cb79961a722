// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "lade/core/limits.h"
#include "lade/io/manifest.h"
#include "lade/io/source.h"

namespace lade::io {

struct VerifyOptions {
  SourceOptions source;
  Policies policies;
  Limits limits;
  int threads = 0;         // 0 = usable_cpus(), for text
  Files* files = nullptr;  // nullptr = real_files()
  /// Called now and then; what it throws ends the work.
  std::function<void()> poll = {};
};

/// Reads everything in one file, every page and every value, and says what it gave.
/// Errors: as reading: DataError, IoError; ArgumentError for an unknown format.
ReadReport verify_file(const std::string& path, const VerifyOptions& options);

/// Compares a file with what a manifest lists: length and hash of all bytes.
/// Errors: DataError `manifest.bytes`, `manifest.xxh3` naming the file.
void verify_listed(const std::string& path, const ManifestFile& listed, Files& files,
                   const std::function<void()>& poll = {});

}  // namespace lade::io
