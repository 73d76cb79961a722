// SPDX-License-Identifier: Apache-2.0
// What a run says of its targets: shares, bounds, and targets that say the same.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lade/core/sequence.h"

namespace lade {

/// Of one target over a whole run.
struct TargetSummary {
  std::string name;
  std::string every;
  Index values = 0;                   // intervals (or events, or sequences)
  Index valid = 0;                    // of these
  Index zero = 0;                     // of the valid ones
  Index missing = 0;                  // selected rows without a value, skipped
  Index nonfinite = 0;                // results beyond f32, given as invalid
  double min = 0, mean = 0, max = 0;  // of the valid ones; 0 if there are none
  std::vector<Index> classes;         // of classes: how many of label 0, 1, ...
  double valid_share() const;         // of values; 0 if there are none
  double zero_share() const;          // of valid; 0 if there are none
};

/// Two targets of a boundary set whose valid values go together.
struct TargetPair {
  Index first = 0, second = 0;  // positions in the set, ascending
  double correlation = 0;       // Pearson
  Index values = 0;             // intervals where both are valid, as compared
};

/// Running statistics of the targets of one boundary set.
///
/// Blocks of intervals are added one after the other; statistics of later blocks are
/// joined with `add`. The order of additions is that of the intervals and the blocks.
///
/// Memory:   48 bytes a pair of targets; pairs are of the first kMostCompared targets.
/// Speed:    beyond 4 targets only a part of a block's intervals is compared, evenly
///           spread stretches of 512: 4 / targets of them, and at least 16 stretches.
///           So a value costs about the same however many targets there are. Everything
///           else counts all intervals.
/// Accuracy: correlations within 1e-9 of two passes in double over the same values.
/// Threads:  one object by one thread; the result depends on the blocks alone.
/// Source:   co-moments of two samples: Chan, Golub, LeVeque 1979, STAN-CS-79-773.
class TargetStatistics {
 public:
  static constexpr Index kMostCompared = 256;
  static constexpr double kCorrelated = 0.999;

  explicit TargetStatistics(Index targets);

  /// One block. Shapes: value, valid [targets][n]; nothing in value[k] of classes.
  void add_block(const std::vector<std::vector<float>>& value,
                 const std::vector<std::vector<std::uint8_t>>& valid);
  /// The same block of class k. Labels below 0 are not valid.
  void add_labels(Index k, const std::vector<std::int64_t>& labels);
  void add(const TargetStatistics& later);

  /// values, valid, zero, min, mean, max of target k into a summary.
  void fill(Index k, TargetSummary& summary) const;
  /// Pairs whose correlation is beyond kCorrelated, of either sign, ascending; at least
  /// three values must be valid in both, and neither be constant.
  std::vector<TargetPair> correlated() const;

 private:
  struct Totals {
    Index values = 0, valid = 0, zero = 0;
    double min = 0, sum = 0, max = 0;
    std::vector<Index> classes;
  };
  struct Moments {  // about the means
    double n = 0, mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0;
  };
  struct Stretch;
  static void join(Moments& to, const Moments& more);
  void total(Index k, const std::vector<float>& value,
             const std::vector<std::uint8_t>& valid);
  void compare(const Stretch& stretch);

  Index compared_;
  std::vector<Totals> totals_;
  std::vector<Moments> moments_;  // pairs (0,1) (0,2) (1,2) (0,3) ...
};

}  // namespace lade
