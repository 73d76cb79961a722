// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lade/core/table.h"

namespace arrow {
class DataType;
}

namespace lade::testing {

/// One column as text: {"amount", arrow::float64(), "[1.5, null]"}.
struct JsonColumn {
  std::string name;
  std::shared_ptr<arrow::DataType> type;
  std::string values;
};

/// A record batch from JSON texts of its columns.
RecordBatch batch_of(const std::vector<JsonColumn>& columns);

/// An Arrow IPC stream that holds the batch twice, with or without the marker of its
/// end.
std::string stream_bytes(const RecordBatch& batch, bool marker);

/// The worked example of docs/guide/targets.md: 8 events of one user; columns user i64,
/// time timestamp[us], amount f64, mcc i32.
RecordBatch example_events();

}  // namespace lade::testing
