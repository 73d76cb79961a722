// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lade/io/dataset.h"

namespace lade::io {

/// Chosen columns of a dataset in memory: where a sequence lies, found without a lock,
/// a count or an allocation.
///
/// Threads:  every member from any thread.
/// Lifetime: what it gives lives as long as any copy of it.
class Resident {
 public:
  /// Requires: dataset.in_memory().
  /// Errors:   ArgumentError with the nearest name for an unknown column.
  Resident(const Dataset& dataset, const std::vector<std::string>& columns);
  /// All rows of a sequence; nothing if they are in several runs: ask a DatasetReader.
  std::optional<SequenceView> find(Index s) const;

 private:
  Dataset dataset_;
  std::vector<std::shared_ptr<const Chunk>> chunks_;
};

}  // namespace lade::io
