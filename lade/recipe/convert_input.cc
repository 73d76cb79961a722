// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/convert_input.h"

#include <algorithm>

#include "lade/io/ipc.h"
#include "lade/io/parquet.h"

namespace lade {

struct ConvertInput::State {
  std::vector<std::string> paths;
  Limits limits;
  io::Files* files = nullptr;
  std::string format;
  Schema schema;
  Index rows = 0;
  Index decoded = 0;
  std::optional<io::CsvReader> csv;
  // Parquet and IPC: the file being read.
  std::size_t next_path = 0;
  std::optional<io::ParquetFile> parquet;
  std::optional<io::IpcFile> ipc;
  Index unit = 0;
  Index first_row = 0;

  void measure();
  void begin_file(const std::string& path);
  Index units() const { return parquet ? parquet->row_groups() : ipc->batches(); }
  const Schema& file_schema() const {
    return parquet ? parquet->schema() : ipc->schema();
  }
  Index file_rows() const { return parquet ? parquet->rows() : ipc->rows(); }
  Index file_bytes() const;
};

void ConvertInput::State::begin_file(const std::string& path) {
  parquet.reset();
  ipc.reset();
  if (format == "parquet") {
    parquet.emplace(*files, path, limits);
  } else {
    ipc.emplace(*files, path, limits);
  }
  unit = 0;
  first_row = 0;
}

Index ConvertInput::State::file_bytes() const {
  if (!parquet) return ipc->bytes();
  Index bytes = 0;
  for (Index g = 0; g < parquet->row_groups(); ++g)
    bytes += parquet->decoded_bytes(g, {});
  return bytes;
}

/// Footers only: all files must have the same columns.
void ConvertInput::State::measure() {
  for (std::size_t i = 0; i < paths.size(); ++i) {
    begin_file(paths[i]);
    if (i == 0) schema = file_schema();
    if (file_schema() != schema) {
      throw DataError({.source = paths[i], .rule = "convert.schema"},
                      "columns and types must be those of " + escape_text(paths[0]));
    }
    rows += file_rows();
    decoded += file_bytes();
  }
  parquet.reset();
  ipc.reset();
}

ConvertInput::ConvertInput(std::vector<std::string> paths, const std::string& format,
                           const ConvertOptions& options, const Policies& policies)
    : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.paths = std::move(paths);
  state.limits = options.limits;
  state.files = options.files != nullptr ? options.files : &io::real_files();
  state.format = format;
  if (format != "csv") {
    state.measure();
    return;
  }
  io::CsvOptions csv;
  csv.source = options.source;
  csv.policies = policies;
  csv.limits = options.limits;
  csv.threads = options.threads;
  csv.files = state.files;
  // Blocks are read 2 * threads at a time: together a small part of the budget.
  csv.block_bytes =
      std::clamp(options.memory_budget / 64, Index{64} << 10, Index{1} << 20);
  for (const auto& key : {options.entity, options.time}) {
    if (!key.empty()) csv.keys.push_back(key);
  }
  state.csv.emplace(state.paths, std::move(csv));
  state.schema = state.csv->schema();
  state.rows = state.csv->rows_seen();
  state.decoded = state.csv->decoded_bytes();
}

ConvertInput::~ConvertInput() = default;

const Schema& ConvertInput::schema() const { return state_->schema; }
Index ConvertInput::decoded_bytes() const { return state_->decoded; }
Index ConvertInput::rows() const { return state_->rows; }

std::optional<ReadReport> ConvertInput::report() const {
  if (!state_->csv) return std::nullopt;
  return state_->csv->report();
}

ConvertPiece ConvertInput::next() {
  State& state = *state_;
  if (state.csv) return {state.csv->next(), state.paths.front(), 0};
  const bool closed = !state.parquet && !state.ipc;
  if (closed || state.unit == state.units()) {
    if (state.next_path == state.paths.size()) return {};
    state.begin_file(state.paths[state.next_path++]);
    return next();
  }
  ConvertPiece piece;
  piece.source = state.paths[state.next_path - 1];
  piece.first_row = state.first_row;
  piece.chunk = state.parquet ? state.parquet->read_chunk(state.unit, {})
                              : state.ipc->read_chunk(state.unit);
  ++state.unit;
  state.first_row += piece.chunk->rows;
  return piece;
}

}  // namespace lade
