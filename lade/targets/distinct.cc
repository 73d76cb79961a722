// SPDX-License-Identifier: Apache-2.0
#include "lade/targets/distinct.h"

#include <bit>
#include <cmath>
#include <numeric>
#include <string_view>

namespace lade {
namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

/// Numbers elements by their order: those of which `differ` holds for neighbours get
/// different numbers.
template <class Less, class Differ>
void number_sorted(std::size_t size, Less less, Differ differ,
                   std::vector<std::int32_t>& order,
                   std::vector<std::int32_t>& number) {
  order.resize(size);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), less);
  std::int32_t next = 0;
  for (std::size_t k = 0; k < size; ++k) {
    if (k > 0 && differ(order[k - 1], order[k])) ++next;
    number[at(order[k])] = next;
  }
}

/// Numbers elements by their keys. Those that lie close together are their own numbers.
template <class Key>
void number_by(Index size, Key key, Numbering& numbering) {
  std::vector<std::int32_t>& number = numbering.number;
  number.resize(at(size));
  numbering.numbers = 0;
  if (size == 0) return;
  std::int64_t least = key(0);
  std::int64_t most = least;
  for (Index e = 1; e < size; ++e) {
    least = std::min(least, key(e));
    most = std::max(most, key(e));
  }
  const auto from = static_cast<std::uint64_t>(least);
  const std::uint64_t apart = static_cast<std::uint64_t>(most) - from;
  if (apart < static_cast<std::uint64_t>(size) + 1024) {
    for (Index e = 0; e < size; ++e) {
      number[at(e)] =
          static_cast<std::int32_t>(static_cast<std::uint64_t>(key(e)) - from);
    }
    numbering.numbers = static_cast<Index>(apart) + 1;
    return;
  }
  number_sorted(
      at(size), [&](std::int32_t a, std::int32_t b) { return key(a) < key(b); },
      [&](std::int32_t a, std::int32_t b) { return key(a) != key(b); }, numbering.order,
      number);
  numbering.numbers = size;
}

/// A dictionary may hold a text twice: numbers of codes become numbers of texts.
template <class Key>
void join_equal_texts(const Dictionary& dictionary, Key code_of, Numbering& numbering) {
  std::vector<std::int32_t>& number = numbering.number;
  std::vector<std::int32_t>& code = numbering.code;  // of a number, or -1: not in use
  std::vector<std::int32_t>& used = numbering.used;
  code.assign(at(numbering.numbers), -1);
  for (std::size_t e = 0; e < number.size(); ++e) {
    code[at(number[e])] = static_cast<std::int32_t>(code_of(static_cast<Index>(e)));
  }
  used.clear();
  for (const std::int32_t c : code) {
    if (c >= 0) used.push_back(c);
  }
  const auto text = [&](std::int32_t u) { return dictionary[used[at(u)]]; };
  std::vector<std::int32_t>& of_used = numbering.seen;
  of_used.resize(used.size());
  number_sorted(
      used.size(), [&](std::int32_t a, std::int32_t b) { return text(a) < text(b); },
      [&](std::int32_t a, std::int32_t b) { return text(a) != text(b); },
      numbering.order, of_used);
  std::size_t u = 0;
  for (std::int32_t& c : code) {
    if (c >= 0) c = of_used[u++];
  }
  for (std::int32_t& n : number) n = code[at(n)];
}

}  // namespace

void number_values(const double* x, std::span<const std::int32_t> row,
                   Numbering& numbering) {
  const auto size = static_cast<Index>(row.size());
  const auto value = [&](Index e) { return x[row[at(e)]] == 0 ? 0.0 : x[row[at(e)]]; };
  // Whole numbers, as codes are, may lie close together.
  const bool whole = std::all_of(row.begin(), row.end(), [&](std::int32_t r) {
    return std::fabs(x[r]) <= 0x1p52 && std::trunc(x[r]) == x[r];
  });
  if (whole) {
    number_by(
        size, [&](Index e) { return static_cast<std::int64_t>(value(e)); }, numbering);
  } else {
    number_by(
        size, [&](Index e) { return std::bit_cast<std::int64_t>(value(e)); },
        numbering);
  }
}

void number_values(const Column& column, Index begin, std::span<const std::int32_t> row,
                   Numbering& numbering) {
  const auto size = static_cast<Index>(row.size());
  if (column.kind != Kind::text) {
    const auto* values = column.as<std::int64_t>() + begin;
    return number_by(size, [&](Index e) { return values[row[at(e)]]; }, numbering);
  }
  const auto* codes = column.as<std::int32_t>() + begin;
  const auto code = [&](Index e) -> std::int64_t { return codes[row[at(e)]]; };
  number_by(size, code, numbering);
  if (size > 0) join_equal_texts(*column.dictionary, code, numbering);
}

void window_distinct(RowWindows over, Numbering& numbering, double* out) {
  std::vector<std::int32_t>& seen = numbering.seen;
  seen.assign(at(numbering.numbers), 0);
  const auto& number = numbering.number;
  Index different = 0;
  go_forward(
      over, [&](Index e) { different += seen[at(number[at(e)])]++ == 0 ? 1 : 0; },
      [&](Index e) { different -= --seen[at(number[at(e)])] == 0 ? 1 : 0; },
      [&](Index i, Index) { out[i] = static_cast<double>(different); });
}

}  // namespace lade
