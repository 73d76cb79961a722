// SPDX-License-Identifier: Apache-2.0
#include "lade/io/dataset_gather.h"

#include <algorithm>
#include <cstring>

namespace lade::io {

namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

const Column& column_of(const Chunk& chunk, Index position) {
  return chunk.columns[at(position)];
}

/// One distinct text and where it is used.
struct Use {
  std::string_view text;
  std::int32_t chunk;
  std::int32_t code;
};

/// Distinct codes of valid rows of a run, appended to `codes`.
void add_codes(const Column& column, Index first, Index rows,
               std::vector<std::int32_t>& codes) {
  const auto* values = column.as<std::int32_t>();
  for (Index r = first; r < first + rows; ++r) {
    if (column.valid(r) && (codes.empty() || codes.back() != values[r]))
      codes.push_back(values[r]);
  }
}

/// Builds the merged dictionary of the codes used per chunk.
MergedDictionary merge(std::span<const Chunk* const> chunks, Index position,
                       std::vector<std::vector<std::int32_t>> codes) {
  std::vector<Use> uses;
  MergedDictionary out;
  out.code.resize(chunks.size());
  for (std::size_t k = 0; k < chunks.size(); ++k) {
    auto& used = codes[k];
    if (used.empty()) continue;
    std::sort(used.begin(), used.end());
    used.erase(std::unique(used.begin(), used.end()), used.end());
    const Dictionary& dictionary = *column_of(*chunks[k], position).dictionary;
    out.code[k].assign(at(dictionary.size()), -1);
    for (const std::int32_t code : used) {
      uses.push_back({dictionary[code], static_cast<std::int32_t>(k), code});
    }
  }
  std::sort(uses.begin(), uses.end(),
            [](const Use& a, const Use& b) { return a.text < b.text; });
  std::vector<std::string> texts;
  for (const Use& use : uses) {
    if (texts.empty() || texts.back() != use.text) texts.emplace_back(use.text);
    out.code[at(use.chunk)][at(use.code)] = static_cast<std::int32_t>(texts.size()) - 1;
  }
  out.dictionary = Dictionary::of(texts);
  return out;
}

MergedDictionary merge_runs(std::span<const Chunk* const> chunks,
                            std::span<const GatherRun> runs, Index position) {
  std::vector<std::vector<std::int32_t>> codes(chunks.size());
  for (const GatherRun& run : runs) {
    add_codes(column_of(*chunks[at(run.chunk)], position), run.first_row, run.rows,
              codes[at(run.chunk)]);
  }
  return merge(chunks, position, std::move(codes));
}

/// The memory of a gathered chunk.
struct Storage {
  std::vector<std::vector<std::byte>> values;
  std::vector<std::vector<std::uint8_t>> validity;
  std::vector<std::shared_ptr<const Dictionary>> dictionaries;
};

void gather_validity(std::span<const Chunk* const> chunks,
                     std::span<const GatherRun> runs, Index position, Index rows,
                     std::vector<std::uint8_t>& out) {
  const bool any = std::any_of(runs.begin(), runs.end(), [&](const GatherRun& run) {
    return column_of(*chunks[at(run.chunk)], position).validity != nullptr;
  });
  if (!any) return;
  out.assign(at((rows + 7) / 8), 0);
  Index to = 0;
  for (const GatherRun& run : runs) {
    const Column& from = column_of(*chunks[at(run.chunk)], position);
    for (Index r = run.first_row; r < run.first_row + run.rows; ++r, ++to) {
      if (from.valid(r)) out[at(to >> 3)] |= static_cast<std::uint8_t>(1U << (to & 7));
    }
  }
}

void gather_values(std::span<const Chunk* const> chunks,
                   std::span<const GatherRun> runs, Index position, std::byte* out) {
  for (const GatherRun& run : runs) {
    const Column& from = column_of(*chunks[at(run.chunk)], position);
    const auto size = at(width(from.kind));
    const auto bytes = at(run.rows) * size;
    if (bytes > 0) {
      std::memcpy(out,
                  static_cast<const std::byte*>(from.values) + at(run.first_row) * size,
                  bytes);
    }
    out += bytes;
  }
}

void gather_codes(std::span<const Chunk* const> chunks, std::span<const GatherRun> runs,
                  Index position, const MergedDictionary& merged, std::byte* out) {
  for (const GatherRun& run : runs) {
    const Column& from = column_of(*chunks[at(run.chunk)], position);
    const auto& code = merged.code[at(run.chunk)];
    const auto* values = from.as<std::int32_t>();
    for (Index r = run.first_row; r < run.first_row + run.rows; ++r) {
      const std::int32_t value = from.valid(r) ? code[at(values[r])] : 0;
      std::memcpy(out, &value, sizeof(value));
      out += sizeof(value);
    }
  }
}

/// The chunk of `runs` whose dictionary all of them share, or nullptr.
const Chunk* sharing_chunk(std::span<const Chunk* const> chunks,
                           std::span<const GatherRun> runs, Index position) {
  const Dictionary* shared = nullptr;
  for (const GatherRun& run : runs) {
    const Dictionary* one = column_of(*chunks[at(run.chunk)], position).dictionary;
    if (shared != nullptr && one->id() != shared->id()) return nullptr;
    shared = one;
  }
  return runs.empty() ? nullptr : chunks[at(runs[0].chunk)];
}

}  // namespace

MergedDictionary merge_dictionaries(std::span<const Chunk* const> chunks,
                                    Index position) {
  std::vector<std::vector<std::int32_t>> codes(chunks.size());
  for (std::size_t k = 0; k < chunks.size(); ++k) {
    const Column& column = column_of(*chunks[k], position);
    std::vector<bool> seen(column.dictionary ? at(column.dictionary->size()) : 0);
    const auto* values = column.as<std::int32_t>();
    for (Index r = 0; r < chunks[k]->rows; ++r) {
      if (!column.valid(r) || seen[at(values[r])]) continue;
      seen[at(values[r])] = true;
      codes[k].push_back(values[r]);
    }
  }
  return merge(chunks, position, std::move(codes));
}

std::shared_ptr<Chunk> gather_rows(std::span<const Chunk* const> chunks,
                                   std::span<const GatherRun> runs,
                                   std::span<const MergedDictionary* const> merged) {
  auto out = std::make_shared<Chunk>();
  for (const GatherRun& run : runs) out->rows += run.rows;
  if (chunks.empty()) return out;
  const auto columns = chunks[0]->columns.size();
  auto storage = std::make_shared<Storage>();
  storage->values.resize(columns);
  storage->validity.resize(columns);
  out->columns.resize(columns);
  for (std::size_t c = 0; c < columns; ++c) {
    const auto position = static_cast<Index>(c);
    Column& column = out->columns[c];
    column.kind = chunks[0]->columns[c].kind;
    column.unit = chunks[0]->columns[c].unit;
    auto& values = storage->values[c];
    values.resize(at(out->rows * width(column.kind)));
    if (column.kind != Kind::text) {
      gather_values(chunks, runs, position, values.data());
    } else if (!merged.empty() && merged[c] != nullptr) {
      gather_codes(chunks, runs, position, *merged[c], values.data());
      column.dictionary = merged[c]->dictionary.get();
      storage->dictionaries.push_back(merged[c]->dictionary);
    } else if (const Chunk* sharing = sharing_chunk(chunks, runs, position)) {
      gather_values(chunks, runs, position, values.data());
      column.dictionary = sharing->columns[c].dictionary;
      out->owners.insert(out->owners.end(), sharing->owners.begin(),
                         sharing->owners.end());
    } else {
      const MergedDictionary own = merge_runs(chunks, runs, position);
      gather_codes(chunks, runs, position, own, values.data());
      column.dictionary = own.dictionary.get();
      storage->dictionaries.push_back(own.dictionary);
      for (Index i = 0; i < own.dictionary->size(); ++i) {
        out->bytes += 8 + static_cast<Index>((*own.dictionary)[i].size());
      }
    }
    gather_validity(chunks, runs, position, out->rows, storage->validity[c]);
    column.values = values.data();
    if (!storage->validity[c].empty()) column.validity = storage->validity[c].data();
    out->bytes += static_cast<Index>(values.size() + storage->validity[c].size());
  }
  out->owners.push_back(std::move(storage));
  return out;
}

std::shared_ptr<const Chunk> select_columns(std::shared_ptr<const Chunk> chunk,
                                            const std::vector<Index>& positions) {
  auto out = std::make_shared<Chunk>();
  out->rows = chunk->rows;
  out->bytes = chunk->bytes;
  for (const Index position : positions) {
    out->columns.push_back(chunk->columns[at(position)]);
  }
  out->owners.push_back(std::move(chunk));
  return out;
}

std::shared_ptr<const Chunk> hold_chunk(std::shared_ptr<const Chunk> chunk,
                                        std::shared_ptr<const void> owner) {
  struct Held {
    std::shared_ptr<const void> owner;  // outlives the chunk: destroyed after it
    std::shared_ptr<const Chunk> chunk;
  };
  auto out = std::make_shared<Chunk>();
  out->rows = chunk->rows;
  out->columns = chunk->columns;
  out->bytes = chunk->bytes;
  out->owners.push_back(
      std::make_shared<Held>(Held{std::move(owner), std::move(chunk)}));
  return out;
}

Index row_bytes(std::span<const Field> fields, Index rows) {
  Index bytes = 0;
  for (const Field& field : fields)
    bytes += rows * width(field.type.kind) + (rows + 7) / 8;
  return bytes;
}

}  // namespace lade::io
