// SPDX-License-Identifier: Apache-2.0
// Rows of one row group as the arrays that Parquet's column writers take.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "lade/core/table.h"

namespace parquet {
class RowGroupWriter;
}

namespace lade::io {

/// Column c of all batches in one piece, of the schema's type or, for texts, as a
/// dictionary of the texts in the order in which they first come: the same bytes
/// whatever the batches and their dictionaries. A dictionary above
/// `most_dictionary_bytes` becomes texts again.
std::shared_ptr<arrow::Array> whole_column(const std::vector<RecordBatch>& batches,
                                           const arrow::Field& field, int c,
                                           Index most_dictionary_bytes);

/// True if at most `most` different values occur among the valid rows of a column of
/// fixed width.
bool few_values(const arrow::Array& array, Index most);

/// Encodes and compresses the columns of a buffered row group.
/// Errors:  parquet::ParquetException.
/// Threads: columns are shared among `threads`; same bytes for any number.
void encode_columns(parquet::RowGroupWriter& group,
                    const std::vector<std::shared_ptr<arrow::Array>>& columns,
                    const arrow::Schema& schema, int threads);

}  // namespace lade::io
