// SPDX-License-Identifier: Apache-2.0
// Pieces of the write protocol shared by the writers of one file and of a directory.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "lade/core/hash.h"
#include "lade/io/writer.h"

namespace lade::io {

/// The lock on a target: `.NAME.lade-lock` beside it, held while the object lives.
///
/// The kernel drops it with the process; the file then stays until the next writer
/// takes it.
class TargetLock {
 public:
  /// Errors: IoError EWOULDBLOCK with the pid of the holder.
  TargetLock(Files& files, const std::string& target);
  ~TargetLock();
  TargetLock(const TargetLock&) = delete;
  TargetLock& operator=(const TargetLock&) = delete;

 private:
  Files& files_;
  std::string path_;
  std::unique_ptr<File> file_;
};

/// Adds the time that `sync` takes to `ns`, if there is one.
template <class Sync>
void timed_sync(const std::shared_ptr<std::atomic<std::int64_t>>& ns, Sync sync) {
  const auto begin = std::chrono::steady_clock::now();
  sync();
  const auto taken = std::chrono::steady_clock::now() - begin;
  if (ns) *ns += std::chrono::nanoseconds(taken).count();
}

/// Removes `.lade-tmp.*` of dead writers that are older than `after_s`. Whatever fails
/// is left to the next sweep: cleaning must not stop a write.
void sweep_temporaries(Files& files, const std::string& directory,
                       std::int64_t after_s);

/// Removes a directory and what is in it; links are removed, never followed.
void remove_tree(Files& files, const std::string& path);

/// A new temporary, locked: `directory/.lade-tmp.<16 hex>`.
std::unique_ptr<File> create_temporary(Files& files, const std::string& directory);

/// Throws ArgumentError if `path` (which exists) is one of `inputs`.
void refuse_input(Files& files, const std::string& path, const FileStat& target,
                  const std::vector<std::string>& inputs);

struct AtomicFile::State {
  Files* files = nullptr;
  std::string path;    // as the caller said it
  std::string target;  // behind a symlink
  std::unique_ptr<TargetLock> lock;
  std::unique_ptr<File> file;
  std::string temporary;  // "" when written straight
  bool replace = false;
  bool durable = true;
  bool sync_directory = true;
  bool committed = false;
  std::uint32_t mode = 0;
  std::vector<std::byte> buffer;
  Index written = 0;
  Hasher hash;
  std::exception_ptr error;
  std::shared_ptr<std::atomic<std::int64_t>> sync_ns;

  void open(const WriteOptions& options);
  void open_straight();
  void write(std::span<const std::byte> bytes);
  void flush();
  void commit();
  void fail() noexcept;  // keeps the first error, removes the temporary
  void refuse_if_over() const;
};

}  // namespace lade::io
