// SPDX-License-Identifier: Apache-2.0
#include "lade/io/arrow_file.h"

#include <arrow/memory_pool.h>

#include <algorithm>
#include <utility>

#include "lade/core/block_pool.h"
#include "lade/core/table.h"
#include "lade/io/arrow_file_internal.h"
#include "lade/io/arrow_reading_internal.h"

namespace lade::io {
namespace {

class ArrowFile final : public ReadingFile {
 public:
  ArrowFile(std::shared_ptr<const File> file, std::atomic<Index>* bytes_read,
            arrow::MemoryPool* pool)
      : file_(std::move(file)),
        bytes_read_(bytes_read),
        pool_(pool != nullptr ? pool : block_pool()) {}

  arrow::Result<int64_t> GetSize() override { return file_->bytes(); }

  arrow::Result<int64_t> ReadAt(int64_t position, int64_t wanted, void* out) override {
    if (closed() || position < 0 || wanted < 0 || position > file_->bytes()) {
      return arrow::Status::Invalid("a read outside the file");
    }
    const Index bytes = std::min<Index>(wanted, file_->bytes() - position);
    try {
      file_->read_at(position,
                     {static_cast<std::byte*>(out), static_cast<std::size_t>(bytes)});
    } catch (const std::exception&) {
      return carry_exception();
    }
    if (bytes_read_ != nullptr)
      bytes_read_->fetch_add(bytes, std::memory_order_relaxed);
    return bytes;
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position,
                                                       int64_t wanted) override {
    if (position < 0 || wanted < 0 || position > file_->bytes()) {
      return arrow::Status::Invalid("a read outside the file");
    }
    // What is asked for is a claim of the file; what is there bounds the allocation.
    const Index bytes = std::min<Index>(wanted, file_->bytes() - position);
    auto buffer = arrow::AllocateBuffer(bytes, pool_);
    if (!buffer.ok()) return buffer.status();
    const auto got = ReadAt(position, bytes, (*buffer)->mutable_data());
    if (!got.ok()) return got.status();
    return std::shared_ptr<arrow::Buffer>(std::move(*buffer));
  }

 private:
  std::shared_ptr<const File> file_;
  std::atomic<Index>* bytes_read_;
  arrow::MemoryPool* pool_;
};

}  // namespace

std::shared_ptr<arrow::io::RandomAccessFile> arrow_file(
    std::shared_ptr<const File> file, std::atomic<Index>* bytes_read,
    arrow::MemoryPool* pool) {
  return std::make_shared<ArrowFile>(std::move(file), bytes_read, pool);
}

}  // namespace lade::io
