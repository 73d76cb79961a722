// SPDX-License-Identifier: Apache-2.0
#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <arrow/status.h>

#include "lade/io/arrow_file_internal.h"
#include "lade/io/writer_internal.h"

namespace lade::io {
namespace {

class ArrowStream final : public arrow::io::OutputStream {
 public:
  explicit ArrowStream(std::shared_ptr<AtomicFile::State> state)
      : state_(std::move(state)) {}

  arrow::Status Write(const void* data, int64_t bytes) override {
    if (closed_) return arrow::Status::IOError("the stream is closed");
    try {
      state_->write(
          {static_cast<const std::byte*>(data), static_cast<std::size_t>(bytes)});
    } catch (const std::exception&) {
      return carry_exception();
    }
    return arrow::Status::OK();
  }
  arrow::Status Flush() override { return arrow::Status::OK(); }
  // Closing publishes nothing: only AtomicFile::commit does.
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  arrow::Result<int64_t> Tell() const override { return state_->written; }
  bool closed() const override { return closed_; }

 private:
  std::shared_ptr<AtomicFile::State> state_;
  bool closed_ = false;
};

}  // namespace

std::shared_ptr<arrow::io::OutputStream> arrow_stream(AtomicFile& file) {
  return std::make_shared<ArrowStream>(file.state_);
}

}  // namespace lade::io
