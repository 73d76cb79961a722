// SPDX-License-Identifier: Apache-2.0
#include "lade/targets/boundary_kernels.h"

#include <algorithm>
#include <bit>

#include "lade/core/calendar.h"

namespace lade::kernels {
namespace {

constexpr Index kBlock = 512;                  // keys stay in L1
constexpr double kTwo52 = 4503599627370496.0;  // its f64 has ulp 1
constexpr std::uint64_t kTwo52Bits = 0x4330000000000000;
constexpr std::uint64_t kExact = std::uint64_t{1} << 50;

/// A width as 2^twos * odd: floor(u / width) = floor((u >> twos) / odd).
struct Divisor {
  std::uint64_t width;
  int twos;
  double odd;
  double inverse;
};

Divisor divisor_of(std::int64_t width) noexcept {
  const auto value = static_cast<std::uint64_t>(width);
  const int twos = std::countr_zero(value);
  const auto odd = static_cast<double>(value >> twos);
  return {value, twos, odd, 1.0 / odd};
}

// For v = (u >> twos) < 2^50 the estimate v * inverse is off by less than 1/4 + 1 ulp,
// so the nearest whole number is the quotient or one more; v - q * odd is exact (below
// 2^53) and its sign tells which. Every step exists in the smallest vector sets.
void keys_of(const std::int64_t* time, Index n, std::uint64_t origin, const Divisor& by,
             std::uint64_t base, std::int64_t* keys) noexcept {
  for (Index r = 0; r < n; ++r) {
    const std::uint64_t v = (static_cast<std::uint64_t>(time[r]) - origin) >> by.twos;
    const double x = std::bit_cast<double>(v | kTwo52Bits) - kTwo52;
    const double q = (x * by.inverse + kTwo52) - kTwo52;
    const double rest = x - q * by.odd;
    const std::uint64_t above = std::bit_cast<std::uint64_t>(rest) >> 63;
    const std::uint64_t whole = std::bit_cast<std::uint64_t>(q + kTwo52) - kTwo52Bits;
    keys[r] = static_cast<std::int64_t>(whole - above + base);
  }
}

void keys_by_division(const std::int64_t* time, Index n, std::uint64_t origin,
                      const Divisor& by, std::uint64_t base,
                      std::int64_t* keys) noexcept {
  for (Index r = 0; r < n; ++r) {
    const std::uint64_t u = static_cast<std::uint64_t>(time[r]) - origin;
    keys[r] = static_cast<std::int64_t>(u / by.width + base);
  }
}

}  // namespace

void append_run(std::int64_t key, Index last, RunWriter& writer) noexcept {
  if (writer.runs == 0 || writer.keys[writer.runs - 1] != key) ++writer.runs;
  writer.ends[writer.runs - 1] = static_cast<std::int32_t>(last);
  writer.keys[writer.runs - 1] = key;
}

void cut_rows(const std::int64_t* time, Index n, std::int64_t shift, std::int64_t width,
              Index row, RunWriter& writer) noexcept {
  const Divisor by = divisor_of(width);
  std::int64_t keys[kBlock];
  for (Index begin = 0; begin < n; begin += kBlock) {
    const Index rows = std::min(kBlock, n - begin);
    const std::int64_t* t = time + begin;
    const std::int64_t base = floor_div(t[0] + shift, width);
    // Modulo 2^64, so that a first interval that begins before the smallest time is no
    // overflow; differences from it are true again.
    const std::uint64_t origin =
        static_cast<std::uint64_t>(base) * by.width - static_cast<std::uint64_t>(shift);
    const std::uint64_t widest = static_cast<std::uint64_t>(t[rows - 1]) - origin;
    const auto first = static_cast<std::uint64_t>(base);
    if ((widest >> by.twos) < kExact) {
      keys_of(t, rows, origin, by, first, keys);
    } else {
      keys_by_division(t, rows, origin, by, first, keys);
    }
    // The last row of a run overwrites the earlier ones: no branch, no reading back.
    append_run(keys[0], row + begin, writer);
    Index last = writer.runs - 1;
    for (Index r = 1; r < rows; ++r) {
      last += keys[r] != keys[r - 1] ? 1 : 0;
      writer.ends[last] = static_cast<std::int32_t>(row + begin + r);
      writer.keys[last] = keys[r];
    }
    writer.runs = last + 1;
  }
}

}  // namespace lade::kernels
