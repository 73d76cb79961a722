// SPDX-License-Identifier: Apache-2.0
// The only place that puts bytes under a name: docs/formats/writing.md.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lade/io/file.h"

namespace arrow::io {
class OutputStream;
}

namespace lade::io {

struct WriteOptions {
  bool overwrite = false;
  std::vector<std::string> inputs = {};  // refused as target (same device and inode)
  Files* files = nullptr;                // nullptr = real_files()
  bool durable = true;                   // false: cache entries, no fsync, no lock
  std::int64_t sweep_after_s = 600;  // stale temporaries of dead writers are removed
  bool keep_part = false;  // directories: continue what a killed writer left, and
                           // leave the part when this one fails
  bool restart = false;    // with keep_part: not what is there, a new one
  std::shared_ptr<std::atomic<std::int64_t>> sync_ns = nullptr;  // grows by the time
                                                                 // that syncing takes
};

/// One file, old or new, never a third state.
///
/// Written beside the target as `.lade-tmp.<16 hex>`; `commit` makes it durable and
/// gives it the name. Without commit the destructor removes it. Errors:  ArgumentError
/// if the target exists without `overwrite` or is an input; IoError
///          with path and bytes wanted; after the first error nothing more is written.
class AtomicFile {
 public:
  AtomicFile(std::string path, WriteOptions options = {});
  ~AtomicFile();
  AtomicFile(AtomicFile&&) noexcept = default;
  AtomicFile& operator=(AtomicFile&& other) noexcept;
  const std::string& path() const;
  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  Index written() const;
  std::uint64_t xxh3() const;  // XXH3-64 of everything written so far
  /// The error that made the file fail, if any; `write` and `commit` throw it again.
  bool failed() const;
  /// Refuses every later byte and removes the temporary now: for a writer whose own
  /// checks failed. Nothing after `commit`.
  void abandon();
  void commit();

  struct State;
  explicit AtomicFile(std::shared_ptr<State> state);

 private:
  friend std::shared_ptr<arrow::io::OutputStream> arrow_stream(AtomicFile& file);
  std::shared_ptr<State> state_;
};

/// Arrow's view of an AtomicFile. After a failure every call is refused, so that a
/// Parquet writer closing itself in its destructor cannot finish a broken file.
/// Lifetime: may outlive `file`; it then refuses everything.
std::shared_ptr<arrow::io::OutputStream> arrow_stream(AtomicFile& file);

/// A directory of files, made as `.NAME.lade-part/`, then renamed or exchanged.
///
/// Errors: ArgumentError if it exists without `overwrite`; IoError EWOULDBLOCK with the
///         holder's pid if another writer is at it.
class AtomicDirectory {
 public:
  AtomicDirectory(std::string path, WriteOptions options = {});
  ~AtomicDirectory();
  AtomicDirectory(AtomicDirectory&&) noexcept;
  AtomicDirectory& operator=(AtomicDirectory&&) noexcept;
  /// A new file in it, by relative path; directories are made as needed. The file is
  /// synced by its own commit.
  AtomicFile file(const std::string& relative);
  const std::string& part_path() const;  // where it grows
  /// Syncs everything and gives it the name. The manifest must have been written last.
  void commit();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// One file with these contents by the protocol above.
void write_file(const std::string& path, std::string_view contents,
                WriteOptions options = {});

/// A file name from data: bytes outside [A-Za-z0-9_.-] and a leading dot become %XX.
/// Injective. Errors: ArgumentError for the empty name.
std::string name_from_data(std::string_view text);

}  // namespace lade::io
