// SPDX-License-Identifier: Apache-2.0
#include "lade/io/dataset.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "lade/core/unknown_name.h"
#include "lade/io/dataset_internal.h"

namespace lade::io {

Dataset::Dataset(std::shared_ptr<const State> state) : state_(std::move(state)) {}

const Schema& Dataset::schema() const { return state_->schema; }
const std::vector<UnsupportedColumn>& Dataset::unsupported() const {
  return state_->unsupported;
}
Index Dataset::column(std::string_view name, std::string_view where) const {
  require_supported(state_->unsupported, name,
                    state_->files.empty() ? "table" : state_->files.front());
  return find_column(state_->schema, name, where);
}

const std::string& Dataset::entity() const { return state_->entity_name; }
const std::string& Dataset::time() const { return state_->time_name; }
Index Dataset::events() const { return state_->events; }
std::int64_t Dataset::newest_time() const { return state_->newest_time; }
Hash128 Dataset::fingerprint() const { return state_->fingerprint; }
ReadReport Dataset::report() const { return state_->report; }
Policies Dataset::policies() const { return state_->policies; }
std::vector<std::string> Dataset::files() const { return state_->files; }
bool Dataset::in_memory() const { return state_->source == nullptr; }
std::shared_ptr<Ledger> Dataset::ledger() const { return state_->ledger; }
std::vector<std::string> Dataset::warnings() const { return state_->warnings; }
Index Dataset::sequences_emptied() const { return state_->index.sequences_emptied(); }

Index Dataset::sequences() const {
  return state_->chosen ? static_cast<Index>(state_->chosen->size())
                        : state_->index.sequences();
}

Index Dataset::row_groups() const {
  return static_cast<Index>(state_->index.row_groups().size());
}

Index Dataset::row_group_rows(Index g) const {
  return state_->index.row_groups()[static_cast<std::size_t>(g)].rows;
}

SequenceInfo Dataset::sequence(Index s) const {
  return state_->index.sequence(state_->number(s));
}

Index Dataset::length(Index s) const { return state_->index.length(state_->number(s)); }

void Dataset::lengths(Index first, std::span<Index> out) const {
  if (!state_->chosen) {
    state_->index.lengths(first, out);
    return;
  }
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = length(first + static_cast<Index>(i));
}

std::vector<RowRun> Dataset::runs(Index s) const {
  return state_->index.runs(state_->number(s));
}

Index Dataset::home(Index s) const { return runs(s).front().row_group; }

Index Dataset::decoded_bytes(const std::vector<std::string>& columns) const {
  Index rows = 0;
  for (const auto& group : state_->index.row_groups()) rows += group.rows;
  Index bytes = 0;
  for (const auto& name : columns) {
    const Index position = column(name, "decoded_bytes");
    bytes += rows *
             width(state_->schema.fields[static_cast<std::size_t>(position)].type.kind);
  }
  return bytes;
}

Dataset Dataset::subset(std::vector<Index> sequences) const {
  Index before = -1;
  for (const Index s : sequences) {
    require(s > before && s < this->sequences(),
            "subset: sequences must be ascending numbers below " +
                std::to_string(this->sequences()) + ", got " + std::to_string(s));
    before = s;
  }
  auto state = std::make_shared<State>(*state_);
  Hasher hasher;
  hasher.field("subset");
  hasher.field(hex(state_->fingerprint));
  state->events = 0;
  for (Index& s : sequences) {
    s = state_->number(s);
    hasher.field(s);
    state->events += state_->index.length(s);
  }
  state->fingerprint = hasher.digest128();
  state->chosen = std::make_shared<const std::vector<Index>>(std::move(sequences));
  return Dataset(std::move(state));
}

Index find_column(const Schema& schema, std::string_view name, std::string_view where) {
  const Index position = schema.find(name);
  if (position >= 0) return position;
  throw ArgumentError(std::string(where) + ": " +
                      unknown_name("column", name, schema.names()));
}

std::vector<Index> all_columns(const Schema& schema) {
  std::vector<Index> out(schema.fields.size());
  std::iota(out.begin(), out.end(), Index{0});
  return out;
}

std::vector<Index> offered_columns(const Schema& schema, const OpenOptions& options,
                                   const std::vector<UnsupportedColumn>& unsupported,
                                   const std::string& source) {
  require(!options.filter || !options.filter_text.empty(),
          "open: a filter needs filter_text, its place in the fingerprint");
  std::set<Index> positions;
  const auto offer = [&](const std::string& name, std::string_view where) {
    require_supported(unsupported, name, source);
    positions.insert(find_column(schema, name, where));
  };
  if (options.columns) {
    for (const auto& column : *options.columns) offer(column, "open: columns");
  } else {
    const auto all = all_columns(schema);
    positions.insert(all.begin(), all.end());
  }
  if (!options.entity.empty()) offer(options.entity, "open: entity");
  if (!options.time.empty()) offer(options.time, "open: time");
  return {positions.begin(), positions.end()};
}

std::string left_out(const std::vector<UnsupportedColumn>& unsupported,
                     const OpenOptions& options) {
  if (unsupported.empty() || options.columns) return "";
  return "columns of types that cannot be read are left out: " +
         list_unsupported(unsupported);
}

void finish_state(Dataset::State& state) {
  state.events = state.index.events();
  state.report = state.index.report();
  bool first = true;
  for (const auto& group : state.index.row_groups()) {
    if (group.time_min > group.time_max) continue;
    state.newest_time =
        first ? group.time_max : std::max(state.newest_time, group.time_max);
    first = false;
  }
}

}  // namespace lade::io
