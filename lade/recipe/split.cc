// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/split.h"

#include <arrow/record_batch.h>

#include "lade/core/error.h"
#include "lade/recipe/bind_targets.h"
#include "lade/recipe/duration.h"
#include "lade/recipe/expression.h"
#include "lade/recipe/open.h"

namespace lade {
namespace {

std::int64_t parse_purge(std::string_view text, const ColumnType& time) {
  if (text.empty()) return 0;
  const auto duration = parse_duration(text);
  std::int64_t length = 0;
  if (time.kind == Kind::time) {
    require(duration.has_value(),
            "split: purge must be a duration such as \"7d\", got '" +
                escape_text(text) + "'");
    length = in_units(*duration, time.unit, "split: purge", text);
  } else {
    require(
        !duration.has_value(),
        "split: purge must be a whole number, as the time column has no unit, got '" +
            escape_text(text) + "'");
    length = parse_time(text, time, nullptr, "split: purge");
  }
  require(length >= 0, "split: purge must be >= 0, got '" + escape_text(text) + "'");
  return length;
}

}  // namespace

std::vector<std::string> time_split(const io::Dataset& dataset,
                                    std::span<const std::string> cuts,
                                    std::string_view purge) {
  require(!dataset.time().empty(),
          "split: by = \"time\" needs a time column; open the data with time=");
  require(!cuts.empty(), "split: by = \"time\" needs cuts");
  const Schema& schema = dataset.schema();
  const Field& time =
      schema.fields[static_cast<std::size_t>(schema.find(dataset.time()))];
  require(time.type.kind == Kind::time || is_integer(time.type.kind),
          "split: by = \"time\" needs a column of times or whole numbers, '" +
              escape_text(time.name) + "' is " + to_string(time.type));
  const auto zone = time.type.zone.empty() ? nullptr : Zone::find(time.type.zone);
  const std::int64_t gap = parse_purge(purge, time.type);
  const std::string name = quoted_name(time.name);
  std::vector<std::string> parts;
  std::int64_t from = 0;
  for (std::size_t p = 0; p <= cuts.size(); ++p) {
    std::string text;
    if (p > 0) text = name + " >= " + std::to_string(from);
    if (p < cuts.size()) {
      const std::int64_t cut =
          parse_time(cuts[p], time.type, zone.get(), "split: cuts");
      require(p == 0 || cut > from,
              "split: cuts must ascend, further apart than purge, got '" +
                  escape_text(cuts[p]) + "' after '" +
                  escape_text(cuts[p == 0 ? 0 : p - 1]) + "'");
      text += (text.empty() ? "" : " and ") + name + " < " + std::to_string(cut);
      require(!__builtin_add_overflow(cut, gap, &from),
              "split: purge reaches beyond the range of the time column, got '" +
                  escape_text(purge) + "'");
    }
    parts.push_back(std::move(text));
  }
  return parts;
}

std::vector<Index> same_entities(const io::Dataset& part, const io::Dataset& whole,
                                 std::span<const Index> sequences) {
  std::vector<Index> found;
  Index p = 0;
  for (const Index s : sequences) {
    const io::Entity entity = whole.sequence(s).entity;
    while (p < part.sequences() && part.sequence(p).entity < entity) ++p;
    if (p < part.sequences() && part.sequence(p).entity == entity) found.push_back(p);
  }
  return found;
}

io::Dataset filtered(const io::Dataset& dataset, std::span<const Index> sequences,
                     const std::string& text) {
  const bool all = sequences.empty();
  const Index count = all ? dataset.sequences() : static_cast<Index>(sequences.size());
  const io::DatasetReader reader = dataset.reader(dataset.schema().names());
  std::vector<RecordBatch> batches;
  const Chunk* chunk = nullptr;
  RecordBatch whole;
  Index begin = 0;
  Index rows = 0;
  const auto give = [&] {
    if (rows > 0) batches.push_back(whole->Slice(begin, rows));
    rows = 0;
  };
  for (Index i = 0; i < count; ++i) {
    const auto sequence =
        reader.sequence(all ? i : sequences[static_cast<std::size_t>(i)]);
    if (sequence.chunk.get() != chunk || sequence.view.begin != begin + rows) give();
    if (sequence.chunk.get() != chunk) {
      chunk = sequence.chunk.get();
      whole = export_chunk(sequence.chunk, reader.schema());  // keeps the chunk alive
    }
    if (rows == 0) begin = sequence.view.begin;
    rows += sequence.view.rows;
  }
  give();
  if (batches.empty()) return dataset;  // no event that a filter could take away
  io::OpenOptions options;
  options.entity = dataset.entity();
  options.time = dataset.time();
  options.memory_budget = dataset.ledger()->budget();
  set_filter(options, text);
  return io::from_batches(batches, options);
}

}  // namespace lade
