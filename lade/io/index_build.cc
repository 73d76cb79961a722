// SPDX-License-Identifier: Apache-2.0
#include "lade/io/index_build.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "lade/io/index_internal.h"
#include "lade/io/interrupt.h"

namespace lade::io {

namespace {

/// Replaces places in the row groups' own lists of texts by places among all texts.
void rank_over_groups(std::vector<GroupRuns>& groups, EntityColumn& entity,
                      std::vector<std::string>& all) {
  std::vector<std::string_view> views;
  for (const auto& group : groups)
    views.insert(views.end(), group.texts.begin(), group.texts.end());
  std::sort(views.begin(), views.end());
  views.erase(std::unique(views.begin(), views.end()), views.end());
  for (auto& group : groups) {
    std::vector<std::int64_t> rank;
    rank.reserve(group.texts.size());
    auto from = views.begin();
    for (const auto& text : group.texts) {
      from = std::lower_bound(from, views.end(), std::string_view(text));
      rank.push_back(from - views.begin());
    }
    for (auto& run : group.runs) run.key = rank[static_cast<std::size_t>(run.key)];
  }
  all.assign(views.begin(), views.end());
  entity.kind = EntityColumn::Kind::text;
}

/// Adds the reports of the row groups in file order and stops where too many rows were
/// bad.
ReadReport judge(const std::vector<GroupRuns>& groups, const IndexOptions& options,
                 const KeySource& source) {
  ReadReport total = options.before;
  const bool fresh = total.rows_seen == 0;
  total.add(options.lost);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    ReadReport part = groups[g].report;
    if (!fresh) {  // the rows were seen, and given to us, before
      total.rows_given -= part.rows_seen;
      part.rows_seen = 0;
    }
    total.add(part);
    if (total.dropped_total() > options.policies.max_bad.allowed(total.rows_seen)) {
      Place place = source.place(static_cast<Index>(g), 0);
      place.rule = "dataset.max_bad";
      throw DataError(std::move(place), std::to_string(total.dropped_total()) + " of " +
                                            std::to_string(total.rows_seen) +
                                            " rows are bad, more than max_bad");
    }
  }
  return total;
}

}  // namespace

void require_entity_type(const Field& field) {
  require(field.type.kind != Kind::f32 && field.type.kind != Kind::f64,
          "open: entity \"" + escape_text(field.name) +
              "\" must be an integer or a text, got " + to_string(field.type) +
              " (cast it)");
}

void require_time_type(const Field& field) {
  require(field.type.kind != Kind::text && field.type.kind != Kind::boolean,
          "open: time \"" + escape_text(field.name) +
              "\" must be a time or a number, got " + to_string(field.type) +
              "; times in a text file need their pattern, as in dates = { \"" +
              escape_text(field.name) + "\" = \"%Y-%m-%d\" }");
}

double mean_run(const IndexTables& tables) {
  const auto events =
      std::accumulate(tables.events.begin(), tables.events.end(), Index{0});
  return tables.runs.empty()
             ? 0.0
             : static_cast<double>(events) / static_cast<double>(tables.runs.size());
}

IndexTables build_index(const KeySource& source, const IndexOptions& options) {
  const auto& fields = source.schema->fields;
  if (source.entity >= 0)
    require_entity_type(fields[static_cast<std::size_t>(source.entity)]);
  if (source.time >= 0)
    require_time_type(fields[static_cast<std::size_t>(source.time)]);
  std::vector<GroupRuns> groups(source.row_groups.size());
  Interrupt interrupt(options.poll);
  interrupt.parallel(static_cast<Index>(groups.size()), options.threads, [&](Index g) {
    groups[static_cast<std::size_t>(g)] = scan_row_group(source, options, g);
  });

  IndexTables tables;
  tables.row_groups = source.row_groups;
  tables.report = judge(groups, options, source);
  const bool floating = has_float_time(source);
  std::vector<std::string> texts;
  if (source.entity >= 0) {
    if (fields[static_cast<std::size_t>(source.entity)].type.kind == Kind::text) {
      rank_over_groups(groups, tables.entity, texts);
    } else {
      tables.entity.kind = EntityColumn::Kind::integer;
    }
  }
  std::vector<RawRun> runs;
  std::size_t count = 0;
  for (const auto& group : groups) count += group.runs.size();
  runs.reserve(count);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    GroupRuns& group = groups[g];
    if (group.time_min <= group.time_max) {
      tables.row_groups[g].time_min = time_of_key(group.time_min, floating);
      tables.row_groups[g].time_max = time_of_key(group.time_max, floating);
    }
    runs.insert(runs.end(), group.runs.begin(), group.runs.end());
    group = {};
  }
  const Index dropped_before = tables.report.dropped_total();
  assemble_sequences(source, options, std::move(runs), texts, tables);
  tables.report.rows_given -= tables.report.dropped_total() - dropped_before;
  return tables;
}

}  // namespace lade::io
