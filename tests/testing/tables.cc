// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/tables.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/json/from_string.h>

#include "lade/core/table_internal.h"

namespace lade::testing {

RecordBatch batch_of(const std::vector<JsonColumn>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const JsonColumn& column : columns) {
    fields.push_back(arrow::field(column.name, column.type));
    arrays.push_back(
        take(arrow::json::ArrayFromJSONString(column.type, column.values), "test"));
  }
  const Index rows = arrays.empty() ? 0 : arrays[0]->length();
  return arrow::RecordBatch::Make(arrow::schema(fields), rows, arrays);
}

std::string stream_bytes(const RecordBatch& batch, bool marker) {
  const auto sink = take(arrow::io::BufferOutputStream::Create(), "test");
  const auto writer = take(arrow::ipc::MakeStreamWriter(sink, batch->schema()), "test");
  check(writer->WriteRecordBatch(*batch), "test");
  check(writer->WriteRecordBatch(*batch), "test");
  check(writer->Close(), "test");
  std::string bytes = take(sink->Finish(), "test")->ToString();
  if (!marker) bytes.resize(bytes.size() - 8);
  return bytes;
}

RecordBatch example_events() {
  return batch_of(
      {{"user", arrow::int64(), "[1, 1, 1, 1, 1, 1, 1, 1]"},
       {"time", arrow::timestamp(arrow::TimeUnit::MICRO),
        R"(["2024-03-01 09:00:00", "2024-03-01 18:30:00", "2024-03-02 10:00:00",
            "2024-03-04 08:00:00", "2024-03-04 08:00:00", "2024-03-10 23:59:00",
            "2024-03-11 00:00:00", "2024-04-01 12:00:00"])"},
       {"amount", arrow::float64(), "[10, 25.5, 4, 100, 7.25, 3, 50, 20]"},
       {"mcc", arrow::int32(), "[5411, 5812, 5411, 4829, 5411, 5499, 5411, 5812]"}});
}

}  // namespace lade::testing
