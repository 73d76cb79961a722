// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/apply.h"

#include <arrow/api.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <memory>

#include "lade/core/pool.h"
#include "lade/core/progress.h"
#include "lade/core/table_internal.h"
#include "lade/recipe/bind_targets.h"
#include "lade/recipe/cut.h"
#include "lade/targets/compute.h"

namespace lade {
namespace {

constexpr std::string_view kSource = "apply";

/// Targets of a recipe without its inputs: what offline work needs.
struct Offline {
  const io::Dataset& dataset;
  Schema schema;  // of the columns read; time first
  std::vector<Index> order;
  std::unique_ptr<const TargetPlan> plan;
  std::vector<std::vector<Index>> members;  // per set, its targets in recipe order
  ColumnType time;
  std::vector<Index> visible;  // rows with t < A per sequence; empty = all
  std::function<void()> poll;

  Offline(const Recipe& recipe, const io::Dataset& data) : dataset(data) {
    const RecipeSpec& spec = recipe.spec();
    schema = target_schema(spec, data);
    time = schema.fields.front().type;
    BoundTargets bound = bind_targets(spec, schema, 0);
    order = bound.order;
    plan = std::make_unique<const TargetPlan>(
        schema, 0, std::move(bound.targets), std::move(bound.mixes),
        observed_until(spec, data), Sharing::on, std::move(bound.classes));
    for (const TargetPlan::Set& set : plan->sets()) {
      auto& of_set = members.emplace_back();
      for (const Index target : order) {
        if (std::find(set.targets.begin(), set.targets.end(), target) !=
            set.targets.end()) {
          of_set.push_back(target);
        }
      }
    }
    if (spec.sequence.until.empty()) return;
    for (const Cut& cut : make_cuts(spec.sequence, data)) visible.push_back(cut.end);
  }

  /// Interval edges of dates stay dates where they lie on midnights.
  bool dates(const Boundary& boundary) const {
    const bool whole_days =
        boundary.every == Every::day || boundary.every == Every::week ||
        boundary.every == Every::month || boundary.every == Every::quarter ||
        boundary.every == Every::year;
    return time.date && whole_days;
  }
  std::shared_ptr<arrow::DataType> edge_type(const Boundary& boundary) const {
    if (!time.date) return to_arrow(time);
    return dates(boundary) ? arrow::date32()
                           : arrow::timestamp(arrow::TimeUnit::SECOND);
  }
};

/// Values of one boundary set over a block of sequences, column by column.
struct SetColumns {
  std::vector<std::int64_t> entity;
  std::vector<std::string> entity_text;
  std::vector<std::int64_t> start, end, position;
  std::vector<std::vector<float>> value;         // of targets and mixes
  std::vector<std::vector<std::int64_t>> label;  // of classes
  std::vector<std::vector<std::uint8_t>> valid;

  explicit SetColumns(std::size_t targets)
      : value(targets), label(targets), valid(targets) {}
  /// Empty, with the memory it has.
  void clear() {
    for (auto* numbers : {&entity, &start, &end, &position}) numbers->clear();
    entity_text.clear();
    for (auto& one : value) one.clear();
    for (auto& one : label) one.clear();
    for (auto& one : valid) one.clear();
  }
};

/// What a thread keeps from block to block.
struct Worker {
  TargetScratch scratch;
  SequenceTargets values;
  std::vector<SetColumns> sets;

  explicit Worker(const Offline& offline) : scratch(offline.dataset.ledger()) {
    for (const auto& members : offline.members) sets.emplace_back(members.size());
  }
};

/// Per boundary set, what a block gave.
struct BlockResult {
  std::vector<RecordBatch> batches;  // nullptr: no interval
  std::vector<TargetStatistics> statistics;
  TargetCounts counts;
  Index events = 0, hidden = 0, empty = 0;
};

/// Events of a block, about: its columns stay where the next block finds them.
constexpr Index kBlockEvents = Index{1} << 17;

std::shared_ptr<arrow::Array> make_array(
    const std::shared_ptr<arrow::DataType>& type, Index rows,
    std::shared_ptr<arrow::Buffer> values,
    std::shared_ptr<arrow::Buffer> validity = nullptr) {
  return arrow::MakeArray(
      arrow::ArrayData::Make(type, rows, {std::move(validity), std::move(values)}));
}

/// Whole numbers in any integer or time type: the low bytes of each.
std::shared_ptr<arrow::Array> integers(const std::vector<std::int64_t>& values,
                                       const std::shared_ptr<arrow::DataType>& type) {
  const auto bytes = static_cast<std::size_t>(type->byte_width());
  if (bytes == sizeof(std::int64_t)) {
    return make_array(type, static_cast<Index>(values.size()),
                      arrow::Buffer::FromVector(values));
  }
  std::vector<std::uint8_t> out(values.size() * bytes);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::memcpy(out.data() + i * bytes, &values[i], bytes);
  }
  return make_array(type, static_cast<Index>(values.size()),
                    arrow::Buffer::FromVector(std::move(out)));
}

std::shared_ptr<arrow::Array> texts(const std::vector<std::string>& values) {
  arrow::StringBuilder builder;
  check(builder.AppendValues(values), kSource);
  return take(builder.Finish(), kSource);
}

std::shared_ptr<arrow::Array> floats(const std::vector<float>& values,
                                     const std::vector<std::uint8_t>& valid) {
  arrow::FloatBuilder builder;
  check(builder.AppendValues(values.data(), static_cast<Index>(values.size()),
                             valid.data()),
        kSource);
  return take(builder.Finish(), kSource);
}

std::shared_ptr<arrow::Array> labels(const std::vector<std::int64_t>& values,
                                     const std::vector<std::uint8_t>& valid) {
  arrow::Int64Builder builder;
  check(builder.AppendValues(values.data(), static_cast<Index>(values.size()),
                             valid.data()),
        kSource);
  return take(builder.Finish(), kSource);
}

std::shared_ptr<arrow::Schema> set_schema(const Offline& offline, std::size_t s) {
  const TargetPlan::Set& set = offline.plan->sets()[s];
  arrow::FieldVector fields;
  if (!offline.dataset.entity().empty()) {
    const Schema& all = offline.dataset.schema();
    const auto e = static_cast<std::size_t>(all.find(offline.dataset.entity()));
    const ColumnType& type = all.fields[e].type;
    fields.push_back(
        arrow::field(offline.dataset.entity(),
                     type.kind == Kind::text ? arrow::utf8() : to_arrow(type), false));
  }
  const auto edge = offline.edge_type(set.boundary);
  if (set.boundary.every == Every::event) {
    fields.push_back(arrow::field(offline.dataset.time(),
                                  offline.time.date ? arrow::date32() : edge, false));
    fields.push_back(arrow::field("position", arrow::int64(), false));
  } else if (set.boundary.every != Every::sequence) {
    fields.push_back(arrow::field("interval_start", edge, false));
    fields.push_back(arrow::field("interval_end", edge, false));
    fields.push_back(arrow::field("position", arrow::int64(), false));
  }
  for (const Index target : offline.members[s]) {
    const bool classes = offline.plan->class_at(target) != nullptr;
    const std::string& name = offline.plan->name(target);
    for (const auto& field : fields) {
      require(field->name() != name,
              "apply: the table of every = \"" + escape_text(set.name) +
                  "\" has a column '" + escape_text(name) +
                  "' of its own; the target of this name needs another one");
    }
    fields.push_back(arrow::field(name, classes ? arrow::int64() : arrow::float32()));
  }
  return arrow::schema(std::move(fields));
}

RecordBatch set_batch(const Offline& offline, std::size_t s,
                      const std::shared_ptr<arrow::Schema>& schema,
                      SetColumns& columns) {
  const TargetPlan::Set& set = offline.plan->sets()[s];
  const auto rows = static_cast<Index>(columns.position.size());
  arrow::ArrayVector arrays;
  int field = 0;
  const auto next_type = [&] { return schema->field(field++)->type(); };
  if (!offline.dataset.entity().empty()) {
    const auto type = next_type();
    arrays.push_back(type->id() == arrow::Type::STRING
                         ? texts(columns.entity_text)
                         : integers(columns.entity, type));
  }
  const auto edges = [&](std::vector<std::int64_t>& seconds) {
    const auto type = next_type();
    if (type->id() == arrow::Type::DATE32) {
      for (std::int64_t& value : seconds) value = floor_div(value, 86'400);
    }
    arrays.push_back(integers(seconds, type));
  };
  if (set.boundary.every != Every::sequence) {
    edges(columns.start);
    if (set.boundary.every != Every::event) edges(columns.end);
    arrays.push_back(integers(columns.position, next_type()));
  }
  for (std::size_t k = 0; k < columns.value.size(); ++k) {
    const bool classes = offline.plan->class_at(offline.members[s][k]) != nullptr;
    arrays.push_back(classes ? labels(columns.label[k], columns.valid[k])
                             : floats(columns.value[k], columns.valid[k]));
  }
  return arrow::RecordBatch::Make(schema, rows, std::move(arrays));
}

void add_sequence(const Offline& offline, std::size_t s, const io::Entity& entity,
                  const SequenceView& view, const SequenceTargets& values,
                  SetColumns& out) {
  const TargetPlan::Set& set = offline.plan->sets()[s];
  const SequenceTargets::Set& intervals = values.sets[s];
  const std::int64_t* times = view.chunk->columns[0].as<std::int64_t>() + view.begin;
  for (std::size_t i = 0; i < intervals.ends.size(); ++i) {
    if (const auto* number = std::get_if<std::int64_t>(&entity))
      out.entity.push_back(*number);
    if (const auto* text = std::get_if<std::string>(&entity))
      out.entity_text.push_back(*text);
    out.position.push_back(intervals.ends[i]);
    if (set.boundary.every == Every::event) {
      out.start.push_back(times[intervals.ends[i]]);
    } else if (set.boundary.every != Every::sequence) {
      const auto first = i == 0 ? 0 : intervals.ends[i - 1] + 1;
      const IntervalEdges edges = interval_edges(
          set.boundary, intervals.keys[i], times[first], times[intervals.ends[i]]);
      out.start.push_back(edges.begin);
      out.end.push_back(edges.end);
    }
  }
  const auto& members = offline.members[s];
  const std::size_t first_class = values.value.size() - offline.plan->classes().size();
  for (std::size_t k = 0; k < members.size(); ++k) {
    const auto target = static_cast<std::size_t>(members[k]);
    if (target >= first_class) {
      const auto& label = values.label[target - first_class];
      out.label[k].insert(out.label[k].end(), label.begin(), label.end());
    }
    out.value[k].insert(out.value[k].end(), values.value[target].begin(),
                        values.value[target].end());
    out.valid[k].insert(out.valid[k].end(), values.valid[target].begin(),
                        values.valid[target].end());
  }
}

BlockResult compute_block(const Offline& offline, const io::DatasetReader& reader,
                          const std::vector<std::shared_ptr<arrow::Schema>>& schemas,
                          std::pair<Index, Index> sequences, Worker& worker) {
  BlockResult result;
  for (SetColumns& set : worker.sets) set.clear();
  worker.scratch.counts().clear();
  for (Index q = sequences.first; q < sequences.second; ++q) {
    if (offline.poll) offline.poll();
    const io::DatasetReader::Sequence sequence = reader.sequence(q);
    const Index rows = offline.visible.empty()
                           ? sequence.view.rows
                           : offline.visible[static_cast<std::size_t>(q)];
    compute_targets(*offline.plan, sequence.view, rows, worker.scratch, worker.values);
    const io::Entity entity = offline.dataset.sequence(q).entity;
    for (std::size_t s = 0; s < worker.sets.size(); ++s) {
      add_sequence(offline, s, entity, sequence.view, worker.values, worker.sets[s]);
    }
    result.events += sequence.view.rows;
    result.hidden += sequence.view.rows - rows;
    result.empty += rows == 0 ? 1 : 0;
  }
  for (std::size_t s = 0; s < worker.sets.size(); ++s) {
    SetColumns& set = worker.sets[s];
    TargetStatistics& statistics =
        result.statistics.emplace_back(static_cast<Index>(set.value.size()));
    statistics.add_block(set.value, set.valid);
    for (std::size_t k = 0; k < set.label.size(); ++k) {
      statistics.add_labels(static_cast<Index>(k), set.label[k]);
    }
    result.batches.push_back(
        set.position.empty() ? nullptr : set_batch(offline, s, schemas[s], set));
  }
  result.counts = worker.scratch.counts();
  return result;
}

/// The sequences of a block that begins with `first`.
std::pair<Index, Index> block_from(Index first, const io::Dataset& dataset,
                                   const ApplyOptions& options) {
  const Index most = std::min(options.block_sequences, dataset.sequences() - first);
  Index events = 0;
  Index count = 0;
  while (count < most && events < kBlockEvents)
    events += dataset.length(first + count++);
  return {first, first + count};
}

/// What is summed over the blocks, in their order.
struct Totals {
  std::vector<TargetStatistics> sets;
  TargetCounts counts;

  void add(const BlockResult& block) {
    for (std::size_t s = 0; s < block.statistics.size(); ++s) {
      if (s == sets.size()) {
        sets.push_back(block.statistics[s]);
      } else {
        sets[s].add(block.statistics[s]);
      }
    }
    counts.add(block.counts);
  }
};

/// The file of one boundary set.
class TableFile {
 public:
  TableFile(io::AtomicDirectory& directory, const std::string& every,
            const std::shared_ptr<arrow::Schema>& schema, io::TableFormat format)
      : path_("targets." + io::name_from_data(every) + std::string(io::suffix(format))),
        writer_(directory.file(path_), schema, format) {}

  void write(const RecordBatch& batch) {
    constexpr Index kRowGroupRows = Index{1} << 18;
    writer_.write(batch);
    if (writer_.row_group_rows() >= kRowGroupRows) writer_.end_row_group();
  }

  io::ManifestFile finish() {
    io::ManifestFile file = writer_.finish();
    file.path = path_;
    return file;
  }

 private:
  std::string path_;
  io::TableWriter writer_;
};

void describe_targets(const Offline& offline, const Totals& totals,
                      ApplyReport& report) {
  report.targets.resize(offline.order.size());
  for (std::size_t s = 0; s < offline.members.size(); ++s) {
    const std::string& every = offline.plan->sets()[s].name;
    const std::vector<Index>& members = offline.members[s];
    const auto name = [&](Index k) {
      return offline.plan->name(members[static_cast<std::size_t>(k)]);
    };
    for (Index k = 0; k < static_cast<Index>(members.size()); ++k) {
      const Index target = members[static_cast<std::size_t>(k)];
      const auto at = std::find(offline.order.begin(), offline.order.end(), target);
      TargetSummary& summary =
          report.targets[static_cast<std::size_t>(at - offline.order.begin())];
      summary.name = name(k);
      summary.every = every;
      if (totals.sets.empty()) continue;
      totals.sets[s].fill(k, summary);
      const auto t = static_cast<std::size_t>(target);
      if (t >= totals.counts.values.size()) continue;  // no sequence at all
      summary.missing = totals.counts.missing[t];
      summary.nonfinite = totals.counts.nonfinite[t];
    }
    report.not_compared += std::max<Index>(
        0, static_cast<Index>(members.size()) - TargetStatistics::kMostCompared);
    if (totals.sets.empty()) continue;
    for (const TargetPair& pair : totals.sets[s].correlated()) {
      report.correlated.push_back(
          {name(pair.first), name(pair.second), every, pair.correlation, pair.values});
    }
  }
}

}  // namespace

ApplyReport apply(const Recipe& recipe, const io::Dataset& dataset,
                  const ApplyOptions& options, const ApplySink& sink) {
  require(options.block_sequences >= 1, "apply: block_sequences must be >= 1, got " +
                                            std::to_string(options.block_sequences));
  Offline offline(recipe, dataset);
  offline.poll = options.poll;
  const io::DatasetReader reader =
      dataset.reader(offline.schema.names(), dataset.ledger());
  std::vector<std::shared_ptr<arrow::Schema>> schemas;
  schemas.reserve(offline.members.size());
  for (std::size_t s = 0; s < offline.members.size(); ++s)
    schemas.push_back(set_schema(offline, s));
  ApplyReport report;
  Totals totals;
  const int threads = options.threads > 0 ? options.threads : usable_cpus();
  const Index blocks = std::min<Index>(threads, dataset.sequences());
  std::vector<Worker> workers;
  workers.reserve(static_cast<std::size_t>(blocks));
  for (Index i = 0; i < blocks; ++i) workers.emplace_back(offline);
  Progress progress("apply", dataset.sequences());
  // A wave of blocks at a time: memory stays bounded and the order is that of the
  // sequences.
  for (Index next = 0; next < dataset.sequences();) {
    std::vector<std::pair<Index, Index>> wave;
    while (next < dataset.sequences() && wave.size() < workers.size()) {
      wave.push_back(block_from(next, dataset, options));
      next = wave.back().second;
    }
    std::vector<BlockResult> results(wave.size());
    parallel_for(static_cast<Index>(wave.size()), threads, [&](Index i) {
      const auto w = static_cast<std::size_t>(i);
      results[w] = compute_block(offline, reader, schemas, wave[w], workers[w]);
      progress.add(wave[w].second - wave[w].first);
    });
    for (const BlockResult& result : results) {
      report.events += result.events;
      report.events_hidden += result.hidden;
      report.sequences_empty += result.empty;
      totals.add(result);
      for (std::size_t s = 0; s < result.batches.size(); ++s) {
        if (result.batches[s] == nullptr) continue;
        sink(offline.plan->sets()[s].name, result.batches[s]);
      }
    }
  }
  describe_targets(offline, totals, report);
  report.sequences = dataset.sequences();
  report.read = dataset.report();
  return report;
}

std::vector<std::pair<std::string, std::shared_ptr<arrow::Schema>>> apply_schemas(
    const Recipe& recipe, const io::Dataset& dataset) {
  const Offline offline(recipe, dataset);
  std::vector<std::pair<std::string, std::shared_ptr<arrow::Schema>>> schemas;
  schemas.reserve(offline.members.size());
  for (std::size_t s = 0; s < offline.members.size(); ++s) {
    schemas.emplace_back(offline.plan->sets()[s].name, set_schema(offline, s));
  }
  return schemas;
}

ApplyReport apply_to(const Recipe& recipe, const io::Dataset& dataset,
                     const std::string& directory, const ApplyOptions& options,
                     bool overwrite) {
  io::WriteOptions write;
  write.overwrite = overwrite;
  write.inputs = dataset.files();
  io::AtomicDirectory target(directory, write);
  std::map<std::string, TableFile> files;
  std::vector<std::string> order;
  for (const auto& [every, schema] : apply_schemas(recipe, dataset)) {
    order.push_back(every);
    files.emplace(every, TableFile(target, every, schema, options.format));
  }
  const ApplyReport report =
      apply(recipe, dataset, options,
            [&](const std::string& every, const RecordBatch& batch) {
              files.at(every).write(batch);
            });
  io::Manifest manifest;
  manifest.kind = "targets";
  manifest.created_by = "lade " LADE_VERSION;
  for (const std::string& every : order) {
    manifest.files.push_back(files.at(every).finish());
  }
  manifest.set_text("recipe", hex(recipe.hash()));
  manifest.set_text("dataset", hex(dataset.fingerprint()));
  io::write_manifest(target.part_path(), manifest, {});
  target.commit();
  return report;
}

}  // namespace lade
