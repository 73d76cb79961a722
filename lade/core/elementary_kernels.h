// SPDX-License-Identifier: Apache-2.0
// The steps of core/elementary.cc in vector lanes. The numbers they share stand here.
#pragma once

#include <cstdint>

#include "lade/core/matrix.h"

namespace lade::kernels {

inline constexpr double kLog2High = 0x1.62e42fefa3p-1;  // 41 bits: k times it is exact
inline constexpr double kLog2Low = 0x1.3de6af278ece6p-42;
inline constexpr double kInverseLog2 = 0x1.71547652b82fep+0;
/// Adding it rounds to a whole number, half to even, which its low bits then show.
inline constexpr double kRounder = 0x1.8p52;
/// Beyond these exp is 0 or infinite.
inline constexpr double kLeastExponent = -746;
inline constexpr double kMostExponent = 710;

/// 1/2!, 1/3!, ... 1/13!.
inline constexpr double kInverseFactorial[] = {
    1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,
    1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
    1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};

/// Central part of AS 241: |p - 1/2| <= kCentral.
inline constexpr double kCentral = 0.425;
inline constexpr double kCentralSquare = 0.180625;
inline constexpr double kCentralAbove[] = {
    3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
    1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
    3.3430575583588128105e+4, 2.5090809287301226727e+3};
inline constexpr double kCentralBelow[] = {1.0,
                                           4.2313330701600911252e+1,
                                           6.8718700749205790830e+2,
                                           5.3941960214247511077e+3,
                                           2.1213794301586595867e+4,
                                           3.9307895800092710610e+4,
                                           2.8729085735721942674e+4,
                                           5.2264952788528545610e+3};

/// out[i] = e^x[i].  `out` may be `x`.
void exp(const double* x, Index count, double* out) noexcept;

/// out[i] = the normal quantile of random::open_unit(bits[i]) where that lies within
/// kCentral of 1/2; elsewhere a number without meaning.
void central_normals(const std::uint64_t* bits, Index count, double* out) noexcept;

}  // namespace lade::kernels
