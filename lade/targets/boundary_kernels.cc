// SPDX-License-Identifier: Apache-2.0
#include "lade/targets/boundary_kernels.h"

#include <algorithm>
#include <bit>

#include "lade/core/calendar.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lade/targets/boundary_kernels.cc"
#include "hwy/foreach_target.h"  // compiles this file once per instruction set

#include "hwy/highway.h"

// Blocks of 512 rows. Plain loops become vectors by the compiler, for every instruction
// set its own.
HWY_BEFORE_NAMESPACE();
namespace lade::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

constexpr Index kBlock = 512;                  // quotients stay in L1
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

Divisor divisor_of(std::int64_t width) {
  const auto value = static_cast<std::uint64_t>(width);
  const int twos = std::countr_zero(value);
  const auto odd = static_cast<double>(value >> twos);
  return {value, twos, odd, 1.0 / odd};
}

// For v = (u >> twos) < 2^50 the estimate v * inverse is off by less than 1/4 + 1 ulp,
// so the nearest whole number is the quotient or one more; v - q * odd is exact (below
// 2^53) and its sign tells which. Every step exists in the smallest vector sets.
HWY_ATTR void quotients(const std::int64_t* HWY_RESTRICT time, Index n,
                        std::uint64_t origin, const Divisor& by,
                        std::uint64_t* HWY_RESTRICT quotient) {
  const int twos = by.twos;
  const double inverse = by.inverse;
  const double odd = by.odd;
  for (Index r = 0; r < n; ++r) {
    const std::uint64_t v = (static_cast<std::uint64_t>(time[r]) - origin) >> twos;
    const double x = std::bit_cast<double>(v | kTwo52Bits) - kTwo52;
    const double q = (x * inverse + kTwo52) - kTwo52;
    const double rest = x - q * odd;
    const std::uint64_t above = std::bit_cast<std::uint64_t>(rest) >> 63;
    quotient[r] = std::bit_cast<std::uint64_t>(q + kTwo52) - kTwo52Bits - above;
  }
}

/// What has no exact f64.
HWY_ATTR void quotients_by_division(const std::int64_t* time, Index n,
                                    std::uint64_t origin, const Divisor& by,
                                    std::uint64_t* quotient) {
  for (Index r = 0; r < n; ++r) {
    quotient[r] = (static_cast<std::uint64_t>(time[r]) - origin) / by.width;
  }
}

/// The first rows of the runs of one block.
template <class Row>
struct Begins {
  Row row[kBlock + 16];  // counted from the block's first
  Index count = 0;
  std::uint8_t flags[kBlock + 16];  // per vector of 64-bit numbers: which of its rows
};

// keep_lanes: lanes of a mask, first ones first. GCC copies the table of Highway's own
// Compress to the stack at every call.
#if HWY_TARGET == HWY_AVX2
/// Halves of the lanes that a mask of four keeps, first ones first.
struct KeptHalves {
  alignas(32) std::int32_t of[16][8] = {};
};
constexpr KeptHalves kept_halves() {
  KeptHalves table;
  for (int mask = 0; mask < 16; ++mask) {
    int to = 0;
    for (int lane = 0; lane < 4; ++lane) {
      if ((mask >> lane & 1) == 0) continue;
      table.of[mask][to++] = 2 * lane;
      table.of[mask][to++] = 2 * lane + 1;
    }
  }
  return table;
}
constexpr KeptHalves kKeptHalves = kept_halves();

template <class V, class M>
HWY_ATTR HWY_INLINE V keep_lanes(V v, M, std::uint8_t flags) {
  const hn::ScalableTag<std::uint64_t> d;
  const hn::ScalableTag<std::int32_t> d32;
  const auto halves = hn::SetTableIndices(d32, kKeptHalves.of[flags]);
  return hn::BitCast(d, hn::TableLookupLanes(hn::BitCast(d32, v), halves));
}
#elif HWY_TARGET <= HWY_AVX3
template <class V, class M>
HWY_ATTR HWY_INLINE V keep_lanes(V v, M mask, std::uint8_t) {
  return V{_mm512_maskz_compress_epi64(mask.raw, v.raw)};
}
#else
template <class V, class M>
HWY_ATTR HWY_INLINE V keep_lanes(V v, M mask, std::uint8_t) {
  return hn::Compress(v, mask);
}
#endif

/// Finds rows whose quotient is not the one before; writes their keys.
/// Shapes: quotient [-1 .. n - 1]; keys room for n.
HWY_ATTR void find_begins(const std::uint64_t* quotient, Index n, std::uint64_t base,
                          std::uint64_t* keys, Begins<std::uint64_t>& begins) {
  const hn::ScalableTag<std::uint64_t> d;
  const auto lanes = static_cast<Index>(hn::Lanes(d));
  const auto bases = hn::Set(d, base);
  const auto step = hn::Set(d, static_cast<std::uint64_t>(lanes));
  auto rows = hn::Iota(d, 0);
  std::uint8_t* flags = begins.flags;
  Index count = 0;
  Index r = 0;
  for (; r + lanes <= n; r += lanes) {
    const auto q = hn::LoadU(d, quotient + r);
    const auto changed = hn::Ne(q, hn::LoadU(d, quotient + r - 1));
    hn::StoreMaskBits(d, changed, flags);
    hn::StoreU(keep_lanes(hn::Add(q, bases), changed, *flags), d, keys + count);
    hn::StoreU(keep_lanes(rows, changed, *flags), d, begins.row + count);
    ++flags;
    count += static_cast<Index>(hn::CountTrue(d, changed));
    rows = hn::Add(rows, step);
  }
  *flags = 0;
  for (; r < n; ++r) {
    if (quotient[r] == quotient[r - 1]) continue;
    *flags = static_cast<std::uint8_t>(*flags | 1U << (r % lanes));
    keys[count] = quotient[r] + base;
    begins.row[count++] = static_cast<std::uint64_t>(r);
  }
  begins.count = count;
}

/// Sets the bits of first rows of a block of n rows that begins with row `at`.
template <class Row>
HWY_ATTR void put_bits(const Begins<Row>& begins, Index n, Index at,
                       std::uint64_t* to) {
  const auto lanes = static_cast<Index>(hn::Lanes(hn::ScalableTag<std::uint64_t>()));
  const int shift = static_cast<int>(at & 63);
  const std::uint8_t* flags = begins.flags;
  for (Index r = 0; r < n; r += 64) {
    std::uint64_t word = 0;
    const Index last = std::min<Index>(n - r, 64);
    for (Index k = 0; k < last; k += lanes) word |= std::uint64_t{*flags++} << k;
    std::uint64_t* const w = to + ((at + r) >> 6);
    w[0] |= word << shift;
    if (shift != 0 && (word >> (64 - shift)) != 0) w[1] |= word >> (64 - shift);
  }
}

/// Writes the runs of n rows whose first rows and keys are found; `row` is the first.
template <class Row>
HWY_ATTR void add_runs(const Begins<Row>& begins, Index n, Index row,
                       RunWriter& writer) {
  if (writer.begins != nullptr) put_bits(begins, n, row, writer.begins);
  // A run ends where the next one begins.
  std::int32_t* const ends = writer.ends + writer.runs - 1;
  for (Index i = writer.runs == 0 ? 1 : 0; i < begins.count; ++i) {
    ends[i] =
        static_cast<std::int32_t>(begins.row[i]) + static_cast<std::int32_t>(row - 1);
  }
  ends[begins.count] = static_cast<std::int32_t>(row + n - 1);
  writer.runs += begins.count;
}

/// Whether the run that is open has the key `base + quotient`.
HWY_ATTR bool goes_on(const RunWriter& writer, std::uint64_t base,
                      std::uint64_t quotient) {
  return writer.runs > 0 &&
         static_cast<std::uint64_t>(writer.keys[writer.runs - 1]) == base + quotient;
}

HWY_ATTR void cut_block(std::uint64_t* quotient, Index n, Index row, std::uint64_t base,
                        RunWriter& writer) {
  // The row before is of the run that is open, if its key says so.
  quotient[-1] = quotient[0] + (goes_on(writer, base, quotient[0]) ? 0 : 1);
  Begins<std::uint64_t> begins;
  find_begins(quotient, n, base,
              reinterpret_cast<std::uint64_t*>(writer.keys + writer.runs), begins);
  add_runs(begins, n, row, writer);
}

#if HWY_TARGET <= HWY_AVX3
// Quotients of 32 bits, sixteen to a vector, where a block's fit. With the inverse
// rounded up the product of v < 2^50 is never below the quotient, and as v + odd < 2^51
// its error, under 2^-51 of it, does not reach the next: cutting it off is exact.
constexpr std::uint64_t kNarrow = std::uint64_t{1} << 30;

HWY_ATTR void narrow_quotients(const std::int64_t* HWY_RESTRICT time, Index n,
                               std::uint64_t origin, const Divisor& by,
                               std::int32_t* HWY_RESTRICT quotient) {
  const int twos = by.twos;
  const double inverse =
      std::bit_cast<double>(std::bit_cast<std::uint64_t>(by.inverse) + 1);
  for (Index r = 0; r < n; ++r) {
    const std::uint64_t v = (static_cast<std::uint64_t>(time[r]) - origin) >> twos;
    const double x = std::bit_cast<double>(v | kTwo52Bits) - kTwo52;
    quotient[r] = static_cast<std::int32_t>(x * inverse);
  }
}

/// find_begins of 32 bits; found[i]: the quotient of run i.  Shapes: found [n + 16].
HWY_ATTR void find_narrow_begins(const std::int32_t* quotient, Index n,
                                 std::int32_t* found, Begins<std::int32_t>& begins) {
  const hn::ScalableTag<std::int32_t> d;
  constexpr Index kLanes = 16;
  auto rows = hn::Iota(d, 0);
  std::uint8_t* flags = begins.flags;
  Index count = 0;
  Index r = 0;
  for (; r + kLanes <= n; r += kLanes) {
    const auto q = hn::LoadU(d, quotient + r);
    const auto changed = hn::Ne(q, hn::LoadU(d, quotient + r - 1));
    hn::StoreMaskBits(d, changed, flags);
    _mm512_storeu_si512(found + count, _mm512_maskz_compress_epi32(changed.raw, q.raw));
    _mm512_storeu_si512(begins.row + count,
                        _mm512_maskz_compress_epi32(changed.raw, rows.raw));
    flags += kLanes / 8;
    count += static_cast<Index>(hn::CountTrue(d, changed));
    rows = hn::Add(rows, hn::Set(d, kLanes));
  }
  flags[0] = flags[1] = 0;
  for (; r < n; ++r) {
    if (quotient[r] == quotient[r - 1]) continue;
    std::uint8_t& flag = flags[r % kLanes / 8];
    flag = static_cast<std::uint8_t>(flag | 1U << (r % 8));
    found[count] = quotient[r];
    begins.row[count++] = static_cast<std::int32_t>(r);
  }
  begins.count = count;
}

HWY_ATTR void cut_narrow_block(std::int32_t* quotient, Index n, Index row,
                               std::uint64_t base, RunWriter& writer) {
  const bool same = goes_on(writer, base, static_cast<std::uint64_t>(quotient[0]));
  quotient[-1] = quotient[0] + (same ? 0 : 1);
  Begins<std::int32_t> begins;
  std::int32_t found[kBlock + 16];
  find_narrow_begins(quotient, n, found, begins);
  std::int64_t* const keys = writer.keys + writer.runs;
  for (Index i = 0; i < begins.count; ++i) {
    keys[i] = static_cast<std::int64_t>(base + static_cast<std::uint64_t>(found[i]));
  }
  add_runs(begins, n, row, writer);
}
#endif

HWY_ATTR void cut_rows(const std::int64_t* time, Index n, std::int64_t shift,
                       std::int64_t width, Index row, RunWriter& writer) {
  const Divisor by = divisor_of(width);
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
#if HWY_TARGET <= HWY_AVX3
    if ((widest >> by.twos) < kExact && by.odd < 0x1p50 &&
        widest / by.width < kNarrow) {
      std::int32_t narrow[kBlock + 1];
      narrow_quotients(t, rows, origin, by, narrow + 1);
      cut_narrow_block(narrow + 1, rows, row + begin, first, writer);
      continue;
    }
#endif
    std::uint64_t quotient[kBlock + 1];
    if ((widest >> by.twos) < kExact) {
      quotients(t, rows, origin, by, quotient + 1);
    } else {
      quotients_by_division(t, rows, origin, by, quotient + 1);
    }
    cut_block(quotient + 1, rows, row + begin, first, writer);
  }
}

}  // namespace
}  // namespace lade::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lade::kernels {

HWY_EXPORT(cut_rows);

void append_run(std::int64_t key, Index first, Index last, RunWriter& writer) noexcept {
  if (writer.runs == 0 || writer.keys[writer.runs - 1] != key) {
    ++writer.runs;
    if (writer.begins != nullptr) {
      writer.begins[first >> 6] |= std::uint64_t{1} << (first & 63);
    }
  }
  writer.ends[writer.runs - 1] = static_cast<std::int32_t>(last);
  writer.keys[writer.runs - 1] = key;
}

void cut_rows(const std::int64_t* time, Index n, std::int64_t shift, std::int64_t width,
              Index row, RunWriter& writer) noexcept {
  HWY_DYNAMIC_DISPATCH(cut_rows)(time, n, shift, width, row, writer);
}

}  // namespace lade::kernels
#endif
