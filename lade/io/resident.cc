// SPDX-License-Identifier: Apache-2.0
#include "lade/io/resident.h"

#include "lade/io/dataset_gather.h"
#include "lade/io/dataset_internal.h"

namespace lade::io {

Resident::Resident(const Dataset& dataset, const std::vector<std::string>& columns)
    : dataset_(dataset) {
  LADE_DCHECK(dataset.in_memory());
  std::vector<Index> positions;
  for (const auto& column : columns) {
    positions.push_back(dataset.column(column, "reader"));
  }
  for (const auto& chunk : dataset.state().chunks) {
    chunks_.push_back(select_columns(chunk, positions));
  }
}

std::optional<SequenceView> Resident::find(Index s) const {
  const Dataset::State& state = dataset_.state();
  const Index number = state.number(s);
  const auto run = state.index.only_run(number);
  if (!run) return std::nullopt;
  return SequenceView{s, chunks_[static_cast<std::size_t>(run->row_group)].get(),
                      run->first_row, run->rows};
}

}  // namespace lade::io
