// SPDX-License-Identifier: Apache-2.0
#include "lade/sampling/windows.h"

#include <algorithm>
#include <string>

#include "lade/core/error.h"

namespace lade {
namespace {

Index stride_of(const WindowRule& rule) {
  return rule.stride > 0 ? rule.stride : rule.length;
}

Index windows_of(const WindowRule& rule, Index events) {
  switch (rule.kind) {
    case WindowRule::Kind::history:
      return 1;
    case WindowRule::Kind::row:
      return events;
    case WindowRule::Kind::events:
      return events < rule.length ? 0 : (events - rule.length) / stride_of(rule) + 1;
  }
  return 0;
}

}  // namespace

WindowMap::WindowMap(WindowRule rule, Index sequences,
                     const std::function<Index(Index)>& length)
    : rule_(rule), sequences_(sequences) {
  require(rule.kind != WindowRule::Kind::events || rule.length >= 1,
          "window: events must be >= 1, got " + std::to_string(rule.length));
  require(rule.stride >= 0,
          "window: stride must be >= 1, got " + std::to_string(rule.stride));
  if (rule.kind == WindowRule::Kind::history) {
    samples_ = sequences;
    return;
  }
  first_.reserve(static_cast<std::size_t>(sequences) + 1);
  first_.push_back(0);
  for (Index s = 0; s < sequences; ++s) {
    const Index count = windows_of(rule, length(s));
    without_ += count == 0 ? 1 : 0;
    first_.push_back(first_.back() + count);
  }
  samples_ = first_.back();
}

Index WindowMap::samples() const { return samples_; }
Index WindowMap::sequences_without_sample() const { return without_; }

Index WindowMap::sequence_of(Index sample_id) const {
  if (sample_id < 0 || sample_id >= samples_) {  // no text is made for a good id
    throw ArgumentError("sample id: must be in 0.." + std::to_string(samples_ - 1) +
                        ", got " + std::to_string(sample_id));
  }
  if (rule_.kind == WindowRule::Kind::history) return sample_id;
  return std::upper_bound(first_.begin(), first_.end(), sample_id) - first_.begin() - 1;
}

Window WindowMap::operator()(Index sample_id, Index sequence_length) const {
  const Index sequence = sequence_of(sample_id);
  if (rule_.kind == WindowRule::Kind::history) return {sequence, 0, sequence_length};
  const Index number = sample_id - first_[static_cast<std::size_t>(sequence)];
  if (rule_.kind == WindowRule::Kind::row) return {sequence, number, 1};
  return {sequence, number * stride_of(rule_), rule_.length};
}

}  // namespace lade
