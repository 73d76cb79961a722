// SPDX-License-Identifier: Apache-2.0
#include <arrow/array/concatenate.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/writer.h>

#include "lade/io/arrow_capture_internal.h"
#include "lade/io/ipc.h"

namespace lade::io {

struct IpcWriter::State {
  GuardedFile guard;
  std::shared_ptr<arrow::Schema> schema;  // without dictionaries
  IpcWriteOptions options;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer;
  std::vector<RecordBatch> pending;
  Index pending_rows = 0;
  Index rows = 0;

  State(AtomicFile target, const arrow::Schema& given, IpcWriteOptions chosen)
      : guard(std::move(target), "ipc"),
        schema(dense_schema(given)),
        options(std::move(chosen)) {
    require(options.batch_rows >= 1,
            "ipc: batch_rows must be >= 1, got " + std::to_string(options.batch_rows));
  }
  ~State() {
    guard.file.abandon();
    writer.reset();
  }
  const std::string& path() const { return guard.file.path(); }

  void begin() {
    if (writer) return;
    auto write = arrow::ipc::IpcWriteOptions::Defaults();
    write.use_threads = false;
    auto made = arrow::ipc::MakeFileWriter(guard.stream, schema, write,
                                           arrow_metadata(options.metadata));
    check_carried(made.status(), path());
    writer = std::move(made).ValueUnsafe();
  }

  // Of a slice Arrow writes some bytes beyond its last text: what follows must not
  // show.
  RecordBatch compact(const arrow::RecordBatch& slice) const {
    arrow::ArrayVector columns;
    for (const auto& column : slice.columns()) {
      columns.push_back(take(arrow::Concatenate({column}), path()));
    }
    return arrow::RecordBatch::Make(schema, slice.num_rows(), std::move(columns));
  }

  /// Writes whole batches; the rest too if `all`.
  void flush(bool all) {
    if (pending_rows < options.batch_rows && !all) return;
    if (pending_rows == 0) return;
    begin();
    const RecordBatch joined = one_batch(pending, schema);
    Index at = 0;
    while (joined->num_rows() - at >= options.batch_rows ||
           (all && at < joined->num_rows())) {
      const RecordBatch part = compact(*joined->Slice(at, options.batch_rows));
      check_carried(writer->WriteRecordBatch(*part), path());
      at += part->num_rows();
    }
    rows += at;
    pending_rows -= at;
    pending.clear();
    if (pending_rows > 0) pending.push_back(joined->Slice(at));
  }

  ManifestFile finish() {
    flush(true);
    begin();
    return guard.finish(*writer, rows, 6);
  }
};

IpcWriter::IpcWriter(AtomicFile file, std::shared_ptr<arrow::Schema> schema,
                     IpcWriteOptions options)
    : state_(std::make_unique<State>(std::move(file), *schema, std::move(options))) {}
IpcWriter::~IpcWriter() = default;
IpcWriter::IpcWriter(IpcWriter&&) noexcept = default;
IpcWriter& IpcWriter::operator=(IpcWriter&&) noexcept = default;

void IpcWriter::write(const RecordBatch& batch) {
  state_->guard.run([&] {
    RecordBatch dense = dense_batch(batch, state_->schema, "ipc");
    if (dense->num_rows() == 0) return;
    state_->pending_rows += dense->num_rows();
    state_->pending.push_back(std::move(dense));
    state_->flush(false);
  });
}

Index IpcWriter::rows() const { return state_->rows + state_->pending_rows; }

ManifestFile IpcWriter::finish() {
  return state_->guard.run([&] { return state_->finish(); });
}

}  // namespace lade::io
