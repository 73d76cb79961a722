// SPDX-License-Identifier: Apache-2.0
// What the writers of Arrow formats share.
#pragma once

#include <arrow/array.h>
#include <arrow/array/builder_base.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <exception>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "lade/core/hash.h"
#include "lade/core/table_internal.h"
#include "lade/io/arrow_file_internal.h"
#include "lade/io/manifest.h"
#include "lade/io/writer.h"

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

/// The array with its dictionary replaced by its values.
std::shared_ptr<arrow::Array> dense_array(const std::shared_ptr<arrow::Array>& array);

/// Errors: ArgumentError if the batch's columns are others than the schema's; for one
/// of the schema's type a dictionary of it will do.
void require_columns(const RecordBatch& batch, const arrow::Schema& schema,
                     std::string_view writer);

/// The batch in that schema: which dictionary a text came from must not show in the
/// bytes. Errors: as require_columns.
RecordBatch dense_batch(const RecordBatch& batch,
                        const std::shared_ptr<arrow::Schema>& schema,
                        std::string_view writer);

/// One batch of all rows, whole columns in one piece.
RecordBatch one_batch(const std::vector<RecordBatch>& batches,
                      const std::shared_ptr<arrow::Schema>& schema);

/// Arrow's form of metadata; nullptr if there is none.
std::shared_ptr<const arrow::KeyValueMetadata> arrow_metadata(
    const std::vector<std::pair<std::string, std::string>>& metadata);

/// A file that an Arrow writer writes: after its first failure nothing more gets in,
/// and every later step fails with the same error.
struct GuardedFile {
  AtomicFile file;
  std::string name;  // of the writer, for messages
  std::shared_ptr<CapturingStream> stream;
  bool finished = false;
  std::exception_ptr error = nullptr;

  GuardedFile(AtomicFile target, std::string writer)
      : file(std::move(target)),
        name(std::move(writer)),
        stream(std::make_shared<CapturingStream>(arrow_stream(file))) {}

  template <class Step>
  auto run(Step step) {
    if (error) std::rethrow_exception(error);
    require(!finished, name + ": nothing after finish, path " + file.path());
    try {
      return step();
    } catch (...) {
      error = std::current_exception();
      file.abandon();
      throw;
    }
  }

  /// Closes the writer, which ends the file with its footer and a magic of
  /// `magic_bytes`, and commits.
  template <class Writer>
  ManifestFile finish(Writer& writer, Index rows, std::size_t magic_bytes) {
    stream->capture();
    close_writer(writer);
    ManifestFile done;
    done.bytes = file.written();
    done.rows = rows;
    done.footer_xxh3 = xxh3_64(captured_footer(stream->captured(), magic_bytes));
    done.xxh3 = file.xxh3();
    file.commit();
    finished = true;
    return done;
  }

 private:
  template <class Writer>
  void close_writer(Writer& writer) {
    if constexpr (std::is_void_v<decltype(writer.Close())>) {
      writer.Close();
    } else {
      check_carried(writer.Close(), file.path());
    }
  }
};

}  // namespace lade::io
