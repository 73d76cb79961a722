// SPDX-License-Identifier: Apache-2.0
#include "lade/core/expression_kernels.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "lade/core/elementary.h"
#include "lade/core/set_kernels.h"

namespace lade::kernels {
namespace {

using Byte = std::uint8_t;

template <class T>
T from_bits(std::int64_t bits) noexcept {
  if constexpr (std::is_same_v<T, double>) {
    return std::bit_cast<double>(bits);
  } else if constexpr (std::is_same_v<T, float>) {
    return static_cast<float>(std::bit_cast<double>(bits));
  } else {
    return static_cast<T>(bits);
  }
}

/// Calls f with a value of the type of a kind; text and boolean have none.
template <class F>
void with_type(Kind kind, F&& f) {
  switch (kind) {
    case Kind::i8:
      return f(std::int8_t{});
    case Kind::i16:
      return f(std::int16_t{});
    case Kind::i32:
      return f(std::int32_t{});
    case Kind::i64:
    case Kind::time:
      return f(std::int64_t{});
    case Kind::boolean:
    case Kind::u8:
      return f(std::uint8_t{});
    case Kind::u16:
      return f(std::uint16_t{});
    case Kind::u32:
      return f(std::uint32_t{});
    case Kind::u64:
      return f(std::uint64_t{});
    case Kind::f32:
      return f(float{});
    case Kind::f64:
      return f(double{});
    case Kind::text:
      return;
  }
}

template <class Use>
void for_bits(const Byte* bits, Index first, Index n, Use use) {
  const int shift = static_cast<int>(first & 7);
  const Byte* at = bits + (first >> 3);
  Index i = 0;
  for (; i + 8 <= n; i += 8, ++at) {
    unsigned eight = static_cast<unsigned>(*at) >> shift;
    if (shift != 0) eight |= static_cast<unsigned>(at[1]) << (8 - shift);
    use(i, spread(eight & 0xFFU), 8);
  }
  if (i == n) return;
  std::uint64_t rest = 0;
  for (Index k = 0; i + k < n; ++k) {
    const Index row = first + i + k;
    rest |= static_cast<std::uint64_t>((bits[row >> 3] >> (row & 7)) & 1) << (8 * k);
  }
  use(i, rest, n - i);
}

template <class T>
void range(const T* x, Index n, T low, T high, Byte flip, Byte* out) noexcept {
  if constexpr (std::is_floating_point_v<T>) {
    between(x, n, low, high, flip, out);
  } else {
    // low <= x <= high as one unsigned comparison.
    using U = std::make_unsigned_t<T>;
    const U from = static_cast<U>(low);
    const U width = static_cast<U>(static_cast<U>(high) - from);
    if (width == 0) {
      for (Index i = 0; i < n; ++i) out[i] = static_cast<Byte>((x[i] == low) ^ flip);
      return;
    }
    for (Index i = 0; i < n; ++i) {
      const U above = static_cast<U>(static_cast<U>(x[i]) - from);
      out[i] = static_cast<Byte>((above <= width) ^ flip);
    }
  }
}

template <class T>
void few(const T* x, Index n, const std::int64_t* values, Index count, Byte flip,
         Byte* out) noexcept {
  range(x, n, static_cast<T>(values[0]), static_cast<T>(values[0]), Byte{0}, out);
  for (Index k = 1; k < count; ++k) {
    const T value = static_cast<T>(values[k]);
    for (Index i = 0; i < n; ++i) out[i] = static_cast<Byte>(out[i] | (x[i] == value));
  }
  if (flip != 0) {
    for (Index i = 0; i < n; ++i) out[i] = static_cast<Byte>(out[i] ^ 1);
  }
}

template <class T>
bool found(const std::int64_t* sorted, Index count, T value) noexcept {
  Index from = 0;
  for (Index size = count; size > 1;) {
    const Index half = size / 2;
    from += static_cast<T>(sorted[from + half]) <= value ? half : 0;
    size -= half;
  }
  return static_cast<T>(sorted[from]) == value;
}

template <class T>
void many(const T* x, Index n, const std::int64_t* sorted, Index count,
          const std::uint64_t* bits, Index bit_count, Byte flip, Byte* out) noexcept {
  using Wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
  if (bit_count == 0) {
    for (Index i = 0; i < n; ++i) {
      out[i] = static_cast<Byte>(found<Wide>(sorted, count, x[i]) ^ flip);
    }
    return;
  }
  const auto first = static_cast<std::uint64_t>(sorted[0]);
  const auto last = static_cast<std::uint64_t>(bit_count) - 1;
  for (Index i = 0; i < n; ++i) {
    const std::uint64_t above =
        static_cast<std::uint64_t>(static_cast<Wide>(x[i])) - first;
    const std::uint64_t at = above <= last ? above : 0;
    const auto bit =
        (bits[at >> 6] >> (at & 63)) & static_cast<std::uint64_t>(above <= last);
    out[i] = static_cast<Byte>((bit & 1) ^ flip);
  }
}

/// -1, 0, 1 for i < f, i == f, i > f; 2 if f is NaN. Rounding i to a double keeps the
/// order unless both become equal, and then f is whole.
template <class I>
int order(I i, double f) noexcept {
  const double near = static_cast<double>(i);
  if (near < f) return -1;
  if (near > f) return 1;
  if (near != f) return 2;
  const double beyond = std::is_signed_v<I> ? 0x1p63 : 0x1p64;
  if (f >= beyond) return -1;
  const I whole = static_cast<I>(f);
  return (i > whole) - (i < whole);
}

template <class A, class B>
bool is_less(A a, B b) noexcept {
  if constexpr (std::is_same_v<A, B>)
    return a < b;
  else if constexpr (std::is_same_v<A, double>)
    return order(b, a) == 1;
  else if constexpr (std::is_same_v<B, double>)
    return order(a, b) == -1;
  else
    return std::cmp_less(a, b);
}
template <class A, class B>
bool is_equal(A a, B b) noexcept {
  if constexpr (std::is_same_v<A, B>)
    return a == b;
  else if constexpr (std::is_same_v<A, double>)
    return order(b, a) == 0;
  else if constexpr (std::is_same_v<B, double>)
    return order(a, b) == 0;
  else
    return std::cmp_equal(a, b);
}

template <class A, class B>
void compare_all(Comparison comparison, const A* a, const B* b, Index n, Byte flip,
                 Byte* out) noexcept {
  switch (comparison) {
    case Comparison::equal:
      for (Index i = 0; i < n; ++i) {
        out[i] = static_cast<Byte>(is_equal(a[i], b[i]) ^ flip);
      }
      return;
    case Comparison::less:
      for (Index i = 0; i < n; ++i) {
        out[i] = static_cast<Byte>(is_less(a[i], b[i]) ^ flip);
      }
      return;
    case Comparison::less_equal:
      for (Index i = 0; i < n; ++i) {
        if constexpr (std::is_same_v<A, B>) {
          out[i] = static_cast<Byte>((a[i] <= b[i]) ^ flip);
        } else {
          out[i] =
              static_cast<Byte>((is_less(a[i], b[i]) || is_equal(a[i], b[i])) ^ flip);
        }
      }
      return;
  }
}

template <class F>
void with_number(NumberType type, const void* x, F&& f) {
  switch (type) {
    case NumberType::i64:
      return f(static_cast<const std::int64_t*>(x));
    case NumberType::u64:
      return f(static_cast<const std::uint64_t*>(x));
    case NumberType::f64:
      return f(static_cast<const double*>(x));
  }
}

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// The smaller (or greater) of two; NaN if either is.
double least(double a, double b) noexcept {
  if (a != a || b != b) return kNan;
  return b < a ? b : a;
}
double greatest(double a, double b) noexcept {
  if (a != a || b != b) return kNan;
  return a < b ? b : a;
}

template <class Operation>
void checked(const std::int64_t* a, const std::int64_t* b, Index n, std::int64_t* out,
             Byte* valid, Operation operation) noexcept {
  for (Index i = 0; i < n; ++i) {
    std::int64_t result = 0;
    const bool overflow = operation(a[i], b[i], &result);
    out[i] = result;
    valid[i] = static_cast<Byte>(valid[i] & (overflow ? 0 : 1));
  }
}

}  // namespace

void spread_bits(const std::uint8_t* bits, Index first, Index n,
                 std::uint8_t* out) noexcept {
  for_bits(bits, first, n, [&](Index i, std::uint64_t bytes, Index count) {
    std::memcpy(out + i, &bytes, static_cast<std::size_t>(count));
  });
}

void and_bits(const std::uint8_t* bits, Index first, Index n,
              std::uint8_t* out) noexcept {
  for_bits(bits, first, n, [&](Index i, std::uint64_t bytes, Index count) {
    std::uint64_t before = 0;
    std::memcpy(&before, out + i, static_cast<std::size_t>(count));
    before &= bytes;
    std::memcpy(out + i, &before, static_cast<std::size_t>(count));
  });
}

void in_range(Kind kind, const void* x, Index first, Index n, std::int64_t low,
              std::int64_t high, bool negated, std::uint8_t* out) noexcept {
  with_type(kind, [&](auto type) {
    using T = decltype(type);
    range(static_cast<const T*>(x) + first, n, from_bits<T>(low), from_bits<T>(high),
          static_cast<Byte>(negated), out);
  });
}

namespace {

/// Sets that lie within 255 numbers, as bits of a table that is looked up in vectors.
bool in_near_set(const std::int32_t* x, Index n, const std::int64_t* sorted,
                 Index count, Byte flip, Byte* out) noexcept {
  if (count <= 2 || sorted[count - 1] - sorted[0] >= 255) return false;
  Byte table[32] = {};
  for (Index k = 0; k < count; ++k) {
    const auto bit = static_cast<std::uint64_t>(sorted[k] - sorted[0]);
    table[bit >> 3] = static_cast<Byte>(table[bit >> 3] | 1U << (bit & 7));
  }
  offsets_from(x, n, static_cast<std::int32_t>(sorted[0]), out);
  look_up_bits(table, out, n, flip, out);
  return true;
}

}  // namespace

void in_set(Kind kind, const void* x, Index first, Index n, const std::int64_t* sorted,
            Index count, const std::uint64_t* bits, Index bit_count, bool negated,
            std::uint8_t* out) noexcept {
  constexpr Index kFew = 8;
  with_type(kind, [&](auto type) {
    using T = decltype(type);
    if constexpr (!std::is_floating_point_v<T>) {
      const T* from = static_cast<const T*>(x) + first;
      const auto flip = static_cast<Byte>(negated);
      if constexpr (std::is_same_v<T, std::int32_t>) {
        if (in_near_set(from, n, sorted, count, flip, out)) return;
      }
      if (count <= kFew) {
        few(from, n, sorted, count, flip, out);
      } else {
        many(from, n, sorted, count, bits, bit_count, flip, out);
      }
    }
  });
}

void look_up(const std::int32_t* code, Index n, const std::uint8_t* table,
             std::uint8_t* out) noexcept {
  for (Index i = 0; i < n; ++i) out[i] = table[code[i]];
}

void compare(Comparison comparison, NumberType a_type, const void* a, NumberType b_type,
             const void* b, Index n, bool negated, std::uint8_t* out) noexcept {
  with_number(a_type, a, [&](const auto* left) {
    with_number(b_type, b, [&](const auto* right) {
      compare_all(comparison, left, right, n, static_cast<Byte>(negated), out);
    });
  });
}

void compare_scaled(Comparison comparison, const std::int64_t* a, std::int64_t a_scale,
                    const std::int64_t* b, std::int64_t b_scale, Index n, bool negated,
                    std::uint8_t* out) noexcept {
  for (Index i = 0; i < n; ++i) {
    const __int128 left = static_cast<__int128>(a[i]) * a_scale;
    const __int128 right = static_cast<__int128>(b[i]) * b_scale;
    const bool holds = comparison == Comparison::equal  ? left == right
                       : comparison == Comparison::less ? left < right
                                                        : left <= right;
    out[i] = static_cast<Byte>(holds ^ negated);
  }
}

void all_of(const std::uint8_t* a, const std::uint8_t* b, Index n,
            std::uint8_t* out) noexcept {
  for (Index i = 0; i < n; ++i) out[i] = static_cast<Byte>(a[i] & b[i]);
}

void any_of(const std::uint8_t* a, const std::uint8_t* b, Index n,
            std::uint8_t* out) noexcept {
  for (Index i = 0; i < n; ++i) out[i] = static_cast<Byte>(a[i] | b[i]);
}

void widen(Kind kind, const void* x, Index first, Index n, void* out) noexcept {
  with_type(kind, [&](auto type) {
    using T = decltype(type);
    using Wide = std::conditional_t<std::is_floating_point_v<T>, double,
                                    std::conditional_t<std::is_same_v<T, std::uint64_t>,
                                                       std::uint64_t, std::int64_t>>;
    const T* from = static_cast<const T*>(x) + first;
    Wide* to = static_cast<Wide*>(out);
    // NOLINTNEXTLINE(bugprone-signed-char-misuse): int8 holds numbers here
    for (Index i = 0; i < n; ++i) to[i] = static_cast<Wide>(from[i]);
  });
}

void to_f64(NumberType type, const void* x, Index n, double* out) noexcept {
  with_number(type, x, [&](const auto* from) {
    for (Index i = 0; i < n; ++i) out[i] = static_cast<double>(from[i]);
  });
}

void arithmetic(Op op, const double* a, const double* b, Index n,
                double* out) noexcept {
  switch (op) {
    case Op::add:
      for (Index i = 0; i < n; ++i) out[i] = a[i] + b[i];
      return;
    case Op::subtract:
      for (Index i = 0; i < n; ++i) out[i] = a[i] - b[i];
      return;
    case Op::multiply:
      for (Index i = 0; i < n; ++i) out[i] = a[i] * b[i];
      return;
    case Op::divide:
      for (Index i = 0; i < n; ++i) out[i] = a[i] / b[i];
      return;
    case Op::negate:
      for (Index i = 0; i < n; ++i) out[i] = -a[i];
      return;
    case Op::absolute:
      for (Index i = 0; i < n; ++i) out[i] = std::fabs(a[i]);
      return;
    case Op::least:
      for (Index i = 0; i < n; ++i) out[i] = least(a[i], b[i]);
      return;
    case Op::greatest:
      for (Index i = 0; i < n; ++i) out[i] = greatest(a[i], b[i]);
      return;
    case Op::logarithm:
      for (Index i = 0; i < n; ++i) out[i] = log10(a[i]);
      return;
    default:
      LADE_DCHECK(false);
  }
}

void arithmetic(Op op, const std::int64_t* a, const std::int64_t* b, Index n,
                std::int64_t* out, std::uint8_t* valid) noexcept {
  using I = std::int64_t;
  switch (op) {
    case Op::add:
      return checked(a, b, n, out, valid,
                     [](I x, I y, I* r) { return __builtin_add_overflow(x, y, r); });
    case Op::subtract:
      return checked(a, b, n, out, valid,
                     [](I x, I y, I* r) { return __builtin_sub_overflow(x, y, r); });
    case Op::multiply:
      return checked(a, b, n, out, valid,
                     [](I x, I y, I* r) { return __builtin_mul_overflow(x, y, r); });
    case Op::negate:
      return checked(a, a, n, out, valid,
                     [](I x, I, I* r) { return __builtin_sub_overflow(I{0}, x, r); });
    case Op::absolute:
      return checked(a, a, n, out, valid, [](I x, I, I* r) {
        *r = x;
        return x < 0 && __builtin_sub_overflow(I{0}, x, r);
      });
    case Op::least:
      for (Index i = 0; i < n; ++i) out[i] = b[i] < a[i] ? b[i] : a[i];
      return;
    case Op::greatest:
      for (Index i = 0; i < n; ++i) out[i] = a[i] < b[i] ? b[i] : a[i];
      return;
    default:
      LADE_DCHECK(false);
  }
}

}  // namespace lade::kernels
