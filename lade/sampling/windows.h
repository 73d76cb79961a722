// SPDX-License-Identifier: Apache-2.0
// Samples cut from sequences: id i is window i - P[s] of sequence s, P[s] <= i <
// P[s+1].
#pragma once

#include <functional>
#include <vector>

#include "lade/core/matrix.h"

namespace lade {

/// What one sample of a sequence is.
struct WindowRule {
  enum class Kind : std::uint8_t { history, events, row } kind = Kind::history;
  Index length = 0;  // of events
  Index stride = 0;  // of events; 0 = length
};

struct Window {
  Index sequence = 0;
  Index begin = 0;  // first event within the sequence
  Index events = 0;
};

/// A part of a sample, in its own events.
struct Slice {
  Index begin = 0;
  Index events = 0;
  bool operator==(const Slice&) const = default;
};

/// Maps sample ids to windows. O(1) memory for history; 8 bytes a sequence otherwise.
class WindowMap {
 public:
  WindowMap(WindowRule rule, Index sequences,
            const std::function<Index(Index)>& length);
  Index samples() const;
  Index sequences_without_sample() const;
  /// Errors: ArgumentError if the id is outside [0, samples()).
  Window operator()(Index sample_id, Index sequence_length) const;
  Index sequence_of(Index sample_id) const;

 private:
  WindowRule rule_;
  Index sequences_;
  Index samples_ = 0;
  Index without_ = 0;
  std::vector<Index> first_;  // P, exclusive prefix sums
};

}  // namespace lade
