// SPDX-License-Identifier: Apache-2.0
// Keys of rows as they come in: broken ones, and time that runs backwards.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lade/core/limits.h"
#include "lade/core/sequence.h"

namespace lade {

/// Judges rows in input order.
///
/// Memory: one entry per entity seen.
class KeyJudge {
 public:
  struct Options {
    Index entity = -1;  // positions in the schema, -1 = none
    Index time = -1;
    Policies policies;
    bool nulls_judged = false;  // by the reader, whose report counts these rows
  };
  explicit KeyJudge(Options options);
  ~KeyJudge();

  /// keep[r] = 0 for rows that are dropped; left empty if none is.
  /// Errors: DataError `convert.null_key`, `convert.time_disorder`, `convert.max_bad`.
  std::vector<std::uint8_t> judge(const Chunk& chunk, const std::string& source,
                                  Index first_row, ReadReport& report);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lade
