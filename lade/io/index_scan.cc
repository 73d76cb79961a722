// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cmath>

#include "lade/io/entity_name.h"
#include "lade/io/index_internal.h"
#include "lade/io/time_range.h"

namespace lade::io {

namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

enum RowState : std::uint8_t { kept, dropped, filtered };

/// Maps doubles to integers of the same order; -0 equals +0.
std::int64_t float_key(double value) {
  const auto bits = std::bit_cast<std::int64_t>(value + 0.0);
  return bits >= 0 ? bits : bits ^ std::numeric_limits<std::int64_t>::max();
}

double float_of_key(std::int64_t key) {
  return std::bit_cast<double>(
      key >= 0 ? key : key ^ std::numeric_limits<std::int64_t>::max());
}

bool is_float(Kind kind) { return kind == Kind::f32 || kind == Kind::f64; }

class GroupReader {
 public:
  GroupReader(const KeySource& source, const IndexOptions& options)
      : source_(source), options_(options) {}

  GroupRuns read(Index g) const {
    const auto chunk = source_.read(g);
    GroupRuns out;
    std::vector<std::uint8_t> state(static_cast<std::size_t>(chunk->rows), kept);
    std::vector<std::int64_t> time, entity;
    out.report.rows_seen = chunk->rows;
    std::vector<BadRow> bad;
    if (source_.time >= 0) time = times(*chunk, state, bad);
    if (source_.entity >= 0) entity = entities(*chunk, state, bad, out);
    judge(g, *chunk, std::move(bad), out.report);
    filter(*chunk, state, out.report);
    find_runs(g, chunk->rows, entity, time, state, out);
    out.report.rows_given =
        out.report.rows_seen - out.report.rows_filtered - out.report.dropped_total();
    return out;
  }

  /// Order keys of the times of a row group; rows without one hold 0.
  std::vector<std::int64_t> times(Index g) const {
    const auto chunk = source_.read(g);
    std::vector<std::uint8_t> state(static_cast<std::size_t>(chunk->rows), kept);
    std::vector<BadRow> ignored;
    return times(*chunk, state, ignored);
  }

 private:
  const Column& column(const Chunk& chunk, Index position) const {
    return chunk.columns[static_cast<std::size_t>(position)];
  }

  /// A row without a usable key.
  struct BadRow {
    Index row;
    Index position;  // of the column
    DropReason reason;
    std::string_view rule;
    std::string what;
  };

  /// Refuses or counts bad rows in the order of the data.
  void judge(Index g, const Chunk& chunk, std::vector<BadRow> bad,
             ReadReport& report) const {
    std::stable_sort(bad.begin(), bad.end(),
                     [](const BadRow& a, const BadRow& b) { return a.row < b.row; });
    for (const BadRow& row : bad) {
      Place place = source_.place(g, row.row);
      place.column =
          source_.schema->fields[static_cast<std::size_t>(row.position)].name;
      place.rule = row.rule;
      if (options_.policies.on_bad != OnBad::skip) {
        throw DataError(std::move(place), name_of_entity(chunk, row) + row.what);
      }
      report.drop(row.reason, std::move(place));
    }
  }

  /// "entity 7: " for a row whose time is bad, if it says whose row it is.
  std::string name_of_entity(const Chunk& chunk, const BadRow& bad) const {
    if (source_.entity < 0 || bad.position == source_.entity) return "";
    return io::name_of_entity(column(chunk, source_.entity), bad.row);
  }

  std::vector<std::int64_t> times(const Chunk& chunk, std::vector<std::uint8_t>& state,
                                  std::vector<BadRow>& bad) const {
    const Column& c = column(chunk, source_.time);
    std::vector<std::int64_t> key(static_cast<std::size_t>(chunk.rows), 0);
    const auto refuse = [&](Index r, DropReason reason, std::string_view rule,
                            std::string_view what) {
      state[static_cast<std::size_t>(r)] = dropped;
      bad.push_back({r, source_.time, reason, rule, std::string(what)});
    };
    const TimeRange range(c);
    const auto each = [&]<class T>(const T* values) {
      for (Index r = 0; r < chunk.rows; ++r) {
        const T v = values[r];
        std::int64_t& k = key[static_cast<std::size_t>(r)];
        if (!c.valid(r)) {
          refuse(r, DropReason::null_key, "dataset.null_key", "time is null");
        } else if constexpr (std::is_floating_point_v<T>) {
          if (std::isfinite(v))
            k = float_key(static_cast<double>(v));
          else
            refuse(r, DropReason::null_key, "dataset.null_key", "time is not finite");
        } else if constexpr (std::is_same_v<T, std::uint64_t>) {
          if ((v >> 63U) == 0)
            // NOLINTNEXTLINE(bugprone-signed-char-misuse): a number, not a character
            k = static_cast<std::int64_t>(v);
          else
            refuse(r, DropReason::time_range, "dataset.time_range",
                   "time must be below 2^63, got " + std::to_string(v));
        } else {
          // NOLINTNEXTLINE(bugprone-signed-char-misuse): a number, not a character
          k = static_cast<std::int64_t>(v);
          if (c.kind == Kind::time && k == kMin) {
            refuse(r, DropReason::null_key, "dataset.null_key",
                   "time is -2^63, undefined");
          } else if (!range.holds(k)) {
            refuse(r, DropReason::time_range, "dataset.time_range", range.rule);
          }
        }
      }
    };
    visit(c, each);
    return key;
  }

  std::vector<std::int64_t> entities(const Chunk& chunk,
                                     std::vector<std::uint8_t>& state,
                                     std::vector<BadRow>& bad, GroupRuns& out) const {
    const Column& c = column(chunk, source_.entity);
    std::vector<std::int64_t> key(static_cast<std::size_t>(chunk.rows), 0);
    const auto refuse = [&](Index r, DropReason reason, std::string_view rule,
                            std::string_view what) {
      auto& s = state[static_cast<std::size_t>(r)];
      if (s == dropped) return;  // counted once, for its time
      s = dropped;
      bad.push_back({r, source_.entity, reason, rule, std::string(what)});
    };
    if (c.kind == Kind::text) {
      const auto rank = rank_texts(c, chunk.rows, out.texts);
      const auto* codes = c.as<std::int32_t>();
      for (Index r = 0; r < chunk.rows; ++r) {
        if (c.valid(r))
          key[static_cast<std::size_t>(r)] = rank[static_cast<std::size_t>(codes[r])];
        else
          refuse(r, DropReason::null_key, "dataset.null_key", "entity is null");
      }
      return key;
    }
    const auto each = [&]<class T>(const T* values) {
      if constexpr (!std::is_floating_point_v<T>) {
        for (Index r = 0; r < chunk.rows; ++r) {
          if (!c.valid(r)) {
            refuse(r, DropReason::null_key, "dataset.null_key", "entity is null");
          } else if (std::is_same_v<T, std::uint64_t> &&
                     (static_cast<std::uint64_t>(values[r]) >> 63U) != 0) {
            refuse(r, DropReason::bad_value, "dataset.entity_range",
                   "entity must be below 2^63, got " + std::to_string(values[r]));
          } else {
            // NOLINTNEXTLINE(bugprone-signed-char-misuse): a number, not a character
            key[static_cast<std::size_t>(r)] = static_cast<std::int64_t>(values[r]);
          }
        }
      }
    };
    visit(c, each);
    return key;
  }

  /// Place of every used code's text among the distinct texts of this row group.
  static std::vector<std::int64_t> rank_texts(const Column& c, Index rows,
                                              std::vector<std::string>& texts) {
    const Dictionary& dictionary = *c.dictionary;
    std::vector<std::int64_t> rank(static_cast<std::size_t>(dictionary.size()), -1);
    std::vector<std::int32_t> used;
    const auto* codes = c.as<std::int32_t>();
    for (Index r = 0; r < rows; ++r) {
      if (!c.valid(r)) continue;
      auto& seen = rank[static_cast<std::size_t>(codes[r])];
      if (seen < 0) used.push_back(codes[r]);
      seen = 0;
    }
    std::sort(used.begin(), used.end(), [&](std::int32_t a, std::int32_t b) {
      return dictionary[a] < dictionary[b];
    });
    for (const std::int32_t code : used) {
      if (texts.empty() || texts.back() != dictionary[code])
        texts.emplace_back(dictionary[code]);
      rank[static_cast<std::size_t>(code)] =
          static_cast<std::int64_t>(texts.size()) - 1;
    }
    return rank;
  }

  void filter(const Chunk& chunk, std::vector<std::uint8_t>& state,
              ReadReport& report) const {
    if (!options_.filter || chunk.rows == 0) return;
    std::vector<std::uint8_t> mask(static_cast<std::size_t>(chunk.rows));
    EvalScratch scratch;
    select(*options_.filter, chunk.columns, 0, chunk.rows, scratch, mask.data());
    for (std::size_t r = 0; r < mask.size(); ++r) {
      if (state[r] != kept || mask[r] != 0) continue;
      state[r] = filtered;
      ++report.rows_filtered;
    }
  }

  static void find_runs(Index g, Index rows, const std::vector<std::int64_t>& entity,
                        const std::vector<std::int64_t>& time,
                        const std::vector<std::uint8_t>& state, GroupRuns& out) {
    bool open = false;  // whether the last run may grow
    for (Index r = 0; r < rows; ++r) {
      const auto i = static_cast<std::size_t>(r);
      if (state[i] == dropped) {
        open = false;
        continue;
      }
      const std::int64_t key = entity.empty() ? 0 : entity[i];
      const std::int64_t t = time.empty() ? 0 : time[i];
      RawRun* last = out.runs.empty() ? nullptr : &out.runs.back();
      if (state[i] == filtered) {
        if (last == nullptr || last->key != key) {
          out.runs.push_back({key, t, t, static_cast<std::int32_t>(g),
                              static_cast<std::int32_t>(r), 0});
        }
        open = false;
        continue;
      }
      out.time_min = std::min(out.time_min, t);
      out.time_max = std::max(out.time_max, t);
      if (open && last->key == key && t >= last->last_time) {
        ++last->rows;
        last->last_time = t;
        continue;
      }
      out.runs.push_back(
          {key, t, t, static_cast<std::int32_t>(g), static_cast<std::int32_t>(r), 1});
      open = true;
    }
  }

  /// Calls `each` with the typed values of a column that holds numbers.
  template <class F>
  static void visit(const Column& c, F&& each) {
    switch (c.kind) {
      case Kind::boolean:
      case Kind::u8:
        each(c.as<std::uint8_t>());
        break;
      case Kind::i8:
        each(c.as<std::int8_t>());
        break;
      case Kind::i16:
        each(c.as<std::int16_t>());
        break;
      case Kind::i32:
        each(c.as<std::int32_t>());
        break;
      case Kind::time:
      case Kind::i64:
        each(c.as<std::int64_t>());
        break;
      case Kind::u16:
        each(c.as<std::uint16_t>());
        break;
      case Kind::u32:
        each(c.as<std::uint32_t>());
        break;
      case Kind::u64:
        each(c.as<std::uint64_t>());
        break;
      case Kind::f32:
        each(c.as<float>());
        break;
      case Kind::f64:
        each(c.as<double>());
        break;
      case Kind::text:
        break;
    }
  }

  const KeySource& source_;
  const IndexOptions& options_;
};

}  // namespace

GroupRuns scan_row_group(const KeySource& source, const IndexOptions& options,
                         Index g) {
  return GroupReader(source, options).read(g);
}

std::vector<std::int64_t> scan_times(const KeySource& source,
                                     const IndexOptions& options, Index g) {
  return GroupReader(source, options).times(g);
}

bool has_float_time(const KeySource& source) {
  return source.time >= 0 &&
         is_float(
             source.schema->fields[static_cast<std::size_t>(source.time)].type.kind);
}

std::int64_t time_of_key(std::int64_t key, bool floating) {
  if (!floating) return key;
  const double value = std::floor(float_of_key(key));
  if (value >= 0x1p63) return std::numeric_limits<std::int64_t>::max();
  if (value < -0x1p63) return kMin;
  return static_cast<std::int64_t>(value);
}

}  // namespace lade::io
