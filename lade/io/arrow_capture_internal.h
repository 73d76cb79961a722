// SPDX-License-Identifier: Apache-2.0
// What the writers of Arrow formats share.
#pragma once

#include <arrow/array.h>
#include <arrow/array/builder_base.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <string>
#include <utility>

#include "lade/core/table_internal.h"
#include "lade/io/arrow_file_internal.h"

namespace lade::io {

/// Passes bytes on and, once told to, also keeps them: the footer, for its hash.
class CapturingStream final : public arrow::io::OutputStream {
 public:
  explicit CapturingStream(std::shared_ptr<arrow::io::OutputStream> inner)
      : inner_(std::move(inner)) {}
  void capture() { capturing_ = true; }
  const std::string& captured() const { return captured_; }

  arrow::Status Write(const void* data, int64_t bytes) override {
    if (capturing_) {
      captured_.append(static_cast<const char*>(data), static_cast<std::size_t>(bytes));
    }
    return inner_->Write(data, bytes);
  }
  arrow::Status Close() override { return inner_->Close(); }
  arrow::Result<int64_t> Tell() const override { return inner_->Tell(); }
  bool closed() const override { return inner_->closed(); }

 private:
  std::shared_ptr<arrow::io::OutputStream> inner_;
  bool capturing_ = false;
  std::string captured_;
};

/// The footer in the last bytes of a file that end with its length (4 bytes) and a
/// magic of `magic_bytes`.
std::string_view captured_footer(const std::string& tail, std::size_t magic_bytes);

/// The schema with dictionaries replaced by their values.
std::shared_ptr<arrow::Schema> dense_schema(const arrow::Schema& schema);

/// The batch in that schema: which dictionary a text came from must not show in the
/// bytes. Errors: ArgumentError if the columns are others than the schema's.
RecordBatch dense_batch(const RecordBatch& batch,
                        const std::shared_ptr<arrow::Schema>& schema,
                        std::string_view writer);

/// One batch of all rows, whole columns in one piece.
RecordBatch one_batch(const std::vector<RecordBatch>& batches,
                      const std::shared_ptr<arrow::Schema>& schema);

}  // namespace lade::io
