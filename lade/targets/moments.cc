// SPDX-License-Identifier: Apache-2.0
#include "lade/targets/moments.h"

#include <algorithm>

namespace lade::kernels {

Moments join(const Moments& a, const Moments& b) noexcept {
  if (a.count == 0) return b;
  if (b.count == 0) return a;
  const double count = a.count + b.count;
  const double apart = b.mean - a.mean;
  const double share = b.count / count;
  return {count, a.mean + apart * share,
          (a.squares + b.squares) + apart * apart * (a.count * share)};
}

namespace {

void accumulate(const MomentElements& elements, Index begin, Index end,
                double* squares) noexcept {
  Moments all;
  for (Index e = begin; e < end; ++e) {
    all = join(all, elements[e]);
    squares[e] = all.squares;
  }
}

}  // namespace

void reduce_runs(const MomentElements& elements, const std::int32_t* ends, Index runs,
                 Moments* out) noexcept {
  Index begin = 0;
  for (Index i = 0; i < runs; ++i) {
    Moments all;
    for (Index e = begin; e <= ends[i]; ++e) all = join(all, elements[e]);
    out[i] = all;
    begin = ends[i] + 1;
  }
}

void accumulate_squares(const MomentElements& elements, Index n,
                        double* squares) noexcept {
  accumulate(elements, 0, n, squares);
}

void accumulate_squares(const MomentElements& elements, const std::int32_t* ends,
                        Index runs, double* squares) noexcept {
  Index begin = 0;
  for (Index i = 0; i < runs; ++i) {
    accumulate(elements, begin, ends[i] + 1, squares);
    begin = ends[i] + 1;
  }
}

// Elements [low, middle) are the front stack, read as suffixes; [middle, high) are the
// back, joined as they come. When the front is used up, the whole window becomes the
// front.
void slide_squares(const MomentElements& elements, const std::int32_t* low,
                   const std::int32_t* high, Index windows, Moments* suffix,
                   double* squares) noexcept {
  Index middle = 0;
  Index end = 0;
  Moments back;
  for (Index i = 0; i < windows; ++i) {
    const Index first = low[i];
    const Index last = high[i];
    if (first < middle) {
      for (; end < last; ++end) back = join(back, elements[end]);
      squares[i] = join(suffix[first], back).squares;
      continue;
    }
    Moments all;
    for (Index e = last - 1; e >= first; --e) {
      all = join(elements[e], all);
      suffix[e] = all;
    }
    back = Moments{};
    squares[i] = all.squares;
    middle = end = std::max(first, last);
  }
}

}  // namespace lade::kernels
