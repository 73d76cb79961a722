// SPDX-License-Identifier: Apache-2.0
// For tests of the real files: the calls of the system, so that they can fail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "lade/io/file.h"

namespace lade::io {

/// The calls whose short results and interruptions must be repeated or reported. Each
/// returns what the system call of its name returns and sets errno. Empty = the
/// system's.
struct SystemCalls {
  std::function<std::int64_t(int fd, void* to, std::size_t bytes, std::int64_t offset)>
      pread;
  std::function<std::int64_t(int fd, const void* from, std::size_t bytes)> write;
  std::function<int(int fd)> fsync;
  std::function<int(int fd)> close;
  std::function<int(const char* from, const char* to, unsigned flags)> renameat2;
};

/// Real files that go through `calls`.
std::unique_ptr<Files> make_real_files(SystemCalls calls);

}  // namespace lade::io
