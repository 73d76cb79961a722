// SPDX-License-Identifier: Apache-2.0
// The loops below the targets against their plain form, on every instruction set.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "lade/targets/compute.h"
#include "lade/targets/delivery_kernels.h"
#include "lade/targets/selection_kernels.h"
#include "tests/testing/targets.h"

namespace lade {
namespace {

using kernels::Combine;

constexpr Combine kCombines[] = {Combine::sum, Combine::least, Combine::greatest};

/// Rows that are selected or not, in runs of one to four.
struct Selection {
  std::vector<double> x;
  std::vector<std::uint8_t> mask;
  std::vector<std::int32_t> ends;
  std::vector<std::uint64_t> bits, begins;
  std::vector<std::int32_t> bits_before, begins_before;

  Selection(std::mt19937_64& random, Index n, int one_of) {
    for (Index r = 0; r < n; ++r) {
      x.push_back(std::ldexp(static_cast<double>(random() % 2001) - 1000.0, -7));
      mask.push_back(random() % static_cast<unsigned>(one_of) == 0 ? 1 : 0);
      if (random() % 2 == 0 || r + 1 == n) ends.push_back(static_cast<std::int32_t>(r));
    }
    const auto words = static_cast<std::size_t>(kernels::words_of(n));
    bits.resize(words);
    begins.resize(words);
    kernels::pack_bits(mask.data(), n, bits.data());
    std::int32_t first = 0;
    for (const std::int32_t end : ends) {
      begins[static_cast<std::size_t>(first) / 64] |= std::uint64_t{1} << (first % 64);
      first = end + 1;
    }
    bits_before.resize(words + 1);
    begins_before.resize(words + 1);
    kernels::rank_words(bits.data(), static_cast<Index>(words), bits_before.data());
    kernels::rank_words(begins.data(), static_cast<Index>(words), begins_before.data());
  }
  Index rows() const { return static_cast<Index>(x.size()); }
  Index runs() const { return static_cast<Index>(ends.size()); }
};

TEST(TargetKernels, JoinSelectedMatchesReferenceOnEveryInstructionSet) {
  testing::for_each_target([] {
    std::mt19937_64 random(1);
    for (Index n = 0; n < 330; ++n) {
      const Selection rows(random, n, 1 + static_cast<int>(n % 7));
      for (const Combine combine : kCombines) {
        std::vector<double> kept(rows.x.size()), want(rows.ends.size()), got(want);
        kernels::keep_selected(rows.x.data(), rows.mask.data(), n,
                               kernels::identity(combine), kept.data());
        kernels::reduce_runs(combine, kept.data(), rows.ends.data(), rows.runs(),
                             want.data());
        kernels::join_selected(combine, rows.x.data(), rows.bits.data(), n,
                               {rows.begins.data(), rows.begins_before.data()},
                               rows.runs(), got.data());
        ASSERT_EQ(got, want) << n;
      }
    }
  });
}

double joined(Combine combine, double a, double b) {
  if (combine == Combine::sum) return a + b;
  return combine == Combine::least ? (b < a ? b : a) : (b > a ? b : a);
}

TEST(TargetKernels, ReduceRunsMatchesReferenceOnEveryInstructionSet) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double odd[] = {-0.0, 0.0, kInfinity, -kInfinity, 1e300, -1e-300};
  testing::for_each_target([&] {
    std::mt19937_64 random(6);
    for (Index runs = 0; runs < 70; ++runs) {
      std::vector<double> x;
      std::vector<std::int32_t> ends;
      for (Index i = 0; i < runs; ++i) {
        // Most runs are short; some are long, as in a month of days.
        const Index rows =
            random() % 8 == 0 ? 30 : 1 + static_cast<Index>(random() % 4);
        for (Index r = 0; r < rows; ++r) {
          x.push_back(random() % 5 == 0
                          ? odd[random() % 6]
                          : static_cast<double>(random() % 1000) / 7 - 70);
        }
        ends.push_back(static_cast<std::int32_t>(x.size()) - 1);
      }
      for (const Combine combine : kCombines) {
        std::vector<double> got(ends.size());
        kernels::reduce_runs(combine, x.data(), ends.data(), runs, got.data());
        Index row = 0;
        for (std::size_t i = 0; i < ends.size(); ++i) {
          double want = kernels::identity(combine);
          for (; row <= ends[i]; ++row) {
            want = joined(combine, want, x[static_cast<std::size_t>(row)]);
          }
          if (std::isnan(want)) {
            ASSERT_TRUE(std::isnan(got[i]));
          } else {
            ASSERT_EQ(std::bit_cast<std::uint64_t>(got[i]),
                      std::bit_cast<std::uint64_t>(want))
                << runs << " " << i;
          }
        }
      }
    }
  });
}

TEST(TargetKernels, UnpackedBitsAreTheMask) {
  std::mt19937_64 random(7);
  for (Index n = 0; n < 200; ++n) {
    const Selection rows(random, n, 2);
    std::vector<std::uint8_t> mask(rows.mask.size() + 1, 7);
    kernels::unpack_bits(rows.bits.data(), n, mask.data());
    EXPECT_EQ(mask.back(), 7);
    mask.pop_back();
    EXPECT_EQ(mask, rows.mask);
    std::vector<std::uint64_t> all(rows.bits.size()), want(all);
    kernels::all_bits(n, all.data());
    const std::vector<std::uint8_t> ones(rows.mask.size(), 1);
    kernels::pack_bits(ones.data(), n, want.data());
    EXPECT_EQ(all, want);
  }
}

TEST(TargetKernels, JoinSelectedLeavesOutRowsAfterTheLast) {
  std::mt19937_64 random(2);
  const Selection rows(random, 150, 1);
  double first = 0.0;
  const std::uint64_t begins[] = {1, 0};
  const std::int32_t before[] = {0, 1, 1};
  kernels::join_selected(Combine::greatest, rows.x.data(), rows.bits.data(), 70,
                         {begins, before}, 1, &first);
  EXPECT_EQ(first, *std::max_element(rows.x.begin(), rows.x.begin() + 70));
}

TEST(TargetKernels, CountUntilMatchesReferenceOnEveryInstructionSet) {
  testing::for_each_target([] {
    std::mt19937_64 random(3);
    for (Index n = 0; n < 330; ++n) {
      const Selection rows(random, n, 3);
      std::vector<std::int32_t> got(rows.ends.size() + 1);
      kernels::count_until(rows.bits.data(), rows.bits_before.data(), rows.ends.data(),
                           rows.runs(), got.data());
      EXPECT_EQ(got[0], 0);
      for (std::size_t i = 0; i < rows.ends.size(); ++i) {
        ASSERT_EQ(got[i + 1], std::count(rows.mask.begin(),
                                         rows.mask.begin() + rows.ends[i] + 1, 1));
      }
    }
  });
}

TEST(TargetKernels, SlideLastKeepsTheBytesOfSlide) {
  std::mt19937_64 random(4);
  for (const Index n : {0, 1, 2, 7, 30, 61, 200}) {
    for (const Index length : {1, 2, 3, 7, 30, 199, 200}) {
      if (length > n) continue;
      const Selection rows(random, n, 1);
      std::vector<std::int32_t> low, high;
      for (Index i = 0; i < n; ++i) {
        low.push_back(static_cast<std::int32_t>(std::max<Index>(i + 1 - length, 0)));
        high.push_back(static_cast<std::int32_t>(i + 1));
      }
      for (const Combine combine : kCombines) {
        std::vector<double> work(rows.x.size()), want(rows.x.size()), got(want);
        kernels::slide(combine, rows.x.data(), low.data(), high.data(), n, work.data(),
                       want.data());
        kernels::slide_last(combine, rows.x.data(), n, length, work.data(), got.data());
        for (std::size_t i = 0; i < got.size(); ++i) {
          ASSERT_EQ(std::bit_cast<std::uint64_t>(got[i]),
                    std::bit_cast<std::uint64_t>(want[i]))
              << n << " " << length << " " << i;
        }
      }
    }
  }
}

TEST(TargetKernels, IntervalsAreTheSameOnEveryInstructionSet) {
  constexpr std::int64_t kDayUs = 86'400'000'000;
  testing::for_each_target([] {
    std::mt19937_64 random(5);
    for (const std::int64_t gap : {std::int64_t{1}, kDayUs / 3, 40 * kDayUs}) {
      for (Index n = 1; n < 1100; n += 1 + n / 3) {
        std::vector<std::int64_t> time;
        // Edges of days: a microsecond before, on, and after.
        std::int64_t t = -700 * kDayUs - 1;
        for (Index r = 0; r < n; ++r) {
          time.push_back(t);
          t += static_cast<std::int64_t>(random() % 3) * gap +
               static_cast<std::int64_t>(random() % 2);
        }
        std::vector<std::int32_t> ends(time.size());
        std::vector<std::int64_t> keys(time.size());
        const Index runs = interval_ends(time, Boundary{}, ends, keys);
        Index run = 0;
        for (std::size_t r = 0; r < time.size(); ++r) {
          const std::int64_t day = floor_div(time[r], kDayUs);
          ASSERT_EQ(keys[static_cast<std::size_t>(run)], day);
          const bool last =
              r + 1 == time.size() || floor_div(time[r + 1], kDayUs) != day;
          if (!last) continue;
          ASSERT_EQ(ends[static_cast<std::size_t>(run)], static_cast<std::int32_t>(r));
          ++run;
        }
        ASSERT_EQ(run, runs);
      }
    }
  });
}

TEST(TargetKernels, AnyWidthCutsAtItsMultiplesOnEveryInstructionSet) {
  testing::for_each_target([] {
    std::mt19937_64 random(8);
    for (const std::int64_t width :
         {std::int64_t{1}, std::int64_t{3}, std::int64_t{7}, std::int64_t{60},
          std::int64_t{1'000'003}, std::int64_t{86'400'000'000'000},
          (std::int64_t{1} << 29) + 1, (std::int64_t{1} << 31) + 11,
          (std::int64_t{1} << 49) + 1, (std::int64_t{1} << 52) + 1}) {
      for (const std::int64_t most : {2, 1000, 1 << 24}) {
        std::vector<std::int64_t> time;
        std::int64_t k = -static_cast<std::int64_t>(random() % 500);
        for (Index r = 0; r < 700; ++r) {
          // On an edge, just before it and just after.
          const std::int64_t t =
              k * width + static_cast<std::int64_t>(random() % 3) - 1;
          time.push_back(time.empty() ? t : std::max(t, time.back()));
          if (random() % 2 == 0) {
            const auto step = static_cast<std::int64_t>(random()) & (most - 1);
            if (k + step < (std::int64_t{1} << 61) / width) k += step;
          }
        }
        const Boundary boundary{.every = Every::fixed, .width = width};
        std::vector<std::int32_t> ends(time.size());
        std::vector<std::int64_t> keys(time.size());
        const Index runs = interval_ends(time, boundary, ends, keys);
        Index run = 0;
        for (std::size_t r = 0; r < time.size(); ++r) {
          const std::int64_t key = floor_div(time[r], width);
          ASSERT_EQ(keys[static_cast<std::size_t>(run)], key) << width << " " << r;
          const bool last =
              r + 1 == time.size() || floor_div(time[r + 1], width) != key;
          if (!last) continue;
          ASSERT_EQ(ends[static_cast<std::size_t>(run)], static_cast<std::int32_t>(r));
          ++run;
        }
        ASSERT_EQ(run, runs);
      }
    }
  });
}

TEST(TargetKernels, ValuesAreRoundedAsOneByOneOnEveryInstructionSet) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::vector<double> x = {
      0.0, 1.5,       -kInfinity, 1e39, kInfinity - kInfinity,
      0.1, kInfinity, 3.4e38,     -2.0, 1e-50};
  const std::vector<std::int32_t> count = {0, 1, 0, 2, 3, 1, 0, 1, 7, 1};
  testing::for_each_target([&] {
    for (Index n = 0; n < 40; ++n) {
      for (const bool total : {false, true}) {
        std::vector<double> values, exact(static_cast<std::size_t>(n));
        std::vector<std::int32_t> counts;
        for (Index i = 0; i < n; ++i) {
          values.push_back(x[static_cast<std::size_t>(i) % x.size()]);
          counts.push_back(count[static_cast<std::size_t>(i) % x.size()]);
        }
        std::vector<float> given(values.size());
        std::vector<std::uint8_t> valid(values.size());
        kernels::DeliveryTally tally;
        kernels::round_values(values.data(), counts.data(), n, {0.5F, total},
                              given.data(), valid.data(), exact.data(), tally);
        Index good = 0;
        Index infinite = 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
          const bool some = counts[i] > 0;
          const bool finite = std::isfinite(static_cast<float>(values[i]));
          const bool ok = some ? finite : total;
          ASSERT_EQ(valid[i], ok ? 1 : 0) << i;
          ASSERT_EQ(given[i], some && finite ? static_cast<float>(values[i]) : 0.5F);
          ASSERT_EQ(exact[i], some && finite ? values[i] : 0.5);
          good += ok ? 1 : 0;
          infinite += some && !finite ? 1 : 0;
        }
        EXPECT_EQ(tally.good, good);
        EXPECT_EQ(tally.infinite, infinite);
      }
    }
  });
}

TEST(TargetKernels, WithoutCountsEveryWindowHasRows) {
  const double values[] = {0.0, -1.5, std::numeric_limits<double>::infinity()};
  testing::for_each_target([&] {
    float given[3];
    std::uint8_t valid[3];
    kernels::DeliveryTally tally;
    kernels::round_values(values, nullptr, 3, {0.0F, true}, given, valid, nullptr,
                          tally);
    EXPECT_EQ(std::vector<float>(given, given + 3),
              (std::vector<float>{0.0F, -1.5F, 0.0F}));
    EXPECT_EQ(tally.good, 2);
    EXPECT_EQ(tally.infinite, 1);
  });
}

TEST(TargetKernels, WidenNumbersSeesEveryNaNOnEveryInstructionSet) {
  testing::for_each_target([] {
    for (std::size_t n = 0; n < 40; ++n) {
      std::vector<float> x(n, -std::numeric_limits<float>::infinity());
      std::vector<double> out(n);
      const auto rows = static_cast<Index>(n);
      EXPECT_TRUE(kernels::widen_numbers(x.data(), rows, out.data()));
      EXPECT_EQ(out, std::vector<double>(x.begin(), x.end()));
      for (std::size_t at = 0; at < n; ++at) {
        x[at] = -std::nanf("");
        EXPECT_FALSE(kernels::widen_numbers(x.data(), rows, out.data()));
        x[at] = static_cast<float>(at);
      }
    }
  });
}

TEST(TargetKernels, EveryNaNIsSeenOnEveryInstructionSet) {
  testing::for_each_target([] {
    for (std::size_t n = 0; n < 40; ++n) {
      std::vector<double> x(n, -std::numeric_limits<double>::infinity());
      const auto rows = static_cast<Index>(n);
      std::vector<std::uint8_t> present(n, 1);
      EXPECT_TRUE(kernels::all_numbers(x.data(), rows));
      EXPECT_EQ(kernels::find_present(x.data(), rows, present.data()), rows);
      for (std::size_t at = 0; at < n; ++at) {
        x[at] = at % 2 == 0 ? std::nan("") : -std::nan("");
        EXPECT_FALSE(kernels::all_numbers(x.data(), rows));
        present.assign(n, 1);
        EXPECT_EQ(kernels::find_present(x.data(), rows, present.data()), rows - 1);
        EXPECT_EQ(present[at], 0);
        x[at] = static_cast<double>(at);
      }
    }
  });
}

TEST(TargetKernels, MeansMayLieWhereTheSumsWere) {
  testing::for_each_target([] {
    for (std::size_t n : {0U, 1U, 5U, 512U, 1300U}) {
      std::vector<double> sums;
      std::vector<std::int32_t> counts;
      for (std::size_t i = 0; i < n; ++i) {
        sums.push_back(static_cast<double>(i) / 3);
        counts.push_back(static_cast<std::int32_t>(i % 4));
      }
      std::vector<double> want(n);
      for (std::size_t i = 0; i < n; ++i) want[i] = sums[i] / std::max(counts[i], 1);
      kernels::divide_by_counts(sums.data(), counts.data(), static_cast<Index>(n),
                                sums.data());
      EXPECT_EQ(sums, want);
    }
  });
}

}  // namespace
}  // namespace lade
