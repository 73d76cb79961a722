// SPDX-License-Identifier: Apache-2.0
// What every file that Arrow reads from us has in common.
#pragma once

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/status.h>
#include <arrow/util/future.h>

#include <memory>

#include "lade/core/matrix.h"

namespace lade::io {

/// Position and reads from it, in terms of GetSize and ReadAt, which are all that is
/// left to say.
class ReadingFile : public arrow::io::RandomAccessFile {
 public:
  arrow::Result<int64_t> Tell() const final { return at_; }
  arrow::Status Seek(int64_t position) final {
    const auto size = GetSize();
    if (!size.ok() || position < 0 || position > *size) {
      return arrow::Status::Invalid("a position outside the file");
    }
    at_ = position;
    return arrow::Status::OK();
  }
  arrow::Status Close() final {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const final { return closed_; }
  bool supports_zero_copy() const final { return false; }

  // The default hands the read to Arrow's own threads, which may outlive pool and file.
  arrow::Future<std::shared_ptr<arrow::Buffer>> ReadAsync(const arrow::io::IOContext&,
                                                          int64_t position,
                                                          int64_t wanted, bool) final {
    return arrow::Future<std::shared_ptr<arrow::Buffer>>::MakeFinished(
        ReadAt(position, wanted));
  }
  arrow::Result<int64_t> Read(int64_t wanted, void* out) final {
    auto got = ReadAt(at_, wanted, out);
    if (got.ok()) at_ += *got;
    return got;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t wanted) final {
    auto buffer = ReadAt(at_, wanted);
    if (buffer.ok()) at_ += (*buffer)->size();
    return buffer;
  }

 private:
  Index at_ = 0;
  bool closed_ = false;
};

}  // namespace lade::io
