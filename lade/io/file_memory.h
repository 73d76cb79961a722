// SPDX-License-Identifier: Apache-2.0
// A file system in memory: for tests, and for bytes that are not in a file.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "lade/io/file.h"

namespace lade::io {

/// Files and directories in memory, with the errors of the real ones (ENOENT, EEXIST,
/// ENOTEMPTY, ...). `/` and `.` exist. No links but hard ones; `..` is refused.
///
/// Threads: every member from any thread; a file being written is for one.
class MemoryFiles final : public Files {
 public:
  MemoryFiles();
  ~MemoryFiles() override;
  std::unique_ptr<File> open(const std::string& path, OpenMode mode) override;
  FileStat stat(const std::string& path) override;
  bool exists(const std::string& path) override;
  std::string resolve(const std::string& path) override;
  std::vector<std::string> list(const std::string& directory) override;
  void make_directory(const std::string& path) override;
  void rename(const std::string& from, const std::string& to, bool replace) override;
  void exchange(const std::string& a, const std::string& b) override;
  void link(const std::string& from, const std::string& to) override;
  void unlink(const std::string& path) override;
  void remove_directory(const std::string& path) override;
  void sync_directory(const std::string& path) override;
  std::uint32_t default_mode() override { return 0644; }

  /// Makes (or changes in place, as a stranger would) a file, with its directories.
  void put(const std::string& path, std::string_view contents);
  std::string contents(const std::string& path);

  struct Node;

 private:
  using Nodes = std::map<std::string, std::shared_ptr<Node>>;
  std::shared_ptr<Node> find(const std::string& path, int errno_if_absent) const;
  std::shared_ptr<Node> add(const std::string& path, FileKind kind);
  bool empty_directory(const std::string& path) const;
  void move_tree(const std::string& from, const std::string& to, Nodes& into);

  mutable std::mutex mutex_;
  Nodes nodes_;  // by normal path
  std::uint64_t next_inode_ = 1;
};

}  // namespace lade::io
