// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lade/core/matrix.h"

namespace lade::kernels {

/// x[i] = r / 100 with r = 100 x[i] rounded to a whole number, half to even; never -0.
/// Numbers whose hundredfold is 2^52 or more stay as they are.
void round_to_cents(double* x, Index count) noexcept;

}  // namespace lade::kernels
