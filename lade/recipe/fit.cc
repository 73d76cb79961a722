// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/fit.h"

#include <algorithm>
#include <deque>
#include <numeric>
#include <string>
#include <vector>

#include "lade/recipe/json.h"

namespace lade {
namespace {

std::vector<const InputSpec*> category_inputs(const RecipeSpec& spec) {
  std::vector<const InputSpec*> found;
  for (const InputSpec& input : spec.inputs) {
    if (input.kind == InputSpec::Kind::category) found.push_back(&input);
  }
  return found;
}

/// Positions of the inputs' columns among the distinct columns that are read.
struct Columns {
  std::vector<std::string> names;
  std::vector<std::size_t> of_input;
};

Columns columns_of(const std::vector<const InputSpec*>& inputs,
                   const io::Dataset& dataset) {
  Columns columns;
  for (const InputSpec* input : inputs) {
    dataset.column(input->column, "[[input]] \"" + escape_text(input->name) + "\"");
    const auto found =
        std::find(columns.names.begin(), columns.names.end(), input->column);
    columns.of_input.push_back(static_cast<std::size_t>(found - columns.names.begin()));
    if (found == columns.names.end()) columns.names.push_back(input->column);
  }
  return columns;
}

/// Storage number of the first row of every row group.
std::vector<Index> first_rows(const io::Dataset& dataset) {
  std::vector<Index> first = {0};
  for (Index g = 0; g < dataset.row_groups(); ++g) {
    first.push_back(first.back() + dataset.row_group_rows(g));
  }
  return first;
}

/// Rows to learn from, in the order of storage. Whole row groups when every row belongs
/// to a sequence, so that no list of runs is held.
std::vector<io::RowRun> chosen_runs(const io::Dataset& dataset,
                                    std::span<const Index> sequences,
                                    Index stored_rows) {
  std::vector<io::RowRun> runs;
  if (sequences.empty() && stored_rows == dataset.events()) {
    for (Index g = 0; g < dataset.row_groups(); ++g) {
      runs.push_back({static_cast<std::int32_t>(g), 0,
                      static_cast<std::int32_t>(dataset.row_group_rows(g))});
    }
    return runs;
  }
  const Index count =
      sequences.empty() ? dataset.sequences() : static_cast<Index>(sequences.size());
  for (Index i = 0; i < count; ++i) {
    const Index s = sequences.empty() ? i : sequences[static_cast<std::size_t>(i)];
    for (const io::RowRun& run : dataset.runs(s)) runs.push_back(run);
  }
  std::sort(runs.begin(), runs.end(), [](const io::RowRun& a, const io::RowRun& b) {
    return std::pair(a.row_group, a.first_row) < std::pair(b.row_group, b.first_row);
  });
  return runs;
}

}  // namespace

Recipe fit(const Recipe& recipe, const io::Dataset& dataset,
           std::span<const Index> sequences, const Limits& limits,
           const std::function<void()>& poll) {
  const auto inputs = category_inputs(recipe.spec());
  std::vector<FittedInput> fitted;
  const std::string fingerprint = hex(dataset.fingerprint());
  if (inputs.empty()) return recipe.with_fitted({}, fingerprint, dataset.events());
  const Columns columns = columns_of(inputs, dataset);
  const io::DatasetReader reader = dataset.reader(columns.names, dataset.ledger());
  const std::vector<Index> first = first_rows(dataset);

  std::deque<VocabularyFitter> fitters;  // they do not move
  for (const InputSpec* input : inputs) {
    fitters.emplace_back(input->vocabulary, limits, input->column);
  }
  Index rows = 0;
  std::shared_ptr<const Chunk> chunk;
  Index group = -1;
  for (const io::RowRun& run : chosen_runs(dataset, sequences, first.back())) {
    if (run.row_group != group) {
      if (poll) poll();
      group = run.row_group;
      chunk = reader.row_group(group);
    }
    const Index storage_row = first[static_cast<std::size_t>(group)] + run.first_row;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      fitters[i].add(chunk->columns[columns.of_input[i]], run.first_row, run.rows,
                     storage_row);
    }
    rows += run.rows;
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    FittedInput learned;
    learned.name = inputs[i]->name;
    learned.nulls = fitters[i].nulls();
    learned.rare = fitters[i].rare();
    learned.vocabulary = std::make_shared<const Vocabulary>(fitters[i].finish());
    fitted.push_back(std::move(learned));
  }
  return recipe.with_fitted(std::move(fitted), fingerprint, rows);
}

Recipe default_recipe(const io::Dataset& dataset, const Limits& limits) {
  std::string inputs;
  for (const Field& field : dataset.schema().fields) {
    if (field.name == dataset.entity() || field.name == dataset.time()) continue;
    const bool text = field.type.kind == Kind::text;
    if (!text && !is_number(field.type.kind)) continue;
    if (text && dataset.events() == 0) continue;  // nothing to learn ids from
    inputs += inputs.empty() ? "" : ", ";
    inputs += "{\"column\": " + write_json(Json{field.name}) +
              (text ? ", \"kind\": \"category\"}" : "}");
  }
  require(!inputs.empty() || dataset.events() == 0,
          "recipe: the dataset has no column to load beside entity and time");
  std::string sequence;
  if (dataset.entity().empty()) sequence = "\"sequence\": {\"window\": \"row\"}, ";
  return fit(Recipe::from_json("{" + sequence + "\"input\": [" + inputs + "]}",
                               "default recipe"),
             dataset, {}, limits);
}

}  // namespace lade
