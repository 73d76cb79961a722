// SPDX-License-Identifier: Apache-2.0
#include "lade/core/rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
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
        std::vector<const float*> places;
        for (Index c = 0; c < columns; ++c)
          places.push_back(in.data() + from + c * stride);
        interleave(places, rows, out.data() + 1);
        ASSERT_TRUE(std::equal(want.begin(), want.end(), out.begin() + 1))
            << columns << " columns, " << rows << " rows";
        ASSERT_EQ(out.front(), kUntouched);
        ASSERT_EQ(out.back(), kUntouched) << "writes past the end";
      }
    }
  });
}

TEST(Interleave, WritesOneNan) {
  testing::for_each_target([] {
    for (Index columns = 1; columns <= 9; ++columns) {
      const std::vector<float> in(11, std::bit_cast<float>(0xFFC12345U));
      const std::vector<const float*> places(static_cast<std::size_t>(columns),
                                             in.data());
      std::vector<float> out(static_cast<std::size_t>(columns) * in.size());
      interleave(places, static_cast<Index>(in.size()), out.data());
      for (const float x : out) {
        ASSERT_EQ(std::bit_cast<std::uint32_t>(x), 0x7FC00000U)
            << columns << " columns";
      }
    }
  });
}

TEST(Stream, CopiesWhatItIsGivenAndNothingElse) {
  testing::for_each_target([] {
    for (const Index bytes : {0, 1, 64, 1023, 1024, 1025, 1087, 4096, 5000}) {
      for (Index from = 0; from < 130; from += 13) {
        const auto size = static_cast<std::size_t>(bytes + from) + 200;
        std::vector<std::byte> in(size);
        for (std::size_t i = 0; i < size; ++i) in[i] = static_cast<std::byte>(i % 251);
        std::vector<std::byte> out(size, std::byte{255});
        stream(in.data() + 7, out.data() + from, bytes);
        settle();
        for (Index i = 0; i < static_cast<Index>(size); ++i) {
          const bool copied = i >= from && i < from + bytes;
          ASSERT_EQ(
              out[static_cast<std::size_t>(i)],
              copied ? in[static_cast<std::size_t>(i - from + 7)] : std::byte{255})
              << bytes << " bytes from " << from << ", byte " << i;
        }
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

TEST(Prefetch, ChangesNothing) {
  const std::vector<double> values(100, 1.5);
  prefetch(values.data(), 0);
  prefetch(values.data() + 1, 99 * 8);
  prefetch(values.data() + 100, 0);
  EXPECT_EQ(values, std::vector<double>(100, 1.5));
}

}  // namespace
}  // namespace lade
