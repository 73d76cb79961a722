// SPDX-License-Identifier: Apache-2.0
// Distinct bank users: 4,096 transactions, 1 to 3 a day, 100 merchant codes; and the
// twenty targets that are measured on them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "lade/core/sequence.h"
#include "lade/targets/compute.h"

namespace lade::bench {

struct BankUser {
  std::vector<std::int64_t> time;
  std::vector<std::int32_t> mcc;
  std::vector<double> amount;
  std::array<std::vector<float>, 7> x;

  Chunk chunk() const;
};

inline constexpr Index kUserRows = 4096;

/// time (timestamp[us]), mcc, amount, x0 .. x6.
const Schema& bank_schema();
std::vector<BankUser> bank_users(Index users, Index rows = kUserRows);

/// A target as a recipe writes it.
struct BankTarget {
  std::string aggregate;
  std::string where;
  std::string every;
  Index look_back = 1;
};
/// The twenty, on mcc, amount and x0 .. x6.
std::vector<BankTarget> bank_target_texts();
/// The first `count` of them.
std::vector<TargetSpec> bank_targets(Index count);

}  // namespace lade::bench
