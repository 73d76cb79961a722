// SPDX-License-Identifier: Apache-2.0
// What the index says of itself, as metadata of its first file; checks of its values.
#include <charconv>
#include <limits>

#include "lade/io/index_file.h"

namespace lade::io {

namespace {

constexpr std::string_view kVersion = "1";

[[noreturn]] void fail(const std::string& source, std::string_view rule,
                       std::string_view what) {
  throw DataError({source, {}, {}, "", std::string(rule), ""}, what);
}

/// A list of texts, each with its length before it: "3:abc0:".
void add(std::string& out, std::string_view text) {
  out += std::to_string(text.size());
  out += ':';
  out += text;
}

void add(std::string& out, Index value) { add(out, std::to_string(value)); }

class ListReader {
 public:
  ListReader(std::string_view list, const std::string& source)
      : list_(list), source_(source) {}

  std::string text() {
    std::size_t length = 0;
    const auto* end = list_.data() + list_.size();
    const auto parsed = std::from_chars(list_.data(), end, length);
    if (parsed.ec != std::errc() || parsed.ptr == end || *parsed.ptr != ':') bad();
    list_.remove_prefix(static_cast<std::size_t>(parsed.ptr - list_.data()) + 1);
    if (length > list_.size()) bad();
    std::string out(list_.substr(0, length));
    list_.remove_prefix(length);
    return out;
  }
  Index number() {
    const std::string digits = text();
    Index value = 0;
    const auto* end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end) bad();
    return value;
  }
  Index count() {
    const Index value = number();
    if (value < 0) bad();
    return value;
  }
  std::optional<Index> maybe() {
    if (list_.starts_with("0:")) {
      text();
      return std::nullopt;
    }
    return number();
  }
  bool done() const { return list_.empty(); }
  [[noreturn]] void bad() const {
    fail(source_, "index.metadata", "the facts cannot be read");
  }

 private:
  std::string_view list_;
  const std::string& source_;
};

void add(std::string& out, const std::optional<Index>& value) {
  if (value)
    add(out, *value);
  else
    add(out, std::string_view());
}

std::string report_text(const ReadReport& report) {
  std::string out;
  add(out, report.rows_seen);
  add(out, report.rows_given);
  add(out, report.rows_filtered);
  for (const Index dropped : report.dropped) add(out, dropped);
  add(out, report.rows_out_of_order);
  add(out, report.unverified_pages);
  add(out, report.nulls_made);
  add(out, Index{report.unproven_end ? 1 : 0});
  add(out, static_cast<Index>(report.first_bad.size()));
  for (const Place& place : report.first_bad) {
    add(out, place.source);
    add(out, place.offset);
    add(out, place.row);
    add(out, place.column);
    add(out, place.rule);
    add(out, place.value);
  }
  return out;
}

ReadReport parse_report(std::string_view text, const std::string& source) {
  ListReader list(text, source);
  ReadReport report;
  report.rows_seen = list.count();
  report.rows_given = list.count();
  report.rows_filtered = list.count();
  for (Index& dropped : report.dropped) dropped = list.count();
  report.rows_out_of_order = list.count();
  report.unverified_pages = list.count();
  report.nulls_made = list.count();
  report.unproven_end = list.count() != 0;
  const Index places = list.count();
  if (places > static_cast<Index>(ReadReport::kMaxPlaces)) list.bad();
  for (Index i = 0; i < places; ++i) {
    Place place;
    place.source = list.text();
    place.offset = list.maybe();
    place.row = list.maybe();
    place.column = list.text();
    place.rule = list.text();
    place.value = list.text();
    report.first_bad.push_back(std::move(place));
  }
  if (!list.done()) list.bad();
  return report;
}

std::string_view word(EntityColumn::Kind kind) {
  switch (kind) {
    case EntityColumn::Kind::integer:
      return "integer";
    case EntityColumn::Kind::text:
      return "text";
    case EntityColumn::Kind::none:
      break;
  }
  return "none";
}

}  // namespace

std::map<std::string, std::string> index_metadata(const IndexTables& tables,
                                                  const std::string& fingerprint) {
  Index events = 0;
  for (const auto count : tables.events) events += count;
  std::string facts;
  add(facts, fingerprint);
  add(facts, word(tables.entity.kind));
  add(facts, tables.sequences());
  add(facts, events);
  add(facts, static_cast<Index>(tables.runs.size()));
  add(facts, tables.sequences_emptied);
  return {{"lade.index", std::string(kVersion)},
          {"lade.index.facts", facts},
          {"lade.index.report", report_text(tables.report)}};
}

IndexFacts parse_index_facts(const std::map<std::string, std::string>& metadata,
                             const std::string& source) {
  const auto member = [&](const char* name) -> const std::string& {
    const auto found = metadata.find(name);
    if (found == metadata.end())
      fail(source, "index.metadata", std::string(name) + " is missing");
    return found->second;
  };
  const std::string& version = member("lade.index");
  if (version != kVersion) {
    fail(source, "index.version",
         "index version " + escape_text(version) + ", known is 1");
  }
  ListReader list(member("lade.index.facts"), source);
  IndexFacts facts;
  facts.fingerprint = list.text();
  const std::string kind = list.text();
  for (const auto k : {EntityColumn::Kind::integer, EntityColumn::Kind::text}) {
    if (kind == word(k)) facts.entity = k;
  }
  if (kind != word(facts.entity)) list.bad();
  facts.sequences = list.count();
  facts.events = list.count();
  facts.runs = list.count();
  facts.sequences_emptied = list.count();
  if (!list.done()) list.bad();
  facts.report = parse_report(member("lade.index.report"), source);
  return facts;
}

void check_index(const IndexTables& tables, const std::string& source) {
  const auto bad = [&](std::string_view what) { fail(source, "index.value", what); };
  const Index runs = static_cast<Index>(tables.runs.size());
  Index expected_run = 0;
  for (Index s = 0; s < tables.sequences(); ++s) {
    const auto i = static_cast<std::size_t>(s);
    const Index end = tables.first_run[i + 1];
    if (tables.first_run[i] != expected_run || end <= expected_run || end > runs) {
      bad("runs of a sequence do not follow each other");
    }
    Index events = 0;
    for (Index r = expected_run; r < end; ++r) {
      events += tables.runs[static_cast<std::size_t>(r)].rows;
    }
    if (events != tables.events[i]) bad("runs of a sequence do not add up");
    if (s > 0 && tables.entity.kind != EntityColumn::Kind::none &&
        !(tables.entity.at(s - 1) < tables.entity.at(s))) {
      bad("entities are not ascending");
    }
    expected_run = end;
  }
  if (expected_run != runs) bad("runs without a sequence");
  if (tables.entity.kind == EntityColumn::Kind::none && tables.sequences() > 1) {
    bad("several sequences without an entity");
  }
}

}  // namespace lade::io
