// SPDX-License-Identifier: Apache-2.0
#include "lade/targets/selection_kernels.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lade/targets/selection_kernels.cc"
#include "hwy/foreach_target.h"  // compiles this file once per instruction set

#include "hwy/highway.h"

// Whole-number loops over words: an instruction set's own count of ones and of trailing
// zeros is what they gain by being compiled for each.
HWY_BEFORE_NAMESPACE();
namespace lade::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

HWY_ATTR void rank_words(const std::uint64_t* bits, Index words, std::int32_t* before) {
  std::int32_t count = 0;
  for (Index w = 0; w < words; ++w) {
    before[w] = count;
    count += std::popcount(bits[w]);
  }
  before[words] = count;
}

struct Sum {
  static constexpr double kIdentity = 0.0;
  HWY_ATTR static double join(double a, double b) { return a + b; }
};
struct Least {
  static constexpr double kIdentity = std::numeric_limits<double>::infinity();
  HWY_ATTR static double join(double a, double b) { return b < a ? b : a; }
};
struct Greatest {
  static constexpr double kIdentity = -std::numeric_limits<double>::infinity();
  HWY_ATTR static double join(double a, double b) { return b > a ? b : a; }
};

/// Of one word's rows; `run` is the run that is open before them.
template <class Op>
HWY_ATTR HWY_INLINE void join_word(const double* x, std::uint64_t selected,
                                   std::uint64_t begins, double* run) {
  for (std::uint64_t rest = selected; rest != 0; rest &= rest - 1) {
    const int run_of = std::popcount(begins & (rest ^ (rest - 1)));
    run[run_of] = Op::join(run[run_of], x[std::countr_zero(rest)]);
  }
}

template <class Op>
HWY_ATTR void join_rows(const double* x, const std::uint64_t* selected, Index n,
                        const RunBits& runs, Index count, double* out) {
  std::fill_n(out, count, Op::kIdentity);
  const Index words = n / 64;
  for (Index w = 0; w < words; ++w) {
    join_word<Op>(x + 64 * w, selected[w], runs.begins[w], out + runs.before[w] - 1);
  }
  if (n % 64 == 0) return;
  const std::uint64_t rest = selected[words] & ((std::uint64_t{1} << (n & 63)) - 1);
  join_word<Op>(x + 64 * words, rest, runs.begins[words], out + runs.before[words] - 1);
}

HWY_ATTR void join_selected(Combine combine, const double* x,
                            const std::uint64_t* selected, Index n, const RunBits& runs,
                            Index count, double* out) {
  switch (combine) {
    case Combine::sum:
      return join_rows<Sum>(x, selected, n, runs, count, out);
    case Combine::least:
      return join_rows<Least>(x, selected, n, runs, count, out);
    case Combine::greatest:
      return join_rows<Greatest>(x, selected, n, runs, count, out);
  }
}

HWY_ATTR void count_until(const std::uint64_t* selected, const std::int32_t* before,
                          const std::int32_t* ends, Index runs, std::int32_t* until) {
  until[0] = 0;
  for (Index i = 0; i < runs; ++i) {
    const auto w = static_cast<std::uint32_t>(ends[i]) >> 6;
    const std::uint64_t up_to = ~std::uint64_t{0} >> (63 - (ends[i] & 63));
    until[i + 1] = before[w] + std::popcount(selected[w] & up_to);
  }
}

// By vectors: for a few KiB the C library's copy by string instructions takes three
// times as long on some processors.
template <class T>
HWY_ATTR void copy_values(const T* from, Index n, T* to) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  Index i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(hn::LoadU(d, from + i), d, to + i);
  for (; i < n; ++i) to[i] = from[i];
}

HWY_ATTR void copy_runs(const std::int32_t* ends, const std::int64_t* keys, Index runs,
                        std::int32_t* to_ends, std::int64_t* to_keys) {
  copy_values(ends, runs, to_ends);
  copy_values(keys, runs, to_keys);
}

}  // namespace
}  // namespace lade::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lade::kernels {

HWY_EXPORT(rank_words);
HWY_EXPORT(join_selected);
HWY_EXPORT(count_until);
HWY_EXPORT(copy_runs);

void pack_bits(const std::uint8_t* mask, Index n, std::uint64_t* bits) noexcept {
  // Eight bytes of 0 or 1 meet in the top byte of a product, the first one lowest.
  constexpr std::uint64_t kGather = 0x0102040810204080;
  const auto eight = [](const std::uint8_t* from) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, from, sizeof(bytes));
    return (bytes * kGather) >> 56;
  };
  for (Index w = 0; w < n / 64; ++w) {
    std::uint64_t word = 0;
    for (int b = 0; b < 8; ++b) word |= eight(mask + 64 * w + 8 * b) << (8 * b);
    bits[w] = word;
  }
  if (n % 64 == 0) return;
  std::uint64_t word = 0;
  for (Index r = n / 64 * 64; r < n; ++r) word |= std::uint64_t{mask[r]} << (r & 63);
  bits[n / 64] = word;
}

void rank_words(const std::uint64_t* bits, Index words, std::int32_t* before) noexcept {
  HWY_DYNAMIC_DISPATCH(rank_words)(bits, words, before);
}

void join_selected(Combine combine, const double* x, const std::uint64_t* selected,
                   Index n, const RunBits& runs, Index count, double* out) noexcept {
  HWY_DYNAMIC_DISPATCH(join_selected)
  (combine, x, selected, n, runs, count, out);
}

void count_until(const std::uint64_t* selected, const std::int32_t* before,
                 const std::int32_t* ends, Index runs, std::int32_t* until) noexcept {
  HWY_DYNAMIC_DISPATCH(count_until)(selected, before, ends, runs, until);
}

void copy_runs(const std::int32_t* ends, const std::int64_t* keys, Index runs,
               std::int32_t* to_ends, std::int64_t* to_keys) noexcept {
  HWY_DYNAMIC_DISPATCH(copy_runs)(ends, keys, runs, to_ends, to_keys);
}

}  // namespace lade::kernels
#endif
