// SPDX-License-Identifier: Apache-2.0
#include "lade/io/file_memory.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace lade::io {

struct MemoryFiles::Node {
  mutable std::mutex mutex;
  FileKind kind = FileKind::regular;
  std::uint64_t inode = 0;
  std::uint32_t mode = 0600;
  std::int64_t mtime_ns = 0;
  std::string bytes;
  bool locked = false;

  FileStat stat() const {
    const std::lock_guard lock(mutex);
    return {.kind = kind,
            .bytes = static_cast<Index>(bytes.size()),
            .device = 1,
            .inode = inode,
            .mtime_ns = mtime_ns,
            .mode = mode};
  }
};

namespace {

std::int64_t now_ns() {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
}

// "a//b/./c/" -> "a/b/c"; the root stays "/", the empty path is ".".
std::string normal(const std::string& path) {
  std::string out = path.starts_with('/') ? "/" : "";
  std::size_t at = 0;
  while (at < path.size()) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    const std::string_view part = std::string_view(path).substr(at, slash - at);
    if (part == "..") throw IoError(path, EINVAL, "following ..");
    if (!part.empty() && part != ".") {
      if (!out.empty() && out != "/") out += '/';
      out += part;
    }
    at = slash + 1;
  }
  return out.empty() ? "." : out;
}

bool is_below(std::string_view path, std::string_view directory) {
  if (directory == ".") return !path.starts_with('/') && path != ".";
  if (directory == "/") return path.starts_with('/') && path != "/";
  return path.size() > directory.size() && path.starts_with(directory) &&
         path[directory.size()] == '/';
}

class MemoryFile final : public File {
 public:
  MemoryFile(std::shared_ptr<MemoryFiles::Node> node, std::string path, bool append)
      : node_(std::move(node)), path_(std::move(path)), append_(append) {
    bytes_ = node_->stat().bytes;
  }
  ~MemoryFile() override { unlock(); }

  void read_at(Index offset, std::span<std::byte> out) const override {
    const std::lock_guard lock(node_->mutex);
    const auto from = static_cast<std::size_t>(offset);
    if (from > node_->bytes.size() || out.size() > node_->bytes.size() - from) {
      throw DataError({.source = path_,
                       .offset = static_cast<Index>(node_->bytes.size()),
                       .rule = "file.changed"},
                      "file ends here, it changed while open");
    }
    if (!out.empty()) std::memcpy(out.data(), node_->bytes.data() + from, out.size());
  }
  void write(std::span<const std::byte> bytes) override {
    const std::lock_guard lock(node_->mutex);
    const std::size_t at = append_ ? node_->bytes.size() : at_;
    if (node_->bytes.size() < at + bytes.size()) node_->bytes.resize(at + bytes.size());
    if (!bytes.empty())
      std::memcpy(node_->bytes.data() + at, bytes.data(), bytes.size());
    at_ = at + bytes.size();
    node_->mtime_ns = now_ns();
  }
  void sync() override {}
  void set_mode(std::uint32_t mode) override {
    const std::lock_guard lock(node_->mutex);
    node_->mode = mode;
  }
  void close() override { unlock(); }
  bool try_lock() override {
    const std::lock_guard lock(node_->mutex);
    if (mine_) return true;
    if (node_->locked) return false;
    mine_ = node_->locked = true;
    return true;
  }
  FileStat stat() const override { return node_->stat(); }
  const std::string& path() const override { return path_; }

 private:
  void unlock() {
    const std::lock_guard lock(node_->mutex);
    if (mine_) node_->locked = false;
    mine_ = false;
  }
  std::shared_ptr<MemoryFiles::Node> node_;
  std::string path_;
  bool append_;
  bool mine_ = false;
  std::size_t at_ = 0;
};

}  // namespace

MemoryFiles::MemoryFiles() {
  add("/", FileKind::directory);
  add(".", FileKind::directory);
}
MemoryFiles::~MemoryFiles() = default;

std::shared_ptr<MemoryFiles::Node> MemoryFiles::find(const std::string& path,
                                                     int errno_if_absent) const {
  const auto found = nodes_.find(normal(path));
  if (found != nodes_.end()) return found->second;
  if (errno_if_absent != 0) throw IoError(path, errno_if_absent, "looking for it");
  return nullptr;
}

std::shared_ptr<MemoryFiles::Node> MemoryFiles::add(const std::string& path,
                                                    FileKind kind) {
  const std::string name = normal(path);
  if (name != "/" && name != ".") {
    const auto parent = find(std::string(directory_of(name)), ENOENT);
    if (parent->kind != FileKind::directory) throw IoError(path, ENOTDIR, "making it");
  }
  auto node = std::make_shared<Node>();
  node->kind = kind;
  node->inode = next_inode_++;
  node->mtime_ns = now_ns();
  nodes_[name] = node;
  return node;
}

std::unique_ptr<File> MemoryFiles::open(const std::string& path, OpenMode mode) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Node> node = find(path, 0);
  if (mode == OpenMode::read || mode == OpenMode::straight) {
    if (!node) throw IoError(path, ENOENT, "opening");
  } else if (mode == OpenMode::create && node) {
    throw IoError(path, EEXIST, "opening");
  }
  if (!node) node = add(path, FileKind::regular);
  if (node->kind == FileKind::directory) {
    throw IoError(path, EISDIR, "opening: not a regular file");
  }
  return std::make_unique<MemoryFile>(node, path, mode == OpenMode::append);
}

FileStat MemoryFiles::stat(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return find(path, ENOENT)->stat();
}

bool MemoryFiles::exists(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return find(path, 0) != nullptr;
}

std::string MemoryFiles::resolve(const std::string& path) { return path; }

std::vector<std::string> MemoryFiles::list(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  if (find(directory, ENOENT)->kind != FileKind::directory) {
    throw IoError(directory, ENOTDIR, "listing");
  }
  const std::string parent = normal(directory);
  std::vector<std::string> names;
  for (const auto& [path, node] : nodes_) {
    if (path != "/" && path != "." && directory_of(path) == parent) {
      names.emplace_back(file_name(path));
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

void MemoryFiles::make_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (find(path, 0)) throw IoError(path, EEXIST, "making the directory");
  add(path, FileKind::directory);
}

bool MemoryFiles::empty_directory(const std::string& path) const {
  const std::string name = normal(path);
  return std::none_of(nodes_.begin(), nodes_.end(),
                      [&](const auto& entry) { return is_below(entry.first, name); });
}

void MemoryFiles::move_tree(const std::string& from, const std::string& to,
                            Nodes& into) {
  const std::string a = normal(from);
  for (auto at = nodes_.begin(); at != nodes_.end();) {
    if (at->first == a || is_below(at->first, a)) {
      into[normal(to) + at->first.substr(a.size())] = at->second;
      at = nodes_.erase(at);
    } else {
      ++at;
    }
  }
}

void MemoryFiles::rename(const std::string& from, const std::string& to, bool replace) {
  const std::lock_guard lock(mutex_);
  const auto source = find(from, ENOENT);
  find(std::string(directory_of(normal(to))), ENOENT);
  if (const auto target = find(to, 0)) {
    if (!replace) throw IoError(to, EEXIST, "renaming");
    if (target == source) return;
    const bool target_is_directory = target->kind == FileKind::directory;
    if (target_is_directory != (source->kind == FileKind::directory)) {
      throw IoError(to, target_is_directory ? EISDIR : ENOTDIR, "renaming");
    }
    if (target_is_directory && !empty_directory(to))
      throw IoError(to, ENOTEMPTY, "renaming");
  }
  Nodes moved;
  move_tree(from, to, moved);
  for (auto& [path, node] : moved) nodes_[path] = node;
}

void MemoryFiles::exchange(const std::string& a, const std::string& b) {
  const std::lock_guard lock(mutex_);
  find(a, ENOENT);
  find(b, ENOENT);
  Nodes moved;
  move_tree(a, b, moved);
  Nodes back;
  move_tree(b, a, back);
  nodes_.merge(moved);
  nodes_.merge(back);
}

void MemoryFiles::link(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const auto node = find(from, ENOENT);
  if (find(to, 0)) throw IoError(to, EEXIST, "linking");
  nodes_[normal(to)] = node;
}

void MemoryFiles::unlink(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (find(path, ENOENT)->kind == FileKind::directory)
    throw IoError(path, EISDIR, "removing");
  nodes_.erase(normal(path));
}

void MemoryFiles::remove_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (find(path, ENOENT)->kind != FileKind::directory) {
    throw IoError(path, ENOTDIR, "removing the directory");
  }
  if (!empty_directory(path)) throw IoError(path, ENOTEMPTY, "removing the directory");
  nodes_.erase(normal(path));
}

void MemoryFiles::sync_directory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  find(path, ENOENT);
}

void MemoryFiles::put(const std::string& path, std::string_view contents) {
  const std::lock_guard lock(mutex_);
  const std::string name = normal(path);
  for (std::size_t slash = name.find('/', 1); slash != std::string::npos;
       slash = name.find('/', slash + 1)) {
    const std::string directory = name.substr(0, slash);
    if (!find(directory, 0)) add(directory, FileKind::directory);
  }
  std::shared_ptr<Node> node = find(path, 0);
  if (!node) node = add(path, FileKind::regular);
  const std::lock_guard node_lock(node->mutex);
  node->bytes = contents;
  node->mtime_ns = now_ns();
}

std::string MemoryFiles::contents(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto node = find(path, ENOENT);
  const std::lock_guard node_lock(node->mutex);
  return node->bytes;
}

}  // namespace lade::io
