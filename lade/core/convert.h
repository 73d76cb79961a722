// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "lade/core/matrix.h"

namespace lade {

/// Element types of batch arrays. bf16 is uint16 in NumPy; boolean is one byte.
enum class DType : std::uint8_t { boolean, u8, i8, i16, i32, i64, f16, bf16, f32 };
Index width(DType type) noexcept;
std::string_view name(DType type);
/// "f32", "float32", "i64", "int64", "bool" ...  Errors: ArgumentError naming `what`.
DType parse_dtype(std::string_view word, std::string_view what);

/// What a conversion met. overflow: input outside the type after rounding. Floats
/// become infinite (an input that was infinite is `nonfinite`, not overflow); integers
/// are not written. `first_overflow` names the element. underflow: not zero before,
/// zero after.
struct ConvertCounts {
  Index overflow = 0, underflow = 0, nonfinite = 0, missing = 0;
  Index first_overflow = -1;
};

/// out[i * stride] = in[i] in another type, one rounding, half to even; f64 to f16 and
/// bf16 as if rounded directly. NaN becomes the quiet NaN of the type with its sign; in
/// integer types NaN gives 0 and is counted as missing. Integers are exact or rounded
/// once. boolean is x != 0.
///
/// Shapes: in [count] contiguous; out count elements of `type`, `stride` elements
/// apart. Adds to `counts`.  Never fused, same bytes on every instruction set.
void convert(const float* in, Index count, DType type, void* out, Index stride,
             ConvertCounts& counts) noexcept;
void convert(const double* in, Index count, DType type, void* out, Index stride,
             ConvertCounts& counts) noexcept;
void convert(const std::int64_t* in, Index count, DType type, void* out, Index stride,
             ConvertCounts& counts) noexcept;

}  // namespace lade
