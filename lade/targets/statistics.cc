// SPDX-License-Identifier: Apache-2.0
#include "lade/targets/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "lade/core/error.h"

namespace lade {
namespace {

constexpr Index kStretch = 512;        // intervals compared at a time
constexpr Index kLanes = 8;            // running sums of a product
constexpr Index kAllUpTo = 4;          // targets of which every stretch is compared
constexpr Index kLeastStretches = 16;  // of a block, however many targets there are
constexpr double kLeastValues = 3;
// Sums of squares below these shares of what they were subtracted from are rounding.
constexpr double kNoise = 1e-12, kConstant = 1e-20;

double share(Index part, Index whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// In lanes of a fixed number, so that compilers make vectors and bytes stay equal.
double dot(const double* a, const double* b) noexcept {
  double lane[kLanes] = {};
  for (Index r = 0; r < kStretch; r += kLanes) {
    for (Index l = 0; l < kLanes; ++l) lane[l] += a[r + l] * b[r + l];
  }
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
         ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

}  // namespace

double TargetSummary::valid_share() const { return share(valid, values); }
double TargetSummary::zero_share() const { return share(zero, valid); }

/// The values of up to kStretch intervals, less the first valid one of each target, so
/// that constants are zeroes; 0 where not valid, and behind the end.
struct TargetStatistics::Stretch {
  struct Column {
    double shift = 0, n = 0, sum = 0, squares = 0;
    std::size_t like = 0;  // first column that is valid where this one is
    std::vector<double> value = std::vector<double>(kStretch);
    std::vector<double> square = std::vector<double>(kStretch);
    std::vector<double> mask = std::vector<double>(kStretch);
  };
  std::vector<Column> columns;

  void take(Index k, const float* value, const std::uint8_t* valid, Index rows);
};

void TargetStatistics::Stretch::take(Index k, const float* value,
                                     const std::uint8_t* valid, Index rows) {
  Column& column = columns[static_cast<std::size_t>(k)];
  const Index first = std::find(valid, valid + rows, std::uint8_t{1}) - valid;
  column.shift = first < rows ? value[first] : 0.0;
  double* const d = column.value.data();
  double* const q = column.square.data();
  double* const m = column.mask.data();
  for (Index r = 0; r < rows; ++r) {
    m[r] = valid[r];
    d[r] = valid[r] != 0 ? value[r] - column.shift : 0.0;
    q[r] = d[r] * d[r];
  }
  for (double* const part : {d, q, m}) std::fill(part + rows, part + kStretch, 0.0);
  column.like = 0;
  while (columns[column.like].mask != column.mask) ++column.like;
  column.n = dot(m, m);
  column.sum = dot(d, m);
  column.squares = dot(d, d);
}

TargetStatistics::TargetStatistics(Index targets)
    : compared_(std::min(targets, kMostCompared)),
      totals_(static_cast<std::size_t>(targets)),
      moments_(static_cast<std::size_t>(compared_ * (compared_ - 1) / 2)) {}

void TargetStatistics::total(Index k, const std::vector<float>& value,
                             const std::vector<std::uint8_t>& valid) {
  constexpr auto kHuge = std::numeric_limits<double>::infinity();
  Totals& totals = totals_[static_cast<std::size_t>(k)];
  const std::size_t n = value.size();
  totals.values += static_cast<Index>(n);
  // Lanes of their own, so that no value waits for the one before.
  double low[kLanes], high[kLanes], sum[kLanes] = {};
  std::fill_n(low, kLanes, kHuge);
  std::fill_n(high, kLanes, -kHuge);
  Index zero = 0;
  Index good = 0;
  const auto take = [&](std::size_t i, std::size_t l) {
    const bool ok = valid[i] != 0;
    const double y = value[i];
    low[l] = std::min(low[l], ok ? y : kHuge);
    high[l] = std::max(high[l], ok ? y : -kHuge);
    sum[l] += ok ? y : 0.0;
    zero += ok && y == 0.0 ? 1 : 0;
    good += ok ? 1 : 0;
  };
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t l = 0; l < kLanes; ++l) take(i + l, l);
  }
  for (; i < n; ++i) take(i, i % kLanes);
  if (good == 0) return;
  const double least = *std::min_element(low, low + kLanes);
  const double most = *std::max_element(high, high + kLanes);
  totals.min = totals.valid == 0 ? least : std::min(totals.min, least);
  totals.max = totals.valid == 0 ? most : std::max(totals.max, most);
  for (const double one : sum) totals.sum += one;
  totals.zero += zero;
  totals.valid += good;
}

/// Joins two samples by their means and co-moments.
void TargetStatistics::join(Moments& to, const Moments& more) {
  if (more.n == 0) return;
  const double n = to.n + more.n;
  const double dx = more.mean_x - to.mean_x;
  const double dy = more.mean_y - to.mean_y;
  const double weight = to.n * more.n / n;
  to.xx += more.xx + dx * dx * weight;
  to.yy += more.yy + dy * dy * weight;
  to.xy += more.xy + dx * dy * weight;
  to.mean_x += dx * more.n / n;
  to.mean_y += dy * more.n / n;
  to.n = n;
}

void TargetStatistics::compare(const Stretch& stretch) {
  auto pair = moments_.begin();
  for (std::size_t j = 1; j < stretch.columns.size(); ++j) {
    const auto& y = stretch.columns[j];
    for (std::size_t i = 0; i < j; ++i, ++pair) {
      const auto& x = stretch.columns[i];
      const bool same = x.like == y.like;
      Moments more;
      more.n = same ? x.n : dot(x.mask.data(), y.mask.data());
      if (more.n == 0) continue;
      const double sum_x = same ? x.sum : dot(x.value.data(), y.mask.data());
      const double sum_y = same ? y.sum : dot(y.value.data(), x.mask.data());
      const double xx = same ? x.squares : dot(x.square.data(), y.mask.data());
      const double yy = same ? y.squares : dot(y.square.data(), x.mask.data());
      more.mean_x = x.shift + sum_x / more.n;
      more.mean_y = y.shift + sum_y / more.n;
      more.xx = xx - sum_x * sum_x / more.n;
      more.yy = yy - sum_y * sum_y / more.n;
      more.xy = dot(x.value.data(), y.value.data()) - sum_x * sum_y / more.n;
      if (more.xx <= kNoise * xx) more.xx = more.xy = 0;
      if (more.yy <= kNoise * yy) more.yy = more.xy = 0;
      join(*pair, more);
    }
  }
}

void TargetStatistics::add_block(const std::vector<std::vector<float>>& value,
                                 const std::vector<std::vector<std::uint8_t>>& valid) {
  LADE_DCHECK(value.size() == totals_.size() && valid.size() == totals_.size());
  for (std::size_t k = 0; k < value.size(); ++k) {
    total(static_cast<Index>(k), value[k], valid[k]);
  }
  if (compared_ < 2) return;
  Index rows = 0;
  for (const std::vector<float>& one : value) {
    rows = std::max(rows, static_cast<Index>(one.size()));
  }
  const Index stretches = (rows + kStretch - 1) / kStretch;
  const Index wanted = std::max(kLeastStretches, stretches * kAllUpTo / compared_);
  const Index step = (stretches + wanted - 1) / wanted * kStretch;
  Stretch stretch;
  stretch.columns.resize(static_cast<std::size_t>(compared_));
  for (Index begin = 0; begin < rows; begin += step) {
    const Index n = std::min(kStretch, rows - begin);
    for (Index k = 0; k < compared_; ++k) {
      const auto c = static_cast<std::size_t>(k);
      if (value[c].empty()) continue;  // classes are not compared
      stretch.take(k, value[c].data() + begin, valid[c].data() + begin, n);
    }
    compare(stretch);
  }
}

void TargetStatistics::add_labels(Index k, const std::vector<std::int64_t>& labels) {
  Totals& totals = totals_[static_cast<std::size_t>(k)];
  totals.values += static_cast<Index>(labels.size());
  for (const std::int64_t label : labels) {
    if (label < 0) continue;
    const auto at = static_cast<std::size_t>(label);
    if (at >= totals.classes.size()) totals.classes.resize(at + 1);
    ++totals.classes[at];
    ++totals.valid;
  }
}

void TargetStatistics::add(const TargetStatistics& later) {
  for (std::size_t k = 0; k < totals_.size(); ++k) {
    Totals& to = totals_[k];
    const Totals& more = later.totals_[k];
    to.values += more.values;
    if (more.valid == 0) continue;
    to.min = to.valid == 0 ? more.min : std::min(to.min, more.min);
    to.max = to.valid == 0 ? more.max : std::max(to.max, more.max);
    to.sum += more.sum;
    to.zero += more.zero;
    to.valid += more.valid;
    to.classes.resize(std::max(to.classes.size(), more.classes.size()));
    for (std::size_t c = 0; c < more.classes.size(); ++c) {
      to.classes[c] += more.classes[c];
    }
  }
  for (std::size_t p = 0; p < moments_.size(); ++p) {
    join(moments_[p], later.moments_[p]);
  }
}

void TargetStatistics::fill(Index k, TargetSummary& summary) const {
  const Totals& totals = totals_[static_cast<std::size_t>(k)];
  summary.values = totals.values;
  summary.valid = totals.valid;
  summary.zero = totals.zero;
  summary.min = totals.min;
  summary.max = totals.max;
  summary.classes = totals.classes;
  summary.mean = totals.valid == 0 ? 0 : totals.sum / static_cast<double>(totals.valid);
}

std::vector<TargetPair> TargetStatistics::correlated() const {
  const auto varies = [](double squares, double n, double mean) {
    return squares > 0 && squares > kConstant * n * mean * mean;
  };
  std::vector<TargetPair> pairs;
  auto pair = moments_.begin();
  for (Index j = 1; j < compared_; ++j) {
    for (Index i = 0; i < j; ++i, ++pair) {
      if (pair->n < kLeastValues || !varies(pair->xx, pair->n, pair->mean_x) ||
          !varies(pair->yy, pair->n, pair->mean_y)) {
        continue;
      }
      const double r = pair->xy / (std::sqrt(pair->xx) * std::sqrt(pair->yy));
      if (std::abs(r) <= kCorrelated) continue;
      pairs.push_back({i, j, std::clamp(r, -1.0, 1.0), static_cast<Index>(pair->n)});
    }
  }
  std::sort(pairs.begin(), pairs.end(), [](const TargetPair& a, const TargetPair& b) {
    return a.first != b.first ? a.first < b.first : a.second < b.second;
  });
  return pairs;
}

}  // namespace lade
