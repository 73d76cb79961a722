// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <chrono>
#include <random>

#include "lade/io/writer_internal.h"

#include <unistd.h>

namespace lade::io {
namespace {

constexpr std::string_view kTemporary = ".lade-tmp.";
constexpr std::size_t kTemporaryName = 26;
constexpr std::size_t kPidWidth = 20;
constexpr std::size_t kLongestName = 255;

// A long name is cut and told apart by its hash: the lock must fit wherever the name
// does.
std::string lock_path(const std::string& target) {
  const std::string_view name = file_name(target);
  std::string lock = "." + std::string(name) + ".lade-lock";
  if (lock.size() > kLongestName) {
    lock = "." + std::string(name.substr(0, 160)) + "~" + hex(xxh3_128(name)) +
           ".lade-lock";
  }
  return join(directory_of(target), lock);
}

// True if `path` still names the file that is open: a sweeper or the last holder may
// have removed it between opening and locking.
bool still_named(Files& files, const File& file) {
  try {
    const FileStat open = file.stat();
    const FileStat named = files.stat(file.path());
    return open.inode == named.inode && open.device == named.device;
  } catch (const IoError& error) {
    if (error.error_number() == ENOENT) return false;
    throw;
  }
}

std::string holder(const File& lock) {
  std::string pid(kPidWidth, '\0');
  try {
    lock.read_at(0, std::as_writable_bytes(std::span(pid)));
  } catch (const DataError&) {
    return "unknown";  // it has just been made
  }
  return pid.substr(0, pid.find(' '));
}

/// Nothing can be made beside `target`: the user knows its folder, not our names.
[[noreturn]] void refuse_directory(const std::string& target, int error) {
  const std::string directory(directory_of(target));
  const bool absent = error == ENOENT || error == ENOTDIR;
  throw IoError(
      directory, error,
      absent ? "writing into this folder; make it first" : "writing into this folder");
}

std::uint64_t random_name() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

bool is_temporary(std::string_view name) {
  return name.size() == kTemporaryName && name.starts_with(kTemporary) &&
         name.find_first_not_of("0123456789abcdef", kTemporary.size()) == name.npos;
}

void sweep_one(Files& files, const std::string& path, std::int64_t after_s) {
  using namespace std::chrono;
  const std::int64_t now =
      duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
  if (now - files.stat(path).mtime_ns < after_s * 1'000'000'000) return;
  const std::unique_ptr<File> file = files.open(path, OpenMode::read);
  if (file->try_lock() && still_named(files, *file)) files.unlink(path);
}

}  // namespace

TargetLock::TargetLock(Files& files, const std::string& target)
    : files_(files), path_(lock_path(target)) {
  for (;;) {
    try {
      file_ = files.open(path_, OpenMode::lock);
    } catch (const IoError& error) {
      refuse_directory(target, error.error_number());
    }
    if (!file_->try_lock()) {
      throw IoError(target, EWOULDBLOCK,
                    "locking: another writer is at it, process " + holder(*file_));
    }
    if (still_named(files, *file_)) break;
  }
  try {
    std::string pid = std::to_string(::getpid());
    pid.resize(kPidWidth, ' ');
    file_->write(std::as_bytes(std::span(pid)));
  } catch (...) {
    try {
      files_.unlink(path_);
    } catch (const std::exception&) {
    }
    throw;
  }
}

TargetLock::~TargetLock() {
  try {
    files_.unlink(
        path_);  // while it is still held, so that nobody's new lock is removed
  } catch (const std::exception&) {
  }
}

void sweep_temporaries(Files& files, const std::string& directory,
                       std::int64_t after_s) {
  std::vector<std::string> names;
  try {
    names = files.list(directory);
  } catch (const IoError&) {
    return;
  }
  for (const std::string& name : names) {
    if (!is_temporary(name)) continue;
    try {
      sweep_one(files, join(directory, name), after_s);
    } catch (const IoError&) {
    }
  }
}

void remove_tree(Files& files, const std::string& path) {
  try {
    files.unlink(path);
    return;
  } catch (const IoError& error) {
    if (error.error_number() != EISDIR && error.error_number() != EPERM) throw;
  }
  for (const std::string& name : files.list(path)) remove_tree(files, join(path, name));
  files.remove_directory(path);
}

std::unique_ptr<File> create_temporary(Files& files, const std::string& directory) {
  for (;;) {
    const std::string path =
        join(directory, std::string(kTemporary) + hex(random_name()));
    std::unique_ptr<File> file;
    try {
      file = files.open(path, OpenMode::create);
    } catch (const IoError& error) {
      if (error.error_number() == EEXIST) continue;
      refuse_directory(join(directory, file_name(path)), error.error_number());
    }
    try {
      if (file->try_lock() && still_named(files, *file)) return file;
    } catch (...) {
      try {
        files.unlink(path);
      } catch (const std::exception&) {
      }
      throw;
    }
  }
}

void refuse_input(Files& files, const std::string& path, const FileStat& target,
                  const std::vector<std::string>& inputs) {
  for (const std::string& input : inputs) {
    if (!files.exists(input)) continue;
    const FileStat in = files.stat(input);
    if (in.device == target.device && in.inode == target.inode) {
      throw ArgumentError("write: the target must not be an input, got " +
                          escape_text(path));
    }
  }
}

}  // namespace lade::io
