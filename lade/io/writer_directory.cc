// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <set>

#include "lade/io/writer_internal.h"

namespace lade::io {
namespace {

std::string without_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

// "a/b/c.parquet" stays inside; anything that could leave the directory is refused.
void require_relative(const std::string& relative) {
  bool ok = !relative.empty() && relative.find('\0') == std::string::npos;
  std::size_t at = 0;
  while (ok && at <= relative.size()) {
    const std::size_t slash = std::min(relative.find('/', at), relative.size());
    const std::string part = relative.substr(at, slash - at);
    ok = !part.empty() && part != "." && part != "..";
    at = slash + 1;
  }
  require(ok, "write: a file of a directory must have a plain relative path, got \"" +
                  escape_text(relative) + "\"");
}

}  // namespace

struct AtomicDirectory::State {
  Files* files = nullptr;
  WriteOptions options;
  std::string target;
  std::string part;
  std::unique_ptr<TargetLock> lock;
  std::set<std::string> made;  // directories of the part, itself included
  bool replace = false;
  bool over = false;

  std::string parent() const { return std::string(directory_of(target)); }

  void open() {
    target = without_slash(files->resolve(target));
    if (files->exists(target)) {
      if (files->stat(target).kind != FileKind::directory) {
        throw IoError(target, ENOTDIR, "writing a directory");
      }
      require(options.overwrite,
              "write: the target must not exist without overwrite, got " +
                  escape_text(target));
      replace = true;
    }
    part = join(parent(), "." + std::string(file_name(target)) + ".lade-part");
    lock = std::make_unique<TargetLock>(*files, target);
    // Whoever holds the lock owns the part: what is there was left by a dead writer.
    if (files->exists(part) && (!options.keep_part || options.restart)) {
      remove_tree(*files, part);
    }
    make_inside("");
  }

  // Makes `relative` (a directory of the part) and those above it.
  void make_inside(const std::string& relative) {
    const std::string path = relative.empty() ? part : join(part, relative);
    if (made.contains(path)) return;
    if (!relative.empty()) {
      const std::size_t slash = relative.rfind('/');
      make_inside(slash == std::string::npos ? "" : relative.substr(0, slash));
    }
    if (!files->exists(path)) files->make_directory(path);
    made.insert(path);
  }

  // Sub-directories first, so that a durable name never leads to an absent one.
  void sync_tree(const std::string& directory) {
    for (const std::string& name : files->list(directory)) {
      const std::string path = join(directory, name);
      if (files->stat(path).kind == FileKind::directory) sync_tree(path);
    }
    files->sync_directory(directory);
  }

  // What a killed writer that is continued left may lie in directories not made here.
  void sweep_tree(const std::string& directory) {
    sweep_temporaries(*files, directory, 0);
    if (!options.keep_part) return;
    for (const std::string& name : files->list(directory)) {
      const std::string path = join(directory, name);
      if (files->stat(path).kind == FileKind::directory) sweep_tree(path);
    }
  }

  void commit() {
    require(!over, "write: nothing after commit, path " + target);
    sweep_tree(part);
    if (options.durable) timed_sync(options.sync_ns, [&] { sync_tree(part); });
    if (replace) {
      exchange();
    } else {
      rename_new();
    }
    over = true;
    if (options.durable)
      timed_sync(options.sync_ns, [&] { files->sync_directory(parent()); });
    if (replace) {
      try {
        remove_tree(*files,
                    part);  // the old one; if it resists, the next writer has it
      } catch (const IoError&) {
      }
    }
    lock.reset();
  }

  void exchange() {
    try {
      files->exchange(part, target);
    } catch (const IoError& error) {
      if (error.error_number() != EINVAL && error.error_number() != ENOSYS) throw;
      throw IoError(target, error.error_number(),
                    "overwriting: this file system cannot exchange two directories, "
                    "write to a new name instead");
    }
  }

  void rename_new() {
    try {
      files->rename(part, target, false);
    } catch (const IoError& error) {
      if (error.error_number() != EEXIST) throw;
      throw ArgumentError("write: the target must not exist without overwrite, got " +
                          escape_text(target));
    }
  }

  void give_up() noexcept {
    if (over || !lock) return;
    over = true;
    if (!options.keep_part) {
      try {
        remove_tree(*files, part);
      } catch (const std::exception&) {
      }
    }
    lock.reset();
  }
};

AtomicDirectory::AtomicDirectory(std::string path, WriteOptions options)
    : state_(std::make_unique<State>()) {
  state_->files = options.files != nullptr ? options.files : &real_files();
  state_->options = std::move(options);
  state_->target = without_slash(std::move(path));
  try {
    state_->open();
  } catch (...) {
    state_->give_up();
    throw;
  }
}

AtomicDirectory::~AtomicDirectory() {
  if (state_) state_->give_up();
}
AtomicDirectory::AtomicDirectory(AtomicDirectory&&) noexcept = default;
AtomicDirectory& AtomicDirectory::operator=(AtomicDirectory&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

const std::string& AtomicDirectory::part_path() const { return state_->part; }

AtomicFile AtomicDirectory::file(const std::string& relative) {
  require_relative(relative);
  require(!state_->over, "write: nothing after commit, path " + state_->target);
  const std::size_t slash = relative.rfind('/');
  state_->make_inside(slash == std::string::npos ? "" : relative.substr(0, slash));
  auto file = std::make_shared<AtomicFile::State>();
  file->files = state_->files;
  file->path = join(state_->part, relative);
  file->durable = state_->options.durable;
  file->sync_directory = false;  // the directory's own commit does
  try {
    WriteOptions options = state_->options;
    options.overwrite = options.overwrite || options.keep_part;
    file->open(options);
  } catch (...) {
    file->fail();
    throw;
  }
  return AtomicFile(std::move(file));
}

void AtomicDirectory::commit() { state_->commit(); }

}  // namespace lade::io
