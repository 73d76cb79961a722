// SPDX-License-Identifier: Apache-2.0
// A sequence in memory and targets in the words of a recipe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lade/core/sequence.h"
#include "lade/recipe/expression.h"
#include "lade/targets/compute.h"

namespace lade::testing {

/// Rows of one user: columns time (timestamp[us]), amount (f64, may miss), mcc (i32).
struct Rows {
  std::vector<std::int64_t> time;
  std::vector<double> amount;
  std::vector<std::int32_t> mcc;
  std::vector<std::uint8_t> amount_validity;  // bits; empty = all valid

  Index size() const { return static_cast<Index>(time.size()); }
  /// A chunk that views these rows.
  Chunk chunk() const;
};

/// time, amount, mcc.
const Schema& rows_schema();

/// The worked example of docs/guide/targets.md.
Rows example_rows();

/// `aggregate` as "sum(amount)", "count()"; an empty `where` selects all rows.
TargetSpec target(const std::string& name, const std::string& aggregate,
                  const std::string& where, Every every, LookWindow window = {});
MixSpec mix(const std::string& name, const std::string& expression,
            const std::vector<std::string>& names);

/// Boundary of the rows' time column.
Boundary every(Every unit, std::shared_ptr<const Zone> zone = nullptr);
LookWindow back(std::int64_t length, std::int64_t lag = 0);
LookWindow present(std::int64_t length, std::int64_t lag = 0);
LookWindow back_duration(std::int64_t length, std::int64_t lag = 0);
LookWindow back_all(std::int64_t lag = 0);
LookWindow ahead(std::int64_t length, std::int64_t lag = 0);
LookWindow ahead_duration(std::int64_t length, std::int64_t lag = 0);
LookWindow within(Every unit, std::int64_t lag = 0);

constexpr std::int64_t kHourUs = 3'600'000'000;
constexpr std::int64_t kDayUs = 24 * kHourUs;
/// Newest time plus one unit.
std::int64_t observed(const Rows& rows);

SequenceTargets run(const TargetPlan& plan, const Rows& rows, Index visible = -1);

}  // namespace lade::testing
