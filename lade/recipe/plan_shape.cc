// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "lade/recipe/duration.h"
#include "lade/recipe/plan_internal.h"

namespace lade {
namespace {

/// A (exclusive end of what inputs may see) and the begin of max_age, for one sequence.
struct Edges {
  std::int64_t from = INT64_MIN;
  std::int64_t until = INT64_MAX;
};

std::int64_t minus(std::int64_t time, std::int64_t duration) noexcept {
  std::int64_t result = 0;
  return __builtin_sub_overflow(time, duration, &result) ? INT64_MIN : result;
}

/// Text of a duration option as units of the time column; 0 if it is not given.
std::int64_t optional_duration(const std::string& text, TimeUnit unit, std::string_view what) {
  if (text.empty()) return 0;
  const auto duration = parse_duration(text);
  require(duration.has_value(), std::string(what) + ": must be a duration such as \"30d\", got '" +
                                    escape_text(text) + "'");
  const std::int64_t units = in_units(*duration, unit, what, text);
  require(units >= 0, std::string(what) + ": must be >= 0, got '" + escape_text(text) + "'");
  return units;
}

Index padded_length(Index longest, const PlanOptions& options, Index max_length) {
  Index padded = std::max<Index>(longest, 1);
  padded = (padded + options.pad_multiple - 1) / options.pad_multiple * options.pad_multiple;
  if (options.pad_to_max_length) return std::max(padded, max_length);
  if (options.pad_to.empty()) return padded;
  const auto next = std::lower_bound(options.pad_to.begin(), options.pad_to.end(), padded);
  return next == options.pad_to.end() ? options.pad_to.back() : *next;
}

}  // namespace

Index row_bytes(const ArraySpec& spec, Index middle) noexcept {
  const Index entries = spec.middle == ArraySpec::Middle::none ? 1 : middle;
  return entries * std::max<Index>(spec.inner, 1) * width(spec.type);
}

std::vector<Cut> make_cuts(const SequenceSpec& spec, const io::Dataset& dataset) {
  const Schema& schema = dataset.schema();
  const Index time_column = schema.find(dataset.time());
  require(time_column >= 0, "recipe: [sequence] until needs a time column");
  const ColumnType& type = schema.fields[static_cast<std::size_t>(time_column)].type;
  const std::int64_t lag =
      optional_duration(spec.until_lag, type.unit, "recipe: [sequence] until_lag");
  const std::int64_t age =
      optional_duration(spec.max_age, type.unit, "recipe: [sequence] max_age");
  const bool by_column = schema.find(spec.until) >= 0;
  std::vector<std::string> columns = {dataset.time()};
  if (by_column && spec.until != dataset.time()) columns.push_back(spec.until);
  const io::DatasetReader reader = dataset.reader(columns, dataset.ledger());
  const auto edges = [&](std::int64_t until) {
    Edges result;
    result.until = minus(until, lag);
    if (!spec.max_age.empty()) result.from = minus(result.until, age);
    return result;
  };
  if (by_column) {
    const Field& field = reader.schema().fields.back();
    require(field.type.kind == Kind::time && field.type.unit == type.unit,
            "recipe: [sequence] until column '" + escape_text(spec.until) +
                "' must be a time in the unit of the time column, is " + to_string(field.type));
  }
  const Edges constant =
      by_column ? Edges{} : edges(parse_time(spec.until, type, "recipe: [sequence] until"));
  std::vector<Cut> cuts(static_cast<std::size_t>(dataset.sequences()));
  for (Index s = 0; s < dataset.sequences(); ++s) {
    const io::SequenceInfo info = dataset.sequence(s);
    Cut& cut = cuts[static_cast<std::size_t>(s)];
    cut = {0, info.events};
    if (info.events == 0) continue;
    if (!by_column && info.last_time < constant.until && info.first_time >= constant.from) continue;
    const auto sequence = reader.sequence(s);
    const std::int64_t* times =
        sequence.chunk->columns[0].as<std::int64_t>() + sequence.view.begin;
    Edges edge = constant;
    if (by_column) {
      const Column& until = sequence.chunk->columns.back();
      edge = until.valid(sequence.view.begin)
                 ? edges(until.as<std::int64_t>()[sequence.view.begin])
                 : Edges{};
    }
    const std::int64_t* end = times + sequence.view.rows;
    cut.begin = std::lower_bound(times, end, edge.from) - times;
    cut.end = std::max<Index>(cut.begin, std::lower_bound(times, end, edge.until) - times);
  }
  return cuts;
}

Index Plan::Data::cut_length(Index sequence) const {
  if (cuts.empty()) return dataset.length(sequence);
  const Cut& cut = cuts[static_cast<std::size_t>(sequence)];
  return cut.end - cut.begin;
}

Plan::Data::Kept Plan::Data::kept(Index sample_id) const {
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

Plan::Shape Plan::shape(std::span<const Index> sample_id) const {
  Shape shape;
  Index longest = 0;
  shape.length.reserve(sample_id.size());
  for (const Index id : sample_id) {
    const Index length = data_->rows_are_samples ? 1 : data_->kept(id).events;
    shape.length.push_back(length);
    shape.events += length;
    longest = std::max(longest, length);
  }
  shape.padded = padded_length(longest, data_->options, data_->max_length);
  const auto rows = static_cast<Index>(sample_id.size());
  for (std::size_t a = 0; a < data_->arrays.size(); ++a) {
    const ArraySpec& array = data_->arrays[a];
    const bool intervals = array.middle == ArraySpec::Middle::intervals;
    const Index bytes = align_up(rows * row_bytes(array, intervals ? longest : shape.padded));
    shape.bytes_bound += bytes;
    if (!intervals) shape.fixed_bytes += bytes;
  }
  shape.bytes_bound = std::max(shape.bytes_bound, kSlabAlignment);
  return shape;
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
  if (!data_->rows_are_samples) return data_->dataset.home(data_->kept(sample_id).sequence);
  const auto& first = data_->first_row;
  require(sample_id >= 0 && sample_id < first.back(),
          "sample id must be in 0.." + std::to_string(first.back() - 1) + ", got " +
              std::to_string(sample_id));
  return std::upper_bound(first.begin(), first.end(), sample_id) - first.begin() - 1;
}

}  // namespace lade
