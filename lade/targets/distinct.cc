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

/// Numbers Numbering::keys. Those that lie close together are their own numbers.
void number_keys(Numbering& numbering) {
  const auto& keys = numbering.keys;
  numbering.number.resize(keys.size());
  numbering.numbers = 0;
  if (keys.empty()) return;
  const auto [least, most] = std::minmax_element(keys.begin(), keys.end());
  const std::uint64_t apart =
      static_cast<std::uint64_t>(*most) - static_cast<std::uint64_t>(*least);
  if (apart < 2 * keys.size() + 1024) {
    for (std::size_t e = 0; e < keys.size(); ++e) {
      numbering.number[e] = static_cast<std::int32_t>(
          static_cast<std::uint64_t>(keys[e]) - static_cast<std::uint64_t>(*least));
    }
    numbering.numbers = static_cast<Index>(apart) + 1;
    return;
  }
  number_sorted(
      keys.size(),
      [&](std::int32_t a, std::int32_t b) { return keys[at(a)] < keys[at(b)]; },
      [&](std::int32_t a, std::int32_t b) { return keys[at(a)] != keys[at(b)]; },
      numbering.order, numbering.number);
  numbering.numbers = static_cast<Index>(keys.size());
}

/// A dictionary may hold a text twice: numbers of codes become numbers of texts.
void join_equal_texts(const Dictionary& dictionary, Numbering& numbering) {
  std::vector<std::int32_t>& number = numbering.number;
  std::vector<std::int32_t>& code =
      numbering.seen;  // of a number that is in use, or -1
  code.assign(at(numbering.numbers), -1);
  for (std::size_t e = 0; e < number.size(); ++e) {
    code[at(number[e])] = static_cast<std::int32_t>(numbering.keys[e]);
  }
  std::vector<std::int64_t>& used = numbering.keys;
  used.clear();
  for (const std::int32_t c : code) {
    if (c >= 0) used.push_back(c);
  }
  const auto text = [&](std::int32_t u) { return dictionary[used[at(u)]]; };
  std::vector<std::int32_t> of_used(used.size());
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
  // Whole numbers, as codes are, may lie close together.
  const bool whole = std::all_of(row.begin(), row.end(), [&](std::int32_t r) {
    return std::fabs(x[r]) <= 0x1p52 && std::trunc(x[r]) == x[r];
  });
  numbering.keys.clear();
  for (const std::int32_t r : row) {
    const double value = x[r] == 0 ? 0.0 : x[r];
    numbering.keys.push_back(whole ? static_cast<std::int64_t>(value)
                                   : std::bit_cast<std::int64_t>(value));
  }
  number_keys(numbering);
}

void number_values(const Column& column, Index begin, std::span<const std::int32_t> row,
                   Numbering& numbering) {
  numbering.keys.clear();
  const bool text = column.kind == Kind::text;
  for (const std::int32_t r : row) {
    const Index place = begin + r;
    numbering.keys.push_back(text ? column.as<std::int32_t>()[place]
                                  : column.as<std::int64_t>()[place]);
  }
  number_keys(numbering);
  if (text && !row.empty()) join_equal_texts(*column.dictionary, numbering);
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
