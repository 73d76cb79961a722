// SPDX-License-Identifier: Apache-2.0
#include "lade/io/index.h"

#include <algorithm>
#include <numeric>

#include "lade/io/index_file.h"
#include "lade/io/index_pages.h"

namespace lade::io {

namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

template <class T>
Index held(const std::vector<T>& values) {
  return static_cast<Index>(values.capacity() * sizeof(T));
}

}  // namespace

Entity EntityColumn::at(Index s) const {
  const auto i = static_cast<std::size_t>(s);
  if (kind == Kind::integer) return integers[i];
  if (kind == Kind::text) {
    const auto begin = static_cast<std::size_t>(offsets[i]);
    return bytes.substr(begin, static_cast<std::size_t>(offsets[i + 1]) - begin);
  }
  return std::monostate{};
}

Index IndexTables::bytes() const {
  return held(row_groups) + held(entity.integers) + held(entity.offsets) +
         static_cast<Index>(entity.bytes.capacity()) + held(first_run) + held(events) +
         held(first_time) + held(last_time) + held(runs);
}

void cut_runs(std::vector<RowRun>& runs, Index begin, Index rows) {
  std::size_t kept = 0;
  for (const RowRun& run : runs) {
    const Index skip = std::min<Index>(begin, run.rows);
    const Index take = std::min<Index>(rows, run.rows - skip);
    begin -= skip;
    rows -= take;
    if (take == 0) continue;
    runs[kept++] = {run.row_group, run.first_row + static_cast<std::int32_t>(skip),
                    static_cast<std::int32_t>(take)};
  }
  runs.resize(kept);
}

SequenceIndex::SequenceIndex(std::shared_ptr<const IndexTables> tables)
    : tables_(std::move(tables)),
      row_groups_(tables_, &tables_->row_groups),
      report_(tables_, &tables_->report),
      sequences_(tables_->sequences()),
      events_(
          std::accumulate(tables_->events.begin(), tables_->events.end(), Index{0})),
      runs_(static_cast<Index>(tables_->runs.size())),
      emptied_(tables_->sequences_emptied) {}

SequenceIndex::SequenceIndex(std::shared_ptr<const PagedIndex> pages)
    : pages_(std::move(pages)),
      row_groups_(pages_, &pages_->row_groups()),
      report_(pages_, &pages_->facts().report),
      sequences_(pages_->facts().sequences),
      events_(pages_->facts().events),
      runs_(pages_->facts().runs),
      emptied_(pages_->facts().sequences_emptied) {}

SequenceInfo SequenceIndex::sequence(Index s) const {
  if (pages_) return pages_->sequence(s);
  const IndexTables& t = *tables_;
  const std::int64_t first = t.first_run[at(s)];
  return {t.entity.at(s),      t.events[at(s)],   first, t.first_run[at(s) + 1] - first,
          t.first_time[at(s)], t.last_time[at(s)]};
}

Index SequenceIndex::length(Index s) const {
  return pages_ ? pages_->length(s) : tables_->events[at(s)];
}

std::vector<RowRun> SequenceIndex::runs(Index s) const {
  if (pages_) return pages_->runs(s);
  const auto begin = tables_->runs.begin();
  return {begin + tables_->first_run[at(s)], begin + tables_->first_run[at(s) + 1]};
}

std::optional<RowRun> SequenceIndex::only_run(Index s) const {
  if (pages_) return std::nullopt;
  const std::int64_t first = tables_->first_run[at(s)];
  if (tables_->first_run[at(s) + 1] - first != 1) return std::nullopt;
  return tables_->runs[at(first)];
}

void SequenceIndex::lengths(Index first, std::span<Index> out) const {
  if (pages_) {
    pages_->lengths(first, out);
  } else {
    std::copy_n(tables_->events.begin() + first, out.size(), out.begin());
  }
}

SequenceIndex open_index(const std::string& directory, const std::string& fingerprint,
                         Files& files, Index memory_bytes,
                         std::shared_ptr<Ledger> ledger) {
  auto pages =
      std::make_shared<const PagedIndex>(files, directory, memory_bytes, ledger);
  if (pages->facts().fingerprint != fingerprint) {
    throw DataError(
        {directory, {}, {}, "", "index.fingerprint", pages->facts().fingerprint},
        "index of other data");
  }
  if (pages->file_bytes() > memory_bytes) return SequenceIndex(std::move(pages));
  return SequenceIndex(std::make_shared<const IndexTables>(pages->load()));
}

}  // namespace lade::io
