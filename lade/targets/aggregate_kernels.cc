// SPDX-License-Identifier: Apache-2.0
#include "lade/targets/aggregate_kernels.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace lade::kernels {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Sum {
  static constexpr double kIdentity = 0.0;
  static double join(double a, double b) noexcept { return a + b; }
};
struct Least {
  static constexpr double kIdentity = kInfinity;
  static double join(double a, double b) noexcept { return b < a ? b : a; }
};
struct Greatest {
  static constexpr double kIdentity = -kInfinity;
  static double join(double a, double b) noexcept { return b > a ? b : a; }
};

template <class Body>
void with(Combine combine, Body body) noexcept {
  switch (combine) {
    case Combine::sum:
      return body(Sum{});
    case Combine::least:
      return body(Least{});
    case Combine::greatest:
      return body(Greatest{});
  }
}

}  // namespace

double identity(Combine combine) noexcept {
  double value = 0.0;
  with(combine, [&](auto op) { value = decltype(op)::kIdentity; });
  return value;
}

void keep_selected(const double* x, const std::uint8_t* selected, Index n, double other,
                   double* out) noexcept {
  const auto rest = std::bit_cast<std::uint64_t>(other);
  for (Index r = 0; r < n; ++r) {
    const std::uint64_t keep = std::uint64_t{0} - selected[r];
    const auto bits = std::bit_cast<std::uint64_t>(x[r]);
    out[r] = std::bit_cast<double>((bits & keep) | (rest & ~keep));
  }
}

Index drop_missing(const std::uint8_t* present, Index n,
                   std::uint8_t* selected) noexcept {
  Index dropped = 0;
  for (Index r = 0; r < n; ++r) {
    dropped += selected[r] & (present[r] ^ 1);
    selected[r] = static_cast<std::uint8_t>(selected[r] & present[r]);
  }
  return dropped;
}

void count_before(const std::uint8_t* selected, Index n,
                  std::int32_t* before) noexcept {
  std::int32_t count = 0;
  for (Index r = 0; r < n; ++r) {
    before[r] = count;
    count += selected[r];
  }
  before[n] = count;
}

void accumulate(Combine combine, const double* x, Index n, double* out) noexcept {
  with(combine, [&](auto op) {
    using Op = decltype(op);
    double value = Op::kIdentity;
    for (Index e = 0; e < n; ++e) {
      value = Op::join(value, x[e]);
      out[e] = value;
    }
  });
}

void accumulate_runs(Combine combine, const double* x, const std::int32_t* ends,
                     Index runs, double* out) noexcept {
  Index begin = 0;
  for (Index i = 0; i < runs; ++i) {
    accumulate(combine, x + begin, ends[i] + 1 - begin, out + begin);
    begin = ends[i] + 1;
  }
}

// Elements [low, middle) are the front stack, read as suffixes; [middle, high) are the
// back, joined as they come. When the front is used up, the whole window becomes the
// front.
void slide(Combine combine, const double* x, const std::int32_t* low,
           const std::int32_t* high, Index windows, double* suffix,
           double* out) noexcept {
  with(combine, [&](auto op) {
    using Op = decltype(op);
    Index middle = 0;
    Index end = 0;
    double back = Op::kIdentity;
    for (Index i = 0; i < windows; ++i) {
      const Index first = low[i];
      const Index last = high[i];
      if (first < middle) {
        for (; end < last; ++end) back = Op::join(back, x[end]);
        out[i] = Op::join(suffix[first], back);
        continue;
      }
      double value = Op::kIdentity;
      for (Index e = last - 1; e >= first; --e) {
        value = Op::join(x[e], value);
        suffix[e] = value;
      }
      back = Op::kIdentity;
      out[i] = value;
      middle = end = std::max(first, last);
    }
  });
}

// Window b = m length becomes the front as a whole; the next length - 1 windows add to
// its back. The suffixes of the next front run over the elements that these add: both
// chains go side by side, for each alone would wait for its last sum.
void slide_last(Combine combine, const double* x, Index n, Index length, double* suffix,
                double* out) noexcept {
  with(combine, [&](auto op) {
    using Op = decltype(op);
    if (n == 0) return;
    suffix[0] = out[0] = Op::join(x[0], Op::kIdentity);
    const double* front = suffix;  // suffixes of the window that was last whole
    Index step = 0;                // elements the front loses per window
    for (Index b = 0; b + 1 < n; b += length) {
      const Index next = b + length;
      const bool whole = next < n;
      double back = Op::kIdentity;
      double ahead = Op::kIdentity;
      if (whole) {
        for (Index j = 1; j < length; ++j) {
          back = Op::join(back, x[b + j]);
          ahead = Op::join(x[next + 1 - j], ahead);
          suffix[next + 1 - j] = ahead;
          out[b + j] = Op::join(front[j * step], back);
        }
        suffix[b + 1] = out[next] = Op::join(x[b + 1], ahead);
      } else {
        for (Index j = 1; b + j < n; ++j) {
          back = Op::join(back, x[b + j]);
          out[b + j] = Op::join(front[j * step], back);
        }
      }
      front = suffix + b + 1;
      step = 1;
    }
  });
}

}  // namespace lade::kernels
