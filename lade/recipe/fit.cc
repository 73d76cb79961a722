// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/fit.h"

#include <algorithm>
#include <deque>
#include <numeric>
#include <string>
#include <vector>

#include "lade/recipe/family.h"
#include "lade/recipe/fit_classes.h"
#include "lade/recipe/json.h"
#include "lade/recipe/parse.h"
#include "lade/recipe/recipe_internal.h"

namespace lade {
namespace {

/// A column of which a vocabulary is learned.
struct Learner {
  std::string column;
  std::string part;  // of the recipe, for errors
  VocabularyOptions options;
};

Learner learner_of(const InputSpec& input) {
  return {input.column, "[[input]] \"" + escape_text(input.name) + "\"",
          input.vocabulary};
}

Learner learner_of(const FamilySpec& family) {
  return {family.sets_of, "[[target_family]] sets_of", family_codes()};
}

/// Positions of the learners' columns among the distinct columns that are read.
struct Columns {
  std::vector<std::string> names;
  std::vector<std::size_t> of_learner;
};

Columns columns_of(const std::vector<Learner>& learners, const io::Dataset& dataset) {
  Columns columns;
  for (const Learner& learner : learners) {
    dataset.column(learner.column, learner.part);
    const auto found =
        std::find(columns.names.begin(), columns.names.end(), learner.column);
    columns.of_learner.push_back(
        static_cast<std::size_t>(found - columns.names.begin()));
    if (found == columns.names.end()) columns.names.push_back(learner.column);
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

/// What one pass over the data has taught.
struct Learned {
  std::vector<FittedInput> fitted;  // per learner, without its name
  Index rows = 0;
};

Learned learn(const std::vector<Learner>& learners, const io::Dataset& dataset,
              std::span<const Index> sequences, const Limits& limits,
              const std::function<void()>& poll) {
  const Columns columns = columns_of(learners, dataset);
  const io::DatasetReader reader = dataset.reader(columns.names, dataset.ledger());
  const std::vector<Index> first = first_rows(dataset);
  std::deque<VocabularyFitter> fitters;  // they do not move
  for (const Learner& learner : learners) {
    fitters.emplace_back(learner.options, limits, learner.column);
  }
  Learned learned;
  std::shared_ptr<const Chunk> chunk;
  Index group = -1;
  for (const io::RowRun& run : chosen_runs(dataset, sequences, first.back())) {
    if (run.row_group != group) {
      if (poll) poll();
      group = run.row_group;
      chunk = reader.row_group(group);
    }
    const Index storage_row = first[static_cast<std::size_t>(group)] + run.first_row;
    for (std::size_t i = 0; i < learners.size(); ++i) {
      fitters[i].add(chunk->columns[columns.of_learner[i]], run.first_row, run.rows,
                     storage_row);
    }
    learned.rows += run.rows;
  }
  for (VocabularyFitter& fitter : fitters) {
    FittedInput& one = learned.fitted.emplace_back();
    one.nulls = fitter.nulls();
    one.rare = fitter.rare();
    one.vocabulary = std::make_shared<const Vocabulary>(fitter.finish());
  }
  return learned;
}

/// The recipe with the targets of its families written out, checked as if it had been
/// written so.
RecipeSpec written_out(RecipeSpec spec, std::span<const FittedInput> codes, Index rows,
                       const Limits& limits) {
  for (std::size_t f = 0; f < spec.families.size(); ++f) {
    for (TargetText& target :
         target_family(spec.families[f], *codes[f].vocabulary, rows)) {
      spec.targets.push_back(std::move(target));
    }
  }
  spec.families.clear();
  Document document{"target_family", false, limits};
  document.fitted = true;
  return parse_recipe(recipe_json(spec), document);
}

}  // namespace

Recipe fit(const Recipe& recipe, const io::Dataset& dataset,
           std::span<const Index> sequences, const Limits& limits,
           const std::function<void()>& poll) {
  RecipeSpec spec = recipe.spec();
  std::vector<Learner> learners;
  std::vector<std::string> names;
  for (const InputSpec& input : spec.inputs) {
    if (input.kind != InputSpec::Kind::category) continue;
    learners.push_back(learner_of(input));
    names.push_back(input.name);
  }
  for (const FamilySpec& family : spec.families) learners.push_back(learner_of(family));
  Learned learned;
  learned.rows = dataset.events();
  if (!learners.empty()) learned = learn(learners, dataset, sequences, limits, poll);
  std::vector<FittedInput> inputs(
      learned.fitted.begin(),
      learned.fitted.begin() + static_cast<std::ptrdiff_t>(names.size()));
  for (std::size_t i = 0; i < names.size(); ++i) inputs[i].name = names[i];
  if (!spec.families.empty()) {
    spec = written_out(std::move(spec), std::span(learned.fitted).subspan(names.size()),
                       learned.rows, limits);
  }
  fit_classes(spec, dataset, sequences, poll);
  auto state = std::make_shared<Recipe::State>();
  state->spec = std::move(spec);
  return Recipe(std::move(state))
      .with_fitted(std::move(inputs), hex(dataset.fingerprint()), learned.rows);
}

std::vector<TargetText> target_family(const FamilySpec& family,
                                      const io::Dataset& dataset,
                                      std::span<const Index> sequences,
                                      const Limits& limits,
                                      const std::function<void()>& poll) {
  const Learned learned = learn({learner_of(family)}, dataset, sequences, limits, poll);
  return target_family(family, *learned.fitted.front().vocabulary, learned.rows);
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
