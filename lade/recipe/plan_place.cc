// SPDX-License-Identifier: Apache-2.0
// Where the arrays of a batch lie in its slab: before its rows are built, and after.
#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "lade/recipe/plan_internal.h"

namespace lade {
namespace {

/// Where the events of every row lie among those of a packed batch.
void place_events(Plan::Build& build) {
  constexpr Index kMost = std::numeric_limits<std::int32_t>::max();
  require(build.shape.events <= kMost, "output: offsets of a packed batch count to " +
                                           std::to_string(kMost) + ", this one has " +
                                           std::to_string(build.shape.events) +
                                           " events; lower batch_size or max_length");
  build.first_event.reserve(build.shape.length.size() + 1);
  build.first_event.push_back(0);
  for (const Index length : build.shape.length)
    build.first_event.push_back(build.first_event.back() + length);
}

void write_offsets(const Plan::Build& build, std::byte* out) {
  auto* const offsets = reinterpret_cast<std::int32_t*>(out);
  std::transform(build.first_event.begin(), build.first_event.end(), offsets,
                 [](Index first) { return static_cast<std::int32_t>(first); });
}

/// Rows of intervals were staged `longest` entries apart; T is known now, so they move
/// together. Every target lies at or before its source, so ascending moves are safe.
/// Returns T.
Index gather_intervals(const Plan::Build& build, std::size_t array,
                       const ArraySpec& spec, std::byte* out) {
  const auto& counts = build.intervals[static_cast<std::size_t>(spec.set)];
  const auto rows = static_cast<Index>(counts.size());
  const Index most = rows > 0 ? *std::max_element(counts.begin(), counts.end()) : 0;
  const Index entry = row_bytes(spec, 1);
  for (Index row = 0; row < rows; ++row) {
    std::byte* const to = out + row * most * entry;
    const auto count = static_cast<Index>(counts[static_cast<std::size_t>(row)]);
    std::memmove(
        to,
        build.slab->data() + build.offset[array] + row * build.shape.longest * entry,
        static_cast<std::size_t>(count * entry));
    write_padding(spec, to + count * entry, most - count);
  }
  return most;
}

}  // namespace

std::shared_ptr<Plan::Build> Plan::begin(std::span<const Index> sample_id,
                                         Index repeated, std::shared_ptr<Slab> slab,
                                         Shape shape) const {
  auto build = std::make_shared<Build>();
  build->sample_id.assign(sample_id.begin(), sample_id.end());
  build->repeated = repeated;
  build->slab = std::move(slab);
  build->shape = std::move(shape);
  Index offset = 0;
  for (const ArraySpec& array : data_->arrays) {
    build->offset.push_back(offset);
    offset += align_up(array_bytes(array, build->shape));
  }
  if (build->shape.packed) place_events(*build);
  LADE_DCHECK(build->slab->bytes() >= offset);
  if (data_->targets) {
    build->intervals.assign(data_->targets->sets().size(),
                            std::vector<std::int32_t>(sample_id.size(), 0));
  }
  return build;
}

std::vector<Plan::Placed> Plan::finish(Build& build) const {
  std::vector<Placed> placed;
  const auto rows = static_cast<Index>(build.sample_id.size());
  std::byte* const slab = build.slab->data();
  Index offset = 0;
  for (std::size_t a = 0; a < data_->arrays.size(); ++a) {
    const ArraySpec& spec = data_->arrays[a];
    Placed result{&spec, offset, {rows}};
    Index bytes = array_bytes(spec, build.shape);
    switch (spec.middle) {
      case ArraySpec::Middle::none:
        break;
      case ArraySpec::Middle::events:
        result.shape.push_back(build.shape.padded);
        break;
      case ArraySpec::Middle::packed:
        result.shape = {build.shape.events};
        break;
      case ArraySpec::Middle::offsets:
        result.shape = {rows + 1};
        write_offsets(build, slab + offset);
        break;
      case ArraySpec::Middle::intervals: {
        const Index most = gather_intervals(build, a, spec, slab + offset);
        result.shape.push_back(most);
        bytes = rows * row_bytes(spec, most);
        break;
      }
    }
    offset += align_up(bytes);
    if (spec.inner > 0) result.shape.push_back(spec.inner);
    placed.push_back(std::move(result));
  }
  return placed;
}

}  // namespace lade
