// SPDX-License-Identifier: Apache-2.0
#include "lade/io/csv_judge.h"

#include <fmt/format.h>

#include <algorithm>

namespace lade::io {
namespace {

/// A broken rule with its place.
struct Finding {
  Place place;
  std::string what;
};

std::string misfit_text(Index fields, Index columns) {
  return fmt::format("row must have {} fields, got {}", columns, fields);
}

std::string value_text(const CsvColumn& column, CsvRule rule, std::string_view value) {
  const std::string shown = escape_text(value);
  switch (rule) {
    case CsvRule::date:
      return fmt::format("date must match {} and exist, got '{}'",
                         column.date ? column.date->pattern() : "", shown);
    case CsvRule::utf8:
      return fmt::format("text must be UTF-8, got '{}'", shown);
    case CsvRule::null_key:
      return fmt::format("entity and time must not be null or infinite, got '{}'",
                         shown);
    case CsvRule::type:
      break;
  }
  return fmt::format("value must be {}, got '{}'", to_string(column.type), shown);
}

DropReason reason_of(const CsvConverted& converted, const CsvEvent& event) {
  if (event.misfit) {
    const CsvMisfit& misfit =
        converted.rows.misfits[static_cast<std::size_t>(event.at)];
    return misfit.fields < converted.rows.columns ? DropReason::short_row
                                                  : DropReason::long_row;
  }
  if (event.rule == CsvRule::utf8) return DropReason::bad_utf8;
  return event.rule == CsvRule::null_key ? DropReason::null_key : DropReason::bad_value;
}

Finding describe(const std::string& source, const CsvBlock& block,
                 const CsvConverted& converted, const CsvEvent& event,
                 const CsvPlan& plan) {
  const std::string_view text = converted.text.view();
  Finding finding;
  if (event.misfit) {
    const CsvMisfit& misfit =
        converted.rows.misfits[static_cast<std::size_t>(event.at)];
    finding.place = place_of(source, block, text, misfit.begin);
    finding.place.rule = "csv.field_count";
    finding.place.value = std::to_string(misfit.fields);
    finding.what = misfit_text(misfit.fields, converted.rows.columns);
    return finding;
  }
  const CsvColumn& column = plan.columns[static_cast<std::size_t>(event.column)];
  const CsvField field = converted.rows.field(event.at, event.column);
  std::string scratch;
  const auto value = field_text(text, field, plan.dialect.quote, scratch);
  const Place row =
      place_of(source, block, text, converted.rows.field(event.at, 0).begin);
  finding.place = row;
  finding.place.offset = block.offset + field.begin;
  finding.place.column = column.name;
  finding.place.rule = rule_id(event.rule);
  finding.place.value = value.substr(0, 256);
  finding.what = value_text(column, event.rule, value);
  return finding;
}

[[noreturn]] void raise(Finding finding) {
  throw DataError(std::move(finding.place), finding.what);
}

[[noreturn]] void raise(Place place, std::string_view rule, std::string_view what) {
  place.rule = rule;
  throw DataError(std::move(place), what);
}

void check_limits(const std::string& source, const CsvPiece& piece, const CsvScan& scan,
                  const CsvPlan& plan, const CsvBlock& block) {
  const std::string_view text = piece.text.view();
  if (piece.end == CsvEnd::too_long) {
    raise(place_of(source, block, text, 0), "csv.row_bytes",
          fmt::format("no line end within max_row_bytes = {}",
                      plan.limits.max_row_bytes));
  }
  if (!scan.over_limit) return;
  const CsvOverLimit& over = *scan.over_limit;
  raise(place_of(source, block, text, over.begin),
        over.value ? "csv.value_bytes" : "csv.row_bytes",
        over.value ? fmt::format("at most max_value_bytes = {} bytes, got {}",
                                 plan.limits.max_value_bytes, over.bytes)
                   : fmt::format("at most max_row_bytes = {} bytes, got {}",
                                 plan.limits.max_row_bytes, over.bytes));
}

/// A last line without a line end.
void judge_tail(const std::string& source, const CsvPiece& piece, const CsvScan& scan,
                OnTruncated on_truncated, CsvBlock& block) {
  const bool open = piece.end == CsvEnd::open_quote;
  if (!open && scan.seen == 0) return;  // nothing but a blank
  if (!open && !scan.misfit) {
    if (on_truncated != OnTruncated::strict) return;
    raise(place_of(source, block, piece.text.view(), 0), "csv.unproven_end",
          "the last line has no line end and may have been cut");
  }
  block.cut = true;
  block.rows = 1;
  if (on_truncated == OnTruncated::stop) return;
  const Place place = place_of(source, block, piece.text.view(), 0);
  if (open) raise(place, "csv.open_quote", "a quoted field is never closed");
  raise(place, "csv.truncated",
        fmt::format("the last line is cut: {}",
                    misfit_text(scan.misfit->fields,
                                static_cast<Index>(scan.evidence.size()))));
}

/// Counts one row of the last line without a line end whose values cannot be.
void judge_cut_values(Finding finding, const Policies& policies, ReadReport& report) {
  finding.place.rule = "csv.truncated";
  finding.what = "the last line is cut: " + finding.what;
  if (policies.on_truncated != OnTruncated::stop) raise(std::move(finding));
  report.drop(DropReason::truncated_tail, std::move(finding.place));
}

}  // namespace

Place place_of(const std::string& source, const CsvBlock& block, std::string_view text,
               Index begin) {
  Place place;
  place.source = source;
  place.offset = block.offset + begin;
  place.row = block.line + std::count(text.begin(), text.begin() + begin, '\n');
  return place;
}

void judge_scan(const std::string& source, const CsvPiece& piece, const CsvScan& scan,
                const CsvPlan& plan, OnTruncated on_truncated, CsvBlock& block) {
  const bool misfit_first =
      scan.misfit && plan.on_bad != OnBad::skip && piece.end == CsvEnd::whole;
  if (misfit_first &&
      (!scan.over_limit || scan.misfit->ordinal < scan.over_limit->ordinal)) {
    raise(place_of(source, block, piece.text.view(), scan.misfit->begin),
          "csv.field_count",
          misfit_text(scan.misfit->fields, static_cast<Index>(scan.evidence.size())));
  }
  check_limits(source, piece, scan, plan, block);
  if (piece.end == CsvEnd::unterminated || piece.end == CsvEnd::open_quote) {
    judge_tail(source, piece, scan, on_truncated, block);
  }
}

void judge_block(const std::string& source, const CsvBlock& block,
                 const CsvConverted& converted, const CsvPlan& plan,
                 const Policies& policies, Index& bad_rows, ReadReport& report) {
  const Index before = report.rows_seen;
  for (const CsvEvent& event : converted.events) {
    if (block.end == CsvEnd::unterminated) {
      judge_cut_values(describe(source, block, converted, event, plan), policies,
                       report);
      continue;
    }
    const bool fails = event.dropped && policies.on_bad != OnBad::skip;
    const Index allowed = policies.max_bad.allowed(before + event.ordinal + 1);
    if (fails) raise(describe(source, block, converted, event, plan));
    if (++bad_rows > allowed) {
      Finding finding = describe(source, block, converted, event, plan);
      finding.place.rule = "csv.max_bad";
      finding.what =
          fmt::format("more than {} broken rows; the last: {}", allowed, finding.what);
      raise(std::move(finding));
    }
    // Finding the line of a place costs a look at the block: only where it is kept.
    if (report.first_bad.size() < ReadReport::kMaxPlaces) {
      Finding finding = describe(source, block, converted, event, plan);
      report.first_bad.push_back(std::move(finding.place));
    }
    if (event.dropped) ++report.dropped[static_cast<int>(reason_of(converted, event))];
  }
  report.nulls_made += converted.nulls_made;
  report.rows_seen += converted.rows.seen;
  report.rows_given += converted.chunk->rows;
}

}  // namespace lade::io
