// SPDX-License-Identifier: Apache-2.0
#include "tests/testing/datasets.h"

namespace lade::testing {

io::Dataset dataset_of(const RecordBatch& batch) {
  io::OpenOptions options;
  options.entity = "user";
  options.time = "time";
  return io::from_batches({batch}, options);
}

std::vector<std::vector<std::int64_t>> whole_numbers(const io::Dataset& dataset,
                                                     const std::string& column) {
  const auto reader = dataset.reader({column});
  std::vector<std::vector<std::int64_t>> out;
  for (Index s = 0; s < dataset.sequences(); ++s) {
    const auto sequence = reader.sequence(s);
    const auto* values = sequence.view.chunk->columns[0].as<std::int64_t>();
    out.emplace_back(values + sequence.view.begin,
                     values + sequence.view.begin + sequence.view.rows);
  }
  return out;
}

std::string rule_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const DataError& error) {
    return error.place().rule;
  }
  return "";
}

}  // namespace lade::testing
