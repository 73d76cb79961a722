// SPDX-License-Identifier: Apache-2.0
#include "lade/io/index_build.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "lade/core/pool.h"

namespace lade::io {

namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

/// A run as found in one row group, before anything is sorted. `rows` 0 marks an entity
/// whose rows were filtered away there.
struct RawRun {
  std::int64_t key;
  std::int64_t first_time;  // order keys, see time_key
  std::int64_t last_time;
  std::int32_t row_group;
  std::int32_t first_row;
  std::int32_t rows;
};

/// What one row group gave.
struct GroupRuns {
  std::vector<RawRun> runs;        // `key` is a place in `texts` for text entities
  std::vector<std::string> texts;  // ascending, distinct
  ReadReport report;
  std::int64_t time_min = std::numeric_limits<std::int64_t>::max();
  std::int64_t time_max = kMin;
};

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

/// The time of an order key, in the column's unit.
std::int64_t time_of_key(std::int64_t key, bool floating) {
  if (!floating) return key;
  const double value = std::floor(float_of_key(key));
  if (value >= 0x1p63) return std::numeric_limits<std::int64_t>::max();
  if (value < -0x1p63) return kMin;
  return static_cast<std::int64_t>(value);
}

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
    if (source_.time >= 0) time = times(g, *chunk, state, out.report);
    if (source_.entity >= 0) entity = entities(g, *chunk, state, out);
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
    ReadReport ignored;
    return times(g, *chunk, state, ignored, /*judge=*/false);
  }

 private:
  const Column& column(const Chunk& chunk, Index position) const {
    return chunk.columns[static_cast<std::size_t>(position)];
  }

  void drop(Index g, Index row, Index position, DropReason reason,
            std::string_view rule, std::string_view what, ReadReport& report) const {
    Place place = source_.place(g, row);
    place.column = source_.schema->fields[static_cast<std::size_t>(position)].name;
    place.rule = rule;
    if (options_.policies.on_bad != OnBad::skip)
      throw DataError(std::move(place), what);
    report.drop(reason, std::move(place));
  }

  std::vector<std::int64_t> times(Index g, const Chunk& chunk,
                                  std::vector<std::uint8_t>& state, ReadReport& report,
                                  bool judge = true) const {
    const Column& c = column(chunk, source_.time);
    std::vector<std::int64_t> key(static_cast<std::size_t>(chunk.rows), 0);
    const auto refuse = [&](Index r, DropReason reason, std::string_view rule,
                            std::string_view what) {
      state[static_cast<std::size_t>(r)] = dropped;
      if (judge) drop(g, r, source_.time, reason, rule, what, report);
    };
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
            k = static_cast<std::int64_t>(v);
          else
            refuse(r, DropReason::time_range, "dataset.time_range",
                   "time must be below 2^63, got " + std::to_string(v));
        } else {
          k = static_cast<std::int64_t>(v);
          if (c.kind == Kind::time && k == kMin) {
            refuse(r, DropReason::null_key, "dataset.null_key",
                   "time is -2^63, undefined");
          }
        }
      }
    };
    visit(c, each);
    return key;
  }

  std::vector<std::int64_t> entities(Index g, const Chunk& chunk,
                                     std::vector<std::uint8_t>& state,
                                     GroupRuns& out) const {
    const Column& c = column(chunk, source_.entity);
    std::vector<std::int64_t> key(static_cast<std::size_t>(chunk.rows), 0);
    const auto refuse = [&](Index r, DropReason reason, std::string_view rule,
                            std::string_view what) {
      auto& s = state[static_cast<std::size_t>(r)];
      if (s == dropped) return;  // counted once, for its time
      s = dropped;
      drop(g, r, source_.entity, reason, rule, what, out.report);
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

/// Replaces places in the row groups' own lists of texts by places among all texts.
void rank_over_groups(std::vector<GroupRuns>& groups, EntityColumn& entity,
                      std::vector<std::string>& all) {
  std::vector<std::string_view> views;
  for (const auto& group : groups)
    views.insert(views.end(), group.texts.begin(), group.texts.end());
  std::sort(views.begin(), views.end());
  views.erase(std::unique(views.begin(), views.end()), views.end());
  for (auto& group : groups) {
    std::vector<std::int64_t> rank;
    rank.reserve(group.texts.size());
    auto from = views.begin();
    for (const auto& text : group.texts) {
      from = std::lower_bound(from, views.end(), std::string_view(text));
      rank.push_back(from - views.begin());
    }
    for (auto& run : group.runs) run.key = rank[static_cast<std::size_t>(run.key)];
  }
  all.assign(views.begin(), views.end());
  entity.kind = EntityColumn::Kind::text;
}

/// Sorts the runs of all row groups into sequences.
class Assembler {
 public:
  Assembler(const KeySource& source, const IndexOptions& options,
            const GroupReader& reader, IndexTables& tables)
      : source_(source),
        options_(options),
        reader_(reader),
        tables_(tables),
        floating_(source.time >= 0 &&
                  is_float(source.schema->fields[static_cast<std::size_t>(source.time)]
                               .type.kind)) {}

  void assemble(std::vector<RawRun> runs, const std::vector<std::string>& texts) {
    runs_ = std::move(runs);
    sort_by_key();
    find_disorder();
    load_disordered_times();
    if (options_.policies.on_disorder == OnDisorder::fail && !disordered_.empty())
      refuse();
    std::size_t next_disordered = 0;
    for (std::size_t begin = 0; begin < runs_.size();) {
      const std::size_t end = end_of_key(begin);
      tables_.first_run.push_back(static_cast<std::int64_t>(tables_.runs.size()));
      events_ = 0;
      if (next_disordered < disordered_.size() &&
          disordered_[next_disordered].begin == begin) {
        emit_disordered(disordered_[next_disordered++]);
      } else {
        for (std::size_t i = begin; i < end; ++i) emit_run(runs_[i]);
      }
      finish_sequence(runs_[begin].key, texts);
      begin = end;
    }
    tables_.first_run.push_back(static_cast<std::int64_t>(tables_.runs.size()));
  }

 private:
  /// A sequence with times that run backwards, and the times of its rows.
  struct Disordered {
    std::size_t begin, end;           // in runs_
    std::vector<std::int64_t> times;  // of all its rows, in storage order
  };

  void sort_by_key() {
    const auto less = [](const RawRun& a, const RawRun& b) { return a.key < b.key; };
    if (!std::is_sorted(runs_.begin(), runs_.end(), less)) {
      std::stable_sort(runs_.begin(), runs_.end(), less);
    }
  }

  std::size_t end_of_key(std::size_t begin) const {
    std::size_t end = begin + 1;
    while (end < runs_.size() && runs_[end].key == runs_[begin].key) ++end;
    return end;
  }

  void find_disorder() {
    if (source_.time < 0) return;
    for (std::size_t begin = 0; begin < runs_.size();) {
      const std::size_t end = end_of_key(begin);
      std::int64_t newest = kMin;
      for (std::size_t i = begin; i < end; ++i) {
        if (runs_[i].rows == 0) continue;
        if (runs_[i].first_time < newest) {
          disordered_.push_back({begin, end, {}});
          break;
        }
        newest = std::max(newest, runs_[i].last_time);
      }
      begin = end;
    }
  }

  /// One more reading of the row groups that hold disordered sequences.
  void load_disordered_times() {
    struct Wanted {
      std::size_t sequence, offset;
      RawRun run;
    };
    std::vector<Wanted> wanted;
    for (std::size_t d = 0; d < disordered_.size(); ++d) {
      auto& sequence = disordered_[d];
      std::size_t rows = 0;
      for (std::size_t i = sequence.begin; i < sequence.end; ++i) {
        wanted.push_back({d, rows, runs_[i]});
        rows += static_cast<std::size_t>(runs_[i].rows);
      }
      sequence.times.resize(rows);
    }
    std::stable_sort(wanted.begin(), wanted.end(),
                     [](const Wanted& a, const Wanted& b) {
                       return a.run.row_group < b.run.row_group;
                     });
    std::vector<std::size_t> cuts;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (i == 0 || wanted[i].run.row_group != wanted[i - 1].run.row_group)
        cuts.push_back(i);
    }
    cuts.push_back(wanted.size());
    parallel_for(static_cast<Index>(cuts.size()) - 1, options_.threads, [&](Index c) {
      const std::size_t begin = cuts[static_cast<std::size_t>(c)];
      const auto times = reader_.times(wanted[begin].run.row_group);
      for (std::size_t i = begin; i < cuts[static_cast<std::size_t>(c) + 1]; ++i) {
        const Wanted& w = wanted[i];
        const auto end = static_cast<std::size_t>(w.run.first_row) +
                         static_cast<std::size_t>(w.run.rows);
        if (end > times.size()) throw_changed(w.run);
        std::copy_n(times.begin() + w.run.first_row, w.run.rows,
                    disordered_[w.sequence].times.begin() +
                        static_cast<std::ptrdiff_t>(w.offset));
      }
    });
  }

  [[noreturn]] void throw_changed(const RawRun& run) const {
    Place place = source_.place(run.row_group, run.first_row);
    place.rule = "dataset.changed";
    throw DataError(std::move(place), "row group has fewer rows than a moment ago");
  }

  Index global_row(const RowRun& at) const {
    return source_.row_groups[static_cast<std::size_t>(at.row_group)].first_row +
           at.first_row;
  }

  /// Rows of a disordered sequence one by one, in storage order.
  std::vector<RowRun> rows_of(const Disordered& d) const {
    std::vector<RowRun> rows;
    rows.reserve(d.times.size());
    for (std::size_t i = d.begin; i < d.end; ++i) {
      for (std::int32_t r = 0; r < runs_[i].rows; ++r) {
        rows.push_back({runs_[i].row_group, runs_[i].first_row + r, 1});
      }
    }
    return rows;
  }

  /// Throws for the late row that comes first in the data.
  [[noreturn]] void refuse() const {
    Index least = std::numeric_limits<Index>::max();
    RowRun late, before;
    std::int64_t late_time = 0, before_time = 0;
    for (const auto& d : disordered_) {
      const auto rows = rows_of(d);
      std::size_t newest = 0;
      for (std::size_t i = 1; i < rows.size(); ++i) {
        if (d.times[i] >= d.times[newest]) {
          newest = i;
        } else if (global_row(rows[i]) < least) {
          least = global_row(rows[i]);
          late = rows[i];
          before = rows[newest];
          late_time = time_of_key(d.times[i], floating_);
          before_time = time_of_key(d.times[newest], floating_);
        }
      }
    }
    Place place = disorder_place(late);
    const Place earlier = source_.place(before.row_group, before.first_row);
    throw DataError(std::move(place),
                    "time " + std::to_string(late_time) + " comes after time " +
                        std::to_string(before_time) + " of the same sequence at row " +
                        std::to_string(earlier.row.value_or(0)) + " of " +
                        escape_text(earlier.source));
  }

  Place disorder_place(const RowRun& row) const {
    Place place = source_.place(row.row_group, row.first_row);
    place.column = source_.schema->fields[static_cast<std::size_t>(source_.time)].name;
    place.rule = "dataset.time_disorder";
    return place;
  }

  void emit_disordered(const Disordered& d) {
    const auto rows = rows_of(d);
    std::vector<std::size_t> order;
    order.reserve(rows.size());
    std::int64_t newest = kMin;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const bool late = d.times[i] < newest;
      newest = std::max(newest, d.times[i]);
      if (late) ++tables_.report.rows_out_of_order;
      if (late && options_.policies.on_disorder == OnDisorder::skip) {
        tables_.report.drop(DropReason::time_disorder, disorder_place(rows[i]));
        continue;
      }
      order.push_back(i);
    }
    if (options_.policies.on_disorder == OnDisorder::sort) {
      std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return d.times[a] < d.times[b];
      });
    }
    for (const std::size_t i : order) {
      emit_run({0, d.times[i], d.times[i], rows[i].row_group, rows[i].first_row, 1});
    }
  }

  void emit_run(const RawRun& run) {
    if (run.rows == 0) return;
    if (events_ == 0) first_time_ = run.first_time;
    last_time_ = run.last_time;
    auto& runs = tables_.runs;
    if (events_ > 0 && runs.back().row_group == run.row_group &&
        runs.back().first_row + runs.back().rows == run.first_row) {
      runs.back().rows += run.rows;
    } else {
      runs.push_back({run.row_group, run.first_row, run.rows});
    }
    events_ += run.rows;
  }

  void finish_sequence(std::int64_t key, const std::vector<std::string>& texts) {
    if (events_ == 0) {
      tables_.first_run.pop_back();
      ++tables_.sequences_emptied;
      return;
    }
    tables_.events.push_back(events_);
    tables_.first_time.push_back(time_of_key(first_time_, floating_));
    tables_.last_time.push_back(time_of_key(last_time_, floating_));
    EntityColumn& entity = tables_.entity;
    if (entity.kind == EntityColumn::Kind::integer) entity.integers.push_back(key);
    if (entity.kind == EntityColumn::Kind::text) {
      if (entity.offsets.empty()) entity.offsets.push_back(0);
      entity.bytes += texts[static_cast<std::size_t>(key)];
      entity.offsets.push_back(static_cast<std::int64_t>(entity.bytes.size()));
    }
  }

  const KeySource& source_;
  const IndexOptions& options_;
  const GroupReader& reader_;
  IndexTables& tables_;
  bool floating_;
  std::vector<RawRun> runs_;
  std::vector<Disordered> disordered_;
  Index events_ = 0;
  std::int64_t first_time_ = 0;
  std::int64_t last_time_ = 0;
};

/// Adds the reports of the row groups in file order and stops where too many rows were
/// bad.
ReadReport judge(const std::vector<GroupRuns>& groups, const IndexOptions& options,
                 const KeySource& source) {
  ReadReport total = options.before;
  const bool fresh = total.rows_seen == 0;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    ReadReport part = groups[g].report;
    if (!fresh) {  // the rows were seen, and given to us, before
      total.rows_given -= part.rows_seen;
      part.rows_seen = 0;
    }
    total.add(part);
    if (total.dropped_total() > options.policies.max_bad.allowed(total.rows_seen)) {
      Place place = source.place(static_cast<Index>(g), 0);
      place.rule = "dataset.max_bad";
      throw DataError(std::move(place), std::to_string(total.dropped_total()) + " of " +
                                            std::to_string(total.rows_seen) +
                                            " rows are bad, more than max_bad");
    }
  }
  return total;
}

}  // namespace

void require_entity_type(const Field& field) {
  require(!is_float(field.type.kind), "open: entity \"" + escape_text(field.name) +
                                          "\" must be an integer or a text, got " +
                                          to_string(field.type) + " (cast it)");
}

void require_time_type(const Field& field) {
  require(field.type.kind != Kind::text && field.type.kind != Kind::boolean,
          "open: time \"" + escape_text(field.name) +
              "\" must be a time or a number, got " + to_string(field.type));
}

double mean_run(const IndexTables& tables) {
  const auto events =
      std::accumulate(tables.events.begin(), tables.events.end(), Index{0});
  return tables.runs.empty()
             ? 0.0
             : static_cast<double>(events) / static_cast<double>(tables.runs.size());
}

IndexTables build_index(const KeySource& source, const IndexOptions& options) {
  const auto& fields = source.schema->fields;
  if (source.entity >= 0)
    require_entity_type(fields[static_cast<std::size_t>(source.entity)]);
  if (source.time >= 0)
    require_time_type(fields[static_cast<std::size_t>(source.time)]);
  const GroupReader reader(source, options);
  std::vector<GroupRuns> groups(source.row_groups.size());
  parallel_for(static_cast<Index>(groups.size()), options.threads,
               [&](Index g) { groups[static_cast<std::size_t>(g)] = reader.read(g); });

  IndexTables tables;
  tables.row_groups = source.row_groups;
  tables.report = judge(groups, options, source);
  const bool floating =
      source.time >= 0 &&
      is_float(fields[static_cast<std::size_t>(source.time)].type.kind);
  std::vector<std::string> texts;
  if (source.entity >= 0) {
    if (fields[static_cast<std::size_t>(source.entity)].type.kind == Kind::text) {
      rank_over_groups(groups, tables.entity, texts);
    } else {
      tables.entity.kind = EntityColumn::Kind::integer;
    }
  }
  std::vector<RawRun> runs;
  std::size_t count = 0;
  for (const auto& group : groups) count += group.runs.size();
  runs.reserve(count);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    GroupRuns& group = groups[g];
    if (group.time_min <= group.time_max) {
      tables.row_groups[g].time_min = time_of_key(group.time_min, floating);
      tables.row_groups[g].time_max = time_of_key(group.time_max, floating);
    }
    runs.insert(runs.end(), group.runs.begin(), group.runs.end());
    group = {};
  }
  const Index dropped_before = tables.report.dropped_total();
  Assembler(source, options, reader, tables).assemble(std::move(runs), texts);
  tables.report.rows_given -= tables.report.dropped_total() - dropped_before;
  return tables;
}

}  // namespace lade::io
