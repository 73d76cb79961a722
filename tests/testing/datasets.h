// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lade/core/table.h"
#include "lade/io/dataset.h"

namespace lade::testing {

/// The batch in memory, with the entity `user` and the time `time`.
io::Dataset dataset_of(const RecordBatch& batch);

/// Whole numbers of a column, by sequence.
std::vector<std::vector<std::int64_t>> whole_numbers(const io::Dataset& dataset,
                                                     const std::string& column);

/// The rule of the DataError that the call throws; "" if it throws none.
std::string rule_of(const std::function<void()>& call);

}  // namespace lade::testing
