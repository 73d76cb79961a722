// SPDX-License-Identifier: Apache-2.0
#include "lade/core/random.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "tests/testing/targets.h"

namespace lade::random {
namespace {

std::vector<Index> items(const Permutation& permutation) {
  std::vector<Index> all;
  for (Index i = 0; i < permutation.size(); ++i) all.push_back(permutation(i));
  return all;
}

TEST(Draw, HasItsFrozenValues) {
  EXPECT_EQ(draw(0, 0), 0xe220a8397b1dcdafU);
  EXPECT_EQ(draw(0, 1), 0x6e789e6aa1b965f4U);
  EXPECT_EQ(draw(0, 2), 0x06c45d188009454fU);
}

TEST(Key, HasItsFrozenValues) {
  EXPECT_EQ(key(7), 0x0ced3a99f4f5a1beU);
  EXPECT_EQ(key(7, 0, 1), 0x066a2d5015903a5aU);
  EXPECT_EQ(key(7, 1, 1), 0x06edfa71f58300ccU);
  EXPECT_EQ(key(), 0x6C616465U);
}

TEST(Key, TakesSignedNumbersAsTwosComplement) {
  EXPECT_EQ(key(-1), key(~std::uint64_t{0}));
  EXPECT_EQ(key(std::int32_t{-5}), key(std::int64_t{-5}));
  EXPECT_EQ(extend(key(7, 0), 1), key(7, 0, 1));
}

TEST(Below, StaysBelowAndReachesEveryNumber) {
  std::vector<int> seen(7);
  for (std::uint64_t i = 0; i < 7'000; ++i) ++seen.at(below(3, i, 7));
  for (const int n : seen) EXPECT_NEAR(n, 1000, 150);  // 5 standard deviations
  EXPECT_EQ(below(3, 0, 1), 0U);
  EXPECT_LT(below(3, 0, ~std::uint64_t{0}), ~std::uint64_t{0});
}

TEST(Unit, IsHalfOpen) {
  EXPECT_EQ(unit(0), 0.0);
  EXPECT_LT(unit(~std::uint64_t{0}), 1.0);
  EXPECT_EQ(unit(~std::uint64_t{0}), 1.0 - 0x1p-53);
}

TEST(OpenUnit, IsOpenAndSymmetric) {
  EXPECT_EQ(open_unit(0), 0x1p-53);
  EXPECT_EQ(open_unit(~std::uint64_t{0}), 1 - 0x1p-53);
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    const std::uint64_t bits = draw(4, i);
    EXPECT_EQ(open_unit(~bits), 1 - open_unit(bits));
    EXPECT_NEAR(open_unit(bits), unit(bits), 0x1p-52);
  }
}

TEST(Draws, MatchReferenceOnEveryInstructionSet) {
  testing::for_each_target([] {
    for (const Index first : {0, 1, 5, 1'000'003}) {
      for (const Index count : {0, 1, 2, 3, 7, 8, 31, 257}) {
        std::vector<std::uint64_t> got(static_cast<std::size_t>(count) + 1, 7);
        draws(key(7, first), first, count, got.data());
        for (Index j = 0; j < count; ++j) {
          EXPECT_EQ(got[static_cast<std::size_t>(j)],
                    draw(key(7, first), static_cast<std::uint64_t>(first + j)));
        }
        EXPECT_EQ(got.back(), 7U) << "writes past the end";
      }
    }
  });
}

float float_of(std::uint64_t k, Index i) {
  const std::uint64_t bits = draw(k, static_cast<std::uint64_t>(i / 2));
  const std::uint64_t word = i % 2 == 0 ? bits & 0xFFFFFFFFU : bits >> 32U;
  return static_cast<float>(static_cast<double>(word / 256) / 16'777'216);
}

TEST(DrawFloats, MatchReferenceOnEveryInstructionSet) {
  testing::for_each_target([] {
    for (const Index first : {0, 1, 2, 5, 1'000'003}) {
      for (const Index count : {0, 1, 2, 3, 7, 8, 15, 33, 257}) {
        std::vector<float> got(static_cast<std::size_t>(count) + 1, 7.0F);
        draw_floats(key(7, first), first, count, got.data());
        for (Index j = 0; j < count; ++j) {
          EXPECT_EQ(got[static_cast<std::size_t>(j)],
                    float_of(key(7, first), first + j));
        }
        EXPECT_EQ(got.back(), 7.0F) << "writes past the end";
      }
    }
  });
}

TEST(DrawFloats, AreHalfOpen) {
  std::vector<float> many(1'000'000);
  draw_floats(3, 0, 1'000'000, many.data());
  double sum = 0;
  for (const float x : many) {
    ASSERT_GE(x, 0.0F);
    ASSERT_LT(x, 1.0F);
    sum += static_cast<double>(x);
  }
  EXPECT_NEAR(sum / 1e6, 0.5, 5 * std::sqrt(1.0 / 12 / 1e6));
}

TEST(Permutation, HasItsFrozenValues) {
  const Permutation epoch0(10, key(7, 0, 1));
  EXPECT_EQ(items(epoch0), (std::vector<Index>{1, 6, 9, 0, 8, 2, 5, 3, 4, 7}));
  EXPECT_EQ(epoch0.inverse(3), 7);
  EXPECT_EQ(items(Permutation(10, key(7, 1, 1))),
            (std::vector<Index>{5, 6, 8, 1, 0, 7, 2, 3, 9, 4}));
  const Permutation million(1'000'000, key(7, 0, 1));
  EXPECT_EQ(million(0), 534320);
  EXPECT_EQ(million(1), 245357);
  EXPECT_EQ(million(2), 483609);
  EXPECT_EQ(million(3), 609161);
}

void expect_bijection(Index n) {
  const Permutation permutation(n, key(n, 5));
  std::vector<Index> all(static_cast<std::size_t>(n));
  permutation.fill(0, n, all.data());
  std::vector<bool> seen(static_cast<std::size_t>(n));
  for (const Index item : all) {
    ASSERT_GE(item, 0);
    ASSERT_LT(item, n);
    ASSERT_FALSE(seen[static_cast<std::size_t>(item)]) << "n " << n << " item " << item;
    seen[static_cast<std::size_t>(item)] = true;
  }
}

TEST(Permutation, KeepsEveryItemOfSmallSizes) {
  for (Index n = 1; n <= 300; ++n) expect_bijection(n);
}

TEST(Permutation, KeepsEveryItemAroundPowersOfTwo) {
  for (int k = 9; k <= 20; ++k) {
    for (const Index d : {-1, 0, 1}) expect_bijection((Index{1} << k) + d);
  }
}

TEST(Permutation, OfNothingHasNothing) {
  const Permutation none(0, 1);
  EXPECT_EQ(none.size(), 0);
  none.fill(0, 0, nullptr);
  EXPECT_EQ(Permutation(1, 1)(0), 0);
}

TEST(Permutation, InverseUndoesIt) {
  EXPECT_TRUE(rc::check([](std::uint64_t k) {
    const Index n = *rc::gen::inRange<Index>(1, Index{1} << *rc::gen::inRange(1, 41));
    const Index i = *rc::gen::inRange<Index>(0, n);
    const Permutation permutation(n, k);
    RC_ASSERT(permutation(i) >= 0 && permutation(i) < n);
    RC_ASSERT(permutation.inverse(permutation(i)) == i);
    RC_ASSERT(permutation(permutation.inverse(i)) == i);
  }));
}

TEST(Permutation, TakesTheLargestSizes) {
  for (const Index n : {(Index{1} << 62) + 1, std::numeric_limits<Index>::max()}) {
    const Permutation permutation(n, 9);
    Index filled[3];
    permutation.fill(n - 3, 3, filled);
    for (Index j = 0; j < 3; ++j) {
      EXPECT_EQ(filled[j], permutation(n - 3 + j));
      EXPECT_EQ(permutation.inverse(filled[j]), n - 3 + j);
    }
  }
}

TEST(Permutation, FillMatchesReferenceOnEveryInstructionSet) {
  testing::for_each_target([] {
    for (const Index n : {1, 2, 10, 255, 256, 257, 1000, 1 << 20}) {
      const Permutation permutation(n, key(3, n));
      for (const Index count : {0, 1, 3, 31, 255, 256, 257, 700}) {
        const Index many = std::min(count, n);
        const Index first = (n - many) / 2;
        std::vector<Index> got(static_cast<std::size_t>(many) + 1, -1);
        permutation.fill(first, many, got.data());
        for (Index j = 0; j < many; ++j) {
          ASSERT_EQ(got[static_cast<std::size_t>(j)], permutation(first + j)) << n;
        }
        EXPECT_EQ(got.back(), -1) << "writes past the end";
      }
    }
  });
}

/// Largest chi-square of probability 1e-4.  Source: Wilson and Hilferty 1931.
double chi_square_limit(double freedom) {
  const double d = 2 / (9 * freedom);
  return freedom * std::pow(1 - d + 3.719 * std::sqrt(d), 3);
}

/// Chi-square of the orders of n items over many keys against equal shares.
double chi_square_of_orders(Index n, int keys, int orders) {
  std::map<std::vector<Index>, int> seen;
  std::vector<Index> order(static_cast<std::size_t>(n));
  for (int k = 0; k < keys; ++k) {
    Permutation(n, key(k, 77)).fill(0, n, order.data());
    ++seen[order];
  }
  const double expected = static_cast<double>(keys) / orders;
  double sum = 0;
  for (const auto& [_, count] : seen) sum += (count - expected) * (count - expected);
  sum +=
      static_cast<double>(orders - static_cast<int>(seen.size())) * expected * expected;
  return sum / expected;
}

TEST(Permutation, GivesAllOrdersOfThreeItemsEqually) {
  EXPECT_LT(chi_square_of_orders(3, 30'000, 6), chi_square_limit(5));
}

TEST(Permutation, GivesAllOrdersOfFourItemsEqually) {
  EXPECT_LT(chi_square_of_orders(4, 30'000, 24), chi_square_limit(23));
}

TEST(Permutation, GivesAllOrdersOfFiveItemsEqually) {
  EXPECT_LT(chi_square_of_orders(5, 30'000, 120), chi_square_limit(119));
}

TEST(Permutation, FirstItemIsUniformOverAThousand) {
  std::vector<int> seen(1000);
  for (int k = 0; k < 100'000; ++k)
    ++seen.at(static_cast<std::size_t>(Permutation(1000, key(k))(0)));
  double sum = 0;
  for (const int n : seen) sum += (n - 100.0) * (n - 100.0) / 100.0;
  EXPECT_LT(sum, chi_square_limit(999));
}

}  // namespace
}  // namespace lade::random
