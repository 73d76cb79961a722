// SPDX-License-Identifier: Apache-2.0
// Made rows as plain arrays.
#pragma once

#include <arrow/api.h>

#include <cstdint>
#include <string>
#include <vector>

#include "lade/core/hash.h"
#include "lade/synth/transactions.h"

namespace lade::testing {

template <class Array>
auto values(const RecordBatch& batch, const std::string& name) {
  const auto array = std::static_pointer_cast<Array>(batch->GetColumnByName(name));
  return std::vector(array->raw_values(), array->raw_values() + array->length());
}

struct Rows {
  explicit Rows(const RecordBatch& batch)
      : user_id(values<arrow::Int64Array>(batch, "user_id")),
        time(values<arrow::TimestampArray>(batch, "time")),
        days_before_end(values<arrow::Int32Array>(batch, "days_before_end")),
        mcc(values<arrow::Int32Array>(batch, "mcc")),
        amount(values<arrow::DoubleArray>(batch, "amount")),
        type(values<arrow::Int8Array>(batch, "type")),
        country(values<arrow::Int16Array>(batch, "country")),
        currency(values<arrow::Int16Array>(batch, "currency")) {}
  std::size_t size() const { return user_id.size(); }

  std::vector<std::int64_t> user_id, time;
  std::vector<std::int32_t> days_before_end, mcc;
  std::vector<double> amount;
  std::vector<std::int8_t> type;
  std::vector<std::int16_t> country, currency;
};

inline Rows rows_of(const TransactionsSpec& spec) {
  return Rows(transactions(spec, spec.first_user, spec.users));
}

/// Hash of all bytes of all columns.
inline std::uint64_t hash_of(const std::vector<RecordBatch>& batches) {
  std::uint64_t all = 0;
  if (batches.empty()) return all;
  for (int c = 0; c < batches[0]->num_columns(); ++c) {
    Hasher hasher;
    for (const RecordBatch& batch : batches) {
      const auto& data = *batch->column_data(c);
      const auto width = static_cast<std::size_t>(data.type->byte_width());
      hasher.update(std::as_bytes(std::span(
          data.buffers[1]->data() + static_cast<std::size_t>(data.offset) * width,
          static_cast<std::size_t>(data.length) * width)));
    }
    all = all * 31 + hasher.digest64();
  }
  return all;
}

}  // namespace lade::testing
