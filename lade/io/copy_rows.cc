// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "lade/core/pool.h"
#include "lade/io/csv_text.h"
#include "lade/io/sorted_rows.h"

namespace lade::io {
namespace {

/// A column that grows out of rows of many chunks.
struct Copied {
  Column column;
  std::vector<std::shared_ptr<const void>> owners;
  Index bytes = 0;
};

/// Column c of every chunk, by the chunk's number; of freed numbers nothing.
std::vector<const Column*> columns_of(const RowPool& pool, std::size_t c) {
  std::vector<const Column*> columns(pool.size(), nullptr);
  for (std::size_t k = 0; k < columns.size(); ++k) {
    const auto number = static_cast<std::uint32_t>(k);
    if (pool.holds(number)) columns[k] = &pool[number].columns[c];
  }
  return columns;
}

template <class T>
void copy_values(const std::vector<const Column*>& from,
                 const std::vector<RowRef>& rows, Copied& out) {
  std::vector<const T*> bases(from.size(), nullptr);
  for (std::size_t k = 0; k < from.size(); ++k) {
    if (from[k] != nullptr) bases[k] = static_cast<const T*>(from[k]->values);
  }
  auto values = std::make_shared_for_overwrite<T[]>(rows.size());
  T* const to = values.get();
  for (std::size_t i = 0; i < rows.size(); ++i)
    to[i] = bases[rows[i].chunk][rows[i].row];
  out.column.values = to;
  out.bytes += static_cast<Index>(rows.size() * sizeof(T));
  out.owners.push_back(std::move(values));
}

/// The codes of one chunk, and what they are in the copy.
struct CodedChunk {
  const Column* column = nullptr;
  const std::int32_t* codes = nullptr;
  std::int32_t* copied = nullptr;  // by code; made when the chunk is met
};

void copy_texts(const std::vector<const Column*>& from, const std::vector<RowRef>& rows,
                Copied& out) {
  constexpr std::int32_t kUnseen = -2;
  auto values = std::make_shared_for_overwrite<std::int32_t[]>(rows.size());
  std::vector<CodedChunk> chunks(from.size());
  std::vector<std::vector<std::int32_t>> memos(from.size());
  TextCodes codes(/*any_bytes=*/true);  // readers have judged them
  std::int32_t* const to = values.get();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const RowRef ref = rows[i];
    CodedChunk& chunk = chunks[ref.chunk];
    if (chunk.column == nullptr) {
      const Column& column = *from[ref.chunk];
      auto& memo = memos[ref.chunk];
      memo.assign(static_cast<std::size_t>(column.dictionary->size()) + 1, kUnseen);
      chunk = {&column, column.as<std::int32_t>(), memo.data()};
    }
    if (chunk.column->valid(ref.row)) {
      const std::int32_t old = chunk.codes[ref.row];
      std::int32_t& known = chunk.copied[old];
      if (known == kUnseen) known = codes.code((*chunk.column->dictionary)[old]);
      to[i] = known;
    } else {
      to[i] = 0;
    }
  }
  Index bytes = 0;
  auto dictionary = codes.take_dictionary(&bytes);
  out.column.values = to;
  out.column.dictionary = dictionary.get();
  out.bytes += bytes + static_cast<Index>(rows.size() * 4);
  out.owners.push_back(std::move(values));
  out.owners.push_back(std::move(dictionary));
}

/// Validity bits, none if every row is valid.
void copy_validity(const std::vector<const Column*>& from,
                   const std::vector<RowRef>& rows, Copied& out) {
  const bool none = std::none_of(from.begin(), from.end(), [](const Column* column) {
    return column != nullptr && column->validity != nullptr;
  });
  if (none) return;
  auto bits = std::make_shared<std::vector<std::uint8_t>>((rows.size() + 7) / 8);
  bool all = true;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool valid = from[rows[i].chunk]->valid(rows[i].row);
    all &= valid;
    if (valid)
      (*bits)[i / 8] = static_cast<std::uint8_t>((*bits)[i / 8] | 1U << (i % 8));
  }
  if (all) return;
  out.column.validity = bits->data();
  out.bytes += static_cast<Index>(bits->size());
  out.owners.push_back(std::move(bits));
}

Copied copy_column(const RowPool& pool, const std::vector<RowRef>& rows, std::size_t c,
                   const Field& field) {
  Copied out;
  out.column.kind = field.type.kind;
  out.column.unit = field.type.unit;
  const auto from = columns_of(pool, c);
  if (field.type.kind == Kind::text) {
    copy_texts(from, rows, out);
  } else {
    switch (width(field.type.kind)) {
      case 1:
        copy_values<std::uint8_t>(from, rows, out);
        break;
      case 2:
        copy_values<std::uint16_t>(from, rows, out);
        break;
      case 4:
        copy_values<std::uint32_t>(from, rows, out);
        break;
      default:
        copy_values<std::uint64_t>(from, rows, out);
    }
  }
  copy_validity(from, rows, out);
  return out;
}

}  // namespace

std::shared_ptr<Chunk> copy_rows(const RowPool& pool, const std::vector<RowRef>& rows,
                                 const Schema& schema, int threads) {
  std::vector<Copied> columns(schema.fields.size());
  parallel_for(static_cast<Index>(columns.size()), threads, [&](Index c) {
    const auto at = static_cast<std::size_t>(c);
    columns[at] = copy_column(pool, rows, at, schema.fields[at]);
  });
  auto chunk = std::make_shared<Chunk>();
  chunk->rows = static_cast<Index>(rows.size());
  for (auto& column : columns) {
    chunk->columns.push_back(column.column);
    chunk->bytes += column.bytes;
    for (auto& owner : column.owners) chunk->owners.push_back(std::move(owner));
  }
  return chunk;
}

}  // namespace lade::io
