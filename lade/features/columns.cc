// SPDX-License-Identifier: Apache-2.0
#include "lade/features/columns.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "lade/core/elementary.h"

namespace lade {
namespace {

/// Rows converted at a time: small enough for the stack and the first-level cache.
constexpr Index kTile = 256;

float canonical(double value) noexcept {
  return std::isnan(value) ? std::bit_cast<float>(std::uint32_t{0x7FC00000})
                           : static_cast<float>(value);
}

template <class T>
void widen(const Column& column, Index begin, Index rows, double* out) noexcept {
  const T* const values = column.as<T>() + begin;
  for (Index r = 0; r < rows; ++r) out[r] = static_cast<double>(values[r]);
}

void widen_any(const Column& column, Index begin, Index rows, double* out) noexcept {
  switch (column.kind) {
    case Kind::boolean:
    case Kind::u8:
      return widen<std::uint8_t>(column, begin, rows, out);
    case Kind::i8:
      return widen<std::int8_t>(column, begin, rows, out);
    case Kind::i16:
      return widen<std::int16_t>(column, begin, rows, out);
    case Kind::i32:
    case Kind::text:
      return widen<std::int32_t>(column, begin, rows, out);
    case Kind::i64:
    case Kind::time:
      return widen<std::int64_t>(column, begin, rows, out);
    case Kind::u16:
      return widen<std::uint16_t>(column, begin, rows, out);
    case Kind::u32:
      return widen<std::uint32_t>(column, begin, rows, out);
    case Kind::u64:
      return widen<std::uint64_t>(column, begin, rows, out);
    case Kind::f32:
      return widen<float>(column, begin, rows, out);
    case Kind::f64:
      return widen<double>(column, begin, rows, out);
  }
}

/// Scale and shift of f32 input stay in f32, as the values are; everything else is f64.
void scale(const NumericInput& input, bool single, double* values,
           Index rows) noexcept {
  if (input.scale == 1.0 && input.shift == 0.0) return;
  if (single) {
    const auto factor = static_cast<float>(input.scale);
    const auto shift = static_cast<float>(input.shift);
    for (Index r = 0; r < rows; ++r) {
      const float product = static_cast<float>(values[r]) * factor;
      values[r] = static_cast<double>(product + shift);
    }
    return;
  }
  for (Index r = 0; r < rows; ++r) {
    const double product = values[r] * input.scale;
    values[r] = product + input.shift;
  }
}

bool plain(const NumericInput& input) noexcept {
  return input.transform == NumericInput::Transform::none && input.scale == 1.0 &&
         input.shift == 0.0;
}

/// Straight conversion of a type, without a buffer: the common way.
template <class T>
void store_plain(const T* values, Index rows, float* out, Index stride) noexcept {
  for (Index r = 0; r < rows; ++r) {
    const auto value = static_cast<float>(values[r]);
    out[r * stride] =
        value == value ? value : std::bit_cast<float>(std::uint32_t{0x7FC00000});
  }
}

bool store_plain_any(const Column& column, Index begin, Index rows, float* out,
                     Index stride) noexcept {
  switch (column.kind) {
    case Kind::f32:
      store_plain(column.as<float>() + begin, rows, out, stride);
      return true;
    case Kind::f64:
      store_plain(column.as<double>() + begin, rows, out, stride);
      return true;
    case Kind::i64:
    case Kind::time:
      store_plain(column.as<std::int64_t>() + begin, rows, out, stride);
      return true;
    case Kind::i32:
      store_plain(column.as<std::int32_t>() + begin, rows, out, stride);
      return true;
    case Kind::i16:
      store_plain(column.as<std::int16_t>() + begin, rows, out, stride);
      return true;
    case Kind::i8:
      store_plain(column.as<std::int8_t>() + begin, rows, out, stride);
      return true;
    case Kind::boolean:
    case Kind::u8:
      store_plain(column.as<std::uint8_t>() + begin, rows, out, stride);
      return true;
    case Kind::u16:
      store_plain(column.as<std::uint16_t>() + begin, rows, out, stride);
      return true;
    case Kind::u32:
      store_plain(column.as<std::uint32_t>() + begin, rows, out, stride);
      return true;
    case Kind::u64:
      store_plain(column.as<std::uint64_t>() + begin, rows, out, stride);
      return true;
    case Kind::text:
      return false;
  }
  return false;
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
  for (Index i = 0; i < count; ++i) {
    const double size = std::fabs(x[i]);
    const double value =
        x[i] == 0.0 ? 0.0 : std::copysign(lade::log10(size + shift), x[i]);
    out[i] = canonical(std::isnan(x[i]) ? x[i] : value);
  }
}

Index numeric(const NumericInput& input, const Column& column, Index begin, Index rows,
              float* out, Index stride) noexcept {
  if (!plain(input) || !store_plain_any(column, begin, rows, out, stride)) {
    std::array<double, kTile> values;
    std::array<float, kTile> results;
    for (Index at = 0; at < rows; at += kTile) {
      const Index count = std::min(kTile, rows - at);
      widen_any(column, begin + at, count, values.data());
      if (input.transform == NumericInput::Transform::log10) {
        signed_log10(values.data(), count, input.log_shift, results.data());
        for (Index r = 0; r < count; ++r)
          values[static_cast<std::size_t>(r)] = results[static_cast<std::size_t>(r)];
        scale(input, true, values.data(), count);
      } else {
        scale(input, column.kind == Kind::f32, values.data(), count);
      }
      float* const to = out + at * stride;
      for (Index r = 0; r < count; ++r)
        to[r * stride] = canonical(values[static_cast<std::size_t>(r)]);
    }
  }
  return fill_nulls(column, begin, rows, input.fill, out, stride);
}

}  // namespace lade
