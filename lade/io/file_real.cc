// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "lade/io/file.h"
#include "lade/io/file_internal.h"

namespace lade::io {
namespace {

SystemCalls with_defaults(SystemCalls calls) {
  if (!calls.pread) calls.pread = ::pread;
  if (!calls.write) calls.write = ::write;
  if (!calls.fsync) calls.fsync = ::fsync;
  if (!calls.close) calls.close = ::close;
  if (!calls.renameat2) {
    calls.renameat2 = [](const char* from, const char* to, unsigned flags) {
      return ::renameat2(AT_FDCWD, from, AT_FDCWD, to, flags);
    };
  }
  return calls;
}

FileStat stat_of(const struct stat& from) {
  FileStat s;
  s.kind = S_ISREG(from.st_mode)   ? FileKind::regular
           : S_ISDIR(from.st_mode) ? FileKind::directory
           : S_ISLNK(from.st_mode) ? FileKind::symlink
                                   : FileKind::other;
  s.bytes = from.st_size;
  s.device = from.st_dev;
  s.inode = from.st_ino;
  s.mtime_ns = std::int64_t{from.st_mtim.tv_sec} * 1'000'000'000 + from.st_mtim.tv_nsec;
  s.mode = from.st_mode & 07777U;
  return s;
}

// Closing fails for the last time here: after EINTR Linux has closed the descriptor.
class RealFile final : public File {
 public:
  RealFile(int fd, std::string path, const SystemCalls& calls)
      : fd_(fd), path_(std::move(path)), calls_(calls) {}
  ~RealFile() override {
    if (fd_ >= 0) calls_.close(fd_);
  }

  void set_bytes(Index bytes) { bytes_ = bytes; }

  void read_at(Index offset, std::span<std::byte> out) const override {
    const std::size_t wanted = out.size();
    while (!out.empty()) {
      const std::int64_t got =
          calls_.pread(fd_, out.data(), std::min(out.size(), kMost), offset);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail("reading " + std::to_string(wanted) + " bytes");
      if (got == 0) {
        throw DataError({.source = path_, .offset = offset, .rule = "file.changed"},
                        "file ends here, it changed while open: " +
                            std::to_string(out.size()) + " bytes are missing");
      }
      offset += got;
      out = out.subspan(static_cast<std::size_t>(got));
    }
  }

  void write(std::span<const std::byte> bytes) override {
    const std::size_t wanted = bytes.size();
    while (!bytes.empty()) {
      const std::int64_t put =
          calls_.write(fd_, bytes.data(), std::min(bytes.size(), kMost));
      if (put < 0 && errno == EINTR) continue;
      if (put == 0) errno = EIO;  // a device that takes nothing would loop for ever
      if (put <= 0) fail("writing " + std::to_string(wanted) + " bytes");
      bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
  }

  void sync() override {
    while (calls_.fsync(fd_) != 0) {
      if (errno != EINTR) fail("syncing");
    }
  }

  void set_mode(std::uint32_t mode) override {
    if (::fchmod(fd_, mode) != 0) fail("setting the mode");
  }

  void close() override {
    const int fd = std::exchange(fd_, -1);
    if (calls_.close(fd) != 0 && errno != EINTR) fail("closing");
  }

  bool try_lock() override {
    while (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return false;
      if (errno != EINTR) fail("locking");
    }
    return true;
  }

  FileStat stat() const override {
    struct stat s{};
    if (::fstat(fd_, &s) != 0) fail("asking its size");
    return stat_of(s);
  }

  const std::string& path() const override { return path_; }

 private:
  static constexpr std::size_t kMost = std::size_t{1}
                                       << 30;  // Linux moves 2 GiB at most
  [[noreturn]] void fail(const std::string& doing) const {
    throw IoError(path_, errno, doing);
  }

  int fd_;
  std::string path_;
  const SystemCalls& calls_;
};

class RealFiles final : public Files {
 public:
  explicit RealFiles(SystemCalls calls) : calls_(with_defaults(std::move(calls))) {}

  std::unique_ptr<File> open(const std::string& path, OpenMode mode) override {
    const int fd = open_descriptor(path, mode);
    if (fd < 0) throw IoError(path, errno, "opening");
    auto file = std::make_unique<RealFile>(fd, path, calls_);
    const FileStat s = file->stat();
    if (mode == OpenMode::read && s.kind != FileKind::regular) {
      throw IoError(path, s.kind == FileKind::directory ? EISDIR : EINVAL,
                    "opening: not a regular file");
    }
    file->set_bytes(s.bytes);
    return file;
  }

  FileStat stat(const std::string& path) override {
    struct stat s{};
    if (::stat(path.c_str(), &s) != 0) throw IoError(path, errno, "looking for it");
    return stat_of(s);
  }

  bool exists(const std::string& path) override {
    struct stat s{};
    if (::stat(path.c_str(), &s) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    throw IoError(path, errno, "looking for it");
  }

  std::string resolve(const std::string& path) override {
    std::string at = path;
    for (int links = 0; links < 40; ++links) {
      char target[PATH_MAX];
      const ssize_t size = ::readlink(at.c_str(), target, sizeof target);
      if (size < 0 && (errno == EINVAL || errno == ENOENT || errno == ENOTDIR))
        return at;
      if (size < 0) throw IoError(at, errno, "following the link");
      const std::string_view to(target, static_cast<std::size_t>(size));
      at = to.starts_with('/') ? std::string(to) : join(directory_of(at), to);
    }
    throw IoError(path, ELOOP, "following the link");
  }

  std::vector<std::string> list(const std::string& directory) override {
    DIR* dir = ::opendir(directory.c_str());
    if (dir == nullptr) throw IoError(directory, errno, "listing");
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(dir)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    const int error = errno;
    ::closedir(dir);
    if (error != 0) throw IoError(directory, error, "listing");
    std::sort(names.begin(), names.end());
    return names;
  }

  void make_directory(const std::string& path) override {
    if (::mkdir(path.c_str(), 0777) != 0)
      throw IoError(path, errno, "making the directory");
  }

  void rename(const std::string& from, const std::string& to, bool replace) override {
    if (replace) {
      if (calls_.renameat2(from.c_str(), to.c_str(), 0) != 0)
        throw IoError(to, errno, "renaming");
      return;
    }
    if (calls_.renameat2(from.c_str(), to.c_str(), RENAME_NOREPLACE) == 0) return;
    if (errno != EINVAL && errno != ENOSYS) throw IoError(to, errno, "renaming");
    link(from,
         to);  // a file system without the flag: link refuses an existing name too
    unlink(from);
  }

  void exchange(const std::string& a, const std::string& b) override {
    if (calls_.renameat2(a.c_str(), b.c_str(), RENAME_EXCHANGE) != 0) {
      throw IoError(b, errno, "exchanging the directory");
    }
  }

  void link(const std::string& from, const std::string& to) override {
    if (::link(from.c_str(), to.c_str()) != 0) throw IoError(to, errno, "linking");
  }

  void unlink(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) throw IoError(path, errno, "removing");
  }

  void remove_directory(const std::string& path) override {
    if (::rmdir(path.c_str()) != 0)
      throw IoError(path, errno, "removing the directory");
  }

  void sync_directory(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) throw IoError(path, errno, "opening the directory");
    RealFile directory(fd, path, calls_);
    directory.sync();
    directory.close();
  }

  // umask() itself would change the mask of other threads for a moment.
  std::uint32_t default_mode() override {
    std::uint32_t mask = 0077;
    if (std::FILE* status = std::fopen("/proc/self/status", "re")) {
      char line[256];
      while (std::fgets(line, sizeof line, status) != nullptr) {
        if (std::strncmp(line, "Umask:", 6) == 0) {
          mask = static_cast<std::uint32_t>(std::strtoul(line + 6, nullptr, 8));
        }
      }
      std::fclose(status);
    }
    return 0666U & ~mask;
  }

 private:
  static int open_descriptor(const std::string& path, OpenMode mode) {
    if (mode == OpenMode::straight && (path == "-" || path == "/dev/stdout")) {
      return ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    }
    int flags = O_CLOEXEC | O_NOCTTY;
    switch (mode) {
      // Without O_NONBLOCK the opening of a FIFO waits for a writer.
      case OpenMode::read:
        flags |= O_RDONLY | O_NONBLOCK;
        break;
      case OpenMode::create:
        flags |= O_WRONLY | O_CREAT | O_EXCL;
        break;
      case OpenMode::append:
        flags |= O_RDWR | O_CREAT | O_APPEND;
        break;
      case OpenMode::lock:
        flags |= O_RDWR | O_CREAT;
        break;
      case OpenMode::straight:
        flags |= O_WRONLY;
        break;
    }
    int fd = -1;
    do {
      fd = ::open(path.c_str(), flags, mode == OpenMode::append ? 0666 : 0600);
    } while (fd < 0 && errno == EINTR);
    return fd;
  }

  const SystemCalls calls_;
};

}  // namespace

Files& real_files() {
  static RealFiles files{SystemCalls{}};
  return files;
}

std::unique_ptr<Files> make_real_files(SystemCalls calls) {
  return std::make_unique<RealFiles>(std::move(calls));
}

}  // namespace lade::io
