// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/convert_keys.h"

#include <cmath>
#include <string_view>
#include <unordered_map>

#include "lade/io/csv_text.h"
#include "lade/io/entity_name.h"
#include "lade/io/sorted_rows.h"
#include "lade/io/time_range.h"

namespace lade {
namespace {

/// The newest time of every entity and its row, found by a number.
class LatestTimes {
 public:
  struct Slot {
    std::uint64_t entity = 0;
    std::uint64_t time = 0;
    Index row = 0;            // of its source
    std::int32_t source = 0;  // a number of KeyJudge::State::sources
    bool used = false;
  };
  LatestTimes() : slots_(1024) {}
  /// The slot of an entity; `seen` false if it is new.
  Slot& of(std::uint64_t entity, bool& seen) {
    if (2 * used_ > slots_.size()) grow();
    Slot& slot = find(slots_, entity);
    seen = slot.used;
    if (!seen) {
      slot.entity = entity;
      slot.used = true;
      ++used_;
    }
    return slot;
  }

 private:
  static Slot& find(std::vector<Slot>& slots, std::uint64_t entity) {
    const std::size_t mask = slots.size() - 1;
    std::uint64_t hash = entity * 0x9E3779B97F4A7C15U;
    hash ^= hash >> 32;
    std::size_t at = hash & mask;
    while (slots[at].used && slots[at].entity != entity) at = (at + 1) & mask;
    return slots[at];
  }
  void grow() {
    std::vector<Slot> larger(2 * slots_.size());
    for (const Slot& slot : slots_) {
      if (slot.used) find(larger, slot.entity) = slot;
    }
    slots_.swap(larger);
  }
  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

bool is_null_key(const Column& column, Index row) {
  if (!column.valid(row)) return true;
  if (column.kind == Kind::f64) return !std::isfinite(column.as<double>()[row]);
  return column.kind == Kind::f32 && !std::isfinite(column.as<float>()[row]);
}

}  // namespace

struct KeyJudge::State {
  Options options;
  LatestTimes latest;
  io::TextCodes texts{true};       // entities that are text
  std::vector<std::int32_t> code;  // of the chunk's dictionary, -2 = not asked
  std::vector<std::string> sources;
  Index first_row = 0;  // of the chunk in the last of them
  Index bad = 0;
  Index seen = 0;

  std::uint64_t entity_of(const Chunk& chunk, Index row);
  void drop(DropReason reason, Place place, std::string_view what, ReadReport& report);
  /// The newest row of the entity so far if this one comes before it; else this one is
  /// the newest.
  const LatestTimes::Slot* later_than(const Chunk& chunk, Index row);
  std::string of_entity(const Chunk& chunk, Index row) const;
  std::string disorder(const Chunk& chunk, Index row,
                       const LatestTimes::Slot& newest) const;
};

std::uint64_t KeyJudge::State::entity_of(const Chunk& chunk, Index row) {
  if (options.entity < 0) return 0;
  const Column& column = chunk.columns[static_cast<std::size_t>(options.entity)];
  if (column.kind != Kind::text) return io::ordered_bits(column, row);
  const std::int32_t old = column.as<std::int32_t>()[row];
  if (code.empty())
    code.assign(static_cast<std::size_t>(column.dictionary->size()), -2);
  std::int32_t& known = code[static_cast<std::size_t>(old)];
  if (known == -2) known = texts.code((*column.dictionary)[old]);
  return static_cast<std::uint64_t>(known);
}

const LatestTimes::Slot* KeyJudge::State::later_than(const Chunk& chunk, Index row) {
  const std::uint64_t time =
      io::ordered_bits(chunk.columns[static_cast<std::size_t>(options.time)], row);
  bool seen_before = false;
  LatestTimes::Slot& newest = latest.of(entity_of(chunk, row), seen_before);
  if (seen_before && time < newest.time) return &newest;
  newest.time = time;
  newest.row = first_row + row;
  newest.source = static_cast<std::int32_t>(sources.size()) - 1;
  return nullptr;
}

std::string KeyJudge::State::of_entity(const Chunk& chunk, Index row) const {
  if (options.entity < 0) return "";
  return io::name_of_entity(chunk.columns[static_cast<std::size_t>(options.entity)],
                            row);
}

std::string KeyJudge::State::disorder(const Chunk& chunk, Index row,
                                      const LatestTimes::Slot& newest) const {
  return of_entity(chunk, row) + "its time is before that of row " +
         std::to_string(newest.row) + " of " +
         escape_text(sources[static_cast<std::size_t>(newest.source)]);
}

void KeyJudge::State::drop(DropReason reason, Place place, std::string_view what,
                           ReadReport& report) {
  const Policies& policies = options.policies;
  const bool broken = reason != DropReason::time_disorder;
  const bool fails = broken ? policies.on_bad != OnBad::skip
                            : policies.on_disorder == OnDisorder::fail;
  if (fails) throw DataError(std::move(place), what);
  if (broken && ++bad > policies.max_bad.allowed(seen)) {
    place.rule = "convert.max_bad";
    throw DataError(std::move(place),
                    "more than " + std::to_string(bad - 1) +
                        " broken rows; the last: " + std::string(what));
  }
  report.drop(reason, std::move(place));
}

KeyJudge::KeyJudge(Options options) : state_(std::make_unique<State>()) {
  state_->options = options;
}
KeyJudge::~KeyJudge() = default;

std::vector<std::uint8_t> KeyJudge::judge(const Chunk& chunk, const std::string& source,
                                          Index first_row, ReadReport& report) {
  State& state = *state_;
  const Options& options = state.options;
  state.code.clear();
  state.first_row = first_row;
  if (state.sources.empty() || state.sources.back() != source) {
    state.sources.push_back(source);
  }
  std::vector<std::uint8_t> keep;
  const auto forget = [&](Index row) {
    if (keep.empty()) keep.assign(static_cast<std::size_t>(chunk.rows), 1);
    keep[static_cast<std::size_t>(row)] = 0;
  };
  const auto null_at = [&](Index column, Index row) {
    return column >= 0 &&
           is_null_key(chunk.columns[static_cast<std::size_t>(column)], row);
  };
  const Column* time = nullptr;  // of instants; a plain number may be anything
  if (options.time >= 0) {
    const Column& column = chunk.columns[static_cast<std::size_t>(options.time)];
    if (column.kind == Kind::time) time = &column;
  }
  const io::TimeRange range(time != nullptr ? *time : Column());
  const auto outside = [&](Index row) {
    return time != nullptr && !range.holds(time->as<std::int64_t>()[row]);
  };
  for (Index r = 0; r < chunk.rows; ++r) {
    ++state.seen;
    Place place;
    if (!options.nulls_judged &&
        (null_at(options.entity, r) || null_at(options.time, r))) {
      place = {.source = source, .row = first_row + r, .rule = "convert.null_key"};
      state.drop(
          DropReason::null_key, std::move(place),
          state.of_entity(chunk, r) + "entity and time must not be null or infinite",
          report);
      forget(r);
    } else if (outside(r)) {
      place = {.source = source, .row = first_row + r, .rule = "convert.time_range"};
      state.drop(DropReason::time_range, std::move(place),
                 state.of_entity(chunk, r) + std::string(range.rule), report);
      forget(r);
    } else if (const auto* newest =
                   options.time >= 0 ? state.later_than(chunk, r) : nullptr) {
      ++report.rows_out_of_order;
      const OnDisorder on_disorder = options.policies.on_disorder;
      if (on_disorder == OnDisorder::sort || on_disorder == OnDisorder::keep) continue;
      place = {.source = source, .row = first_row + r, .rule = "convert.time_disorder"};
      state.drop(DropReason::time_disorder, std::move(place),
                 state.disorder(chunk, r, *newest), report);
      forget(r);
    }
  }
  return keep;
}

}  // namespace lade
