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

template <class T>
void copy_values(const RowPool& pool, const std::vector<RowRef>& rows, std::size_t c,
                 Copied& out) {
  auto values = std::make_shared_for_overwrite<T[]>(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto* from = static_cast<const T*>(pool[rows[i].chunk].columns[c].values);
    values[static_cast<std::ptrdiff_t>(i)] = from[rows[i].row];
  }
  out.column.values = values.get();
  out.bytes += static_cast<Index>(rows.size() * sizeof(T));
  out.owners.push_back(std::move(values));
}

/// Codes of one dictionary in the new one; -2 = not looked up yet.
struct CodeMemo {
  std::vector<std::int32_t> code;
};

void copy_texts(const RowPool& pool, const std::vector<RowRef>& rows, std::size_t c,
                Copied& out) {
  auto values = std::make_shared_for_overwrite<std::int32_t[]>(rows.size());
  std::vector<CodeMemo> memos(pool.size());
  TextCodes codes;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Column& from = pool[rows[i].chunk].columns[c];
    std::int32_t code = 0;
    if (from.valid(rows[i].row)) {
      const std::int32_t old = from.as<std::int32_t>()[rows[i].row];
      auto& memo = memos[rows[i].chunk].code;
      if (memo.empty())
        memo.assign(static_cast<std::size_t>(from.dictionary->size()), -2);
      std::int32_t& known = memo[static_cast<std::size_t>(old)];
      if (known == -2) known = codes.code((*from.dictionary)[old]);
      code = known;
    }
    values[static_cast<std::ptrdiff_t>(i)] = code;
  }
  Index bytes = 0;
  auto dictionary = codes.take_dictionary(&bytes);
  out.column.values = values.get();
  out.column.dictionary = dictionary.get();
  out.bytes += bytes + static_cast<Index>(rows.size() * 4);
  out.owners.push_back(std::move(values));
  out.owners.push_back(std::move(dictionary));
}

/// Validity bits, none if every row is valid.
void copy_validity(const RowPool& pool, const std::vector<RowRef>& rows, std::size_t c,
                   Copied& out) {
  const bool none = std::none_of(rows.begin(), rows.end(), [&](RowRef ref) {
    return pool[ref.chunk].columns[c].validity != nullptr;
  });
  if (none) return;
  auto bits = std::make_shared<std::vector<std::uint8_t>>((rows.size() + 7) / 8);
  bool all = true;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool valid = pool[rows[i].chunk].columns[c].valid(rows[i].row);
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
  if (field.type.kind == Kind::text) {
    copy_texts(pool, rows, c, out);
  } else {
    switch (width(field.type.kind)) {
      case 1:
        copy_values<std::uint8_t>(pool, rows, c, out);
        break;
      case 2:
        copy_values<std::uint16_t>(pool, rows, c, out);
        break;
      case 4:
        copy_values<std::uint32_t>(pool, rows, c, out);
        break;
      default:
        copy_values<std::uint64_t>(pool, rows, c, out);
    }
  }
  copy_validity(pool, rows, c, out);
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
