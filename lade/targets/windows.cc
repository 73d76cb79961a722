// SPDX-License-Identifier: Apache-2.0
// Which elements each window reads: two pointers that only go forward.
#include <algorithm>
#include <numeric>

#include "lade/targets/boundaries_internal.h"
#include "lade/targets/state_internal.h"

namespace lade {
namespace {

using By = LookWindow::By;
using Keys = std::span<const std::int64_t>;

/// out[i] = number of `sorted` values that are < bound(i); bounds ascend.
template <class Bound>
void count_below(Keys sorted, Index windows, Bound bound, std::int32_t* out) {
  std::size_t e = 0;
  for (Index i = 0; i < windows; ++i) {
    const std::int64_t limit = bound(i);
    while (e < sorted.size() && sorted[e] < limit) ++e;
    out[i] = static_cast<std::int32_t>(e);
  }
}

void make_room(Index windows, Ranges& out) {
  // Each by its own size: a resize may have failed between the two.
  room(out.low, windows);
  room(out.high, windows);
}

/// Elements after the first `from` and up to the first `to` of those around interval i,
/// by number; both are cut at the ends of the sequence.
void by_number(Index windows, Index elements, std::int64_t from, std::int64_t to,
               Ranges& out) {
  if (to == 0 && from < 0 && windows == elements) {
    out.last_elements = -std::max(from, -windows);
    if (!out.read) return;
  }
  make_room(windows, out);
  const auto fill = [&](std::int64_t shift, std::vector<std::int32_t>& bounds) {
    const Index ahead = std::clamp(shift, -elements - 1, elements + 1) + 1;
    const Index begin = std::clamp<Index>(-ahead, 0, windows);
    const Index end = std::clamp<Index>(elements - ahead, begin, windows);
    const auto at = bounds.begin();
    std::fill(at, at + begin, 0);
    std::iota(at + begin, at + end, static_cast<std::int32_t>(begin + ahead));
    std::fill(at + end, at + windows, static_cast<std::int32_t>(elements));
  };
  fill(from, out.low);
  fill(to, out.high);
}

/// Windows of intervals that count calendar units: keys (K + from, K + to].
void by_key(Keys keys, Keys elements, std::int64_t from, std::int64_t to, Ranges& out) {
  const auto windows = static_cast<Index>(keys.size());
  const auto count = static_cast<Index>(elements.size());
  // No interval is empty: calendar units are counted like present ones.
  if (elements.back() - elements.front() + 1 == count) {
    return by_number(windows, count, from, to, out);
  }
  make_room(windows, out);
  const auto bound = [&](std::int64_t shift) {
    return [&keys, shift](Index i) {
      return add_saturating(add_saturating(keys[static_cast<std::size_t>(i)], shift),
                            1);
    };
  };
  count_below(elements, windows, bound(from), out.low.data());
  count_below(elements, windows, bound(to), out.high.data());
}

void intervals_by_key(const Windows& windows, const TargetPlan::Data& plan,
                      const Cut& own, const Cut& elements, Ranges& out) {
  const LookWindow& look = windows.look;
  const Keys keys = own.key_span();
  if (!windows.ahead()) {
    const std::int64_t lag = -look.lag;
    const std::int64_t from = subtract_saturating(lag, look.length);
    by_key(keys, elements.key_span(), from, lag, out);
    out.first_whole = first_part(own.size, [&](Index i) {
      const std::int64_t before =
          add_saturating(keys[static_cast<std::size_t>(i)], from);
      return before < keys[0] - 1;
    });
    return;
  }
  const std::int64_t to = add_saturating(look.lag, look.length);
  by_key(keys, elements.key_span(), look.lag, to, out);
  const Boundary& boundary =
      plan.grids[static_cast<std::size_t>(windows.grid)].boundary;
  out.end_whole = first_part(own.size, [&](Index i) {
    const std::int64_t last = add_saturating(keys[static_cast<std::size_t>(i)], to);
    return interval_end(boundary, last) <= plan.observed_until;
  });
}

/// The last intervals that hold rows, counted by number.
void intervals_by_number(const LookWindow& look, const Cut& own, Ranges& out) {
  by_number(own.size, own.size, subtract_saturating(-look.lag, look.length), -look.lag,
            out);
  out.first_whole = std::min(own.size, add_saturating(look.lag, look.length) - 1);
}

void intervals_by_duration(const Windows& windows, const TargetPlan::Data& plan,
                           const Cut& own, const SequenceRows& rows, Ranges& out) {
  make_room(own.size, out);
  const LookWindow& look = windows.look;
  const Boundary& boundary =
      plan.grids[static_cast<std::size_t>(windows.grid)].boundary;
  const auto end_of = [&](Index i) {
    return interval_end(boundary, own.keys[static_cast<std::size_t>(i)]);
  };
  const bool ahead = windows.ahead();
  const auto begin = [&](Index i) {
    if (ahead) return add_saturating(end_of(i), look.lag);
    return subtract_saturating(subtract_saturating(end_of(i), look.lag), look.length);
  };
  const auto end = [&](Index i) {
    if (!ahead) return subtract_saturating(end_of(i), look.lag);
    return add_saturating(add_saturating(end_of(i), look.lag), look.length);
  };
  const Keys time = rows.of(ahead ? Extent::all : Extent::visible);
  count_below(time, own.size, begin, out.low.data());
  count_below(time, own.size, end, out.high.data());
  if (ahead) {
    out.end_whole =
        first_part(own.size, [&](Index i) { return end(i) <= plan.observed_until; });
  } else {
    const std::int64_t first = interval_begin(boundary, own.keys[0]);
    out.first_whole = first_part(own.size, [&](Index i) { return begin(i) < first; });
  }
}

void events_by_number(const Windows& windows, const SequenceRows& rows, Ranges& out) {
  const auto n = static_cast<Index>(rows.visible.size());
  const auto all = static_cast<Index>(rows.all.size());
  make_room(n, out);
  const std::int64_t length = windows.look.length;
  for (Index i = 0; i < n; ++i) {
    const Index low = windows.ahead() ? i + 1 : std::max<Index>(i + 1 - length, 0);
    const Index high =
        windows.ahead() ? std::min(add_saturating(i + 1, length), all) : i + 1;
    out.low[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(low);
    out.high[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(high);
  }
  if (windows.ahead()) {
    out.end_whole = std::clamp<Index>(subtract_saturating(all, length), 0, n);
  } else {
    out.first_whole = std::min(n, length - 1);
  }
}

/// Back: t - D < t_j <= t and j not after the row. Ahead: t < t_j <= t + D.
void events_by_duration(const Windows& windows, const TargetPlan::Data& plan,
                        const SequenceRows& rows, Ranges& out) {
  const Keys time = rows.visible;
  const auto n = static_cast<Index>(time.size());
  make_room(n, out);
  const std::int64_t length = windows.look.length;
  const auto at = [&](Index i) { return time[static_cast<std::size_t>(i)]; };
  const auto after = [&](Index i) {
    return add_saturating(add_saturating(at(i), length), 1);
  };
  if (windows.ahead()) {
    count_below(
        rows.all, n, [&](Index i) { return add_saturating(at(i), 1); }, out.low.data());
    count_below(rows.all, n, after, out.high.data());
    out.end_whole =
        first_part(n, [&](Index i) { return after(i) <= plan.observed_until; });
    return;
  }
  const auto begin = [&](Index i) {
    return add_saturating(subtract_saturating(at(i), length), 1);
  };
  count_below(time, n, begin, out.low.data());
  for (Index i = 0; i < n; ++i) {
    out.high[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(i + 1);
  }
  out.first_whole = first_part(n, [&](Index i) { return begin(i) < time[0]; });
}

/// Rows read the interval of the unit that lies `lag` before their own.
void events_within(const Windows& windows, const Cut& units, Ranges& out) {
  const Keys keys = units.key_span();
  const std::int64_t lag = windows.look.lag;
  const auto size = static_cast<std::size_t>(units.size);
  make_room(size == 0 ? 0 : units.ends[size - 1] + 1, out);
  Index row = 0;
  Index found = 0;
  for (Index u = 0; u < units.size; ++u) {
    const std::int64_t key =
        subtract_saturating(keys[static_cast<std::size_t>(u)], lag);
    while (keys[static_cast<std::size_t>(found)] < key) ++found;
    const bool hit = keys[static_cast<std::size_t>(found)] == key;
    for (; row <= units.ends[static_cast<std::size_t>(u)]; ++row) {
      out.low[static_cast<std::size_t>(row)] = static_cast<std::int32_t>(found);
      out.high[static_cast<std::size_t>(row)] =
          static_cast<std::int32_t>(found + (hit ? 1 : 0));
    }
    if (key < keys[0]) out.first_whole = row;
  }
}

/// All rows up to `lag` units before the interval's own end, counted in elements.
void from_begin(const Windows& windows, const Cut& own, bool events, bool days,
                Ranges& out) {
  const Keys keys = own.key_span();
  const std::int64_t lag = windows.look.lag;
  make_room(own.size, out);
  std::fill_n(out.low.begin(), own.size, 0);
  count_below(
      keys, own.size,
      [&](Index i) {
        return add_saturating(
            subtract_saturating(keys[static_cast<std::size_t>(i)], lag), 1);
      },
      out.high.data());
  if (events || !days) return;
  for (Index i = 0; i < own.size; ++i) {
    auto& high = out.high[static_cast<std::size_t>(i)];
    if (high > 0) high = own.last[static_cast<std::size_t>(high - 1)] + 1;
  }
}

}  // namespace

void find_ranges(const TargetPlan::Data& plan, const Windows& windows,
                 const SequenceRows& rows, const std::vector<std::array<Cut, 2>>& cuts,
                 Ranges& out) {
  const Grid& grid = plan.grids[static_cast<std::size_t>(windows.grid)];
  const Cut& own = cuts[static_cast<std::size_t>(windows.grid)][0];
  out.first_whole = 0;
  out.end_whole = own.size;
  out.last_elements = 0;
  out.read = windows.read_ranges;
  const bool event = grid.boundary.every == Every::event;
  const auto elements = static_cast<std::size_t>(std::max<Index>(windows.elements, 0));
  const std::size_t extent = windows.ahead() && rows.cut() ? 1 : 0;
  if (own.size == 0) return;
  if (windows.method == Method::from_begin) {
    from_begin(windows, own, event, grid.days >= 0, out);
  } else if (windows.look.within) {
    events_within(windows, cuts[elements][0], out);
  } else if (windows.look.by == By::duration) {
    event ? events_by_duration(windows, plan, rows, out)
          : intervals_by_duration(windows, plan, own, rows, out);
  } else if (event) {
    events_by_number(windows, rows, out);
  } else if (windows.look.by == By::present) {
    intervals_by_number(windows.look, own, out);
  } else {
    intervals_by_key(windows, plan, own, cuts[elements][extent], out);
  }
  if (windows.warmup == Warmup::partial) out.first_whole = 0;
}

}  // namespace lade
