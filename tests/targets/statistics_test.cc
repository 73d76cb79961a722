// SPDX-License-Identifier: Apache-2.0
#include "lade/targets/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <utility>
#include <vector>

namespace lade {
namespace {

struct Block {
  std::vector<std::vector<float>> value;
  std::vector<std::vector<std::uint8_t>> valid;

  Index rows() const { return static_cast<Index>(value.front().size()); }
  Block part(Index first, Index last) const {
    Block out;
    for (std::size_t k = 0; k < value.size(); ++k) {
      out.value.emplace_back(value[k].begin() + first, value[k].begin() + last);
      out.valid.emplace_back(valid[k].begin() + first, valid[k].begin() + last);
    }
    return out;
  }
};

TargetStatistics statistics(const Block& block) {
  TargetStatistics out(static_cast<Index>(block.value.size()));
  out.add_block(block.value, block.valid);
  return out;
}

/// Pearson's correlation in two passes, of intervals where both are valid; NaN for
/// constants and fewer than three values.
double reference(const Block& block, std::size_t i, std::size_t j) {
  std::vector<std::pair<double, double>> both;
  for (std::size_t r = 0; r < block.value[i].size(); ++r) {
    if (block.valid[i][r] != 0 && block.valid[j][r] != 0) {
      both.emplace_back(block.value[i][r], block.value[j][r]);
    }
  }
  if (both.size() < 3) return std::nan("");
  double x = 0, y = 0;
  for (const auto& [a, b] : both) x += a, y += b;
  x /= static_cast<double>(both.size());
  y /= static_cast<double>(both.size());
  double xx = 0, yy = 0, xy = 0;
  bool x_same = true, y_same = true;
  for (const auto& [a, b] : both) {
    xx += (a - x) * (a - x);
    yy += (b - y) * (b - y);
    xy += (a - x) * (b - y);
    x_same = x_same && a == both.front().first;
    y_same = y_same && b == both.front().second;
  }
  return x_same || y_same ? std::nan("") : xy / std::sqrt(xx * yy);
}

/// Targets that lie close to one of three walks, some of them not valid everywhere.
Block walks(Index rows, std::size_t targets, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  Block block;
  block.value.resize(targets);
  block.valid.resize(targets);
  double walk[3] = {1e6, 0, -3};
  for (Index r = 0; r < rows; ++r) {
    for (double& w : walk) w += normal(random);
    for (std::size_t k = 0; k < targets; ++k) {
      const double noise = k % 4 == 3 ? 5.0 : 0.01;
      const double value = walk[k % 3] * (k % 2 == 0 ? 1 : -2) + noise * normal(random);
      block.value[k].push_back(static_cast<float>(value));
      block.valid[k].push_back(k % 5 == 4 ? uniform(random) < 0.7 : 1);
    }
  }
  return block;
}

TEST(TargetStatistics, MatchesReferenceInCorrelations) {
  for (const Index rows : {0, 1, 2, 3, 7, 8, 511, 512, 513, 3000}) {
    const Block block = walks(rows, 11, 7);
    std::map<std::pair<Index, Index>, double> found;
    for (const TargetPair& pair : statistics(block).correlated()) {
      found[{pair.first, pair.second}] = pair.correlation;
    }
    for (std::size_t i = 0; i < 11; ++i) {
      for (std::size_t j = i + 1; j < 11; ++j) {
        const double r = reference(block, i, j);
        const std::pair key(static_cast<Index>(i), static_cast<Index>(j));
        const bool above = std::abs(r) > TargetStatistics::kCorrelated;
        ASSERT_EQ(found.count(key), above ? 1U : 0U) << rows << ' ' << i << ' ' << j;
        if (above) {
          EXPECT_NEAR(found[key], r, 1e-9);
        }
      }
    }
  }
}

TEST(TargetStatistics, MatchesReferenceInSharesAndBounds) {
  const Block block{{{3, 0, -2, 9, 0}, {7, 7, 7, 7, 7}},
                    {{1, 1, 1, 0, 1}, {0, 0, 0, 0, 0}}};
  TargetSummary first, second;
  statistics(block).fill(0, first);
  statistics(block).fill(1, second);
  EXPECT_EQ(first.values, 5);
  EXPECT_EQ(first.valid, 4);
  EXPECT_EQ(first.zero, 2);
  EXPECT_EQ(first.valid_share(), 0.8);
  EXPECT_EQ(first.zero_share(), 0.5);
  EXPECT_EQ(first.min, -2.0);
  EXPECT_EQ(first.max, 3.0);
  EXPECT_EQ(first.mean, 0.25);
  EXPECT_EQ(second.valid, 0);
  EXPECT_EQ(second.valid_share(), 0.0);
  EXPECT_EQ(second.zero_share(), 0.0);
  EXPECT_EQ(second.mean, 0.0);
}

TEST(TargetStatistics, BlocksJoinToWhatOneBlockGives) {
  const Block block = walks(4000, 6, 3);
  TargetStatistics joined = statistics(block.part(0, 100));
  joined.add(statistics(block.part(100, 100)));
  joined.add(statistics(block.part(100, 1700)));
  joined.add(statistics(block.part(1700, 4000)));
  const auto pairs = joined.correlated();
  const auto whole = statistics(block).correlated();
  ASSERT_EQ(pairs.size(), whole.size());
  ASSERT_GT(pairs.size(), 1U);
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    EXPECT_EQ(pairs[p].first, whole[p].first);
    EXPECT_EQ(pairs[p].values, whole[p].values);
    EXPECT_NEAR(pairs[p].correlation, whole[p].correlation, 1e-9);
  }
  TargetSummary a, b;
  joined.fill(4, a);
  statistics(block).fill(4, b);
  EXPECT_EQ(a.valid, b.valid);
  EXPECT_EQ(a.min, b.min);
  EXPECT_EQ(a.max, b.max);
  EXPECT_NEAR(a.mean, b.mean, 1e-6);
}

TEST(TargetStatistics, OppositeTargetsAreCorrelatedAndConstantsAreNot) {
  Block block{{{}, {}, {}, {}}, {{}, {}, {}, {}}};
  for (int r = 0; r < 1300; ++r) {
    const float x = static_cast<float>(r % 37);
    const float values[] = {x, -3 * x + 1, 0.1F, 0.7F};
    for (std::size_t k = 0; k < 4; ++k) {
      block.value[k].push_back(values[k]);
      block.valid[k].push_back(static_cast<std::uint8_t>(k < 3 || r % 3 == 0));
    }
  }
  const auto pairs = statistics(block).correlated();
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_EQ(pairs[0].first, 0);
  EXPECT_EQ(pairs[0].second, 1);
  EXPECT_NEAR(pairs[0].correlation, -1, 1e-12);
  EXPECT_EQ(pairs[0].values, 1300);
}

TEST(TargetStatistics, ATargetConstantWhereBothAreValidIsNotCorrelated) {
  Block block{{{}, {}}, {{}, {}}};
  for (int r = 0; r < 2000; ++r) {  // the first varies only where the second is not
    const bool both = r % 2 == 0;
    block.value[0].push_back(both ? 0.1F : static_cast<float>(r));
    block.valid[0].push_back(1);
    block.value[1].push_back(static_cast<float>(r) * 0.3F);
    block.valid[1].push_back(static_cast<std::uint8_t>(both));
  }
  EXPECT_TRUE(statistics(block).correlated().empty());
}

TEST(TargetStatistics, LabelsAreCountedByClass) {
  TargetStatistics first(2), second(2);
  first.add_block({{1, 2, 3}, {}}, {{1, 1, 1}, {}});
  first.add_labels(1, {0, 2, -100});
  second.add_block({{4, 5}, {}}, {{1, 1}, {}});
  second.add_labels(1, {3, 0});
  first.add(second);
  TargetSummary labels, values;
  first.fill(0, values);
  first.fill(1, labels);
  EXPECT_EQ(labels.classes, (std::vector<Index>{2, 0, 1, 1}));
  EXPECT_EQ(labels.values, 5);
  EXPECT_EQ(labels.valid, 4);
  EXPECT_TRUE(values.classes.empty());
  EXPECT_TRUE(first.correlated().empty());
}

/// Targets whose values go round; `alike` ones among them are equal.
Block rounds(std::size_t targets, int rows, const std::vector<std::size_t>& alike) {
  Block block;
  for (std::size_t k = 0; k < targets; ++k) {
    const bool equal = std::find(alike.begin(), alike.end(), k) != alike.end();
    const int step = equal ? 31 : static_cast<int>(k) * 7 + 1;
    block.value.emplace_back();
    block.valid.emplace_back(static_cast<std::size_t>(rows), std::uint8_t{1});
    for (int r = 0; r < rows; ++r) {
      const int at = r * step % 101;
      block.value[k].push_back(static_cast<float>(at * at % 89));
    }
  }
  return block;
}

TEST(TargetStatistics, ManyTargetsAreComparedOnAPartOfTheIntervals) {
  const auto pairs = statistics(rounds(6, 20'000, {1, 4})).correlated();
  ASSERT_EQ(pairs.size(), 1U);
  EXPECT_EQ(pairs[0].first, 1);
  EXPECT_EQ(pairs[0].second, 4);
  EXPECT_LT(pairs[0].values, 20'000);
  EXPECT_GT(pairs[0].values, 8'000);
}

TEST(TargetStatistics, TargetsBeyondTheFirstAreCountedAndNotCompared) {
  const TargetStatistics all = statistics(rounds(260, 300, {2, 255, 256}));
  const auto pairs = all.correlated();
  EXPECT_TRUE(std::any_of(pairs.begin(), pairs.end(), [](const TargetPair& pair) {
    return pair.first == 2 && pair.second == 255;
  }));
  for (const TargetPair& pair : pairs) {
    EXPECT_LT(pair.second, TargetStatistics::kMostCompared);
  }
  TargetSummary last;
  all.fill(259, last);
  EXPECT_EQ(last.valid, 300);
}

}  // namespace
}  // namespace lade
