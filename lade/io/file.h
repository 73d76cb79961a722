// SPDX-License-Identifier: Apache-2.0
// Files as Lade sees them: one interface, three implementations (real, in memory,
// faulty).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lade/core/error.h"

namespace lade::io {

enum class FileKind : std::uint8_t { regular, directory, symlink, other };

struct FileStat {
  FileKind kind = FileKind::other;
  Index bytes = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t mtime_ns = 0;
  std::uint32_t mode = 0;
};

/// An open file. Every failure is IoError with path, errno and bytes wanted.
///
/// Threads: read_at from any thread; the rest from one.
class File {
 public:
  virtual ~File() = default;
  /// Fills `out` from `offset`; EINTR and short reads are repeated.
  /// Errors: DataError `file.changed` if the file ends before `out` is full.
  virtual void read_at(Index offset, std::span<std::byte> out) const = 0;
  virtual void write(std::span<const std::byte> bytes) = 0;
  virtual void sync() = 0;
  virtual void set_mode(std::uint32_t mode) = 0;
  /// Checked close; the destructor closes without a word.
  virtual void close() = 0;
  /// flock LOCK_EX | LOCK_NB; false if another open file holds it.
  virtual bool try_lock() = 0;
  virtual FileStat stat() const = 0;
  virtual const std::string& path() const = 0;
  Index bytes() const { return bytes_; }  // size at open

 protected:
  Index bytes_ = 0;
};

enum class OpenMode : std::uint8_t {
  read,     // regular files only: FIFO, socket, device, directory are IoError, no hang
  create,   // O_CREAT | O_EXCL, mode 0600
  append,   // logs that grow
  lock,     // created if absent, never truncated
  straight  // what is not a regular file: devices, pipes; "-" is standard output
};

/// A file system. Paths are local; `list` gives names, not paths, sorted as bytes.
class Files {
 public:
  virtual ~Files() = default;
  virtual std::unique_ptr<File> open(const std::string& path, OpenMode mode) = 0;
  virtual FileStat stat(
      const std::string& path) = 0;                  // follows links; IoError if absent
  virtual bool exists(const std::string& path) = 0;  // false only for ENOENT, ENOTDIR
  /// Where a symlink ends (which need not exist); `path` itself if it is none.
  virtual std::string resolve(const std::string& path) = 0;
  virtual std::vector<std::string> list(const std::string& directory) = 0;
  virtual void make_directory(
      const std::string& path) = 0;  // one level; EEXIST is IoError
  /// `replace` false: refuses an existing name (RENAME_NOREPLACE).
  virtual void rename(const std::string& from, const std::string& to, bool replace) = 0;
  virtual void exchange(const std::string& a,
                        const std::string& b) = 0;  // RENAME_EXCHANGE
  virtual void link(const std::string& from, const std::string& to) = 0;
  virtual void unlink(const std::string& path) = 0;
  virtual void remove_directory(const std::string& path) = 0;  // empty ones
  virtual void sync_directory(const std::string& path) = 0;
  /// Mode of a new file: 0666 without the process's umask.
  virtual std::uint32_t default_mode() = 0;
};

/// The machine's own files.
Files& real_files();

/// Reads the whole file.  Errors: DataError `file.too_large` above max_bytes.
std::string read_all(Files& files, const std::string& path, Index max_bytes);

/// Path pieces, as text.
std::string join(std::string_view directory, std::string_view name);
std::string_view file_name(std::string_view path);
std::string_view directory_of(std::string_view path);  // "." if there is none

}  // namespace lade::io
