// SPDX-License-Identifier: Apache-2.0
// Transaction histories with a known law: docs/formats/transactions.md says how every
// value is drawn.
#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lade/core/calendar.h"
#include "lade/core/table.h"
#include "lade/synth/amount_law.h"

namespace lade {

/// low, low + 1, ... high.
struct ClosedRange {
  Index low = 0;
  Index high = 0;
  bool operator==(const ClosedRange&) const = default;
};

/// Rows of one category: `count` of them per user, or a share `p` of an independent
/// mixture. Without `amount`: that of the specification, else the law of the category.
struct Planted {
  std::int32_t mcc = 0;
  std::optional<ClosedRange> count = {};
  std::optional<double> p = {};
  std::optional<AmountLaw> amount = {};
};

/// Which end of the days drawn is shortened so that exactly the wanted rows remain.
enum class DayLayout : std::uint8_t { plain /* the oldest */, hppl /* the newest */ };

struct TransactionsSpec {
  Index users = 2000;
  Index first_user = 0;
  ClosedRange events = {4096, 4096};  // rows of a user
  ClosedRange per_day = {1, 3};
  Index mccs = 100;                      // categories of the mixture
  std::optional<AmountLaw> amount = {};  // nullopt: a law for each category
  std::vector<Planted> planted = {};     // empty: the mixture
  std::optional<Planted> filler = {};    // the rows that `planted` leaves
  Index extra = 0;                       // columns x0, x1, ...
  std::vector<double> hours = {};        // 24 weights; empty: default_hours()
  Date end = {2021, 11, 29};             // first day after the last one
  std::vector<std::pair<std::string, double>> splits = {};
  std::uint64_t seed = 0;
  DayLayout layout = DayLayout::plain;
  bool cents = true;  // amounts are rounded to 0.01
};

/// Low at night, peaks at 12 and 18 o'clock.
std::vector<double> default_hours();

/// Throws unless the specification makes sense.
///
/// Errors: ArgumentError "transactions: RULE, got VALUE": users, first_user, extra >=
/// 0;
///         0 <= events.low <= events.high, the same for per_day with per_day.high >= 1;
///         mccs in 1..1,000,000; planted entries all with count or all with p, upper
///         counts sum to <= events.low, p sum to 1 within 1e-9, a filler only beside
///         counts; 24 hours >= 0, not all 0; splits >= 0, sum 1 within 1e-9, names
///         distinct; `end` in the years 1..9999; amounts as check(AmountLaw).
void check(const TransactionsSpec& spec);

/// The schema of the rows: user_id, time, days_before_end, mcc, amount, type, country,
/// currency, x0 ... No nulls.
std::shared_ptr<arrow::Schema> transactions_schema(const TransactionsSpec& spec);

/// Rows of `user`, without making them.  Requires: a checked specification.
Index events_of(const TransactionsSpec& spec, Index user);

/// All rows of users first_user .. first_user + users - 1, ordered by user and time.
///
/// Pure: a user depends on the specification, its seed and the user's number alone (not
/// on spec.users, spec.first_user, spec.splits).
/// Errors:  as check; ArgumentError if a user's days reach back beyond the year 1;
///          std::bad_alloc.
/// Threads: same bytes for any number; 0 = usable_cpus().
RecordBatch transactions(const TransactionsSpec& spec, Index first_user, Index users,
                         int threads = 1);

/// Columns user_id, events, split (null without splits) of users first_user ..
/// first_user + users - 1 of the run.
///
/// Splits divide the run's users: sizes by largest remainder (ties: the earlier one),
/// members by a permutation of the seed.
/// Errors: as check; ArgumentError if a user is outside the run.
RecordBatch transaction_users(const TransactionsSpec& spec, Index first_user,
                              Index users);

/// Sizes of parts of `users`, by largest remainder.  Requires: shares sum to 1.
std::vector<Index> split_sizes(
    const std::vector<std::pair<std::string, double>>& splits, Index users);

/// The rows of a range of users in pieces, in constant memory for any length of a
/// history.
///
/// Threads: one.
class TransactionStream {
 public:
  /// Errors: as check.
  TransactionStream(const TransactionsSpec& spec, Index first_user, Index users);
  ~TransactionStream();
  TransactionStream(TransactionStream&&) noexcept;
  TransactionStream& operator=(TransactionStream&&) noexcept;

  /// The next rows, nullptr at the end: up to the first end of a user at or after
  /// `rows` rows; a user that would make it more than 2 * rows is cut at `rows`.
  /// Errors: ArgumentError if rows < 1; as transactions.
  RecordBatch next(Index rows);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lade
