// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lade/targets/row_windows.h"

namespace lade {

/// Ranks of values, found once for all windows and quantiles over them.
struct Ranking {
  std::vector<std::int32_t> order;  // order[k] = the element of rank k
  std::vector<std::int32_t> rank;   // rank[e] = rank of element e
  std::vector<std::int32_t> tree;   // working memory of window_quantiles
};

/// What lies `part` of the way from a to b, 0 <= part <= 1; finite between finite ends.
double between(double a, double b, double part);

/// Ranks the values row[e] picks out of x; equal ones by their order.
///
/// O(n log n).
/// Requires: no NaN among them.
void rank_rows(const double* x, std::span<const std::int32_t> row, Ranking& ranking);

/// out[i] = quantile q of window i: linear between the neighbours of (n - 1) q. 0 for
/// an empty window.
///
/// A Fenwick tree over the ranks: O(log n) per element that enters or leaves.
/// Shapes:   row, windows' elements [elements]; out [windows].
/// Requires: 0 <= q <= 1; `ranking` is that of x and row.
/// Source:   Hyndman and Fan 1996, definition 7.
void window_quantiles(const double* x, std::span<const std::int32_t> row, double q,
                      RowWindows over, Ranking& ranking, double* out);

}  // namespace lade
