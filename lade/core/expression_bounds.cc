// SPDX-License-Identifier: Apache-2.0
#include "lade/core/expression_bounds.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lade {
namespace {

using Whole = ExactNumber::Whole;

Whole floor_of(double value) {
  constexpr double kLarge = 0x1p100;
  return static_cast<Whole>(std::clamp(std::floor(value), -kLarge, kLarge));
}

/// -1, 0, 1: `candidate` below, at, above the exact number.
template <class T>
int order(T candidate, const ExactNumber& value) {
  const auto wide = static_cast<double>(candidate);
  if (value.form == ExactNumber::Form::real) {
    return (wide > value.real) - (wide < value.real);
  }
  if (std::isinf(wide)) return wide > 0 ? 1 : -1;
  const auto whole = static_cast<Whole>(wide);  // |wide| <= 2^100: exact for whole ones
  const double rest = wide - static_cast<double>(whole);
  if (whole != value.whole) return whole > value.whole ? 1 : -1;
  if (value.form == ExactNumber::Form::between) return rest > 0.5 ? 1 : -1;
  return (rest > 0.0) - (rest < 0.0);
}

/// A double near the number; what `order` compares may be one step off.
template <class T>
T nearest(const ExactNumber& value) {
  const double wide = value.form == ExactNumber::Form::real
                          ? value.real
                          : static_cast<double>(value.whole);
  if constexpr (std::is_same_v<T, float>) {
    constexpr double kMax = std::numeric_limits<float>::max();
    if (std::isfinite(wide) && std::fabs(wide) > kMax) {
      return std::copysign(std::numeric_limits<float>::max(),
                           static_cast<float>(wide > 0 ? 1 : -1));
    }
  }
  return static_cast<T>(wide);
}

/// The least T that is above the number, or at it when `closed`.
template <class T>
T at_least(const ProgramBuilder::Bound& bound) {
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  const int wanted = bound.closed ? 0 : 1;
  T t = nearest<T>(bound.value);
  while (order(t, bound.value) < wanted && t < kInfinity)
    t = std::nextafter(t, kInfinity);
  for (T below = std::nextafter(t, -kInfinity); order(below, bound.value) >= wanted;
       below = std::nextafter(t, -kInfinity)) {
    if (below == t) break;
    t = below;
  }
  return t;
}
template <class T>
T at_most(const ProgramBuilder::Bound& bound) {
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  const int wanted = bound.closed ? 0 : -1;
  T t = nearest<T>(bound.value);
  while (order(t, bound.value) > wanted && t > -kInfinity)
    t = std::nextafter(t, -kInfinity);
  for (T above = std::nextafter(t, kInfinity); order(above, bound.value) <= wanted;
       above = std::nextafter(t, kInfinity)) {
    if (above == t) break;
    t = above;
  }
  return t;
}

}  // namespace

WholeRange whole_range(const ProgramBuilder::Limit& low,
                       const ProgramBuilder::Limit& high, Whole least, Whole greatest) {
  WholeRange range{least, greatest};
  if (low) {
    const ExactNumber& value = low->value;
    const Whole floor =
        value.form == ExactNumber::Form::real ? floor_of(value.real) : value.whole;
    const bool exact =
        value.form == ExactNumber::Form::whole ||
        (value.form == ExactNumber::Form::real && value.real == std::floor(value.real));
    range.low = std::max(least, exact && low->closed ? floor : floor + 1);
  }
  if (high) {
    const ExactNumber& value = high->value;
    const Whole floor =
        value.form == ExactNumber::Form::real ? floor_of(value.real) : value.whole;
    const bool exact =
        value.form == ExactNumber::Form::whole ||
        (value.form == ExactNumber::Form::real && value.real == std::floor(value.real));
    range.high = std::min(greatest, exact && !high->closed ? floor - 1 : floor);
  }
  return range;
}

template <class T>
std::pair<double, double> real_range(const ProgramBuilder::Limit& low,
                                     const ProgramBuilder::Limit& high) {
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  return {low ? at_least<T>(*low) : -kInfinity, high ? at_most<T>(*high) : kInfinity};
}

template std::pair<double, double> real_range<float>(const ProgramBuilder::Limit&,
                                                     const ProgramBuilder::Limit&);
template std::pair<double, double> real_range<double>(const ProgramBuilder::Limit&,
                                                      const ProgramBuilder::Limit&);

WholeRange limits_of(Kind kind) {
  const auto of = [](auto type) {
    using T = decltype(type);
    return WholeRange{std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
  };
  switch (kind) {
    case Kind::i8:
      return of(std::int8_t{});
    case Kind::i16:
      return of(std::int16_t{});
    case Kind::i32:
      return of(std::int32_t{});
    case Kind::u8:
      return of(std::uint8_t{});
    case Kind::u16:
      return of(std::uint16_t{});
    case Kind::u32:
      return of(std::uint32_t{});
    case Kind::u64:
      return of(std::uint64_t{});
    default:
      return of(std::int64_t{});
  }
}

IntegerSet make_set(std::vector<std::int64_t> sorted) {
  constexpr std::uint64_t kMostBits = 65'536;
  IntegerSet set{std::move(sorted), {}};
  const std::uint64_t span = static_cast<std::uint64_t>(set.sorted.back()) -
                             static_cast<std::uint64_t>(set.sorted.front());
  if (span < kMostBits) {
    set.bits.resize(span / 64 + 1);
    for (const std::int64_t value : set.sorted) {
      const std::uint64_t at = static_cast<std::uint64_t>(value) -
                               static_cast<std::uint64_t>(set.sorted.front());
      set.bits[at / 64] |= std::uint64_t{1} << (at % 64);
    }
  }
  return set;
}

}  // namespace lade
