// SPDX-License-Identifier: Apache-2.0
#include "lade/features/columns.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "lade/features/columns_kernels.h"

namespace lade {
namespace {

/// Rows of a logarithm at a time: small enough for the stack and the first-level cache.
constexpr Index kTile = 256;

/// Calls f with the values of the column as their type, from row `begin` on.
template <class F>
void with_values(const Column& column, Index begin, F f) noexcept {
  switch (column.kind) {
    case Kind::boolean:
    case Kind::u8:
      return f(column.as<std::uint8_t>() + begin);
    case Kind::i8:
      return f(column.as<std::int8_t>() + begin);
    case Kind::i16:
      return f(column.as<std::int16_t>() + begin);
    case Kind::i32:
    case Kind::text:
      return f(column.as<std::int32_t>() + begin);
    case Kind::i64:
    case Kind::time:
      return f(column.as<std::int64_t>() + begin);
    case Kind::u16:
      return f(column.as<std::uint16_t>() + begin);
    case Kind::u32:
      return f(column.as<std::uint32_t>() + begin);
    case Kind::u64:
      return f(column.as<std::uint64_t>() + begin);
    case Kind::f32:
      return f(column.as<float>() + begin);
    case Kind::f64:
      return f(column.as<double>() + begin);
  }
}

/// f32 and integers of up to 32 bits are scaled in f32, the others in f64.
bool is_wide(Kind kind) noexcept { return width(kind) == 8; }

float canonical(float value) noexcept {
  return value == value ? value : std::numeric_limits<float>::quiet_NaN();
}

/// out[r * stride] = f(r). Side by side is a loop of its own: the compiler makes
/// vectors of it.
template <class F>
void store(Index rows, float* out, Index stride, F f) noexcept {
  if (stride == 1) {
    for (Index r = 0; r < rows; ++r) out[r] = f(r);
  } else {
    for (Index r = 0; r < rows; ++r) out[r * stride] = f(r);
  }
}

template <class T>
void convert(const T* values, Index rows, float* out, Index stride) noexcept {
  if constexpr (std::is_same_v<T, double>) {
    if (stride == 1) return kernels::round_to_f32(values, rows, out);
  }
  store(rows, out, stride, [values](Index r) {
    const auto value = static_cast<float>(values[r]);
    return std::is_floating_point_v<T> ? canonical(value) : value;
  });
}

/// y = x * scale + shift in `Real`, then rounded to f32.
template <class Real, class T>
void convert_scaled(const T* values, Index rows, double scale, double shift, float* out,
                    Index stride) noexcept {
  const Real factor = static_cast<Real>(scale);
  const Real addend = static_cast<Real>(shift);
  store(rows, out, stride, [=](Index r) {
    const Real product = static_cast<Real>(values[r]) * factor;
    return canonical(static_cast<float>(product + addend));
  });
}

bool is_scaled(const NumericInput& input) noexcept {
  return input.scale != 1.0 || input.shift != 0.0;
}

void convert_log10(const NumericInput& input, const Column& column, Index begin,
                   Index rows, float* out, Index stride) noexcept {
  std::array<double, kTile> values;
  std::array<float, kTile> results;
  for (Index at = 0; at < rows; at += kTile) {
    const Index count = std::min(kTile, rows - at);
    with_values(column, begin + at, [&](const auto* from) {
      std::transform(from, from + count, values.begin(),
                     [](auto value) { return static_cast<double>(value); });
    });
    signed_log10(values.data(), count, input.log_shift, results.data());
    float* const to = out + at * stride;
    if (is_scaled(input)) {
      convert_scaled<float>(results.data(), count, input.scale, input.shift, to,
                            stride);
    } else {
      for (Index r = 0; r < count; ++r) {
        to[r * stride] = results[static_cast<std::size_t>(r)];
      }
    }
  }
}

Index fill_nulls(const Column& column, Index begin, Index rows, float fill, float* out,
                 Index stride) noexcept {
  if (column.validity == nullptr) return 0;
  Index filled = 0;
  for (Index r = 0; r < rows; ++r) {
    if (column.valid(begin + r)) continue;
    out[r * stride] = fill;
    ++filled;
  }
  return filled;
}

}  // namespace

void signed_log10(const double* x, Index count, double shift, float* out) noexcept {
  kernels::signed_log10(x, count, shift, out);
}

bool is_as_stored(const NumericInput& input, const Column& column) noexcept {
  return column.kind == Kind::f32 && column.validity == nullptr &&
         input.transform == NumericInput::Transform::none && !is_scaled(input);
}

Index numeric(const NumericInput& input, const Column& column, Index begin, Index rows,
              float* out, Index stride) noexcept {
  if (input.transform == NumericInput::Transform::log10) {
    convert_log10(input, column, begin, rows, out, stride);
  } else if (!is_scaled(input)) {
    with_values(column, begin,
                [&](const auto* values) { convert(values, rows, out, stride); });
  } else {
    with_values(column, begin, [&](const auto* values) {
      if (is_wide(column.kind)) {
        convert_scaled<double>(values, rows, input.scale, input.shift, out, stride);
      } else {
        convert_scaled<float>(values, rows, input.scale, input.shift, out, stride);
      }
    });
  }
  return fill_nulls(column, begin, rows, input.fill, out, stride);
}

}  // namespace lade
