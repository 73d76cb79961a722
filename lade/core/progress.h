// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "lade/core/matrix.h"

namespace lade {

/// A bar on stderr when it is a terminal (at most 10 times a second), silence
/// elsewhere.
///
/// Threads:  `add` from any thread, without a lock on the common path.
class Progress {
 public:
  /// `total` < 0: unknown, a count is shown. `after_s`: nothing is drawn before.
  Progress(std::string label, Index total, double after_s = 1.0);
  ~Progress();  // clears the line
  void add(Index done) noexcept;
  Index done() const noexcept;
  /// Turns drawing off in this process (`--quiet`, notebooks, tests).
  static void silence(bool silent) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lade
