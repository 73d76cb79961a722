// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace lade {

/// Natural and decimal logarithm with the same bytes on every machine.
///
/// Only + - * / on doubles in a fixed order, no fused multiply-add, no libm.
/// Accuracy: log within 1 ulp, log10 within 1 ulp, of the correctly rounded value;
/// exact
///           for log10 of powers of ten up to 1e22.
/// Special:  x < 0 -> NaN, +-0 -> -inf, +inf -> +inf, NaN -> canonical NaN.
double log(double x) noexcept;
double log10(double x) noexcept;

}  // namespace lade
