// SPDX-License-Identifier: Apache-2.0
// Loops of the expression machine over one run of rows. One byte a row is 0 or 1.
#pragma once

#include <cstdint>

#include "lade/core/expression_internal.h"
#include "lade/core/sequence.h"

namespace lade::kernels {

/// out[i] = bit first + i of the bitmap, as a byte.
void spread_bits(const std::uint8_t* bits, Index first, Index n,
                 std::uint8_t* out) noexcept;
/// out[i] &= bit first + i.
void and_bits(const std::uint8_t* bits, Index first, Index n,
              std::uint8_t* out) noexcept;

/// out[i] = (low <= x[first + i] <= high) ^ negated; low, high are bits of the kind.
void in_range(Kind kind, const void* x, Index first, Index n, std::int64_t low,
              std::int64_t high, bool negated, std::uint8_t* out) noexcept;
/// Membership of whole numbers in a sorted set, with its bitmap if it has one.
void in_set(Kind kind, const void* x, Index first, Index n, const std::int64_t* sorted,
            Index count, const std::uint64_t* bits, Index bit_count, bool negated,
            std::uint8_t* out) noexcept;
/// out[i] = table[code[i]].
void look_up(const std::int32_t* code, Index n, const std::uint8_t* table,
             std::uint8_t* out) noexcept;
/// Numbers of two types, exactly.
void compare(Comparison comparison, NumberType a_type, const void* a, NumberType b_type,
             const void* b, Index n, bool negated, std::uint8_t* out) noexcept;
void compare_scaled(Comparison comparison, const std::int64_t* a, std::int64_t a_scale,
                    const std::int64_t* b, std::int64_t b_scale, Index n, bool negated,
                    std::uint8_t* out) noexcept;
void all_of(const std::uint8_t* a, const std::uint8_t* b, Index n,
            std::uint8_t* out) noexcept;
void any_of(const std::uint8_t* a, const std::uint8_t* b, Index n,
            std::uint8_t* out) noexcept;

/// Any number kind or boolean, time as i64, widened to a register type: i64 for whole
/// kinds up to u32, u64, f64.
void widen(Kind kind, const void* x, Index first, Index n, void* out) noexcept;
/// f64 of a register.
void to_f64(NumberType type, const void* x, Index n, double* out) noexcept;

void arithmetic(Op op, const double* a, const double* b, Index n, double* out) noexcept;
/// valid[i] becomes 0 where the result leaves 64 bits. `b` of unary operations is
/// unused.
void arithmetic(Op op, const std::int64_t* a, const std::int64_t* b, Index n,
                std::int64_t* out, std::uint8_t* valid) noexcept;

}  // namespace lade::kernels
