// SPDX-License-Identifier: Apache-2.0
// Datasets over Parquet and IPC files: where the index comes from.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "lade/io/dataset_gather.h"
#include "lade/io/dataset_index.h"
#include "lade/io/dataset_internal.h"
#include "lade/io/dataset_store.h"
#include "lade/io/index_build.h"
#include "lade/io/index_file.h"

namespace lade::io {

namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

/// Part of the budget that an index may take in memory.
Index index_bytes(const Ledger& ledger) { return ledger.budget() / 8; }

class Indexer {
 public:
  Indexer(const OpenRequest& request, const FileStore& store, std::string fingerprint)
      : request_(request), store_(store), fingerprint_(std::move(fingerprint)) {}

  std::vector<std::string> warnings;

  SequenceIndex index() {
    if (needs_no_keys(request_)) return in_memory(index_store(request_, store_));
    for (const std::string& parent : places()) {
      if (auto found = index_at(join(parent, index_name(fingerprint_)))) return *found;
    }
    return in_memory(index_store(request_, store_));
  }

 private:
  static SequenceIndex in_memory(IndexTables tables) {
    return SequenceIndex(std::make_shared<const IndexTables>(std::move(tables)));
  }

  /// Directories that may hold the index, best first; the last ones are made as needed.
  std::vector<std::string> places() const {
    std::vector<std::string> out;
    if (!request_.found.directory.empty())
      out.push_back(join(request_.found.directory, "_lade"));
    const char* cache = std::getenv("XDG_CACHE_HOME");
    if (!request_.options.cache_dir.empty())
      out.push_back(request_.options.cache_dir);
    else if (cache != nullptr && *cache == '/')
      out.push_back(join(cache, "lade"));
    return out;
  }

  /// The index at this place, made if need be; nothing if the place cannot be written.
  std::optional<SequenceIndex> index_at(const std::string& directory) {
    Files& files = request_.files();
    bool waited = false;
    for (;;) {
      if (auto found = read(directory)) return found;
      try {
        make_directories(files, std::string(directory_of(directory)));
        WriteOptions options;
        options.files = &files;
        options.overwrite = true;
        AtomicDirectory out(directory, options);
        if (waited) {  // another process has made it meanwhile
          if (auto found = read(directory)) return found;
        }
        IndexTables tables = index_store(request_, store_);
        try {
          if (request_.options.poll) request_.options.poll();
          write_index(tables, fingerprint_, out, files);
          if (request_.options.poll) request_.options.poll();
          out.commit();
        } catch (const IoError&) {
          return in_memory(std::move(tables));
        }
        if (tables.bytes() <= index_bytes(*request_.ledger))
          return in_memory(std::move(tables));
        tables = {};
        return open_index(directory, fingerprint_, files, index_bytes(*request_.ledger),
                          request_.ledger);
      } catch (const IoError& error) {
        if (error.error_number() != EWOULDBLOCK) return std::nullopt;
      }
      waited = true;
      if (request_.options.poll) request_.options.poll();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  std::optional<SequenceIndex> read(const std::string& directory) {
    if (!request_.files().exists(directory)) return std::nullopt;
    try {
      SequenceIndex index = open_index(directory, fingerprint_, request_.files(),
                                       index_bytes(*request_.ledger), request_.ledger);
      if (same_row_groups(index.row_groups())) return index;
      warn(directory, "it is of other row groups");
    } catch (const DataError& error) {
      warn(directory, error.what());
    } catch (const IoError& error) {
      warn(directory, error.what());
    }
    return std::nullopt;
  }

  void warn(const std::string& directory, std::string_view what) {
    if (!warnings.empty()) return;
    warnings.push_back("index " + escape_text(directory) +
                       " is made again: " + std::string(what));
  }

  bool same_row_groups(const std::vector<RowGroupEntry>& groups) const {
    return std::equal(groups.begin(), groups.end(), store_.row_groups().begin(),
                      store_.row_groups().end(), [](const auto& a, const auto& b) {
                        return a.file == b.file && a.row_group == b.row_group &&
                               a.rows == b.rows;
                      });
  }

  const OpenRequest& request_;
  const FileStore& store_;
  std::string fingerprint_;
};

/// All offered columns decoded and grouped: what scattered rows need to be read at all.
Dataset regroup_in_memory(OpenRequest request, const FileStore& store, Hash128 data) {
  auto wanted = offered_columns(store.schema(), request.options, store.unsupported(),
                                store.paths().front());
  if (request.options.filter) wanted = all_columns(store.schema());
  Index bytes = 0;
  for (Index g = 0; g < static_cast<Index>(store.row_groups().size()); ++g) {
    bytes += store.decoded_bytes(g, wanted);
  }
  if (bytes > request.half_budget()) {
    request.all_columns = store.schema().names();
    return open_converted(
        request, data,
        "the rows are scattered (fewer than 8 of a sequence together) and", bytes);
  }
  DecodedRows rows;
  for (const Index c : wanted)
    rows.schema.fields.push_back(store.schema().fields[at(c)]);
  const auto pool = make_ledger_pool(request.ledger);
  for (Index g = 0; g < static_cast<Index>(store.row_groups().size()); ++g) {
    if (request.options.poll) request.options.poll();
    rows.chunks.push_back(hold_chunk(store.read(g, wanted, pool.get()), pool));
  }
  rows.place = [&store](Index g, Index row) { return store.place(g, row); };
  rows.unsupported = store.unsupported();
  rows.files = store.paths();
  rows.lost = store.report();
  rows.ledger = request.ledger;
  rows.fingerprint = data;
  rows.warnings = request.warnings;
  return group_in_memory(std::move(rows), request.options);
}

}  // namespace

void make_directories(Files& files, const std::string& path) {
  if (files.exists(path)) return;
  const std::string above(directory_of(path));
  if (above != path) make_directories(files, above);
  try {
    files.make_directory(path);
  } catch (const IoError& error) {
    if (error.error_number() != EEXIST) throw;
  }
}

Dataset open_store(OpenRequest request) {
  const OpenOptions& options = request.options;
  auto store = std::make_shared<const FileStore>(request.found, store_options(request));

  auto state = std::make_shared<Dataset::State>();
  state->entity_name = options.entity;
  state->time_name = options.time;
  state->policies = request.policies;
  state->threads = options.threads;
  state->ledger = request.ledger;
  auto source = std::make_shared<RowGroupSource>();
  source->read = [store](Index g, const std::vector<Index>& positions,
                         arrow::MemoryPool* pool) {
    return store->read(g, positions, pool);
  };
  source->stored_bytes = [store](Index g, const std::vector<Index>& positions) {
    return store->stored_bytes(g, positions);
  };
  source->decoded_bytes = [store](Index g, const std::vector<Index>& positions) {
    return store->decoded_bytes(g, positions);
  };
  source->place = [store](Index g, Index row) { return store->place(g, row); };
  state->source = std::move(source);
  state->files = store->paths();
  state->unsupported = store->unsupported();
  request.unsupported = store->unsupported();
  state->offered = offered_columns(store->schema(), options, store->unsupported(),
                                   store->paths().front());
  if (auto word = left_out(store->unsupported(), options); !word.empty())
    request.warnings.push_back(std::move(word));
  for (const Index c : state->offered) {
    state->schema.fields.push_back(store->schema().fields[at(c)]);
  }
  state->entity = state->schema.find(options.entity);
  state->time = state->schema.find(options.time);
  if (state->entity >= 0) require_entity_type(state->schema.fields[at(state->entity)]);
  if (state->time >= 0) require_time_type(state->schema.fields[at(state->time)]);
  const Hash128 data = fingerprint_of_files(store->prints());
  state->fingerprint = fingerprint_with_options(data, options, request.policies);

  Indexer indexer(request, *store, hex(state->fingerprint));
  state->index = indexer.index();
  request.warnings.insert(request.warnings.end(), indexer.warnings.begin(),
                          indexer.warnings.end());
  const bool scattered = state->index.runs() > state->index.sequences() &&
                         static_cast<double>(state->index.events()) <
                             kScatteredRun * static_cast<double>(state->index.runs());
  if (scattered) return regroup_in_memory(std::move(request), *store, data);
  state->warnings = request.warnings;
  finish_state(*state);
  return Dataset(std::move(state));
}

}  // namespace lade::io
