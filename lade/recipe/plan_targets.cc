// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/plan_targets.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "lade/recipe/plan_numbers.h"

namespace lade {
namespace {

/// Of a row in the kept window; -1 outside of it.
Index position_of(Index row, const Plan::Kept& kept) noexcept {
  const Index position = row - kept.begin;
  return position >= 0 && position < kept.events ? position : -1;
}

void put_label(const ArraySpec& spec, std::int64_t label, std::byte* out) {
  ConvertCounts counts;
  convert(&label, 1, spec.type, out, 1, counts);
  if (counts.overflow == 0) return;
  const std::string value = std::to_string(label);
  throw DataError(
      {.source = "array " + spec.name, .rule = "convert.overflow", .value = value},
      "label " + value + " does not fit " + std::string(name(spec.type)));
}

}  // namespace

/// Entries of a boundary set that lie in the kept window: [first, last) of its
/// intervals.
std::pair<Index, Index> TargetRows::given(const SequenceTargets::Set& set,
                                          const Plan::Kept& kept) const {
  if (data_.whole_history()) return {0, static_cast<Index>(set.ends.size())};
  const auto begin = set.ends.begin();
  const Index first = std::lower_bound(begin, set.ends.end(), kept.begin) - begin;
  const Index last =
      std::lower_bound(begin, set.ends.end(), kept.begin + kept.events) - begin;
  return {first, std::max(first, last)};
}

void TargetRows::write(std::size_t a, const Window& window, std::byte* out) {
  const ArraySpec& spec = data_.arrays[a];
  const SequenceTargets::Set& of = set(spec);
  if (spec.middle == ArraySpec::Middle::none) {
    if (of.ends.empty()) return write_padding(spec, out, 1);
    return write_entry(a, window, 0, 0, out);
  }
  const auto range = given(of, window.kept);
  if (spec.middle == ArraySpec::Middle::intervals) {
    build_.intervals[static_cast<std::size_t>(spec.set)]
                    [static_cast<std::size_t>(window.row)] =
        static_cast<std::int32_t>(range.second - range.first);
    return write_entries(a, window, range, false, out);
  }
  const bool spread =
      boundary(static_cast<std::size_t>(spec.set)).every != Every::event;
  write_padding(spec, out, window.padded);
  write_entries(a, window, range, spread, out);
}

void TargetRows::write_entries(std::size_t a, const Window& window,
                               std::pair<Index, Index> range, bool spread,
                               std::byte* out) {
  const ArraySpec& spec = data_.arrays[a];
  if (!spread && write_run(spec, data_.bound[a], window.kept, range, out)) return;
  const auto& ends = set(spec).ends;
  const Index entry = row_bytes(spec, 1);
  for (Index i = range.first; i < range.second; ++i) {
    const Index position = position_of(ends[static_cast<std::size_t>(i)], window.kept);
    write_entry(a, window, i, position,
                out + (spread ? position : i - range.first) * entry);
  }
}

/// A range of intervals at once, where what was computed is what is given.
bool TargetRows::write_run(const ArraySpec& spec, const BoundArray& bound,
                           const Plan::Kept& kept, std::pair<Index, Index> range,
                           std::byte* out) const {
  const auto which = static_cast<std::size_t>(bound.index);
  const auto count = static_cast<std::size_t>(range.second - range.first);
  if (count == 0) return true;
  const auto from = static_cast<std::size_t>(range.first);
  if (bound.source == ArraySource::target && spec.type == DType::f32) {
    std::memcpy(out, &values_.value[which][from], count * sizeof(float));
  } else if (bound.source == ArraySource::target_valid) {
    std::memcpy(out, &values_.valid[which][from], count);
  } else if (bound.source == ArraySource::target_mask) {
    std::memset(out, 1, count);
  } else if (bound.source == ArraySource::target_position) {
    const auto& ends = values_.sets[which].ends;
    auto* const position = reinterpret_cast<std::int32_t*>(out);
    for (std::size_t i = 0; i < count; ++i) {
      position[i] = static_cast<std::int32_t>(position_of(ends[from + i], kept));
    }
  } else {
    return false;
  }
  return true;
}

std::int64_t TargetRows::end_of(std::size_t set, std::size_t interval,
                                const SequenceView& view) const {
  const std::int64_t* time =
      view.chunk->columns[static_cast<std::size_t>(data_.time)].as<std::int64_t>() +
      view.begin;
  const SequenceTargets::Set& of = values_.sets[set];
  const std::int64_t last = time[of.ends[interval]];
  return interval_edges(boundary(set), of.keys[interval], last, last).end;
}

void TargetRows::put_floats(const ArraySpec& spec, Index row, const float* values,
                            Index count, std::byte* out) {
  if (spec.type == DType::f32) {
    std::memcpy(out, values, static_cast<std::size_t>(count) * sizeof(float));
    return;
  }
  convert_or_throw(values, count, spec, spec.name,
                   build_.sample_id[static_cast<std::size_t>(row)],
                   loader_rule(spec.type), out, 1, counts_);
}

void TargetRows::write_entry(std::size_t a, const Window& window, Index from,
                             Index position, std::byte* out) {
  const ArraySpec& spec = data_.arrays[a];
  const BoundArray& bound = data_.bound[a];
  const auto i = static_cast<std::size_t>(from);
  const auto which = static_cast<std::size_t>(bound.index);
  const auto put = [&](auto value) { std::memcpy(out, &value, sizeof(value)); };
  switch (bound.source) {
    case ArraySource::target:
      return put_floats(spec, window.row, &values_.value[which][i], 1, out);
    case ArraySource::target_stack: {
      entry_.clear();
      for (const Index member : data_.stacked[which]) {
        entry_.push_back(values_.value[static_cast<std::size_t>(member)][i]);
      }
      return put_floats(spec, window.row, entry_.data(),
                        static_cast<Index>(entry_.size()), out);
    }
    case ArraySource::target_class:
      return put_label(spec, values_.label[which][i], out);
    case ArraySource::target_valid:
      return put(values_.valid[which][i]);
    case ArraySource::target_mask:
      return put(std::uint8_t{1});
    case ArraySource::target_position:
      return put(static_cast<std::int32_t>(position));
    case ArraySource::target_time:
      return put(end_of(which, i, window.view));
    default:
      LADE_DCHECK(false);
  }
}

}  // namespace lade
