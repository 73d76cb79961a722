// SPDX-License-Identifier: Apache-2.0
// What one target is, in the operators' own terms (spec: docs/guide/targets.md).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lade/core/calendar.h"
#include "lade/core/expression.h"
#include "lade/core/sequence.h"

namespace lade {

enum class Every : std::uint8_t {
  event,
  minute,
  hour,
  day,
  week,
  month,
  quarter,
  year,
  fixed,
  sequence
};

/// Whose arithmetic a whole recipe repeats; none = that of docs/guide/targets.md.
enum class Compat : std::uint8_t { none, hppl };

/// How a sequence is cut into intervals.
struct Boundary {
  Every every = Every::day;
  std::int64_t width = 0;  // of fixed ("15min"), in units of the time column
  int week_start = 1;      // 1 = Monday .. 7 = Sunday
  std::shared_ptr<const Zone> zone = nullptr;  // UTC
  TimeUnit unit = TimeUnit::us;                // of the time column
  Compat compat = Compat::none;                // hppl: weeks have the key 54Y + 7 week
};
/// "day", "week", "15min": the text of the recipe; boundary sets are named by it.
std::string to_string(const Boundary& boundary);
/// Two targets of one boundary set have equal keys.
std::string boundary_key(const Boundary& boundary);

/// Which rows a target looks at (transactions 3.4). Exactly one of back, all, ahead.
struct LookWindow {
  enum class Direction : std::uint8_t { back, ahead } direction = Direction::back;
  enum class By : std::uint8_t { calendar, present, duration, all } by = By::calendar;
  std::int64_t length = 1;              // intervals, or units of the time column
  std::int64_t lag = 0;                 // same unit
  std::optional<Boundary> within = {};  // every = event: running value inside a unit
};

/// What a target makes of the rows of a window (transactions 3.5).
enum class AggregateKind : std::uint8_t {
  count,
  sum,
  mean,
  min,
  max,
  variance,
  deviation,  // the root of the variance
  quantile,   // linear between neighbours; median: 1/2
  nunique,    // different values; of a text column, too
  any,
  first,  // in row order
  last,
  days_since_last
};
/// Nothing selected gives 0, valid (count, sum, nunique, any); else `empty`, invalid.
bool is_total(AggregateKind kind) noexcept;
/// Reads a value of its rows: all but count, any, days_since_last.
bool needs_value(AggregateKind kind) noexcept;

enum class Warmup : std::uint8_t { partial, invalid };

/// A test of one column, as compat = "hppl" makes it: its value, cut to a whole number
/// toward zero, equals the bound; or its value in f32 is above the bound.
struct HpplFilter {
  enum class Test : std::uint8_t { equal, above } test = Test::equal;
  std::int32_t bound = 0;
};

struct TargetSpec {
  std::string name;
  std::optional<Program> where = {};  // nullopt = all rows
  AggregateKind aggregate = AggregateKind::count;
  std::optional<Program> value = {};  // nullopt where none is needed
  double quantile = 0.5;              // of AggregateKind::quantile, 0 to 1
  int ddof = 1;                       // of variance and deviation: 0 or 1
  Boundary boundary;
  LookWindow window;
  std::optional<float> empty = {};  // a given one also replaces the 0 of a total
  Warmup warmup = Warmup::partial;
  bool missing_fails = false;  // missing = "fail"
  /// With hppl `where` is the number that `filter` tests; all targets of a plan agree.
  Compat compat = Compat::none;
  HpplFilter filter = {};
};

/// A mix: an expression over the targets (by position, mixes after targets) of one
/// boundary set, in f64 on the unrounded inputs.
struct MixSpec {
  std::string name;
  Program expression;  // column i = target or earlier mix i
  float empty = 0.0F;
};

/// Where a value belongs that equals a threshold: below it, or above.
enum class Ties : std::uint8_t { lower, upper };

/// A class label per value: how many thresholds lie strictly below the value (with
/// Ties::upper below or at it), in f64 before it is rounded; -100 where the value is
/// not valid.
struct ClassSpec {
  std::string name;
  Index of = 0;                    // position of a target or mix
  std::vector<double> thresholds;  // ascending; fitted ones may be equal
  Ties ties = Ties::lower;
};
inline constexpr std::int64_t kNoClass = -100;  // the usual ignore index

}  // namespace lade
