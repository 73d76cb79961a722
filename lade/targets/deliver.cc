// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "lade/targets/delivery_kernels.h"
#include "lade/targets/state_internal.h"

namespace lade {

void deliver(const Delivery& delivery, float* value, std::uint8_t* valid, double* exact,
             Index& invalid, Index& nonfinite) noexcept {
  const double none = delivery.empty;
  const Index begin = delivery.begin;
  const Index end = std::max(begin, delivery.end);
  kernels::DeliveryTally tally;
  const std::int32_t* const count = delivery.count;
  kernels::round_values(delivery.value + begin,
                        count == nullptr ? nullptr : count + begin, end - begin,
                        {delivery.empty, delivery.total}, value + begin, valid + begin,
                        exact == nullptr ? nullptr : exact + begin, tally);
  for (const auto& [from, to] : {std::pair{Index{0}, begin}, {end, delivery.windows}}) {
    std::fill(value + from, value + to, delivery.empty);
    std::fill(valid + from, valid + to, std::uint8_t{0});
    if (exact != nullptr) std::fill(exact + from, exact + to, none);
  }
  invalid += delivery.windows - tally.good;
  nonfinite += tally.infinite;
}

}  // namespace lade
