// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "lade/core/pool.h"
#include "lade/io/entity_name.h"
#include "lade/io/index_internal.h"

namespace lade::io {

namespace {

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

/// Sorts the runs of all row groups into sequences.
class Assembler {
 public:
  Assembler(const KeySource& source, const IndexOptions& options, IndexTables& tables)
      : source_(source),
        options_(options),
        tables_(tables),
        floating_(has_float_time(source)) {}

  void assemble(std::vector<RawRun> runs, const std::vector<std::string>& texts) {
    runs_ = std::move(runs);
    sort_by_key();
    find_disorder();
    load_disordered_times();
    if (options_.policies.on_disorder == OnDisorder::fail && !disordered_.empty())
      refuse(texts);
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
      const auto times = scan_times(source_, options_, wanted[begin].run.row_group);
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
  [[noreturn]] void refuse(const std::vector<std::string>& texts) const {
    Index least = std::numeric_limits<Index>::max();
    std::int64_t key = 0;
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
          key = runs_[d.begin].key;
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
                    name_of_entity(entity_of(key, texts)) + "time " +
                        std::to_string(late_time) + " comes after time " +
                        std::to_string(before_time) + ", which is at row " +
                        std::to_string(earlier.row.value_or(0)) + " of " +
                        escape_text(earlier.source));
  }

  Entity entity_of(std::int64_t key, const std::vector<std::string>& texts) const {
    if (tables_.entity.kind == EntityColumn::Kind::integer) return key;
    if (tables_.entity.kind == EntityColumn::Kind::none) return {};
    return texts[static_cast<std::size_t>(key)];
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
  IndexTables& tables_;
  bool floating_;
  std::vector<RawRun> runs_;
  std::vector<Disordered> disordered_;
  Index events_ = 0;
  std::int64_t first_time_ = 0;
  std::int64_t last_time_ = 0;
};

}  // namespace

void assemble_sequences(const KeySource& source, const IndexOptions& options,
                        std::vector<RawRun> runs, const std::vector<std::string>& texts,
                        IndexTables& tables) {
  Assembler(source, options, tables).assemble(std::move(runs), texts);
}

}  // namespace lade::io
