// SPDX-License-Identifier: Apache-2.0
// Datasets over rows that are decoded already.
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <limits>

#include "lade/core/pool.h"
#include "lade/io/dataset_gather.h"
#include "lade/io/dataset_internal.h"
#include "lade/io/index_build.h"
#include "lade/io/interrupt.h"

namespace lade::io {

namespace {

/// Rows after which a chunk ends at the next sequence boundary.
constexpr Index kChunkRows = 65'536;

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

std::vector<RowGroupEntry> row_groups_of(
    const std::vector<std::shared_ptr<const Chunk>>& chunks) {
  std::vector<RowGroupEntry> out;
  Index first = 0;
  for (const auto& chunk : chunks) {
    require(chunk->rows <= std::numeric_limits<std::int32_t>::max(),
            "from_batches: a batch must have fewer than 2^31 rows, got " +
                std::to_string(chunk->rows));
    out.push_back(
        {0, static_cast<std::int32_t>(out.size()), first, chunk->rows, 0, -1});
    first += chunk->rows;
  }
  return out;
}

/// Whether every sequence is one run already, so that no row has to move.
bool is_grouped(const IndexTables& tables) {
  return static_cast<Index>(tables.runs.size()) == tables.sequences();
}

/// Sequences [begin, end) and where their rows lie.
struct ChunkPlan {
  Index first_sequence = 0;
  Index end_sequence = 0;
  Index rows = 0;
};

std::vector<ChunkPlan> plan_chunks(const IndexTables& tables) {
  std::vector<ChunkPlan> plans;
  ChunkPlan open;
  for (Index s = 0; s < tables.sequences(); ++s) {
    const Index events = tables.events[at(s)];
    require(events <= std::numeric_limits<std::int32_t>::max(),
            "open: a sequence in memory must have fewer than 2^31 events, got " +
                std::to_string(events));
    if (open.rows > 0 && (open.rows >= kChunkRows || events > kChunkRows)) {
      plans.push_back(open);
      open = {s, s, 0};
    }
    open.end_sequence = s + 1;
    open.rows += events;
  }
  if (open.rows > 0) plans.push_back(open);
  return plans;
}

/// Least and greatest time of all row groups; (0, -1) if no row was kept.
std::pair<std::int64_t, std::int64_t> time_bounds(
    const std::vector<RowGroupEntry>& groups) {
  std::pair<std::int64_t, std::int64_t> bounds{0, -1};
  for (const auto& group : groups) {
    if (group.time_min > group.time_max) continue;
    const bool first = bounds.first > bounds.second;
    bounds.first = first ? group.time_min : std::min(bounds.first, group.time_min);
    bounds.second = first ? group.time_max : std::max(bounds.second, group.time_max);
  }
  return bounds;
}

/// Moves the rows so that every sequence is one run; rewrites runs and row groups.
std::vector<std::shared_ptr<const Chunk>> regroup(DecodedRows& rows,
                                                  IndexTables& tables,
                                                  const OpenOptions& options,
                                                  int threads) {
  std::vector<const Chunk*> from;
  for (const auto& chunk : rows.chunks) from.push_back(chunk.get());
  const auto& fields = rows.schema.fields;
  std::vector<MergedDictionary> merged(fields.size());
  std::vector<const MergedDictionary*> merged_or_null(fields.size(), nullptr);
  Interrupt interrupt(options.poll);
  interrupt.parallel(static_cast<Index>(fields.size()), threads, [&](Index c) {
    if (fields[at(c)].type.kind != Kind::text) return;
    merged[at(c)] = merge_dictionaries(from, c);
    merged_or_null[at(c)] = &merged[at(c)];
  });

  const auto plans = plan_chunks(tables);
  std::vector<std::shared_ptr<const Chunk>> out(plans.size());
  interrupt.parallel(static_cast<Index>(plans.size()), threads, [&](Index p) {
    const ChunkPlan& plan = plans[at(p)];
    std::vector<GatherRun> runs;
    for (Index r = tables.first_run[at(plan.first_sequence)];
         r < tables.first_run[at(plan.end_sequence)]; ++r) {
      const RowRun& run = tables.runs[at(r)];
      runs.push_back({run.row_group, run.first_row, run.rows});
    }
    auto chunk = gather_rows(from, runs, merged_or_null);
    chunk->reservation = Reservation(rows.ledger, Account::cache, chunk->bytes,
                                     "open: rows grouped in memory");
    out[at(p)] = std::move(chunk);
  });

  std::vector<RowGroupEntry> groups;
  std::vector<RowRun> runs;
  Index first_row = 0;
  const auto [time_min, time_max] = time_bounds(tables.row_groups);
  for (const ChunkPlan& plan : plans) {
    const auto g = static_cast<std::int32_t>(groups.size());
    // Bounds of all rows hold for each part, also where times were kept in disorder.
    const RowGroupEntry group{0, g, first_row, plan.rows, time_min, time_max};
    std::int32_t row = 0;
    for (Index s = plan.first_sequence; s < plan.end_sequence; ++s) {
      tables.first_run[at(s)] = s;
      runs.push_back({g, row, static_cast<std::int32_t>(tables.events[at(s)])});
      row += runs.back().rows;
    }
    groups.push_back(group);
    first_row += plan.rows;
  }
  tables.first_run[at(tables.sequences())] = tables.sequences();
  tables.runs = std::move(runs);
  tables.row_groups = std::move(groups);
  return out;
}

/// Adds what one column holds, whatever it is cut into.
void hash_column(Hasher& hasher,
                 const std::vector<std::shared_ptr<const Chunk>>& chunks,
                 std::size_t c) {
  const bool nulls = std::any_of(chunks.begin(), chunks.end(), [&](const auto& chunk) {
    return chunk->columns[c].validity != nullptr;
  });
  for (const auto& chunk : chunks) {
    const Column& column = chunk->columns[c];
    if (column.kind != Kind::text) {
      const auto bytes = at(chunk->rows * width(column.kind));
      hasher.update({static_cast<const std::byte*>(column.values), bytes});
      continue;
    }
    std::vector<std::uint64_t> entry(
        at(column.dictionary ? column.dictionary->size() : 0));
    for (std::size_t i = 0; i < entry.size(); ++i) {
      entry[i] = xxh3_64((*column.dictionary)[static_cast<Index>(i)]);
    }
    std::vector<std::uint64_t> row(at(chunk->rows), 0);
    for (Index r = 0; r < chunk->rows; ++r) {
      if (column.valid(r)) row[at(r)] = entry[at(column.as<std::int32_t>()[r])];
    }
    hasher.update(std::as_bytes(std::span(row)));
  }
  if (!nulls) return;
  for (const auto& chunk : chunks) {
    std::vector<std::uint8_t> valid(at(chunk->rows));
    for (Index r = 0; r < chunk->rows; ++r)
      valid[at(r)] = chunk->columns[c].valid(r) ? 1 : 0;
    hasher.update(std::as_bytes(std::span(valid)));
  }
}

/// The columns of a batch that can be read; the others are named.
Schema schema_of(const RecordBatch& batch, const std::string& source,
                 std::vector<UnsupportedColumn>& unsupported) {
  ReadableColumns readable = readable_columns(*batch->schema(), source);
  unsupported = std::move(readable.unsupported);
  arrow::FieldVector fields;
  for (const int position : readable.positions)
    fields.push_back(batch->schema()->field(position));
  return import_schema(arrow::Schema(std::move(fields)), source);
}

}  // namespace

Hash128 fingerprint_of_rows(const Schema& schema,
                            const std::vector<std::shared_ptr<const Chunk>>& chunks) {
  Hasher all;
  all.field("lade.rows.1");
  for (std::size_t c = 0; c < schema.fields.size(); ++c) {
    const Field& field = schema.fields[c];
    Hasher one;
    hash_column(one, chunks, c);
    all.field(field.name);
    all.field(to_string(field.type));
    all.field(hex(one.digest128()));
  }
  return all.digest128();
}

Dataset group_in_memory(DecodedRows rows, const OpenOptions& options) {
  auto state = std::make_shared<Dataset::State>();
  state->entity_name = options.entity;
  state->time_name = options.time;
  state->policies = resolve(options.policies, options.source.policies);
  state->threads = options.threads > 0 ? options.threads : usable_cpus();
  state->ledger = rows.ledger;
  state->unsupported = rows.unsupported;
  state->files = rows.files;
  state->warnings = rows.warnings;
  const auto offered = offered_columns(rows.schema, options, rows.unsupported);
  const Hash128 data = rows.fingerprint == Hash128{}
                           ? fingerprint_of_rows(rows.schema, rows.chunks)
                           : rows.fingerprint;
  state->fingerprint = fingerprint_with_options(data, options, state->policies);

  KeySource keys;
  keys.schema = &rows.schema;
  keys.entity = options.entity.empty() ? -1 : rows.schema.find(options.entity);
  keys.time = options.time.empty() ? -1 : rows.schema.find(options.time);
  keys.row_groups = row_groups_of(rows.chunks);
  keys.read = [&rows](Index g) { return rows.chunks[at(g)]; };
  keys.place = rows.place;
  IndexOptions index_options;
  index_options.policies = state->policies;
  index_options.threads = state->threads;
  index_options.before = rows.report;
  index_options.lost = rows.lost;
  index_options.poll = options.poll;
  if (options.filter) index_options.filter = options.filter(rows.schema);
  IndexTables tables = build_index(keys, index_options);

  if (offered.size() < rows.schema.fields.size()) {
    for (auto& chunk : rows.chunks) chunk = select_columns(std::move(chunk), offered);
  }
  for (const Index c : offered)
    state->schema.fields.push_back(rows.schema.fields[at(c)]);
  rows.schema = state->schema;
  if (!options.entity.empty()) state->entity = state->schema.find(options.entity);
  if (!options.time.empty()) state->time = state->schema.find(options.time);
  if (is_grouped(tables)) {
    state->chunks = std::move(rows.chunks);
  } else {
    const Index bytes = row_bytes(rows.schema.fields, tables.report.rows_given);
    require(bytes <= rows.ledger->budget(), "open: the rows need " +
                                                std::to_string(bytes) +
                                                " bytes in memory, memory_budget is " +
                                                std::to_string(rows.ledger->budget()));
    state->chunks = regroup(rows, tables, options, state->threads);
  }
  state->index = SequenceIndex(std::make_shared<const IndexTables>(std::move(tables)));
  finish_state(*state);
  return Dataset(std::move(state));
}

Dataset from_batches(const std::vector<RecordBatch>& batches,
                     const OpenOptions& options) {
  require(!batches.empty(),
          "from_batches: at least one batch is needed, for its schema");
  require(
      options.layout == "auto" || options.layout == "flat",
      "open: layout must be auto or flat, got \"" + escape_text(options.layout) + "\"");
  const std::string source = "table";
  DecodedRows rows;
  const Schema all = schema_of(batches[0], source, rows.unsupported);
  std::vector<std::string> names;
  auto wanted = offered_columns(all, options, rows.unsupported, source);
  if (auto word = left_out(rows.unsupported, options); !word.empty())
    rows.warnings.push_back(std::move(word));
  if (options.filter) wanted = all_columns(all);  // it may look at any
  for (const Index c : wanted) {
    rows.schema.fields.push_back(all.fields[at(c)]);
    names.push_back(all.fields[at(c)].name);
  }
  const Index budget =
      options.memory_budget > 0 ? options.memory_budget : default_memory_budget();
  rows.ledger = std::make_shared<Ledger>(budget);
  std::vector<Index> first_row;
  Index count = 0;
  for (const auto& batch : batches) {
    std::vector<UnsupportedColumn> unsupported;
    const Schema other = schema_of(batch, source, unsupported);
    for (const Field& field : rows.schema.fields) {
      const Index c = other.find(field.name);
      if (c >= 0 && other.fields[at(c)].type == field.type) continue;
      Place place{source, {}, count, field.name, "dataset.schema", ""};
      throw DataError(
          std::move(place),
          "batches must have the same columns: " + to_string(field.type) + " and " +
              (c < 0 ? "no such column" : to_string(other.fields[at(c)].type)));
    }
    if (options.poll) options.poll();
    rows.chunks.push_back(import_chunk(batch, names, source));
    first_row.push_back(count);
    count += batch->num_rows();
  }
  rows.place = [source, first_row](Index chunk, Index row) {
    Place place;
    place.source = source;
    place.row = first_row[at(chunk)] + row;
    return place;
  };
  return group_in_memory(std::move(rows), options);
}

}  // namespace lade::io
