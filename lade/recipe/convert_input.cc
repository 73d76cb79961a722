// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/convert_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "lade/core/table.h"
#include "lade/io/csv.h"
#include "lade/io/dataset_internal.h"
#include "lade/io/dataset_store.h"
#include "lade/io/ipc.h"

namespace lade {

struct ConvertInput::State {
  io::Discovery found;
  Limits limits;
  io::Files* files = nullptr;
  Schema schema;
  Index rows = 0;
  Index decoded = 0;
  // One of the three.
  std::optional<io::CsvReader> csv;
  std::optional<io::FileStore> store;
  bool streams = false;
  // Where reading is.
  Index next_group = 0;         // of the store
  std::size_t next_stream = 0;  // the file to open next
  std::optional<io::IpcStream> stream;
  Index first_row = 0;  // of the stream's next batch
  bool unproven_end = false;

  void open_text(const ConvertOptions& options, const Policies& policies);
  void open_store(const ConvertOptions& options, const Policies& policies);
  void measure_streams();
  void begin_stream();
  ConvertPiece next_of_store();
  ConvertPiece next_of_streams();
};

void ConvertInput::State::open_text(const ConvertOptions& options,
                                    const Policies& policies) {
  io::CsvOptions text;
  text.source = options.source;
  text.policies = policies;
  text.limits = options.limits;
  text.threads = options.threads;
  text.files = files;
  // Blocks are read 4 * threads at a time: together a small part of the budget.
  text.block_bytes =
      std::clamp(options.memory_budget / 64, Index{64} << 10, Index{1} << 20);
  text.keep_bytes = options.memory_budget / 4;
  for (const auto& key : {options.entity, options.time}) {
    if (!key.empty()) text.keys.push_back(key);
  }
  std::vector<std::string> paths;
  for (const io::FoundFile& file : found.files) {
    require(
        file.parts.empty(),
        fmt::format("convert: {} lies in a key=value directory, whose column would be "
                    "lost; name the files of one directory at a time",
                    escape_text(file.path)));
    paths.push_back(file.path);
  }
  csv.emplace(std::move(paths), std::move(text));
  schema = csv->schema();
  rows = csv->rows_seen();
  decoded = csv->decoded_bytes();
}

void ConvertInput::State::open_store(const ConvertOptions& options,
                                     const Policies& policies) {
  io::StoreOptions how;
  how.limits = options.limits;
  how.on_bad = policies.on_bad;
  how.threads = options.threads;
  how.files = files;
  store.emplace(found, how);
  schema = store->schema();
  const auto columns = io::all_columns(schema);
  const auto& groups = store->row_groups();
  for (std::size_t g = 0; g < groups.size(); ++g) {
    rows += groups[g].rows;
    decoded += store->decoded_bytes(static_cast<Index>(g), columns);
  }
}

void ConvertInput::State::begin_stream() {
  const io::FoundFile& file = found.files[next_stream++];
  require(file.parts.empty(),
          fmt::format("convert: {} is a stream in a key=value directory, whose column "
                      "would be lost; name the files of one directory at a time",
                      escape_text(file.path)));
  stream.emplace(*files, file.path, limits);
  if (next_stream == 1) schema = stream->schema();
  if (stream->schema() != schema) {
    throw DataError(
        {.source = file.path, .rule = "convert.schema"},
        "columns and types must be those of " + escape_text(found.files[0].path));
  }
  first_row = 0;
}

/// A stream says nothing of its length: it is read through.
void ConvertInput::State::measure_streams() {
  while (const auto chunk = next_of_streams().chunk) {
    rows += chunk->rows;
    decoded += chunk->bytes;
  }
  next_stream = 0;
  unproven_end = false;
}

ConvertPiece ConvertInput::State::next_of_streams() {
  for (;;) {
    if (!stream) {
      if (next_stream == found.files.size()) return {};
      begin_stream();
    }
    const std::string& path = found.files[next_stream - 1].path;
    if (const RecordBatch batch = stream->next()) {
      ConvertPiece piece;
      piece.chunk = import_chunk(batch, schema.names(), path);
      piece.source = path;
      piece.first_row = first_row;
      first_row += piece.chunk->rows;
      return piece;
    }
    unproven_end |= stream->unproven_end();
    stream.reset();
  }
}

ConvertPiece ConvertInput::State::next_of_store() {
  if (next_group == static_cast<Index>(store->row_groups().size())) return {};
  const Place place = store->place(next_group, 0);
  ConvertPiece piece;
  piece.chunk = store->read(next_group, io::all_columns(schema), nullptr);
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
  state.limits = options.limits;
  state.files = options.files != nullptr ? options.files : &io::real_files();
  if (found.format == "csv") {
    state.open_text(options, policies);
    return;
  }
  const auto is_stream = [&](const io::FoundFile& file) {
    return !io::is_ipc_file(*state.files->open(file.path, io::OpenMode::read));
  };
  state.streams = found.format == "ipc" &&
                  std::all_of(found.files.begin(), found.files.end(), is_stream);
  if (state.streams) {
    state.measure_streams();
  } else {
    state.open_store(options, policies);
  }
}

ConvertInput::~ConvertInput() = default;

const Schema& ConvertInput::schema() const { return state_->schema; }
Index ConvertInput::decoded_bytes() const { return state_->decoded; }
Index ConvertInput::rows() const { return state_->rows; }
bool ConvertInput::keys_judged() const { return state_->csv.has_value(); }

ReadReport ConvertInput::report() const {
  if (state_->csv) return state_->csv->report();
  ReadReport report;
  if (state_->store) {
    report = state_->store->report();
    report.unverified_pages = state_->store->unverified_pages();
  }
  report.unproven_end = state_->unproven_end;
  return report;
}

ConvertPiece ConvertInput::next() {
  State& state = *state_;
  if (state.csv) return {state.csv->next(), state.found.files.front().path, 0};
  return state.streams ? state.next_of_streams() : state.next_of_store();
}

}  // namespace lade
