// SPDX-License-Identifier: Apache-2.0
// How one user's rows are made, piece by piece.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lade/core/random.h"
#include "lade/synth/alias_table.h"
#include "lade/synth/transactions.h"

namespace lade {

/// One use of a user's random numbers each: key(seed, 0, 40, user, purpose). What
/// belongs to no user has user -1.
enum class Purpose : std::uint64_t {
  events = 0,
  days = 1,
  time = 2,
  weights = 3,
  category = 4,
  amount = 5,
  codes = 6,
  counts = 7,
  places = 8,
  laws = 9,
  split = 10,
  extra = 64  // and those behind it, one for each column
};
inline constexpr Index kNoUser = -1;

inline std::uint64_t key_of(std::uint64_t seed, Index user, Purpose purpose,
                            Index column = 0) noexcept {
  return random::key(
      seed, 0, static_cast<std::uint64_t>(random::transactions), user,
      static_cast<std::uint64_t>(purpose) + static_cast<std::uint64_t>(column));
}

/// A number of a closed range.
inline Index within(std::uint64_t k, Index i, ClosedRange range) noexcept {
  const auto count = static_cast<std::uint64_t>(range.high - range.low + 1);
  return range.low +
         static_cast<Index>(random::below(k, static_cast<std::uint64_t>(i), count));
}

/// Days of a history, oldest first.
class Days {
 public:
  struct Day {
    std::int32_t before_end;
    Index rows;
  };
  /// Begins with a user.  Errors: ArgumentError if it goes back beyond the year 1.
  void start(const TransactionsSpec& spec, Index user, Index events);
  /// Requires: fewer than `events` rows have been given.
  Day next();

 private:
  Index rows_of(Index day);

  std::uint64_t key_ = 0;
  ClosedRange per_day_;
  Index day_ = -1;      // the next one, counted back from the newest
  Index left_ = 0;      // rows not given yet
  Index too_many_ = 0;  // rows of the oldest day that are cut
  Index block_ = -1;    // of draws held
  std::vector<std::uint64_t> draws_;
};

/// The law of the time of day.
class DayTimes {
 public:
  explicit DayTimes(std::span<const double> hours);
  /// Second of the day of 64 uniform bits.
  std::int32_t second(std::uint64_t bits) const noexcept {
    const auto product = static_cast<unsigned __int128>(bits) * 3600;
    const auto place = static_cast<std::uint64_t>(product);
    int hour = first_hour_[place >> 56U];
    while (hour < last_ && place >= end_[hour]) ++hour;
    return hour * 3600 + static_cast<std::int32_t>(product >> 64U);
  }

 private:
  std::uint64_t end_[24] = {};         // of an hour's share of 2^64
  std::uint8_t first_hour_[256] = {};  // that a place with these high bits can be in
  int last_ = 23;                      // hour with a share
};

/// What is drawn once for a specification.
struct TransactionLaws {
  explicit TransactionLaws(const TransactionsSpec& given);

  TransactionsSpec spec;
  std::int64_t end_day = 0;
  DayTimes times;
  std::vector<double> weights;  // of the categories of the mixture
  AliasTable mixture;           // of planted entries with p
  // A class is a category of the mixture, a planted entry or the filler.
  std::vector<std::int32_t> mcc;
  std::vector<double> a, b, sign;
  std::vector<AmountKind> kind;
  bool any_normal = false, any_lognormal = false, only_lognormal = false,
       any_negative = false;

  bool mixed() const { return spec.planted.empty(); }
  bool counted() const { return !mixed() && spec.planted[0].count.has_value(); }

 private:
  void add_class(std::int32_t code, const AmountLaw& law);
};

/// Where the columns of some rows lie.
struct TransactionColumns {
  std::int64_t* user_id;
  std::int64_t* time;
  std::int32_t* days_before_end;
  std::int32_t* mcc;
  double* amount;
  std::int8_t* type;
  std::int16_t* country;
  std::int16_t* currency;
  std::vector<float*> extra;

  TransactionColumns from(Index row) const;
};

/// The rows of one user after another. Memory is kept from user to user and does not
/// grow with a history.
class History {
 public:
  /// Lifetime: `laws` outlives it.
  explicit History(const TransactionLaws& laws);
  /// Begins with a user; `left` is then the number of its rows.
  /// Errors: ArgumentError if its days reach back beyond the year 1.
  void start(Index user);
  Index left() const { return events_ - row_; }
  /// Writes the next `rows` rows.  Requires: 0 <= rows <= left().
  void next(Index rows, const TransactionColumns& out);

 private:
  void start_classes();
  void fill_times(Index rows, std::int64_t* time, std::int32_t* days);
  void fill_day(const Days::Day& day, std::int64_t* time);
  void begin_long_day(const Days::Day& day);
  void fill_long_day(Index rows, std::int64_t* time);
  void fill_classes(Index first, Index rows);
  void fill_amounts(Index first, Index rows, double* amount);
  void fill_codes(Index first, Index rows, std::int8_t* type, std::int16_t* country);

  const TransactionLaws& laws_;
  Index user_ = 0;
  Index events_ = 0;
  Index row_ = 0;
  Days days_;
  // Draws of the time of day of rows from first_draw_ on.
  std::vector<std::uint64_t> draws_;
  Index first_draw_ = -1;
  // A day that does not fit at once: how often each second occurs, and how far it is.
  Days::Day long_day_ = {};
  Index long_left_ = 0;
  Index second_ = 0;
  std::vector<Index> seconds_;
  // Classes of rows.
  AliasTable mixture_;
  std::vector<double> weights_;
  std::vector<Index> class_end_;  // planted: places below it are of the class
  random::Permutation places_;
  // A block of rows.
  std::vector<std::int32_t> class_;
  std::vector<std::uint64_t> bits_;
  std::vector<double> normal_;
  std::vector<Index> place_;
};

}  // namespace lade
