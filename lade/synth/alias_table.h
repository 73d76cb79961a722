// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lade/core/matrix.h"

namespace lade {

/// A law over 0..n-1 with given weights; one draw, one look-up.
///
/// Source: M. D. Vose 1991, IEEE Transactions on Software Engineering 17(9):972-975.
class AliasTable {
 public:
  /// Memory is kept from call to call. An item of weight 0 is never picked.
  /// Requires: every weight is finite and >= 0, at least one is > 0.
  void assign(std::span<const double> weights);

  /// The item of 64 uniform bits.
  std::int32_t pick(std::uint64_t bits) const noexcept {
    const auto product = static_cast<unsigned __int128>(bits) * entries_.size();
    const auto column = static_cast<std::size_t>(product >> 64U);
    const Entry& entry = entries_[column];
    return static_cast<std::uint64_t>(product) < entry.keep
               ? static_cast<std::int32_t>(column)
               : entry.other;
  }

 private:
  struct Entry {
    std::uint64_t keep;  // below it the column's own item, in 2^-64
    std::int32_t other;
  };
  std::vector<Entry> entries_;
  std::vector<double> share_;  // of a column, while the table is made
  std::vector<std::int32_t> small_;
  std::vector<std::int32_t> large_;
};

}  // namespace lade
