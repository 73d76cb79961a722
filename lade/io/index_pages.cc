// SPDX-License-Identifier: Apache-2.0
#include "lade/io/index_pages.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <list>
#include <mutex>
#include <unordered_map>

#include "lade/core/hash.h"
#include "lade/io/index_file.h"

namespace lade::io {

namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

/// Buffers of the columns, as they follow from the schemas in docs/formats/index.md:
/// two a column (validity, values), three for texts (validity, offsets, bytes).
constexpr Index kGroupBuffers = 12;
constexpr Index kRunBuffers = 6;
constexpr Index kPageBuffers = 6;
constexpr std::array<Index, 6> kGroupBuffer{1, 3, 5, 7, 9, 11};
constexpr std::array<Index, 3> kRunBuffer{1, 3, 5};

/// Buffers of the sequences' columns; the entity's come first.
struct SequenceBuffers {
  Index first_run, events, first_time, last_time, count;
};
SequenceBuffers sequence_buffers(EntityColumn::Kind kind) {
  const Index base = kind == EntityColumn::Kind::none   ? 0
                     : kind == EntityColumn::Kind::text ? 3
                                                        : 2;
  return {base + 1, base + 3, base + 5, base + 7, base + 8};
}

}  // namespace

struct PagedIndex::TableFile {
  std::unique_ptr<File> file;
  std::vector<std::uint64_t> hashes;  // of its pages
  ColumnLayout layout;
  Index rows = 0;
};

/// Pages kept, most recently used first.
struct PagedIndex::Pages {
  using Bytes = std::shared_ptr<const std::vector<std::byte>>;
  struct Kept {
    Index key;
    Bytes bytes;
    Reservation reservation;
  };
  std::mutex mutex;
  std::list<Kept> kept;
  std::unordered_map<Index, std::list<Kept>::iterator> by_key;
};

PagedIndex::PagedIndex(Files& files, const std::string& directory, Index cache_bytes,
                       std::shared_ptr<Ledger> ledger)
    : directory_(directory),
      cache_bytes_(cache_bytes),
      ledger_(std::move(ledger)),
      pages_(std::make_unique<ForkLocal<Pages>>()) {
  for (int t = 0; t < kIndexTables; ++t) {
    tables_[at(t)] = std::make_unique<TableFile>();
    tables_[at(t)]->file =
        files.open(join(directory, kIndexFiles[at(t)]), OpenMode::read);
  }
  read_hashes(files);
  for (int t = 0; t < kIndexTables; ++t) {
    const auto which = static_cast<IndexTable>(t);
    TableFile& one = table(which);
    one.layout = read_column_layout(one.file->path(), one.file->bytes(),
                                    [&](Index offset, std::span<std::byte> out) {
                                      read_bytes(which, offset, out, Keep::no);
                                    });
    for (const auto& batch : one.layout.batches) {
      if (batch.rows < 0 || batch.rows > one.file->bytes())
        fail(which, "index.layout", "rows");
      one.rows += batch.rows;
    }
    constexpr Index kLeastRowBytes = 12;  // of the narrowest table, runs
    if (one.rows > one.file->bytes() / kLeastRowBytes)
      fail(which, "index.layout", "rows");
  }
  facts_ = parse_index_facts(table(IndexTable::row_groups).layout.metadata, directory);
  check_layout(IndexTable::row_groups, kGroupBuffers);
  check_layout(IndexTable::sequences, sequence_buffers(facts_.entity).count);
  check_layout(IndexTable::runs, kRunBuffers);
  if (facts_.sequences != rows(IndexTable::sequences) ||
      facts_.runs != rows(IndexTable::runs)) {
    fail(IndexTable::row_groups, "index.rows", "the tables have other numbers of rows");
  }
  read_row_groups();
}

PagedIndex::~PagedIndex() = default;

void PagedIndex::fail(IndexTable t, std::string_view rule,
                      std::string_view what) const {
  throw DataError({table(t).file->path(), {}, {}, "", std::string(rule), ""}, what);
}

Index PagedIndex::rows(IndexTable t) const { return table(t).rows; }

Index PagedIndex::file_bytes() const {
  Index bytes = 0;
  for (const auto& one : tables_) bytes += one->file->bytes();
  return bytes;
}

/// Reads pages.arrow: what every page of the other files must hash to.
void PagedIndex::read_hashes(Files& files) {
  const auto file = files.open(join(directory_, kIndexFiles[3]), OpenMode::read);
  Index pages = 0;
  for (auto& one : tables_) {
    const Index count = (one->file->bytes() + kIndexPageBytes - 1) / kIndexPageBytes;
    one->hashes.assign(at(count), 0);
    pages += count;
  }
  const auto read = [&](Index offset, std::span<std::byte> out) {
    file->read_at(offset, out);
  };
  const ColumnLayout layout = read_column_layout(file->path(), file->bytes(), read);
  const auto wrong = [&](std::string_view what) {
    throw DataError({file->path(), {}, {}, "", "index.pages", ""}, what);
  };
  Index seen = 0;
  for (const auto& batch : layout.batches) {
    if (batch.rows < 0 || batch.rows > pages - seen) wrong("another number of pages");
    if (static_cast<Index>(batch.buffers.size()) != kPageBuffers ||
        batch.buffers[1].bytes < batch.rows * 4 ||
        batch.buffers[3].bytes < batch.rows * 4 ||
        batch.buffers[5].bytes < batch.rows * 8) {
      wrong("columns are short");
    }
    std::vector<std::int32_t> tables(at(batch.rows)), numbers(at(batch.rows));
    std::vector<std::uint64_t> hashes(at(batch.rows));
    read(batch.buffers[1].offset, std::as_writable_bytes(std::span(tables)));
    read(batch.buffers[3].offset, std::as_writable_bytes(std::span(numbers)));
    read(batch.buffers[5].offset, std::as_writable_bytes(std::span(hashes)));
    for (std::size_t i = 0; i < hashes.size(); ++i, ++seen) {
      const bool known = tables[i] >= 0 && tables[i] < kIndexTables &&
                         numbers[i] >= 0 &&
                         at(numbers[i]) < tables_[at(tables[i])]->hashes.size();
      if (!known) wrong("a page that is not there");
      tables_[at(tables[i])]->hashes[at(numbers[i])] = hashes[i];
    }
  }
  if (seen != pages) wrong("another number of pages");
}

/// Checks that every batch holds what its rows need and that row r is in batch r /
/// 2^20.
void PagedIndex::check_layout(IndexTable t, Index buffers) const {
  const auto& batches = table(t).layout.batches;
  for (std::size_t b = 0; b < batches.size(); ++b) {
    const BatchLayout& batch = batches[b];
    const bool full = b + 1 == batches.size() ? batch.rows <= kIndexBatchRows
                                              : batch.rows == kIndexBatchRows;
    if (!full || static_cast<Index>(batch.buffers.size()) != buffers) {
      fail(t, "index.layout", "not the batches that were written");
    }
  }
}

std::shared_ptr<const std::vector<std::byte>> PagedIndex::page(IndexTable t, Index p,
                                                               Keep keep) const {
  const Index key = p * kIndexTables + static_cast<Index>(t);
  Pages& pages = pages_->get();
  {
    const std::lock_guard lock(pages.mutex);
    if (const auto found = pages.by_key.find(key); found != pages.by_key.end()) {
      pages.kept.splice(pages.kept.begin(), pages.kept, found->second);
      return found->second->bytes;
    }
  }
  const TableFile& one = table(t);
  const Index begin = p * kIndexPageBytes;
  auto bytes = std::make_shared<std::vector<std::byte>>(
      at(std::min(kIndexPageBytes, one.file->bytes() - begin)));
  one.file->read_at(begin, *bytes);
  if (xxh3_64(std::span<const std::byte>(*bytes)) != one.hashes[at(p)]) {
    throw DataError({one.file->path(), begin, {}, "", "index.page", ""},
                    "a page is not what was written");
  }
  if (keep == Keep::no) return bytes;
  const std::lock_guard lock(pages.mutex);
  if (pages.by_key.count(key) != 0) return bytes;
  const Index most = std::max<Index>(1, cache_bytes_ / kIndexPageBytes);
  while (static_cast<Index>(pages.kept.size()) >= most) {
    pages.by_key.erase(pages.kept.back().key);
    pages.kept.pop_back();
  }
  Reservation reservation;
  if (ledger_) {
    reservation = Reservation::try_take(ledger_, Account::index,
                                        static_cast<Index>(bytes->size()));
    if (!reservation.ok()) return bytes;
  }
  pages.kept.push_front({key, bytes, std::move(reservation)});
  pages.by_key[key] = pages.kept.begin();
  return bytes;
}

void PagedIndex::read_bytes(IndexTable t, Index offset, std::span<std::byte> out,
                            Keep keep) const {
  const Index end = table(t).file->bytes();
  if (offset < 0 || offset > end - static_cast<Index>(out.size())) {
    fail(t, "index.layout", "points outside the file");
  }
  while (!out.empty()) {
    const auto bytes = page(t, offset / kIndexPageBytes, keep);
    const Index from = offset % kIndexPageBytes;
    const auto count = std::min(out.size(), bytes->size() - at(from));
    std::memcpy(out.data(), bytes->data() + from, count);
    out = out.subspan(count);
    offset += static_cast<Index>(count);
  }
}

template <class T>
void PagedIndex::read_column(IndexTable t, Index buffer, Index first, std::span<T> out,
                             Keep keep) const {
  if (first < 0 || first > rows(t) - static_cast<Index>(out.size())) {
    fail(t, "index.value", "a row that is not there");
  }
  while (!out.empty()) {
    const BatchLayout& batch = table(t).layout.batches[at(first / kIndexBatchRows)];
    const Index row = first % kIndexBatchRows;
    const auto count = std::min(out.size(), at(batch.rows - row));
    const BufferPlace& values = batch.buffers[at(buffer)];
    if (values.bytes < batch.rows * static_cast<Index>(sizeof(T))) {
      fail(t, "index.layout", "a column is short");
    }
    read_bytes(t, values.offset + row * static_cast<Index>(sizeof(T)),
               std::as_writable_bytes(out.first(count)), keep);
    out = out.subspan(count);
    first += static_cast<Index>(count);
  }
}

template <class T>
T PagedIndex::value(IndexTable t, Index buffer, Index row) const {
  T out;
  read_column(t, buffer, row, std::span<T>(&out, 1), Keep::yes);
  return out;
}

void PagedIndex::read_row_groups() {
  const auto t = IndexTable::row_groups;
  const auto n = at(rows(t));
  std::vector<std::int32_t> file(n), group(n);
  std::vector<std::int64_t> first(n), count(n), low(n), high(n);
  read_column<std::int32_t>(t, kGroupBuffer[0], 0, file, Keep::no);
  read_column<std::int32_t>(t, kGroupBuffer[1], 0, group, Keep::no);
  read_column<std::int64_t>(t, kGroupBuffer[2], 0, first, Keep::no);
  read_column<std::int64_t>(t, kGroupBuffer[3], 0, count, Keep::no);
  read_column<std::int64_t>(t, kGroupBuffer[4], 0, low, Keep::no);
  read_column<std::int64_t>(t, kGroupBuffer[5], 0, high, Keep::no);
  Index next = 0;
  for (std::size_t g = 0; g < n; ++g) {
    const bool sound = first[g] == next && count[g] >= 0 &&
                       count[g] <= std::numeric_limits<std::int32_t>::max() &&
                       file[g] >= 0 && group[g] >= 0;
    if (!sound) fail(t, "index.value", "row groups do not follow each other");
    next += count[g];
    row_groups_.push_back({file[g], group[g], first[g], count[g], low[g], high[g]});
  }
}

void PagedIndex::check_run(const RowRun& run) const {
  const bool sound =
      run.row_group >= 0 && at(run.row_group) < row_groups_.size() &&
      run.first_row >= 0 && run.rows > 0 &&
      Index{run.first_row} + run.rows <= row_groups_[at(run.row_group)].rows;
  if (!sound) fail(IndexTable::runs, "index.value", "a run outside its row group");
}

Index PagedIndex::length(Index s) const {
  return value<std::int64_t>(IndexTable::sequences,
                             sequence_buffers(facts_.entity).events, s);
}

void PagedIndex::lengths(Index first, std::span<Index> out) const {
  read_column<std::int64_t>(IndexTable::sequences,
                            sequence_buffers(facts_.entity).events, first, out,
                            Keep::no);
}

std::string PagedIndex::text(Index s) const {
  const auto t = IndexTable::sequences;
  const BatchLayout& batch = table(t).layout.batches[at(s / kIndexBatchRows)];
  const Index row = s % kIndexBatchRows;
  std::int64_t range[2] = {};
  if (batch.buffers[1].bytes < (batch.rows + 1) * 8)
    fail(t, "index.layout", "a column is short");
  read_bytes(t, batch.buffers[1].offset + row * 8,
             std::as_writable_bytes(std::span(range)), Keep::yes);
  if (range[0] < 0 || range[1] < range[0] || range[1] > batch.buffers[2].bytes) {
    fail(t, "index.value", "a text outside its buffer");
  }
  std::string out(at(range[1] - range[0]), '\0');
  read_bytes(t, batch.buffers[2].offset + range[0],
             std::as_writable_bytes(std::span(out.data(), out.size())), Keep::yes);
  return out;
}

SequenceInfo PagedIndex::sequence(Index s) const {
  const auto t = IndexTable::sequences;
  const SequenceBuffers buffer = sequence_buffers(facts_.entity);
  SequenceInfo out;
  if (facts_.entity == EntityColumn::Kind::integer)
    out.entity = value<std::int64_t>(t, 1, s);
  if (facts_.entity == EntityColumn::Kind::text) out.entity = text(s);
  out.events = value<std::int64_t>(t, buffer.events, s);
  out.first_run = value<std::int64_t>(t, buffer.first_run, s);
  const Index end = s + 1 < facts_.sequences
                        ? value<std::int64_t>(t, buffer.first_run, s + 1)
                        : facts_.runs;
  if (out.first_run < 0 || end <= out.first_run || end > facts_.runs) {
    fail(t, "index.value", "runs that are not there");
  }
  out.runs = end - out.first_run;
  out.first_time = value<std::int64_t>(t, buffer.first_time, s);
  out.last_time = value<std::int64_t>(t, buffer.last_time, s);
  return out;
}

std::vector<RowRun> PagedIndex::runs(Index s) const {
  const SequenceInfo info = sequence(s);
  const auto n = at(info.runs);
  std::vector<std::int32_t> group(n), first(n), rows(n);
  read_column<std::int32_t>(IndexTable::runs, kRunBuffer[0], info.first_run, group,
                            Keep::yes);
  read_column<std::int32_t>(IndexTable::runs, kRunBuffer[1], info.first_run, first,
                            Keep::yes);
  read_column<std::int32_t>(IndexTable::runs, kRunBuffer[2], info.first_run, rows,
                            Keep::yes);
  std::vector<RowRun> out;
  out.reserve(n);
  Index events = 0;
  for (std::size_t i = 0; i < n; ++i) {
    out.push_back({group[i], first[i], rows[i]});
    check_run(out.back());
    events += rows[i];
  }
  if (events != info.events)
    fail(IndexTable::runs, "index.value", "runs do not add up");
  return out;
}

IndexTables PagedIndex::load() const {
  const auto t = IndexTable::sequences;
  const SequenceBuffers buffer = sequence_buffers(facts_.entity);
  const auto n = at(facts_.sequences);
  IndexTables out;
  out.row_groups = row_groups_;
  out.report = facts_.report;
  out.sequences_emptied = facts_.sequences_emptied;
  out.entity.kind = facts_.entity;
  out.first_run.resize(n);
  out.events.resize(n);
  out.first_time.resize(n);
  out.last_time.resize(n);
  read_column<std::int64_t>(t, buffer.first_run, 0, out.first_run, Keep::no);
  read_column<std::int64_t>(t, buffer.events, 0, out.events, Keep::no);
  read_column<std::int64_t>(t, buffer.first_time, 0, out.first_time, Keep::no);
  read_column<std::int64_t>(t, buffer.last_time, 0, out.last_time, Keep::no);
  out.first_run.push_back(facts_.runs);
  if (facts_.entity == EntityColumn::Kind::integer) {
    out.entity.integers.resize(n);
    read_column<std::int64_t>(t, 1, 0, out.entity.integers, Keep::no);
  } else if (facts_.entity == EntityColumn::Kind::text) {
    out.entity.offsets.push_back(0);
    for (std::size_t s = 0; s < n; ++s) {
      out.entity.bytes += text(static_cast<Index>(s));
      out.entity.offsets.push_back(static_cast<std::int64_t>(out.entity.bytes.size()));
    }
  }
  const auto m = at(facts_.runs);
  std::vector<std::int32_t> group(m), first(m), rows(m);
  read_column<std::int32_t>(IndexTable::runs, kRunBuffer[0], 0, group, Keep::no);
  read_column<std::int32_t>(IndexTable::runs, kRunBuffer[1], 0, first, Keep::no);
  read_column<std::int32_t>(IndexTable::runs, kRunBuffer[2], 0, rows, Keep::no);
  out.runs.reserve(m);
  for (std::size_t i = 0; i < m; ++i) {
    out.runs.push_back({group[i], first[i], rows[i]});
    check_run(out.runs.back());
  }
  check_index(out, directory_);
  return out;
}

}  // namespace lade::io
