// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "lade/recipe/plan_internal.h"

namespace lade {
namespace {

Index padded_length(Index longest, const PlanOptions& options, Index max_length) {
  Index padded = std::max<Index>(longest, 1);
  padded =
      (padded + options.pad_multiple - 1) / options.pad_multiple * options.pad_multiple;
  if (options.pad_to_max_length) return std::max(padded, max_length);
  if (options.pad_to.empty()) return padded;
  const auto next =
      std::lower_bound(options.pad_to.begin(), options.pad_to.end(), padded);
  return next == options.pad_to.end() ? options.pad_to.back() : *next;
}

void cut(Plan::Kept& kept, const Slice& slice) {
  kept.begin += slice.begin;
  kept.events = slice.events;
}

}  // namespace

Index row_bytes(const ArraySpec& spec, Index middle) noexcept {
  const Index entries = spec.middle == ArraySpec::Middle::none ? 1 : middle;
  return entries * std::max<Index>(spec.inner, 1) * width(spec.type);
}

Index array_bytes(const ArraySpec& spec, const Plan::Shape& shape) noexcept {
  const auto rows = static_cast<Index>(shape.length.size());
  switch (spec.middle) {
    case ArraySpec::Middle::events:
      return rows * row_bytes(spec, shape.padded);
    case ArraySpec::Middle::intervals:
      return rows * row_bytes(spec, shape.longest);
    case ArraySpec::Middle::packed:
      return shape.events * row_bytes(spec, 1);
    case ArraySpec::Middle::offsets:
      return (rows + 1) * row_bytes(spec, 1);
    case ArraySpec::Middle::none:
      break;
  }
  return rows * row_bytes(spec, 1);
}

void write_padding(const ArraySpec& spec, std::byte* out, Index entries) noexcept {
  const Index bytes = entries * row_bytes(spec, 1);
  std::memset(out, 0, static_cast<std::size_t>(bytes));
  if (!spec.labels) return;
  const std::int64_t label = kNoClass;  // little-endian: its low bytes are the label
  const Index size = width(spec.type);
  for (Index at = 0; at < bytes; at += size) {
    std::memcpy(out + at, &label, static_cast<std::size_t>(size));
  }
}

Index Plan::Data::cut_length(Index sequence) const {
  if (cuts.empty()) return dataset.length(sequence);
  const Cut& cut = cuts[static_cast<std::size_t>(sequence)];
  return cut.end - cut.begin;
}

Plan::Kept Plan::Data::kept(Index sample_id) const {
  Kept result;
  const Index at = windows->sequence_of(sample_id);
  result.sequence = not_empty.empty() ? at : not_empty[static_cast<std::size_t>(at)];
  result.length = dataset.length(result.sequence);
  const Cut cut = cuts.empty() ? Cut{0, result.length}
                               : cuts[static_cast<std::size_t>(result.sequence)];
  const Window window = (*windows)(sample_id, cut.end - cut.begin);
  result.visible = cut.end;
  result.begin = cut.begin + window.begin;
  result.events = window.events;
  if (max_length > 0 && result.events > max_length) {
    result.begin += result.events - max_length;
    result.events = max_length;
  }
  return result;
}

Plan::Shape Plan::shape(std::span<const Index> sample_id,
                        std::span<const Slice> slices) const {
  LADE_DCHECK(slices.empty() || slices.size() == sample_id.size());
  Shape shape;
  Index longest = 0;
  Index visible = 0;
  shape.length.reserve(sample_id.size());
  if (!data_->rows_are_samples) shape.kept.reserve(sample_id.size());
  for (const Index id : sample_id) {
    if (!data_->rows_are_samples) {
      shape.kept.push_back(data_->kept(id));
      visible = std::max(visible, shape.kept.back().visible);
    }
    if (!slices.empty()) cut(shape.kept.back(), slices[shape.length.size()]);
    const Index length = data_->rows_are_samples ? 1 : shape.kept.back().events;
    shape.length.push_back(length);
    shape.events += length;
    longest = std::max(longest, length);
  }
  shape.padded = padded_length(longest, data_->options, data_->max_length);
  shape.packed = data_->options.packed;
  shape.longest = data_->whole_history() ? visible : longest;
  for (const ArraySpec& array : data_->arrays) {
    const Index bytes = align_up(array_bytes(array, shape));
    shape.bytes_bound += bytes;
    if (array.middle != ArraySpec::Middle::intervals) shape.fixed_bytes += bytes;
  }
  shape.bytes_bound = std::max(shape.bytes_bound, kSlabAlignment);
  return shape;
}

std::vector<Index> Plan::samples_of(std::span<const Index> sequences) const {
  require(!data_->rows_are_samples,
          "sequences: window = \"row\" makes rows samples; choose by `samples`");
  const Index count = data_->dataset.sequences();
  std::vector<bool> wanted(static_cast<std::size_t>(count));
  for (const Index s : sequences) {
    require(s >= 0 && s < count, "sequences: must be in 0.." +
                                     std::to_string(count - 1) + ", got " +
                                     std::to_string(s));
    wanted[static_cast<std::size_t>(s)] = true;
  }
  std::vector<Index> ids;
  for (Index id = 0; id < samples(); ++id) {
    if (wanted[static_cast<std::size_t>(data_->kept(id).sequence)]) ids.push_back(id);
  }
  return ids;
}

Index Plan::events(Index sample_id) const {
  return data_->rows_are_samples ? 1 : data_->kept(sample_id).events;
}

void Plan::row_groups_of(Index sample_id, const io::DatasetReader& reader,
                         std::vector<Index>& out) const {
  out.clear();
  if (!data_->rows_are_samples) {
    out = reader.row_groups_of(data_->kept(sample_id).sequence);
    return;
  }
  out.push_back(home(sample_id));
}

Index Plan::home(Index sample_id) const {
  if (!data_->rows_are_samples)
    return data_->dataset.home(data_->kept(sample_id).sequence);
  const auto& first = data_->first_row;
  require(sample_id >= 0 && sample_id < first.back(),
          "sample id must be in 0.." + std::to_string(first.back() - 1) + ", got " +
              std::to_string(sample_id));
  return std::upper_bound(first.begin(), first.end(), sample_id) - first.begin() - 1;
}

}  // namespace lade
