// SPDX-License-Identifier: Apache-2.0
#include "lade/io/file_reopened.h"

#include <utility>

namespace lade::io {

ReopenedFile::ReopenedFile(Files& files, std::string path)
    : files_(files), path_(std::move(path)), file_(files_.open(path_, OpenMode::read)) {
  stat_ = file_->stat();
}

void ReopenedFile::refuse_change(const File& file,
                                 const std::function<bool(const File&)>& same) {
  const FileStat now = file.stat();
  const bool untouched = now.mtime_ns == stat_.mtime_ns && now.inode == stat_.inode &&
                         now.device == stat_.device;
  if (now.bytes != stat_.bytes || (!untouched && same && !same(file))) {
    throw DataError(
        {.source = path_, .rule = "file.changed", .value = std::to_string(now.bytes)},
        "file changed while open: it had " + std::to_string(stat_.bytes) +
            " bytes, now " + std::to_string(now.bytes));
  }
  stat_ = now;
}

std::shared_ptr<const File> ReopenedFile::get(
    const std::function<bool(const File&)>& same) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<const File> file = file_;
  if (!file) file = files_.open(path_, OpenMode::read);
  refuse_change(*file, same);
  file_ = file;
  return file;
}

void ReopenedFile::release() {
  const std::lock_guard lock(mutex_);
  file_.reset();
}

}  // namespace lade::io
