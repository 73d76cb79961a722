// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lade {

enum class AmountKind : std::uint8_t { normal, lognormal, uniform, constant };

/// The law of an amount before it is rounded.
///
/// a and b: mean and standard deviation (normal), mu and sigma of the logarithm
/// (lognormal), ends (uniform), the value and 0 (constant). `negative`: the amount
/// times -1.
struct AmountLaw {
  AmountKind kind = AmountKind::constant;
  double a = 0;
  double b = 0;
  bool negative = false;
  bool operator==(const AmountLaw&) const = default;
};

/// "normal(1, 1)", "lognormal(3.5, 0.7)", "uniform(1, 9)", "constant(5)", each also
/// with `sign = -1` behind the numbers: "normal(1, 1, sign = -1)". Errors:
/// ArgumentError naming `what` and the text for another form; as check.
AmountLaw parse_amount_law(std::string_view text, std::string_view what);

/// Reads back as the same law.
std::string to_string(const AmountLaw& law);

/// Errors: ArgumentError naming `what`, the rule and the value: numbers must be finite,
///         sd and sigma >= 0, lo <= hi, and mu + 8.3 sigma <= 700 (no amount is
///         infinite).
void check(const AmountLaw& law, std::string_view what);

}  // namespace lade
