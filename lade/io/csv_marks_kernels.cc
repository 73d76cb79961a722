// SPDX-License-Identifier: Apache-2.0
#include "lade/io/csv_marks_kernels.h"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lade/io/csv_marks_kernels.cc"
#include "hwy/foreach_target.h"  // compiles this file once per instruction set
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace lade::kernels::HWY_NAMESPACE {
namespace {
namespace hn = hwy::HWY_NAMESPACE;

struct Masks {
  std::uint64_t quote = 0;
  std::uint64_t field_end = 0;
};

// Bit i: what byte i of the 64 is.
Masks classify(const char* text, io::CsvDialect dialect) {
  const hn::CappedTag<std::uint8_t, 64> tag;
  const std::size_t lanes = hn::Lanes(tag);
  const auto quote = hn::Set(tag, static_cast<std::uint8_t>(dialect.quote));
  const auto delimiter = hn::Set(tag, static_cast<std::uint8_t>(dialect.delimiter));
  const auto line_feed = hn::Set(tag, static_cast<std::uint8_t>('\n'));
  std::uint8_t quotes[8 + 64] = {};  // StoreMaskBits may write a whole vector's worth
  std::uint8_t ends[8 + 64] = {};
  for (std::size_t k = 0; k < 64; k += lanes) {
    const auto bytes = hn::LoadU(tag, reinterpret_cast<const std::uint8_t*>(text) + k);
    hn::StoreMaskBits(tag, hn::Eq(bytes, quote), quotes + k / 8);
    hn::StoreMaskBits(tag, hn::Or(hn::Eq(bytes, delimiter), hn::Eq(bytes, line_feed)),
                      ends + k / 8);
  }
  Masks masks;
  std::memcpy(&masks.quote, quotes, 8);
  std::memcpy(&masks.field_end, ends, 8);
  return masks;
}

std::uint64_t prefix_xor(std::uint64_t x) {
  x ^= x << 1;
  x ^= x << 2;
  x ^= x << 4;
  x ^= x << 8;
  x ^= x << 16;
  return x ^ (x << 32);
}

bool mark_fields(const char* text, Index bytes, io::CsvDialect dialect,
                 std::uint64_t* marks, bool* open) {
  // One byte at a time (the scalar target) is what the reference does better.
  if (hn::Lanes(hn::CappedTag<std::uint8_t, 64>()) < 8) return false;
  std::uint64_t inside = 0;    // all ones while a quoted field spans two words
  std::uint64_t may_open = 1;  // bit 0: a quote may open at the first byte of the word
  for (Index i = 0; i < bytes; i += 64) {
    Masks masks = classify(text + i, dialect);
    const std::uint64_t kept =
        bytes - i >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << (bytes - i)) - 1;
    if (dialect.quote == 0) masks.quote = 0;
    masks.quote &= kept;
    const std::uint64_t quoted = prefix_xor(masks.quote) ^ inside;
    const std::uint64_t opening = masks.quote & quoted;
    const std::uint64_t before = ((masks.field_end | masks.quote) << 1) | may_open;
    if ((opening & ~before) != 0) return false;
    marks[i / 64] = masks.field_end & ~quoted & kept;
    may_open = (masks.field_end | masks.quote) >> 63;
    inside = (quoted >> 63) != 0 ? ~std::uint64_t{0} : 0;
    if (bytes - i <= 64) *open = ((quoted >> ((bytes - i - 1) & 63)) & 1) != 0;
  }
  return true;
}

}  // namespace
}  // namespace lade::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lade::kernels {

HWY_EXPORT(mark_fields);

bool mark_fields(const char* text, Index bytes, io::CsvDialect dialect,
                 std::uint64_t* marks, bool* open) noexcept {
  return HWY_DYNAMIC_DISPATCH(mark_fields)(text, bytes, dialect, marks, open);
}

}  // namespace lade::kernels
#endif  // HWY_ONCE
