// SPDX-License-Identifier: Apache-2.0
// Where the arrays of a batch lie in its slab: before its rows are built, and after.
#include <algorithm>
#include <cstring>
#include <utility>

#include "lade/recipe/plan_internal.h"

namespace lade {

std::shared_ptr<Plan::Build> Plan::begin(std::span<const Index> sample_id,
                                         Index repeated, std::shared_ptr<Slab> slab,
                                         Shape shape) const {
  auto build = std::make_shared<Build>();
  build->sample_id.assign(sample_id.begin(), sample_id.end());
  build->repeated = repeated;
  build->slab = std::move(slab);
  build->shape = std::move(shape);
  for (const Index length : build->shape.length)
    build->longest = std::max(build->longest, length);
  const auto rows = static_cast<Index>(sample_id.size());
  Index offset = 0;
  for (const ArraySpec& array : data_->arrays) {
    build->offset.push_back(offset);
    const bool intervals = array.middle == ArraySpec::Middle::intervals;
    offset += align_up(
        rows * row_bytes(array, intervals ? build->longest : build->shape.padded));
  }
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
    if (spec.middle == ArraySpec::Middle::events)
      result.shape.push_back(build.shape.padded);
    if (spec.middle != ArraySpec::Middle::intervals) {
      offset += align_up(rows * row_bytes(spec, build.shape.padded));
    } else {
      // Rows were staged `longest` entries apart; T is known now, so they move
      // together. Every target lies at or before its source, so ascending moves are
      // safe.
      const auto& counts = build.intervals[static_cast<std::size_t>(spec.set)];
      const Index most = rows > 0 ? *std::max_element(counts.begin(), counts.end()) : 0;
      const Index entry = row_bytes(spec, 1);
      for (Index row = 0; row < rows; ++row) {
        std::byte* const to = slab + offset + row * most * entry;
        const auto count = static_cast<Index>(counts[static_cast<std::size_t>(row)]);
        std::memmove(to, slab + build.offset[a] + row * build.longest * entry,
                     static_cast<std::size_t>(count * entry));
        std::memset(to + count * entry, 0,
                    static_cast<std::size_t>((most - count) * entry));
      }
      result.shape.push_back(most);
      offset += align_up(rows * most * entry);
    }
    if (spec.inner > 0) result.shape.push_back(spec.inner);
    placed.push_back(std::move(result));
  }
  return placed;
}

}  // namespace lade
