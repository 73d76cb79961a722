// SPDX-License-Identifier: Apache-2.0
#include "lade/core/rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "tests/testing/targets.h"

namespace lade {
namespace {

constexpr float kUntouched = -77.0F;

std::vector<float> numbers(Index count) {
  std::vector<float> out;
  for (Index i = 0; i < count; ++i) out.push_back(static_cast<float>(i) + 0.5F);
  return out;
}

std::vector<float> reference(const float* in, Index stride, Index columns, Index rows) {
  std::vector<float> out;
  for (Index r = 0; r < rows; ++r) {
    for (Index c = 0; c < columns; ++c) out.push_back(in[c * stride + r]);
  }
  return out;
}

TEST(Interleave, MatchesReferenceForAnyShapePlaceAndInstructionSet) {
  testing::for_each_target([] {
    for (Index columns = 1; columns <= 11; ++columns) {
      for (Index rows = 0; rows <= 67; ++rows) {
        const Index stride = rows + rows % 3;
        const Index from = rows % 3;
        const auto in = numbers(columns * stride + from);
        const auto want = reference(in.data() + from, stride, columns, rows);
        std::vector<float> out(want.size() + 2, kUntouched);
        interleave(in.data() + from, stride, columns, rows, out.data() + 1);
        ASSERT_TRUE(std::equal(want.begin(), want.end(), out.begin() + 1))
            << columns << " columns, " << rows << " rows";
        ASSERT_EQ(out.front(), kUntouched);
        ASSERT_EQ(out.back(), kUntouched) << "writes past the end";
      }
    }
  });
}

TEST(Clear, ZeroesWhatItIsGivenAndNothingElse) {
  testing::for_each_target([] {
    for (const Index bytes : {0, 1, 63, 64, 1023, 1024, 1025, 1087, 4096, 5000}) {
      for (Index from = 0; from < 130; from += 13) {
        std::vector<std::byte> out(static_cast<std::size_t>(bytes + from) + 200,
                                   std::byte{7});
        clear(out.data() + from, bytes);
        settle();
        for (Index i = 0; i < static_cast<Index>(out.size()); ++i) {
          const bool cleared = i >= from && i < from + bytes;
          ASSERT_EQ(out[static_cast<std::size_t>(i)],
                    cleared ? std::byte{0} : std::byte{7})
              << i << " of " << bytes << " from " << from;
        }
      }
    }
  });
}

TEST(Prefetch, ChangesNothingForAnyRows) {
  const std::vector<double> values = {1, 2, 3};
  Column column;
  column.kind = Kind::f64;
  column.values = values.data();
  prefetch(column, 0, 0);
  prefetch(column, 1, 2);
  EXPECT_EQ(values, (std::vector<double>{1, 2, 3}));
}

}  // namespace
}  // namespace lade
