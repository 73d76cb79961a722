// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "lade/core/integer_at.h"
#include "lade/core/rows.h"
#include "lade/recipe/plan_numbers.h"
#include "lade/recipe/plan_targets.h"

namespace lade {

/// Buffers of one thread, grown once.
struct BuildScratch::State {
  explicit State(std::shared_ptr<Ledger> ledger) : targets(std::move(ledger)) {}
  EncodeScratch encode;
  TargetScratch targets;
  SequenceTargets values;
  std::vector<float> entry;  // of a stack of targets
  NumberScratch numbers;
  std::vector<std::int64_t> ids;
};

BuildScratch::BuildScratch(std::shared_ptr<Ledger> ledger)
    : state_(std::make_unique<State>(std::move(ledger))) {}
BuildScratch::~BuildScratch() = default;
BuildScratch::BuildScratch(BuildScratch&&) noexcept = default;

namespace {

/// Events of a pass over a category: its ids stay in the first-level cache.
constexpr Index kTileEvents = 1024;
/// Arrays of this size push everything else out of the caches and are gone from them
/// before anybody reads them.
constexpr Index kPastCaches = 4 << 20;
/// Most that is asked for of a column before a window is begun.
constexpr Index kNear = 2 << 10;

/// Writes the rows of a batch that one call of build_rows was given.
class RowWriter {
 public:
  RowWriter(const Plan::Data& data, Plan::Build& build, const io::DatasetReader& reader,
            BuildScratch::State& scratch, BuildCounts& counts)
      : data_(data),
        build_(build),
        reader_(reader),
        scratch_(scratch),
        counts_(counts),
        targets_(data, build, scratch.values, scratch.entry, counts) {
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
    if (!data_.targets) return;
    counts_.targets.add(scratch_.targets.counts());
    scratch_.targets.counts().clear();
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
    if (!found.view || !numbers_ || found.kept.sequence == sequence_) return;
    const Index rows = std::min(numbers_->tile(), found.kept.events);
    const Index first = found.view->begin + found.kept.begin;
    for (const BoundInput& input : data_.numbers) {
      const Column& column =
          found.view->chunk->columns[static_cast<std::size_t>(input.column)];
      const Index bytes = width(column.kind);
      prefetch(static_cast<const std::byte*>(column.values) + first * bytes,
               std::min(kNear, rows * bytes));
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
        if (numbers_) write_numbers(*numbers_, a);
        return;
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
        return targets_.write(a, {view_, kept_, row_, padded()}, at(a));
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

  void write_numbers(NumberRows& numbers, std::size_t a) {
    const ArraySpec& spec = data_.arrays[a];
    numbers.write(*view_.chunk, first_row(), kept_.events, sample_id(row_),
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
      if (column.valid(last)) label = label_at(column, last);
    }
    store(a, label);
  }

  static std::int64_t label_at(const Column& column, Index row) {
    const std::int64_t label = integer_at(column, row);
    if (column.kind != Kind::u64 || label >= 0) return label;
    const std::string value = std::to_string(static_cast<std::uint64_t>(label));
    fail_overflow({.source = "array label", .value = value},
                  "label must be <= 2^63 - 1, got " + value);
  }

  const Plan::Data& data_;
  Plan::Build& build_;
  const io::DatasetReader& reader_;
  BuildScratch::State& scratch_;
  BuildCounts& counts_;
  TargetRows targets_;
  std::optional<NumberRows> numbers_;
  bool past_caches_ = false;
  std::shared_ptr<const Chunk> chunk_;  // keeps what was read alive
  SequenceView view_;
  Plan::Kept kept_;
  Index sequence_ = -1;
  Index group_ = -1;
  Index row_ = 0;
};

}  // namespace

void Plan::build_rows(Build& build, Index first, Index last,
                      const io::DatasetReader& reader, BuildScratch& scratch,
                      BuildCounts& counts) const {
  RowWriter(*data_, build, reader, scratch.state(), counts).write(first, last);
}

}  // namespace lade
