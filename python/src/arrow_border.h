// SPDX-License-Identifier: Apache-2.0
// Arrow data across the border by PyCapsule, without a copy.
#pragma once

#include <vector>

#include "bind.h"
#include "lade/core/table.h"

namespace lade::python {

/// Record batches of any object with `__arrow_c_stream__` or `__arrow_c_array__`.
/// The arrays share the producer's memory.
std::vector<RecordBatch> import_batches(nb::handle object);

/// pyarrow objects that share Lade's memory.
nb::object to_pyarrow(const RecordBatch& batch);
nb::object to_pyarrow(const std::shared_ptr<arrow::Schema>& schema);
nb::object to_pyarrow_table(const std::vector<RecordBatch>& batches,
                            const std::shared_ptr<arrow::Schema>& schema);
/// The Arrow schema of Lade's.
std::shared_ptr<arrow::Schema> arrow_schema(const Schema& schema);

}  // namespace lade::python
