// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>

#include "lade/targets/state_internal.h"

namespace lade {
namespace {

constexpr std::uint32_t kExponent = 0x7F800000;  // all set: not finite

/// `a` where flag is 1, else `b`: which windows hold rows is random, so no branch.
float pick(std::uint32_t flag, float a, float b) noexcept {
  const std::uint32_t keep = 0 - flag;
  return std::bit_cast<float>((std::bit_cast<std::uint32_t>(a) & keep) |
                              (std::bit_cast<std::uint32_t>(b) & ~keep));
}
double pick(std::uint32_t flag, double a, double b) noexcept {
  const std::uint64_t keep = 0 - std::uint64_t{flag};
  return std::bit_cast<double>((std::bit_cast<std::uint64_t>(a) & keep) |
                               (std::bit_cast<std::uint64_t>(b) & ~keep));
}

}  // namespace

void deliver(const Delivery& delivery, float* value, std::uint8_t* valid, double* exact,
             Index& invalid, Index& nonfinite) noexcept {
  const double none = delivery.empty;
  const std::uint32_t total = delivery.total ? 1 : 0;
  const Index begin = delivery.begin;
  const Index end = std::max(begin, delivery.end);
  Index good = 0;
  Index infinite = 0;
  for (Index i = begin; i < end; ++i) {
    const std::uint32_t some = delivery.count[i] > 0 ? 1 : 0;
    const double y = pick(some, delivery.value[i], none);
    const auto rounded = static_cast<float>(y);
    const std::uint32_t finite =
        (std::bit_cast<std::uint32_t>(rounded) & kExponent) != kExponent ? 1 : 0;
    const std::uint32_t ok = finite & (some | total);
    value[i] = pick(ok, rounded, delivery.empty);
    valid[i] = static_cast<std::uint8_t>(ok);
    if (exact != nullptr) exact[i] = pick(ok, y, none);
    good += ok;
    infinite += finite ^ 1;
  }
  for (const auto& [from, to] : {std::pair{Index{0}, begin}, {end, delivery.windows}}) {
    std::fill(value + from, value + to, delivery.empty);
    std::fill(valid + from, valid + to, std::uint8_t{0});
    if (exact != nullptr) std::fill(exact + from, exact + to, none);
  }
  invalid += delivery.windows - good;
  nonfinite += infinite;
}

}  // namespace lade
