// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>

#include "lade/core/elementary.h"
#include "lade/synth/amounts_kernels.h"
#include "lade/synth/history_internal.h"

namespace lade {
namespace {

constexpr Index kBlock = 1024;         // rows at a time, in the first cache
constexpr Index kSortedDay = 1 << 16;  // longer days are counted, not sorted
constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kDay = 86'400 * kSecond;

constexpr std::int8_t kTypes[] = {1, 3, 4, 7, 9};
constexpr std::int16_t kCountries[] = {15, 217};
constexpr std::int16_t kCurrency = 110;

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

/// Ascending order of a few numbers, nearly always 1 to 3.
void sort_times(std::int64_t* first, Index count) {
  if (count > 16) {
    std::sort(first, first + count);
    return;
  }
  for (Index i = 1; i < count; ++i) {
    const std::int64_t value = first[i];
    Index j = i;
    for (; j > 0 && first[j - 1] > value; --j) first[j] = first[j - 1];
    first[j] = value;
  }
}

}  // namespace

TransactionColumns TransactionColumns::from(Index row) const {
  TransactionColumns out{user_id + row, time + row,     days_before_end + row,
                         mcc + row,     amount + row,   type + row,
                         country + row, currency + row, extra};
  for (float*& column : out.extra) column += row;
  return out;
}

History::History(const TransactionLaws& laws)
    : laws_(laws),
      draws_(at(kBlock)),
      weights_(laws.weights.size()),
      places_(0, 0),
      class_(at(kBlock)),
      bits_(at(kBlock)),
      normal_(at(kBlock)),
      place_(at(kBlock)) {}

void History::start(Index user) {
  user_ = user;
  row_ = 0;
  events_ = events_of(laws_.spec, user);
  days_.start(laws_.spec, user, events_);
  first_draw_ = -1;
  long_left_ = 0;
  start_classes();
}

void History::start_classes() {
  const std::uint64_t seed = laws_.spec.seed;
  if (laws_.mixed()) {
    if (events_ == 0) return;
    const std::uint64_t k = key_of(seed, user_, Purpose::weights);
    for (std::size_t c = 0; c < weights_.size(); ++c) {
      weights_[c] = laws_.weights[c] * -log(random::open_unit(random::draw(k, c)));
    }
    mixture_.assign(weights_);
  } else if (laws_.counted()) {
    const std::uint64_t k = key_of(seed, user_, Purpose::counts);
    class_end_.clear();
    Index end = 0;
    for (const Planted& planted : laws_.spec.planted) {
      end += within(k, static_cast<Index>(class_end_.size()), *planted.count);
      class_end_.push_back(end);
    }
    places_ = random::Permutation(events_, key_of(seed, user_, Purpose::places));
  }
}

void History::next(Index rows, const TransactionColumns& out) {
  const Index first = row_;
  std::fill_n(out.user_id, rows, user_);
  std::fill_n(out.currency, rows, kCurrency);
  for (std::size_t x = 0; x < out.extra.size(); ++x) {
    random::draw_floats(
        key_of(laws_.spec.seed, user_, Purpose::extra, static_cast<Index>(x)), first,
        rows, out.extra[x]);
  }
  fill_times(rows, out.time, out.days_before_end);
  for (Index done = 0; done < rows; done += kBlock) {
    const Index size = std::min(kBlock, rows - done);
    fill_classes(first + done, size);
    for (Index i = 0; i < size; ++i) {
      out.mcc[done + i] = laws_.mcc[at(class_[at(i)])];
    }
    fill_amounts(first + done, size, out.amount + done);
    fill_codes(first + done, size, out.type + done, out.country + done);
  }
}

void History::fill_times(Index rows, std::int64_t* time, std::int32_t* days) {
  for (Index done = 0; done < rows;) {
    if (long_left_ == 0) {
      const Days::Day day = days_.next();
      if (day.rows <= std::min(kSortedDay, rows - done)) {
        std::fill_n(days + done, day.rows, day.before_end);
        fill_day(day, time + done);
        done += day.rows;
        row_ += day.rows;
        continue;
      }
      begin_long_day(day);
    }
    const Index size = std::min(long_left_, rows - done);
    std::fill_n(days + done, size, long_day_.before_end);
    fill_long_day(size, time + done);
    done += size;
    row_ += size;
  }
}

void History::fill_day(const Days::Day& day, std::int64_t* time) {
  const std::int64_t midnight = (laws_.end_day - 1 - day.before_end) * kDay;
  for (Index done = 0; done < day.rows;) {
    const Index row = row_ + done;
    if (first_draw_ < 0 || row >= first_draw_ + kBlock) {
      first_draw_ = row;
      random::draws(key_of(laws_.spec.seed, user_, Purpose::time), row,
                    std::min(kBlock, events_ - row), draws_.data());
    }
    const Index size = std::min(day.rows - done, first_draw_ + kBlock - row);
    const std::uint64_t* bits = draws_.data() + (row - first_draw_);
    for (Index i = 0; i < size; ++i) {
      time[done + i] = midnight + laws_.times.second(bits[i]) * kSecond;
    }
    done += size;
  }
  sort_times(time, day.rows);
}

void History::begin_long_day(const Days::Day& day) {
  long_day_ = day;
  long_left_ = day.rows;
  second_ = 0;
  seconds_.assign(86'400, 0);
  const std::uint64_t k = key_of(laws_.spec.seed, user_, Purpose::time);
  first_draw_ = -1;
  for (Index done = 0; done < day.rows; done += kBlock) {
    const Index size = std::min(kBlock, day.rows - done);
    random::draws(k, row_ + done, size, draws_.data());
    for (Index i = 0; i < size; ++i) {
      ++seconds_[at(laws_.times.second(draws_[at(i)]))];
    }
  }
}

void History::fill_long_day(Index rows, std::int64_t* time) {
  const std::int64_t midnight = (laws_.end_day - 1 - long_day_.before_end) * kDay;
  long_left_ -= rows;
  while (rows > 0) {
    const Index size = std::min(seconds_[at(second_)], rows);
    time = std::fill_n(time, size, midnight + second_ * kSecond);
    seconds_[at(second_)] -= size;
    rows -= size;
    if (seconds_[at(second_)] == 0) ++second_;
  }
}

void History::fill_classes(Index first, Index rows) {
  if (laws_.counted()) {
    places_.fill(first, rows, place_.data());
    for (Index i = 0; i < rows; ++i) {
      std::int32_t c = 0;
      for (const Index end : class_end_) c += place_[at(i)] >= end ? 1 : 0;
      class_[at(i)] = c;
    }
    return;
  }
  random::draws(key_of(laws_.spec.seed, user_, Purpose::category), first, rows,
                bits_.data());
  const AliasTable& mixture = laws_.mixed() ? mixture_ : laws_.mixture;
  for (Index i = 0; i < rows; ++i) class_[at(i)] = mixture.pick(bits_[at(i)]);
}

void History::fill_amounts(Index first, Index rows, double* amount) {
  const double* a = laws_.a.data();
  const double* b = laws_.b.data();
  random::draws(key_of(laws_.spec.seed, user_, Purpose::amount), first, rows,
                bits_.data());
  if (laws_.any_normal || laws_.any_lognormal) {
    normals(bits_.data(), rows, normal_.data());
  }
  if (laws_.only_lognormal) {
    for (Index i = 0; i < rows; ++i) {
      const std::int32_t c = class_[at(i)];
      amount[i] = a[c] + b[c] * normal_[at(i)];
    }
    exp(amount, rows, amount);
  } else {
    const AmountKind* kind = laws_.kind.data();
    for (Index i = 0; i < rows; ++i) {
      const std::int32_t c = class_[at(i)];
      const double t = kind[c] == AmountKind::uniform ? random::open_unit(bits_[at(i)])
                       : kind[c] == AmountKind::constant ? 0
                                                         : normal_[at(i)];
      amount[i] = a[c] + b[c] * t;
    }
    if (laws_.any_lognormal) {
      exp(amount, rows, normal_.data());
      for (Index i = 0; i < rows; ++i) {
        if (kind[class_[at(i)]] == AmountKind::lognormal) amount[i] = normal_[at(i)];
      }
    }
  }
  if (laws_.any_negative) {
    const double* sign = laws_.sign.data();
    for (Index i = 0; i < rows; ++i) amount[i] *= sign[class_[at(i)]];
  }
  if (laws_.spec.cents) kernels::round_to_cents(amount, rows);
}

void History::fill_codes(Index first, Index rows, std::int8_t* type,
                         std::int16_t* country) {
  random::draws(key_of(laws_.spec.seed, user_, Purpose::codes), first, rows,
                bits_.data());
  for (Index i = 0; i < rows; ++i) {
    const auto product =
        static_cast<unsigned __int128>(bits_[at(i)]) * std::size(kTypes);
    type[i] = kTypes[static_cast<std::size_t>(product >> 64U)];
    country[i] = kCountries[static_cast<std::uint64_t>(product) >> 63U];
  }
}

}  // namespace lade
