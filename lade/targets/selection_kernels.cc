// SPDX-License-Identifier: Apache-2.0
#include "lade/targets/selection_kernels.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "lade/core/expression_kernels.h"

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

struct SumLanes {
  template <class V>
  HWY_ATTR static HWY_INLINE V join(V a, V b) {
    return hn::Add(a, b);
  }
};
struct LeastLanes {
  template <class V>
  HWY_ATTR static HWY_INLINE V join(V a, V b) {
    return hn::IfThenElse(hn::Lt(b, a), b, a);
  }
};
struct GreatestLanes {
  template <class V>
  HWY_ATTR static HWY_INLINE V join(V a, V b) {
    return hn::IfThenElse(hn::Gt(b, a), b, a);
  }
};

#if HWY_TARGET <= HWY_AVX2
/// The first three elements of as many runs as there are lanes, those beyond a run as
/// identities; what is left of long runs is joined one by one. Run 0 is not among them.
template <class Op, class Lanes>
HWY_ATTR HWY_INLINE Index reduce_in_lanes(const double* x, const std::int32_t* ends,
                                          Index first, Index runs, double* out) {
  const hn::ScalableTag<double> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<std::int32_t, decltype(d)> d32;
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  const auto one = hn::Set(di, 1);
  const auto none = hn::Set(d, Op::kIdentity);
  Index i = first;
  for (; i + lanes <= runs; i += lanes) {
    const auto last = hn::PromoteTo(di, hn::LoadU(d32, ends + i));
    const auto begin = hn::Add(hn::PromoteTo(di, hn::LoadU(d32, ends + i - 1)), one);
    const auto second = hn::Min(hn::Add(begin, one), last);
    const auto third = hn::Min(hn::Add(second, one), last);
    auto value = Lanes::join(none, hn::GatherIndex(d, x, begin));
    value = Lanes::join(value, hn::IfThenElse(hn::RebindMask(d, hn::Gt(second, begin)),
                                              hn::GatherIndex(d, x, second), none));
    value = Lanes::join(value, hn::IfThenElse(hn::RebindMask(d, hn::Gt(third, second)),
                                              hn::GatherIndex(d, x, third), none));
    hn::StoreU(value, d, out + i);
    if (hn::AllFalse(di, hn::Gt(last, third))) continue;
    for (Index k = i; k < i + lanes; ++k) {
      for (Index e = Index{ends[k - 1]} + 4; e <= ends[k]; ++e) {
        out[k] = Op::join(out[k], x[e]);
      }
    }
  }
  return i;
}
#endif

// Days of cards hold one to three rows, and how many is random: a loop over them would
// be guessed wrong at every other day. So three elements are always joined, those
// beyond the run as identities.
template <class Op>
HWY_ATTR HWY_INLINE void reduce_one_by_one(const double* x, const std::int32_t* ends,
                                           Index first, Index runs, double* out) {
  const auto element_if = [](bool inside, double value) {
    const std::uint64_t keep = std::uint64_t{0} - (inside ? 1 : 0);
    const auto rest = std::bit_cast<std::uint64_t>(Op::kIdentity);
    return std::bit_cast<double>((std::bit_cast<std::uint64_t>(value) & keep) |
                                 (rest & ~keep));
  };
  Index begin = first == 0 ? 0 : Index{ends[first - 1]} + 1;
  for (Index i = first; i < runs; ++i) {
    const Index last = ends[i];
    const Index more = last - begin;
    double value = Op::join(Op::kIdentity, x[begin]);
    value = Op::join(value, element_if(more >= 1, x[std::min(begin + 1, last)]));
    value = Op::join(value, element_if(more >= 2, x[std::min(begin + 2, last)]));
    for (Index e = begin + 3; e <= last; ++e) value = Op::join(value, x[e]);
    out[i] = value;
    begin = last + 1;
  }
}

template <class Op, class Lanes>
HWY_ATTR HWY_INLINE void reduce(const double* x, const std::int32_t* ends, Index runs,
                                double* out) {
  Index next = std::min<Index>(runs, 1);
  reduce_one_by_one<Op>(x, ends, 0, next, out);
#if HWY_TARGET <= HWY_AVX2
  next = reduce_in_lanes<Op, Lanes>(x, ends, next, runs, out);
#endif
  reduce_one_by_one<Op>(x, ends, next, runs, out);
}

HWY_ATTR void reduce_runs(Combine combine, const double* x, const std::int32_t* ends,
                          Index runs, double* out) {
  switch (combine) {
    case Combine::sum:
      return reduce<Sum, SumLanes>(x, ends, runs, out);
    case Combine::least:
      return reduce<Least, LeastLanes>(x, ends, runs, out);
    case Combine::greatest:
      return reduce<Greatest, GreatestLanes>(x, ends, runs, out);
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
HWY_EXPORT(reduce_runs);
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
    for (Index b = 0; b < 8; ++b) word |= eight(mask + 64 * w + 8 * b) << (8 * b);
    bits[w] = word;
  }
  if (n % 64 == 0) return;
  std::uint64_t word = 0;
  for (Index r = n / 64 * 64; r < n; ++r) word |= std::uint64_t{mask[r]} << (r & 63);
  bits[n / 64] = word;
}

void unpack_bits(const std::uint64_t* bits, Index n, std::uint8_t* mask) noexcept {
  // Bit r of the words is bit r of their bytes, the lowest first.
  spread_bits(reinterpret_cast<const std::uint8_t*>(bits), 0, n, mask);
}

void all_bits(Index n, std::uint64_t* bits) noexcept {
  std::fill_n(bits, n / 64, ~std::uint64_t{0});
  if (n % 64 != 0) bits[n / 64] = (std::uint64_t{1} << (n & 63)) - 1;
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

void reduce_runs(Combine combine, const double* x, const std::int32_t* ends, Index runs,
                 double* out) noexcept {
  HWY_DYNAMIC_DISPATCH(reduce_runs)(combine, x, ends, runs, out);
}

void copy_runs(const std::int32_t* ends, const std::int64_t* keys, Index runs,
               std::int32_t* to_ends, std::int64_t* to_keys) noexcept {
  HWY_DYNAMIC_DISPATCH(copy_runs)(ends, keys, runs, to_ends, to_keys);
}

}  // namespace lade::kernels
#endif
