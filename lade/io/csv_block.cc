// SPDX-License-Identifier: Apache-2.0
#include "lade/io/csv_block.h"

#include <algorithm>

namespace lade::io {
namespace {

struct BadCell {
  Index row = 0;
  Index column = 0;
  CsvRule rule = CsvRule::type;
};

/// May this value become null, or is its row broken? In a last line without line end it
/// shows that the line was cut.
bool may_be_null(const CsvPlan& plan, CsvEnd end, const BadCell& cell) {
  return plan.on_bad == OnBad::null && end != CsvEnd::unterminated &&
         cell.rule != CsvRule::null_key &&
         !plan.columns[static_cast<std::size_t>(cell.column)].key;
}

/// The bad cells of each row as one event: that of the first cell that breaks the row,
/// else that of its first null.
void add_cell_events(const CsvPlan& plan, CsvEnd end_of_text,
                     std::vector<BadCell>& cells, CsvConverted& out) {
  std::sort(cells.begin(), cells.end(), [](const BadCell& a, const BadCell& b) {
    return a.row != b.row ? a.row < b.row : a.column < b.column;
  });
  for (std::size_t i = 0; i < cells.size();) {
    std::size_t end = i;
    const BadCell* worst = nullptr;
    for (; end < cells.size() && cells[end].row == cells[i].row; ++end) {
      if (worst == nullptr && !may_be_null(plan, end_of_text, cells[end]))
        worst = &cells[end];
    }
    const BadCell& cell = worst != nullptr ? *worst : cells[i];
    if (worst == nullptr) out.nulls_made += static_cast<Index>(end - i);
    out.events.push_back({.ordinal = out.rows.ordinal(cell.row),
                          .misfit = false,
                          .at = cell.row,
                          .column = cell.column,
                          .rule = cell.rule,
                          .dropped = worst != nullptr});
    i = end;
  }
}

void add_misfit_events(CsvConverted& out) {
  for (std::size_t m = 0; m < out.rows.misfits.size(); ++m) {
    out.events.push_back({.ordinal = out.rows.misfits[m].ordinal,
                          .misfit = true,
                          .at = static_cast<Index>(m)});
  }
  std::sort(out.events.begin(), out.events.end(),
            [](const CsvEvent& a, const CsvEvent& b) { return a.ordinal < b.ordinal; });
}

/// Takes the rows out that are dropped; returns how many are kept.
Index drop_rows(const CsvConverted& out, std::vector<CsvValues>& values) {
  std::vector<std::uint8_t> keep(static_cast<std::size_t>(out.rows.rows), 1);
  Index kept = out.rows.rows;
  for (const CsvEvent& event : out.events) {
    if (event.misfit || !event.dropped) continue;
    keep[static_cast<std::size_t>(event.at)] = 0;
    --kept;
  }
  if (kept == out.rows.rows) return kept;
  for (auto& column : values) {
    if (column.column.values != nullptr) column = keep_values(column, keep, kept);
  }
  return kept;
}

/// The selected columns; `values` by column of the file.
std::shared_ptr<Chunk> chunk_of(const CsvPlan& plan, std::vector<CsvValues>& values,
                                Index rows) {
  auto chunk = std::make_shared<Chunk>();
  chunk->rows = rows;
  for (const Index c : plan.selected) {
    CsvValues& column = values[static_cast<std::size_t>(c)];
    chunk->columns.push_back(column.column);
    chunk->bytes += column.bytes;
    for (auto& owner : column.owners) chunk->owners.push_back(std::move(owner));
  }
  return chunk;
}

}  // namespace

void CsvPlan::find_checked() {
  checked = selected;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (columns[c].key) checked.push_back(static_cast<Index>(c));
  }
  std::sort(checked.begin(), checked.end());
  checked.erase(std::unique(checked.begin(), checked.end()), checked.end());
}

CsvScan scan_block(const CsvPiece& piece, const CsvPlan& plan,
                   const std::vector<CsvEvidence>* known) {
  CsvScan scan;
  const std::string_view text = piece.text.view();
  const auto columns = static_cast<Index>(plan.columns.size());
  const CsvRows rows = cut_rows(text, piece.marks.data(), columns, plan.limits);
  scan.seen = rows.seen;
  scan.lines = std::count(text.begin(), text.end(), '\n');
  if (!rows.misfits.empty()) scan.misfit = rows.misfits.front();
  scan.over_limit = rows.over_limit;
  scan.evidence.resize(plan.columns.size());
  const bool sound = !scan.misfit && !scan.over_limit && rows.rows > 0;
  bool keep = known != nullptr && sound && piece.end == CsvEnd::whole;
  std::vector<CsvValues> values(plan.columns.size());
  for (const Index c : plan.checked) {
    const auto at = static_cast<std::size_t>(c);
    CsvColumn column = plan.columns[at];
    const bool settled = known != nullptr && (*known)[at].text;
    if (!column.given && known != nullptr) column.type = (*known)[at].type();
    if (keep) {
      values[at] = convert_values(text, rows, c, column, plan.dialect, plan.nulls);
      keep = values[at].bad.empty();
    }
    if (column.given || settled) continue;
    const Kind kind = column.type.kind;
    if (keep && kind != Kind::text) {  // converting it has shown what it is
      const bool any = values[at].valid > 0;
      scan.evidence[at].integer = any && kind == Kind::i64;
      scan.evidence[at].number = any && kind == Kind::f64;
    } else {
      scan.evidence[at] = gather_evidence(text, rows, c, plan.dialect, plan.nulls);
    }
  }
  if (keep) scan.chunk = chunk_of(plan, values, rows.rows);
  return scan;
}

CsvConverted convert_block(CsvText text, CsvEnd end, Index rows_expected,
                           const CsvPlan& plan, const std::string& source) {
  CsvConverted out;
  out.text = std::move(text);
  std::vector<std::uint64_t> marks;
  mark_text(out.text, plan.dialect, marks);
  const std::string_view view = out.text.view();
  out.rows = cut_rows(view, marks.data(), static_cast<Index>(plan.columns.size()),
                      plan.limits);
  if (out.rows.seen != rows_expected || out.rows.over_limit) {
    throw DataError({.source = source, .rule = "file.changed"},
                    "the file changed while it was read");
  }
  std::vector<CsvValues> values(plan.columns.size());
  std::vector<BadCell> bad;
  for (const Index c : plan.checked) {
    const auto at = static_cast<std::size_t>(c);
    values[at] =
        convert_values(view, out.rows, c, plan.columns[at], plan.dialect, plan.nulls);
    for (const CsvBadValue& cell : values[at].bad)
      bad.push_back({cell.row, c, cell.rule});
  }
  add_cell_events(plan, end, bad, out);
  add_misfit_events(out);
  const Index kept = drop_rows(out, values);
  out.chunk = chunk_of(plan, values, kept);
  return out;
}

}  // namespace lade::io
