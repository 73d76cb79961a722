// SPDX-License-Identifier: Apache-2.0
#include "lade/targets/delivery_kernels.h"

#include <algorithm>
#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lade/targets/delivery_kernels.cc"
#include "hwy/foreach_target.h"  // compiles this file once per instruction set

#include "hwy/highway.h"

// Plain loops without branches, each over one width of lanes: the compiler makes
// vectors of them, for every instruction set its own.
HWY_BEFORE_NAMESPACE();
namespace lade::kernels::HWY_NAMESPACE {
namespace {

constexpr Index kBlock = 512;  // what lies between the loops stays in L1
constexpr std::int32_t kExponent = 0x7F800000;  // all set: not finite

template <bool kCounted>
HWY_ATTR void round_block(const double* HWY_RESTRICT x,
                          const std::int32_t* HWY_RESTRICT count, Index n,
                          const EmptyRule& rule, float* HWY_RESTRICT value,
                          std::uint8_t* HWY_RESTRICT valid, double* HWY_RESTRICT exact,
                          DeliveryTally& tally) {
  float rounded[kBlock];
  std::int32_t good[kBlock];
  for (Index i = 0; i < n; ++i) rounded[i] = static_cast<float>(x[i]);
  // Flags are words of all ones or none: no value of a lane makes a branch.
  const auto empty = std::bit_cast<std::int32_t>(rule.empty);
  const std::int32_t finite_empty = ((empty & kExponent) - kExponent) >> 31;
  const std::int32_t good_empty = rule.total ? finite_empty : 0;
  std::int32_t all_good = 0;
  std::int32_t all_finite = 0;
  for (Index i = 0; i < n; ++i) {
    const std::int32_t some = kCounted ? -count[i] >> 31 : -1;
    const auto bits = std::bit_cast<std::int32_t>(rounded[i]);
    const std::int32_t keep = some & (((bits & kExponent) - kExponent) >> 31);
    const std::int32_t ok = keep | (~some & good_empty);
    value[i] = std::bit_cast<float>((bits & keep) | (empty & ~keep));
    good[i] = ok;
    all_good -= ok;
    all_finite -= keep | (~some & finite_empty);
  }
  for (Index i = 0; i < n; ++i) valid[i] = static_cast<std::uint8_t>(good[i] & 1);
  tally.good += all_good;
  tally.infinite += n - all_finite;
  if (exact == nullptr) return;
  const auto none = std::bit_cast<std::uint64_t>(static_cast<double>(rule.empty));
  for (Index i = 0; i < n; ++i) {
    const std::int32_t some = kCounted ? -count[i] >> 31 : -1;
    const auto keep = static_cast<std::uint64_t>(std::int64_t{some & good[i]});
    exact[i] = std::bit_cast<double>((std::bit_cast<std::uint64_t>(x[i]) & keep) |
                                     (none & ~keep));
  }
}

HWY_ATTR void round_values(const double* x, const std::int32_t* count, Index n,
                           const EmptyRule& rule, float* value, std::uint8_t* valid,
                           double* exact, DeliveryTally& tally) {
  for (Index i = 0; i < n; i += kBlock) {
    const Index rows = std::min(kBlock, n - i);
    double* const unrounded = exact == nullptr ? nullptr : exact + i;
    if (count == nullptr) {
      round_block<false>(x + i, nullptr, rows, rule, value + i, valid + i, unrounded,
                         tally);
    } else {
      round_block<true>(x + i, count + i, rows, rule, value + i, valid + i, unrounded,
                        tally);
    }
  }
}

HWY_ATTR void divide_by_counts(const double* sum,
                               const std::int32_t* HWY_RESTRICT count, Index n,
                               double* mean) {
  // Through a block of its own: `mean` may be `sum`.
  double quotient[kBlock];
  for (Index begin = 0; begin < n; begin += kBlock) {
    const Index rows = std::min(kBlock, n - begin);
    const double* HWY_RESTRICT from = sum + begin;
    for (Index i = 0; i < rows; ++i) {
      const std::int32_t by = count[begin + i] > 1 ? count[begin + i] : 1;
      quotient[i] = from[i] / static_cast<double>(by);
    }
    std::copy_n(quotient, rows, mean + begin);
  }
}

HWY_ATTR bool all_numbers(const double* HWY_RESTRICT x, Index n) {
  constexpr std::int64_t kInfinity = 0x7FF0000000000000;
  std::int64_t largest = 0;  // of |x| as bits: NaNs lie above infinity
  for (Index r = 0; r < n; ++r) {
    const std::int64_t size =
        std::bit_cast<std::int64_t>(x[r]) & ~(std::int64_t{1} << 63);
    largest = size > largest ? size : largest;
  }
  return largest <= kInfinity;
}

HWY_ATTR Index find_present(const double* HWY_RESTRICT x, Index n,
                            std::uint8_t* HWY_RESTRICT present) {
  // Almost always nothing is missing; to see that is a loop of vectors.
  std::uint8_t all = 1;
  for (Index r = 0; r < n; ++r) all = static_cast<std::uint8_t>(all & present[r]);
  if (all == 1 && all_numbers(x, n)) return n;
  Index count = 0;
  for (Index r = 0; r < n; ++r) {
    present[r] = static_cast<std::uint8_t>(present[r] & (x[r] == x[r] ? 1 : 0));
    count += present[r];
  }
  return count;
}

HWY_ATTR bool widen_numbers(const float* HWY_RESTRICT x, Index n,
                            double* HWY_RESTRICT out) {
  constexpr std::uint32_t kInfinity = 0x7F800000;
  std::uint32_t largest = 0;  // of |x| as bits: NaNs lie above infinity
  for (Index r = 0; r < n; ++r) {
    const std::uint32_t size = std::bit_cast<std::uint32_t>(x[r]) & 0x7FFFFFFF;
    largest = size > largest ? size : largest;
    out[r] = static_cast<double>(x[r]);
  }
  return largest <= kInfinity;
}

}  // namespace
}  // namespace lade::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lade::kernels {

HWY_EXPORT(round_values);
HWY_EXPORT(divide_by_counts);
HWY_EXPORT(widen_numbers);
HWY_EXPORT(all_numbers);
HWY_EXPORT(find_present);

void round_values(const double* x, const std::int32_t* count, Index n,
                  const EmptyRule& rule, float* value, std::uint8_t* valid,
                  double* exact, DeliveryTally& tally) noexcept {
  HWY_DYNAMIC_DISPATCH(round_values)(x, count, n, rule, value, valid, exact, tally);
}

void divide_by_counts(const double* sum, const std::int32_t* count, Index n,
                      double* mean) noexcept {
  HWY_DYNAMIC_DISPATCH(divide_by_counts)(sum, count, n, mean);
}

bool widen_numbers(const float* x, Index n, double* out) noexcept {
  return HWY_DYNAMIC_DISPATCH(widen_numbers)(x, n, out);
}

bool all_numbers(const double* x, Index n) noexcept {
  return HWY_DYNAMIC_DISPATCH(all_numbers)(x, n);
}

Index find_present(const double* x, Index n, std::uint8_t* present) noexcept {
  return HWY_DYNAMIC_DISPATCH(find_present)(x, n, present);
}

}  // namespace lade::kernels
#endif
