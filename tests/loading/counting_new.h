// SPDX-License-Identifier: Apache-2.0
// operator new of this test program: counted, and made to fail on request.
#pragma once

#include "lade/core/matrix.h"

namespace lade::testing {

struct Allocations {
  Index bytes = 0;
  Index blocks = 0;
};

/// What lives right now, of all threads.
Allocations live_allocations() noexcept;
/// The same once it has not changed for a while (threads let go of what they held).
Allocations settled_allocations() noexcept;

/// The n-th allocation from now on throws bad_alloc, and with `for_good` all after it.
void fail_allocation(Index n, bool for_good) noexcept;
/// Ends it; whether an allocation failed.
bool stop_failing() noexcept;

}  // namespace lade::testing
