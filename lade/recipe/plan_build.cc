// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "lade/core/rows.h"
#include "lade/recipe/plan_numbers.h"

namespace lade {

/// Buffers of one thread, grown once.
struct BuildScratch::State {
  EncodeScratch encode;
  TargetScratch targets;
  SequenceTargets values;
  NumberScratch numbers;
  std::vector<float> entry;  // of a stack of targets
  std::vector<std::int64_t> ids;
};

BuildScratch::BuildScratch() : state_(std::make_unique<State>()) {}
BuildScratch::~BuildScratch() = default;
BuildScratch::BuildScratch(BuildScratch&&) noexcept = default;

namespace {

/// Events of a pass over a category: its ids stay in the first-level cache.
constexpr Index kTileEvents = 1024;
/// Arrays of this size push everything else out of the caches and are gone from them
/// before anybody reads them.
constexpr Index kPastCaches = 4 << 20;
/// What is asked for of a column before a window is begun.
constexpr Index kNear = 1 << 10;

/// Writes the rows of a batch that one call of build_rows was given.
class RowWriter {
 public:
  RowWriter(const Plan::Data& data, Plan::Build& build, const io::DatasetReader& reader,
            BuildScratch::State& scratch, BuildCounts& counts)
      : data_(data),
        build_(build),
        reader_(reader),
        scratch_(scratch),
        counts_(counts) {
    for (std::size_t a = 0; a < data.arrays.size(); ++a) {
      if (data.bound[a].source != ArraySource::numerical) continue;
      numbers_.emplace(data.numbers, data.arrays[a], data.bound[a], scratch.numbers,
                       counts);
      past_caches_ = array_bytes(data.arrays[a], build.shape) >= kPastCaches;
    }
  }

  /// Rows [first, last).
  void write(Index first, Index last) {
    if (data_.rows_are_samples) {
      for (row_ = first; row_ < last; ++row_) {
        write_row_sample(sample_id(row_));
        count();
      }
    } else {
      write_windows(first, last);
    }
    settle();
  }

 private:
  Index sample_id(Index row) const {
    return build_.sample_id[static_cast<std::size_t>(row)];
  }
  const Plan::Kept& kept_of(Index row) const {
    return build_.shape.kept[static_cast<std::size_t>(row)];
  }

  /// First byte of this row in array a.
  std::byte* at(std::size_t a) const {
    const ArraySpec& spec = data_.arrays[a];
    if (spec.middle == ArraySpec::Middle::packed) {
      const Index first = build_.first_event[static_cast<std::size_t>(row_)];
      return build_.slab->data() + build_.offset[a] + first * row_bytes(spec, 1);
    }
    const bool intervals = spec.middle == ArraySpec::Middle::intervals;
    const Index middle = intervals ? build_.shape.longest : build_.shape.padded;
    return build_.slab->data() + build_.offset[a] + row_ * row_bytes(spec, middle);
  }

  void write_row_sample(Index id) {
    const auto& first = data_.first_row;
    const Index group =
        std::upper_bound(first.begin(), first.end(), id) - first.begin() - 1;
    if (group != group_) {
      chunk_ = reader_.row_group(group);
      view_.chunk = chunk_.get();
      group_ = group;
      const Index indexed = data_.dataset.row_group_rows(group);
      if (chunk_->rows != indexed) fail_changed(chunk_->rows, indexed, group);
    }
    kept_ = {0, id - first[static_cast<std::size_t>(group)], 1, 0, 0};
    write_arrays(id);
  }

  /// The window of a sample and, in memory, where its rows lie.
  struct Found {
    Plan::Kept kept;
    std::optional<SequenceView> view;
  };
  Found find(Index row) const {
    Found out;
    out.kept = kept_of(row);
    if (data_.resident) out.view = data_.resident->find(out.kept.sequence);
    return out;
  }

  /// Places are looked up two rows ahead, so that nobody waits for the index; rows are
  /// asked for one row ahead.
  void write_windows(Index first, Index last) {
    if (first == last) return;
    Found here = find(first);
    Found next = find(std::min(first + 1, last - 1));
    for (row_ = first; row_ < last; ++row_) {
      Found after = find(std::min(row_ + 2, last - 1));
      if (row_ + 1 < last) ask_for(next);
      enter(here);
      write_arrays(sample_id(row_));
      count();
      here = std::exchange(next, after);
    }
  }

  void ask_for(const Found& found) const noexcept {
    if (!found.view || found.kept.sequence == sequence_) return;
    const Index first = found.view->begin + found.kept.begin;
    for (const BoundInput& input : data_.numbers) {
      const Column& column =
          found.view->chunk->columns[static_cast<std::size_t>(input.column)];
      const Index bytes = width(column.kind);
      prefetch(static_cast<const std::byte*>(column.values) + first * bytes,
               std::min(kNear, found.kept.events * bytes));
    }
  }

  /// Makes a sample the one that is written; computes the targets of a new sequence.
  void enter(const Found& found) {
    kept_ = found.kept;
    if (kept_.sequence == sequence_) return;
    if (found.view) {
      view_ = *found.view;
    } else {
      auto read = reader_.sequence(kept_.sequence);
      view_ = read.view;
      chunk_ = std::move(read.chunk);
    }
    if (view_.rows != kept_.length) {
      fail_changed(view_.rows, kept_.length, data_.dataset.home(kept_.sequence));
    }
    sequence_ = kept_.sequence;
    if (data_.targets) {
      compute_targets(*data_.targets, view_, kept_.visible, scratch_.targets,
                      scratch_.values);
    }
  }

  void count() {
    ++counts_.samples;
    counts_.events += kept_.events;
  }

  /// A length from the index and one after reading must agree, or the file changed.
  [[noreturn]] static void fail_changed(Index read, Index indexed, Index group) {
    Place place;
    place.source = "row group " + std::to_string(group);
    place.rule = "dataset.changed";
    throw DataError(place, "the index says " + std::to_string(indexed) + " rows, " +
                               std::to_string(read) + " were read");
  }

  /// A value that the array's type cannot hold.
  [[noreturn]] static void fail_overflow(Place place, const std::string& what) {
    place.rule = "convert.overflow";
    throw DataError(std::move(place), what);
  }

  void write_arrays(Index id) {
    for (std::size_t a = 0; a < data_.arrays.size(); ++a) write_array(a, id);
  }

  void write_array(std::size_t a, Index id) {
    const BoundArray& bound = data_.bound[a];
    switch (bound.source) {
      case ArraySource::numerical:
        return write_numbers(a);
      case ArraySource::categorical:
        return write_ids(a);
      case ArraySource::lengths:
        return store(a, static_cast<std::int32_t>(kept_.events));
      case ArraySource::offsets:
        return;  // by `finish`, for all rows at once
      case ArraySource::sample_id:
        return store(a, id);
      case ArraySource::sample_mask:
        return store(a, static_cast<std::uint8_t>(!is_repeated()));
      case ArraySource::mask:
        return write_mask(a, 1);
      case ArraySource::padding_mask:
        return write_mask(a, 0);
      case ArraySource::entity:
        return store(
            a, std::get<std::int64_t>(data_.dataset.sequence(kept_.sequence).entity));
      case ArraySource::group:
        return store(a, kept_.sequence);
      case ArraySource::label:
        return write_label(a);
      default:
        return write_target(a, bound);
    }
  }

  template <class T>
  void store(std::size_t a, T value) {
    std::memcpy(at(a), &value, sizeof(T));
  }

  bool is_repeated() const {
    return row_ >= static_cast<Index>(build_.sample_id.size()) - build_.repeated;
  }

  Index first_row() const { return view_.begin + kept_.begin; }
  /// Entries that a row has in arrays of events.
  Index padded() const {
    if (data_.options.packed) return kept_.events;
    return data_.recipe.spec().sequence.window.kind == WindowRule::Kind::row
               ? 1
               : build_.shape.padded;
  }

  void clear_padding(std::byte* row, Index entry_bytes) const {
    const Index from = kept_.events * entry_bytes;
    clear(row + from, padded() * entry_bytes - from);
  }

  void write_numbers(std::size_t a) {
    const ArraySpec& spec = data_.arrays[a];
    numbers_->write(*view_.chunk, first_row(), kept_.events, sample_id(row_),
                    past_caches_, at(a));
    clear_padding(at(a), spec.inner * width(spec.type));
  }

  void write_ids(std::size_t a) {
    const ArraySpec& spec = data_.arrays[a];
    const Index entry = spec.inner * width(spec.type);
    std::byte* const row = at(a);
    scratch_.ids.resize(static_cast<std::size_t>(kTileEvents));
    for (Index begin = 0; begin < kept_.events; begin += kTileEvents) {
      const Index rows = std::min(kTileEvents, kept_.events - begin);
      for (Index c = 0; c < spec.inner; ++c) {
        const BoundInput& input = data_.categories[static_cast<std::size_t>(c)];
        const EncodeCounts met =
            encode(*input.vocabulary,
                   view_.chunk->columns[static_cast<std::size_t>(input.column)],
                   first_row() + begin, rows, scratch_.encode, scratch_.ids.data());
        counts_.unknown += met.unknown;
        store_ids(spec, rows, row + begin * entry + c * width(spec.type));
      }
    }
    clear_padding(row, entry);
  }

  void store_ids(const ArraySpec& spec, Index rows, std::byte* out) {
    const std::int64_t* const ids = scratch_.ids.data();
    if (spec.type == DType::i64) {
      auto* const to = reinterpret_cast<std::int64_t*>(out);
      for (Index r = 0; r < rows; ++r) to[r * spec.inner] = ids[r];
      return;
    }
    ConvertCounts counts;
    convert(ids, rows, spec.type, out, spec.inner, counts);
    if (counts.overflow == 0) return;
    const std::string value = std::to_string(ids[counts.first_overflow]);
    fail_overflow({.source = "array " + spec.name, .value = value},
                  "id " + value + " does not fit " + std::string(name(spec.type)));
  }

  void write_mask(std::size_t a, std::uint8_t real) {
    auto* const out = reinterpret_cast<std::uint8_t*>(at(a));
    const auto events = static_cast<std::size_t>(kept_.events);
    std::memset(out, real, events);
    std::memset(out + events, 1 - real, static_cast<std::size_t>(padded()) - events);
  }

  void write_label(std::size_t a) {
    std::int64_t label = -100;  // the usual ignore index: null, or no row left
    if (kept_.events > 0) {
      const Column& column =
          view_.chunk->columns[static_cast<std::size_t>(data_.label)];
      const Index last = first_row() + kept_.events - 1;
      if (column.valid(last)) label = integer_at(column, last);
    }
    store(a, label);
  }

  static std::int64_t integer_at(const Column& column, Index row) {
    switch (column.kind) {
      case Kind::boolean:
      case Kind::u8:
        return column.as<std::uint8_t>()[row];
      case Kind::i8:
        return column.as<std::int8_t>()[row];
      case Kind::i16:
        return column.as<std::int16_t>()[row];
      case Kind::i32:
        return column.as<std::int32_t>()[row];
      case Kind::u16:
        return column.as<std::uint16_t>()[row];
      case Kind::u32:
        return column.as<std::uint32_t>()[row];
      case Kind::u64:
        return large_label(column, row);
      default:
        return column.as<std::int64_t>()[row];
    }
  }

  static std::int64_t large_label(const Column& column, Index row) {
    const std::uint64_t value = column.as<std::uint64_t>()[row];
    if (value <= INT64_MAX) return static_cast<std::int64_t>(value);
    fail_overflow({.source = "array label", .value = std::to_string(value)},
                  "label must be <= 2^63 - 1, got " + std::to_string(value));
  }

  /// Entries of a boundary set that lie in the kept window: [first, last) of its
  /// intervals.
  std::pair<Index, Index> given(const SequenceTargets::Set& set) const {
    if (data_.whole_history()) return {0, static_cast<Index>(set.ends.size())};
    const auto begin = set.ends.begin();
    const Index first = std::lower_bound(begin, set.ends.end(), kept_.begin) - begin;
    const Index last =
        std::lower_bound(begin, set.ends.end(), kept_.begin + kept_.events) - begin;
    return {first, std::max(first, last)};
  }

  void write_target(std::size_t a, const BoundArray& bound);
  void write_sequence_entry(std::size_t a, const BoundArray& bound);
  void write_entries(std::size_t a, const BoundArray& bound, Index first, Index last,
                     bool spread);
  bool write_run(const ArraySpec& spec, const BoundArray& bound, Index first,
                 Index last, std::byte* out) const;
  Index position_of(Index row) const;
  std::int64_t end_of(std::size_t set, std::size_t interval) const;
  void write_entry(const ArraySpec& spec, const BoundArray& bound, Index from,
                   Index position, std::byte* out);

  const Plan::Data& data_;
  Plan::Build& build_;
  const io::DatasetReader& reader_;
  BuildScratch::State& scratch_;
  BuildCounts& counts_;
  std::optional<NumberRows> numbers_;
  bool past_caches_ = false;
  std::shared_ptr<const Chunk> chunk_;  // keeps what was read alive
  SequenceView view_;
  Plan::Kept kept_;
  Index sequence_ = -1;
  Index group_ = -1;
  Index row_ = 0;
};

void RowWriter::write_target(std::size_t a, const BoundArray& bound) {
  const ArraySpec& spec = data_.arrays[a];
  const auto s = static_cast<std::size_t>(spec.set);
  const TargetPlan::Set& set = data_.targets->sets()[s];
  if (spec.middle == ArraySpec::Middle::none) return write_sequence_entry(a, bound);
  const auto [first, last] = given(scratch_.values.sets[s]);
  if (spec.middle != ArraySpec::Middle::intervals) {
    write_padding(spec, at(a), padded());
    write_entries(a, bound, first, last, set.boundary.every != Every::event);
    return;
  }
  build_.intervals[s][static_cast<std::size_t>(row_)] =
      static_cast<std::int32_t>(last - first);
  write_entries(a, bound, first, last, false);
}

void RowWriter::write_sequence_entry(std::size_t a, const BoundArray& bound) {
  const ArraySpec& spec = data_.arrays[a];
  std::byte* const out = at(a);
  const auto& ends = scratch_.values.sets[static_cast<std::size_t>(spec.set)].ends;
  if (ends.empty()) {
    write_padding(spec, out, 1);
  } else {
    write_entry(spec, bound, 0, 0, out);
  }
}

void RowWriter::write_entries(std::size_t a, const BoundArray& bound, Index first,
                              Index last, bool spread) {
  const ArraySpec& spec = data_.arrays[a];
  const auto& ends = scratch_.values.sets[static_cast<std::size_t>(spec.set)].ends;
  std::byte* const row = at(a);
  if (!spread && write_run(spec, bound, first, last, row)) return;
  const Index entry = row_bytes(spec, 1);
  for (Index i = first; i < last; ++i) {
    const Index position = position_of(ends[static_cast<std::size_t>(i)]);
    write_entry(spec, bound, i, position,
                row + (spread ? position : i - first) * entry);
  }
}

/// Intervals [first, last) at once, where what was computed is what is given.
bool RowWriter::write_run(const ArraySpec& spec, const BoundArray& bound, Index first,
                          Index last, std::byte* out) const {
  const auto which = static_cast<std::size_t>(bound.index);
  const auto count = static_cast<std::size_t>(last - first);
  if (count == 0) return true;
  const auto from = static_cast<std::size_t>(first);
  if (bound.source == ArraySource::target && spec.type == DType::f32) {
    std::memcpy(out, &scratch_.values.value[which][from], count * sizeof(float));
  } else if (bound.source == ArraySource::target_valid) {
    std::memcpy(out, &scratch_.values.valid[which][from], count);
  } else if (bound.source == ArraySource::target_mask) {
    std::memset(out, 1, count);
  } else if (bound.source == ArraySource::target_position) {
    const auto& ends = scratch_.values.sets[which].ends;
    auto* const position = reinterpret_cast<std::int32_t*>(out);
    for (std::size_t i = 0; i < count; ++i)
      position[i] = static_cast<std::int32_t>(position_of(ends[from + i]));
  } else {
    return false;
  }
  return true;
}

std::int64_t RowWriter::end_of(std::size_t set, std::size_t interval) const {
  const std::int64_t* time =
      view_.chunk->columns[static_cast<std::size_t>(data_.time)].as<std::int64_t>() +
      view_.begin;
  const SequenceTargets::Set& of = scratch_.values.sets[set];
  const std::int64_t last = time[of.ends[interval]];
  return interval_edges(data_.targets->sets()[set].boundary, of.keys[interval], last,
                        last)
      .end;
}

/// Of a row in the kept window; -1 outside of it.
Index RowWriter::position_of(Index row) const {
  const Index position = row - kept_.begin;
  return position >= 0 && position < kept_.events ? position : -1;
}

void RowWriter::write_entry(const ArraySpec& spec, const BoundArray& bound, Index from,
                            Index position, std::byte* out) {
  const auto i = static_cast<std::size_t>(from);
  const auto which = static_cast<std::size_t>(bound.index);
  const auto put_float = [&](const float* values, Index count) {
    if (spec.type == DType::f32) {
      std::memcpy(out, values, static_cast<std::size_t>(count) * sizeof(float));
    } else {
      convert_or_throw(values, count, spec, spec.name, sample_id(row_),
                       loader_rule(spec.type), out, 1, counts_);
    }
  };
  const auto put = [&](auto value) { std::memcpy(out, &value, sizeof(value)); };
  const auto put_label = [&](std::int64_t label) {
    ConvertCounts counts;
    convert(&label, 1, spec.type, out, 1, counts);
    if (counts.overflow == 0) return;
    Place place;
    place.source = "array " + spec.name;
    place.rule = "convert.overflow";
    place.value = std::to_string(label);
    throw DataError(place, "label " + place.value + " does not fit " +
                               std::string(name(spec.type)));
  };
  switch (bound.source) {
    case ArraySource::target:
      return put_float(&scratch_.values.value[which][i], 1);
    case ArraySource::target_stack: {
      const auto& members = data_.stacked[which];
      scratch_.entry.resize(members.size());
      for (std::size_t k = 0; k < members.size(); ++k) {
        scratch_.entry[k] =
            scratch_.values.value[static_cast<std::size_t>(members[k])][i];
      }
      return put_float(scratch_.entry.data(), static_cast<Index>(members.size()));
    }
    case ArraySource::target_class:
      return put_label(scratch_.values.label[which][i]);
    case ArraySource::target_valid:
      return put(scratch_.values.valid[which][i]);
    case ArraySource::target_mask:
      return put(std::uint8_t{1});
    case ArraySource::target_position:
      return put(static_cast<std::int32_t>(position));
    case ArraySource::target_time:
      return put(end_of(which, i));
    default:
      LADE_DCHECK(false);
  }
}

}  // namespace

void Plan::build_rows(Build& build, Index first, Index last,
                      const io::DatasetReader& reader, BuildScratch& scratch,
                      BuildCounts& counts) const {
  RowWriter(*data_, build, reader, scratch.state(), counts).write(first, last);
}

}  // namespace lade
