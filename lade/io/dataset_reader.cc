// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <chrono>
#include <new>

#include "lade/io/dataset_gather.h"
#include "lade/io/dataset_internal.h"
#include "lade/io/row_group_cache.h"

namespace lade::io {

namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

}  // namespace

struct DatasetReader::State {
  std::shared_ptr<const Dataset::State> dataset;
  Schema schema;
  std::vector<Index> positions;
  std::vector<Index> stored_positions;  // of the columns in the files
  std::shared_ptr<Ledger> ledger;
  std::shared_ptr<arrow::MemoryPool> pool;
  std::vector<std::shared_ptr<const Chunk>> chunks;  // of a dataset in memory
  RowGroupCache cache;
  std::atomic<Index> bytes_read{0};
  std::atomic<Index> decoded{0};
  std::atomic<Index> memory_hits{0};
  std::atomic<std::int64_t> decode_ns{0};

  explicit State(Index cache_bytes) : cache(cache_bytes) {}

  std::shared_ptr<const Chunk> row_group(Index g);
  RowGroupCache::Loaded decode(Index g);
  RowGroupCache::Loaded read(Index g, Index expected);
  std::shared_ptr<const Chunk> gather(const std::vector<RowRun>& runs);
};

std::shared_ptr<const Chunk> DatasetReader::State::row_group(Index g) {
  if (!dataset->source) {
    memory_hits.fetch_add(1, std::memory_order_relaxed);
    return chunks[at(g)];
  }
  return cache.get(g, [&] { return decode(g); });
}

/// Reads within the ledger. Refused, it makes room; refused again, the row group is
/// read beyond the budget, alone, charged by force and not kept: what is asked for now
/// must go on, and only what could never fit is refused.
RowGroupCache::Loaded DatasetReader::State::decode(Index g) {
  const Index expected = dataset->source->decoded_bytes(g, stored_positions);
  if (expected > ledger->budget()) {
    const Place place = dataset->source->place(g, 0);
    throw DataError({place.source, {}, place.row, "", "dataset.row_group_bytes", ""},
                    "row group " + std::to_string(g) + " needs " +
                        std::to_string(expected) + " bytes, memory_budget is " +
                        std::to_string(ledger->budget()));
  }
  const auto start = std::chrono::steady_clock::now();
  RowGroupCache::Loaded out = read(g, expected);
  decode_ns.fetch_add((std::chrono::steady_clock::now() - start).count(),
                      std::memory_order_relaxed);
  decoded.fetch_add(1, std::memory_order_relaxed);
  bytes_read.fetch_add(dataset->source->stored_bytes(g, stored_positions),
                       std::memory_order_relaxed);
  return out;
}

RowGroupCache::Loaded DatasetReader::State::read(Index g, Index expected) {
  const RowGroupSource& source = *dataset->source;
  if (ledger->used() + expected > ledger->budget())
    cache.trim(cache.bytes() - expected);
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      return {hold_chunk(source.read(g, stored_positions, pool.get()), pool), true};
    } catch (const std::bad_alloc&) {
      cache.trim(0);
    }
  }
  const auto chunk = source.read(g, stored_positions, nullptr);
  auto forced = std::make_shared<Chunk>();
  forced->rows = chunk->rows;
  forced->columns = chunk->columns;
  forced->bytes = chunk->bytes;
  forced->reservation = Reservation::force(ledger, Account::decode, chunk->bytes);
  forced->owners.push_back(chunk);
  return {forced, false};
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
  state->pool = make_ledger_pool(state->ledger);
  for (const auto& name : columns) {
    const Index position = column(name, "reader");
    state->positions.push_back(position);
    if (state_->source)
      state->stored_positions.push_back(state_->offered[at(position)]);
    state->schema.fields.push_back(state_->schema.fields[at(position)]);
  }
  for (const auto& chunk : state_->chunks) {
    state->chunks.push_back(select_columns(chunk, state->positions));
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
  const SequenceIndex& index = state_->dataset->index;
  const Index number = state_->dataset->number(s);
  Sequence out;
  out.view.sequence = s;
  out.view.rows = rows;
  if (const auto run = index.only_run(number)) {
    out.chunk = state_->row_group(run->row_group);
    out.view.begin = run->first_row + begin;
    out.view.chunk = out.chunk.get();
    return out;
  }
  std::vector<RowRun> runs = index.runs(number);
  cut_runs(runs, begin, rows);
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
  return !state_->dataset->source || state_->cache.holds(g);
}

void DatasetReader::expect(std::span<const Index> row_groups) const {
  if (state_->dataset->source) state_->cache.expect(row_groups);
}

void DatasetReader::trim(Index keep_bytes) const { state_->cache.trim(keep_bytes); }

DatasetReader::Stats DatasetReader::stats() const {
  Stats out;
  out.bytes_read = state_->bytes_read.load();
  if (const auto& source = state_->dataset->source) {
    const auto groups = static_cast<Index>(state_->dataset->index.row_groups().size());
    for (Index g = 0; g < groups; ++g) {
      out.stored_bytes += source->stored_bytes(g, state_->stored_positions);
    }
  }
  out.row_groups_decoded = state_->decoded.load();
  out.cache_hits = state_->cache.hits() + state_->memory_hits.load();
  out.cache_bytes = state_->cache.bytes();
  out.decode_ns = state_->decode_ns.load();
  return out;
}

}  // namespace lade::io
