// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>

#include "lade/targets/state_internal.h"

namespace lade {

void deliver(const Delivery& delivery, float* value, std::uint8_t* valid, double* exact,
             Index& invalid, Index& nonfinite) noexcept {
  constexpr float kGreatest = std::numeric_limits<float>::max();
  const double none = delivery.empty;
  Index bad = 0;
  Index infinite = 0;
  for (Index i = 0; i < delivery.windows; ++i) {
    const bool some = delivery.count == nullptr || delivery.count[i] > 0;
    const bool whole = i >= delivery.begin && i < delivery.end;
    const double y = some ? delivery.value[i] : none;
    const auto rounded = static_cast<float>(y);
    const bool finite = std::fabs(rounded) <= kGreatest;
    const bool ok = whole && finite && (some || delivery.total);
    value[i] = ok ? rounded : delivery.empty;
    valid[i] = ok ? 1 : 0;
    bad += ok ? 0 : 1;
    infinite += whole && !finite ? 1 : 0;
    if (exact != nullptr) exact[i] = ok ? y : none;
  }
  invalid += bad;
  nonfinite += infinite;
}

}  // namespace lade
