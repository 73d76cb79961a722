// SPDX-License-Identifier: Apache-2.0
// What the working memory of compute_targets holds.
#include "lade/targets/state_internal.h"

namespace lade {
namespace {

template <class T>
Index bytes_of(const std::vector<T>& values) {
  return static_cast<Index>(values.capacity() * sizeof(T));
}

Index bytes_of(const Cut& cut) {
  return bytes_of(cut.ends) + bytes_of(cut.keys) + bytes_of(cut.last) +
         bytes_of(cut.begins) + bytes_of(cut.before);
}

Index bytes_of(const Ranges& ranges) {
  return bytes_of(ranges.low) + bytes_of(ranges.high);
}

Index bytes_of(const Ranking& ranking) {
  return bytes_of(ranking.order) + bytes_of(ranking.rank) + bytes_of(ranking.tree);
}

Index bytes_of(const Numbering& numbering) {
  return bytes_of(numbering.number) + bytes_of(numbering.order) +
         bytes_of(numbering.seen) + bytes_of(numbering.code) + bytes_of(numbering.used);
}

}  // namespace

Index TargetScratch::bytes() const {
  const State& s = *state_;
  Index bytes = bytes_of(s.mask) + bytes_of(s.present) + bytes_of(s.value) +
                bytes_of(s.before) + bytes_of(s.bits) + bytes_of(s.bits_before) +
                bytes_of(s.rows.values) + bytes_of(s.count) + bytes_of(s.joined) +
                bytes_of(s.suffix) + bytes_of(s.moment_suffix) +
                bytes_of(s.selected.values) + bytes_of(s.ranking) +
                bytes_of(s.numbering) + bytes_of(s.row_low) + bytes_of(s.row_high);
  for (const auto& mask : s.masks) bytes += bytes_of(mask.values);
  for (const auto& values : s.exact) bytes += bytes_of(values);
  for (const auto& ranges : s.ranges) bytes += bytes_of(ranges);
  for (const auto& extents : s.cuts) {
    for (const Cut& cut : extents) bytes += bytes_of(cut);
  }
  for (const auto& extents : s.element_before) {
    for (const auto& table : extents) bytes += bytes_of(table.values);
  }
  for (const auto& extents : s.partials) {
    for (const auto& table : extents) bytes += bytes_of(table.values);
  }
  for (const auto& extents : s.moments) {
    for (const auto& table : extents) bytes += bytes_of(table.values);
  }
  return bytes;
}

}  // namespace lade
