// SPDX-License-Identifier: Apache-2.0
#include "lade/synth/alias_table.h"

namespace lade {
namespace {

constexpr std::uint64_t kAlways = ~std::uint64_t{0};

/// share * 2^64 for share in [0, 1); all that rounds to 1 is always.
std::uint64_t threshold(double share) {
  return share >= 1 ? kAlways : static_cast<std::uint64_t>(share * 0x1p64);
}

}  // namespace

void AliasTable::assign(std::span<const double> weights) {
  const std::size_t n = weights.size();
  double sum = 0;
  for (const double weight : weights) sum += weight;
  entries_.resize(n);
  share_.resize(n);
  small_.clear();
  large_.clear();
  for (std::size_t i = 0; i < n; ++i) {
    share_[i] = weights[i] / sum * static_cast<double>(n);
    (share_[i] < 1 ? small_ : large_).push_back(static_cast<std::int32_t>(i));
  }
  std::int32_t heavy = large_.empty() ? 0 : large_.back();
  while (!small_.empty()) {
    const std::int32_t light = small_.back();
    const auto l = static_cast<std::size_t>(light);
    small_.pop_back();
    if (!large_.empty()) heavy = large_.back();
    entries_[l] = {threshold(share_[l]), heavy};
    if (large_.empty())
      continue;  // what rounding left: as good as full, or of weight 0
    const auto h = static_cast<std::size_t>(heavy);
    share_[h] = (share_[h] + share_[l]) - 1;
    if (share_[h] < 1) {
      large_.pop_back();
      small_.push_back(heavy);
    }
  }
  for (const std::int32_t full : large_) {
    entries_[static_cast<std::size_t>(full)] = {kAlways, full};
  }
}

}  // namespace lade
