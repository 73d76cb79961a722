// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/convert_input.h"

#include <algorithm>
#include <optional>

#include "lade/io/dataset_internal.h"
#include "lade/io/dataset_store.h"
#include "lade/io/text_files.h"

namespace lade {

struct ConvertInput::State {
  io::Discovery found;
  io::Files* files = nullptr;
  Schema schema;
  Index rows = 0;
  Index decoded = 0;
  // One of the two.
  std::optional<io::TextFiles> text;
  std::optional<io::FileStore> store;
  std::vector<Index> columns;  // of the store
  Index next_group = 0;        // of the store

  void open_text(const ConvertOptions& options, const Policies& policies);
  void open_store(const ConvertOptions& options, const Policies& policies);
  ConvertPiece next_of_text();
  ConvertPiece next_of_store();
};

void ConvertInput::State::open_text(const ConvertOptions& options,
                                    const Policies& policies) {
  io::CsvOptions csv;
  csv.source = options.source;
  csv.policies = policies;
  csv.limits = options.limits;
  csv.threads = options.threads;
  csv.files = files;
  csv.poll = options.poll;
  // Blocks are read 4 * threads at a time: together a small part of the budget.
  csv.block_bytes =
      std::clamp(options.memory_budget / 64, Index{64} << 10, Index{1} << 20);
  csv.keep_bytes = options.memory_budget / 4;
  if (options.columns) csv.columns = *options.columns;
  for (const auto& key : {options.entity, options.time}) {
    if (key.empty()) continue;
    csv.keys.push_back(key);
    if (options.columns &&
        std::find(csv.columns.begin(), csv.columns.end(), key) == csv.columns.end()) {
      csv.columns.push_back(key);
    }
  }
  text.emplace(found, std::move(csv));
  schema = text->schema();
  rows = text->rows_seen();
  decoded = text->decoded_bytes();
}

void ConvertInput::State::open_store(const ConvertOptions& options,
                                     const Policies& policies) {
  io::StoreOptions how;
  how.schema = options.schema;
  how.limits = options.limits;
  how.on_bad = policies.on_bad;
  how.on_truncated = policies.on_truncated;
  how.threads = options.threads;
  how.files = files;
  how.poll = options.poll;
  store.emplace(found, how);
  io::OpenOptions chosen;
  chosen.columns = options.columns;
  chosen.entity = options.entity;
  chosen.time = options.time;
  if (!options.columns && !store->unsupported().empty()) {
    const auto& first = store->unsupported().front();
    throw DataError({.source = store->paths().front(),
                     .column = first.name,
                     .rule = "table.type",
                     .value = first.type},
                    "columns of type " + escape_text(first.type) +
                        " cannot be read; choose others by columns");
  }
  columns = io::offered_columns(store->schema(), chosen, store->unsupported(),
                                store->paths().front());
  for (const Index c : columns)
    schema.fields.push_back(store->schema().fields[static_cast<std::size_t>(c)]);
  const auto& groups = store->row_groups();
  for (std::size_t g = 0; g < groups.size(); ++g) {
    rows += groups[g].rows;
    decoded += store->decoded_bytes(static_cast<Index>(g), columns);
  }
}

ConvertPiece ConvertInput::State::next_of_text() {
  io::TextFiles::Piece piece = text->next();
  return {std::move(piece.chunk), piece.place.source, piece.place.row.value_or(0)};
}

ConvertPiece ConvertInput::State::next_of_store() {
  if (next_group == static_cast<Index>(store->row_groups().size())) return {};
  const Place place = store->place(next_group, 0);
  ConvertPiece piece;
  piece.chunk = store->read(next_group, columns, nullptr);
  piece.source = place.source;
  piece.first_row = place.row.value_or(0);
  ++next_group;
  return piece;
}

ConvertInput::ConvertInput(const io::Discovery& found, const ConvertOptions& options,
                           const Policies& policies)
    : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.found = found;
  state.files = options.files != nullptr ? options.files : &io::real_files();
  if (found.format == "csv") {
    state.open_text(options, policies);
  } else {
    state.open_store(options, policies);
  }
}

ConvertInput::~ConvertInput() = default;

const Schema& ConvertInput::schema() const { return state_->schema; }
Index ConvertInput::decoded_bytes() const { return state_->decoded; }
Index ConvertInput::rows() const { return state_->rows; }
bool ConvertInput::is_text() const { return state_->text.has_value(); }
bool ConvertInput::keys_judged() const {
  return state_->text && !state_->text->key_is_part();
}

ReadReport ConvertInput::report() const {
  if (state_->text) return state_->text->report();
  ReadReport report = state_->store->report();
  report.unverified_pages = state_->store->unverified_pages();
  return report;
}

ConvertPiece ConvertInput::next() {
  State& state = *state_;
  return state.text ? state.next_of_text() : state.next_of_store();
}

}  // namespace lade
