// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "lade/core/matrix.h"

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

/// e^x, made as `log` is.
///
/// Accuracy: within 1 ulp of the correctly rounded value, subnormal results included.
/// Special:  -inf -> 0, +inf and overflow -> +inf, NaN -> canonical NaN.
double exp(double x) noexcept;

/// The x below which a standard normal variable lies with probability p.
///
/// Accuracy: within 8 ulp; normal_quantile(1 - p) == -normal_quantile(p) where 1 - p
///           is exact.
/// Special:  0 -> -inf, 1 -> +inf, outside [0, 1] and NaN -> canonical NaN.
/// Source:   M. J. Wichura 1988, Applied Statistics 37(3):477-484, algorithm AS 241,
///           PPND16.
double normal_quantile(double p) noexcept;

/// out[i] = exp(x[i]), in vector lanes; the same bytes. `out` may be `x`.
void exp(const double* x, Index count, double* out) noexcept;

/// out[i] = normal_quantile(random::open_unit(bits[i])): standard normal numbers out of
/// uniform bits, one for one, in vector lanes; the same bytes.
void normals(const std::uint64_t* bits, Index count, double* out) noexcept;

}  // namespace lade
