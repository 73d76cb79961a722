// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>

#include "lade/core/trace.h"
#include "lade/io/dataset_gather.h"
#include "lade/io/dataset_internal.h"
#include "lade/io/dataset_store.h"
#include "lade/io/row_group_cache.h"

namespace lade::io {

namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

/// The chosen columns of a chunk, without a copy.
std::shared_ptr<const Chunk> project(std::shared_ptr<const Chunk> chunk,
                                     const std::vector<Index>& positions) {
  auto out = std::make_shared<Chunk>();
  out->rows = chunk->rows;
  for (const Index position : positions)
    out->columns.push_back(chunk->columns[at(position)]);
  out->owners.push_back(std::move(chunk));
  return out;
}

}  // namespace

struct DatasetReader::State {
  std::shared_ptr<const Dataset::State> dataset;
  Schema schema;
  std::vector<Index> positions;
  std::vector<std::string> names;
  std::shared_ptr<Ledger> ledger;
  std::vector<std::shared_ptr<const Chunk>> chunks;  // of a dataset in memory
  RowGroupCache cache;
  std::mutex alone;  // one row group beyond the budget at a time
  std::atomic<Index> bytes_read{0};
  std::atomic<Index> decoded{0};
  std::atomic<Index> memory_hits{0};
  std::atomic<std::int64_t> decode_ns{0};

  explicit State(Index cache_bytes) : cache(cache_bytes) {}

  std::shared_ptr<const Chunk> row_group(Index g);
  std::shared_ptr<const Chunk> gather(const std::vector<RowRun>& runs);
};

std::shared_ptr<const Chunk> DatasetReader::State::row_group(Index g) {
  if (!dataset->store) {
    memory_hits.fetch_add(1, std::memory_order_relaxed);
    return chunks[at(g)];
  }
  throw IoError("", 0, "no files yet");
}

/// Rows of several runs in a chunk of their own.
std::shared_ptr<const Chunk> DatasetReader::State::gather(
    const std::vector<RowRun>& runs) {
  std::vector<Index> groups;
  for (const RowRun& run : runs) groups.push_back(run.row_group);
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  std::vector<std::shared_ptr<const Chunk>> held;
  std::vector<const Chunk*> from;
  for (const Index g : groups) {
    held.push_back(row_group(g));
    from.push_back(held.back().get());
  }
  std::vector<GatherRun> rows;
  rows.reserve(runs.size());
  for (const RowRun& run : runs) {
    const auto k =
        std::lower_bound(groups.begin(), groups.end(), run.row_group) - groups.begin();
    rows.push_back({static_cast<std::int32_t>(k), run.first_row, run.rows});
  }
  auto chunk = gather_rows(from, rows, {});
  chunk->reservation = Reservation::force(ledger, Account::build, chunk->bytes);
  return chunk;
}

DatasetReader::DatasetReader(std::shared_ptr<State> state) : state_(std::move(state)) {}

DatasetReader Dataset::reader(const std::vector<std::string>& columns,
                              std::shared_ptr<Ledger> ledger) const {
  if (!ledger) ledger = state_->ledger;
  auto state = std::make_shared<DatasetReader::State>(ledger->budget() / 2);
  state->dataset = state_;
  state->ledger = std::move(ledger);
  for (const auto& column : columns) {
    const Index position = find_column(state_->schema, column, "reader");
    state->positions.push_back(position);
    state->names.push_back(column);
    state->schema.fields.push_back(state_->schema.fields[at(position)]);
  }
  for (const auto& chunk : state_->chunks) {
    state->chunks.push_back(project(chunk, state->positions));
  }
  return DatasetReader(std::move(state));
}

const Schema& DatasetReader::schema() const { return state_->schema; }

std::shared_ptr<const Chunk> DatasetReader::row_group(Index g) const {
  return state_->row_group(g);
}

DatasetReader::Sequence DatasetReader::sequence(Index s) const {
  return slice(s, 0, state_->dataset->index.length(state_->dataset->number(s)));
}

DatasetReader::Sequence DatasetReader::slice(Index s, Index begin, Index rows) const {
  std::vector<RowRun> runs = state_->dataset->index.runs(state_->dataset->number(s));
  cut_runs(runs, begin, rows);
  Sequence out;
  out.view.sequence = s;
  out.view.rows = rows;
  if (runs.size() == 1) {
    out.chunk = state_->row_group(runs[0].row_group);
    out.view.begin = runs[0].first_row;
  } else {
    out.chunk = state_->gather(runs);
  }
  out.view.chunk = out.chunk.get();
  return out;
}

std::vector<Index> DatasetReader::row_groups_of(Index s) const {
  return row_groups_of(s, 0, state_->dataset->index.length(state_->dataset->number(s)));
}

std::vector<Index> DatasetReader::row_groups_of(Index s, Index begin,
                                                Index rows) const {
  std::vector<RowRun> runs = state_->dataset->index.runs(state_->dataset->number(s));
  cut_runs(runs, begin, rows);
  std::vector<Index> groups;
  for (const RowRun& run : runs) groups.push_back(run.row_group);
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

bool DatasetReader::cached(Index g) const {
  return !state_->dataset->store || state_->cache.holds(g);
}

void DatasetReader::expect(std::span<const Index> row_groups) const {
  if (state_->dataset->store) state_->cache.expect(row_groups);
}

void DatasetReader::trim(Index keep_bytes) const { state_->cache.trim(keep_bytes); }

DatasetReader::Stats DatasetReader::stats() const {
  Stats out;
  out.bytes_read = state_->bytes_read.load();
  out.row_groups_decoded = state_->decoded.load();
  out.cache_hits = state_->cache.hits() + state_->memory_hits.load();
  out.cache_bytes = state_->cache.bytes();
  out.decode_ns = state_->decode_ns.load();
  return out;
}

}  // namespace lade::io
