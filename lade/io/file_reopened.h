// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "lade/io/file.h"

namespace lade::io {

/// A file open for reading that can be closed to save descriptors and is opened again
/// when it is wanted.
///
/// Threads: every member from any thread.
class ReopenedFile {
 public:
  ReopenedFile(Files& files, std::string path);

  /// The open file, found unchanged: same size, and same time of change and inode, else
  /// `same` (which looks at the footer) must say so.
  /// Errors: DataError `file.changed`; IoError.
  std::shared_ptr<const File> get(const std::function<bool(const File&)>& same = {});
  void release();

 private:
  void refuse_change(const File& file, const std::function<bool(const File&)>& same);
  Files& files_;
  std::string path_;
  FileStat stat_;  // as last found good
  std::mutex mutex_;
  std::shared_ptr<const File> file_;
};

}  // namespace lade::io
