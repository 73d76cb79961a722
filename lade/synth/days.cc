// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "lade/synth/history_internal.h"

namespace lade {
namespace {

constexpr Index kBlock = 64;  // draws at a time
constexpr Date kFirstDate = {1, 1, 1};

}  // namespace

void Days::start(const TransactionsSpec& spec, Index user, Index events) {
  key_ = key_of(spec.seed, user, Purpose::days);
  per_day_ = spec.per_day;
  left_ = events;
  day_ = -1;
  block_ = -1;
  draws_.resize(kBlock);
  const Index most = to_day(spec.end) - to_day(kFirstDate);
  Index sum = 0;
  while (sum < events) {
    if (++day_ >= most) {
      throw ArgumentError(fmt::format(
          "transactions: days must not reach back beyond the year 1, but {} events of "
          "user {} at {} to {} a day need more than {} days",
          events, user, per_day_.low, per_day_.high, most));
    }
    sum += rows_of(day_);
  }
  too_many_ = spec.layout == DayLayout::plain ? sum - events : 0;
}

Index Days::rows_of(Index day) {
  if (day / kBlock != block_) {
    block_ = day / kBlock;
    random::draws(key_, block_ * kBlock, kBlock, draws_.data());
  }
  const auto count = static_cast<std::uint64_t>(per_day_.high - per_day_.low + 1);
  const auto product =
      static_cast<unsigned __int128>(draws_[static_cast<std::size_t>(day % kBlock)]) *
      count;
  return per_day_.low + static_cast<Index>(product >> 64U);
}

Days::Day Days::next() {
  const Index rows = std::min(rows_of(day_) - too_many_, left_);
  too_many_ = 0;
  left_ -= rows;
  return {static_cast<std::int32_t>(day_--), rows};
}

DayTimes::DayTimes(std::span<const double> hours) {
  double sum = 0;
  for (const double weight : hours) sum += weight;
  double before = 0;
  for (int hour = 0; hour < 24; ++hour) {
    before += hours[static_cast<std::size_t>(hour)];
    if (hours[static_cast<std::size_t>(hour)] > 0) last_ = hour;
    const double share = before / sum;
    end_[hour] =
        share >= 1 ? ~std::uint64_t{0} : static_cast<std::uint64_t>(share * 0x1p64);
  }
  for (std::uint64_t high = 0; high < 256; ++high) {
    int hour = 0;
    while (hour < last_ && (high << 56U) >= end_[hour]) ++hour;
    first_hour_[high] = static_cast<std::uint8_t>(hour);
  }
}

}  // namespace lade
