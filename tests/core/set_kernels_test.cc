// SPDX-License-Identifier: Apache-2.0
#include "lade/core/set_kernels.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "tests/testing/targets.h"

namespace lade {
namespace {

TEST(SetKernels, LookUpBitsFindsEveryBitOnEveryInstructionSet) {
  std::uint8_t table[32] = {};
  for (const int bit : {0, 3, 7, 8, 100, 127, 128, 200, 254, 255}) {
    table[bit / 8] = static_cast<std::uint8_t>(table[bit / 8] | 1 << (bit % 8));
  }
  testing::for_each_target([&] {
    for (Index n = 0; n < 300; ++n) {
      std::vector<std::uint8_t> at, out(static_cast<std::size_t>(n));
      for (Index i = 0; i < n; ++i) at.push_back(static_cast<std::uint8_t>(255 - i));
      const auto flip = static_cast<std::uint8_t>(n % 2);
      kernels::look_up_bits(table, at.data(), n, flip, out.data());
      for (std::size_t i = 0; i < out.size(); ++i) {
        ASSERT_EQ(out[i], ((table[at[i] / 8] >> (at[i] % 8)) & 1) ^ flip)
            << n << " " << i;
      }
    }
  });
}

TEST(SetKernels, OffsetsOutsideAre255OnEveryInstructionSet) {
  using Limits = std::numeric_limits<std::int32_t>;
  const std::vector<std::int32_t> x = {
      Limits::min(), -1, 0, 7, 8, 9, 260, 261, 262, 263, 264, Limits::max()};
  const std::vector<std::uint8_t> want = {255, 255, 255, 255, 0,   1,
                                          252, 253, 254, 255, 255, 255};
  testing::for_each_target([&] {
    std::vector<std::uint8_t> out(x.size());
    kernels::offsets_from(x.data(), static_cast<Index>(x.size()), 8, out.data());
    EXPECT_EQ(out, want);
  });
}

template <class T>
void check_between() {
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  const std::vector<T> values = {T{-0.0},
                                 T{0},
                                 T{1},
                                 T{-1},
                                 T{2.5},
                                 kInfinity,
                                 -kInfinity,
                                 std::numeric_limits<T>::quiet_NaN(),
                                 std::numeric_limits<T>::denorm_min()};
  for (const T low : {-kInfinity, T{-0.0}, T{0}, T{1}}) {
    for (const T high : {T{-0.0}, T{0}, T{2}, kInfinity}) {
      for (std::size_t n = 0; n < 70; ++n) {
        std::vector<T> x;
        for (std::size_t i = 0; i < n; ++i)
          x.push_back(values[(i + n) % values.size()]);
        std::vector<std::uint8_t> out(n + 1, 9);
        const auto flip = static_cast<std::uint8_t>(n % 2);
        kernels::between(x.data(), static_cast<Index>(n), low, high, flip, out.data());
        for (std::size_t i = 0; i < n; ++i) {
          ASSERT_EQ(out[i], (x[i] >= low && x[i] <= high ? 1 : 0) ^ flip) << x[i];
        }
        ASSERT_EQ(out[n], 9);
      }
    }
  }
}

TEST(SetKernels, BetweenIsThatOfIeeeOnEveryInstructionSet) {
  testing::for_each_target([] {
    check_between<double>();
    check_between<float>();
  });
}

}  // namespace
}  // namespace lade
