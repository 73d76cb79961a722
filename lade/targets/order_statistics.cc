// SPDX-License-Identifier: Apache-2.0
#include "lade/targets/order_statistics.h"

#include <bit>
#include <cmath>
#include <numeric>

namespace lade {
namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

/// How many elements of each rank are in the window.
/// Source: Fenwick 1994, "A new data structure for cumulative frequency tables".
class Ranks {
 public:
  Ranks(std::vector<std::int32_t>& tree, Index size) : tree_(tree), size_(size) {
    tree_.assign(at(size + 1), 0);
    top_ = static_cast<Index>(std::bit_floor(static_cast<std::uint64_t>(size)));
  }
  void add(Index rank, std::int32_t count) {
    for (Index i = rank + 1; i <= size_; i += i & -i) tree_[at(i)] += count;
  }
  /// The rank of the k-th smallest element, k from 0.
  Index find(Index k) const {
    Index place = 0;
    for (Index step = top_; step > 0; step /= 2) {
      if (place + step <= size_ && tree_[at(place + step)] <= k) {
        place += step;
        k -= tree_[at(place)];
      }
    }
    return place;
  }

 private:
  std::vector<std::int32_t>& tree_;
  Index size_;
  Index top_;
};

}  // namespace

double between(double a, double b, double part) {
  if (a == b) return a;
  const double step = b - a;
  // Two finite ends may lie further apart than f64 goes.
  if (std::isinf(step)) return a * (1 - part) + b * part;
  return a + part * step;
}

void rank_rows(const double* x, std::span<const std::int32_t> row, Ranking& ranking) {
  ranking.order.resize(row.size());
  ranking.rank.resize(row.size());
  std::iota(ranking.order.begin(), ranking.order.end(), 0);
  std::sort(ranking.order.begin(), ranking.order.end(),
            [&](std::int32_t a, std::int32_t b) {
              const double left = x[row[at(a)]];
              const double right = x[row[at(b)]];
              return left < right || (left == right && a < b);
            });
  for (std::size_t k = 0; k < row.size(); ++k) {
    ranking.rank[at(ranking.order[k])] = static_cast<std::int32_t>(k);
  }
}

void window_quantiles(const double* x, std::span<const std::int32_t> row, double q,
                      RowWindows over, Ranking& ranking, double* out) {
  Ranks ranks(ranking.tree, static_cast<Index>(row.size()));
  const auto value = [&](Index k) {
    return x[row[at(ranking.order[at(ranks.find(k))])]];
  };
  go_forward(
      over, [&](Index e) { ranks.add(ranking.rank[at(e)], 1); },
      [&](Index e) { ranks.add(ranking.rank[at(e)], -1); },
      [&](Index i, Index count) {
        out[i] = 0;
        if (count == 0) return;
        const double place = static_cast<double>(count - 1) * q;
        const auto below = static_cast<Index>(std::floor(place));
        const double part = place - static_cast<double>(below);
        const double low = value(below);
        out[i] = part > 0 ? between(low, value(below + 1), part) : low;
      });
}

}  // namespace lade
