// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/open.h"

#include <utility>

#include "lade/recipe/expression.h"

namespace lade {
namespace {

void fill(std::string& given, const std::string& recipe, const char* field) {
  require(given.empty() || recipe.empty() || given == recipe,
          std::string("open: ") + field + " is '" + escape_text(given) +
              "', but the recipe's [sequence] says '" + escape_text(recipe) + "'");
  if (given.empty()) given = recipe;
}

}  // namespace

io::OpenOptions with_recipe(io::OpenOptions options, const Recipe& recipe) {
  const RecipeSpec& spec = recipe.spec();
  fill(options.entity, spec.sequence.entity, "entity");
  fill(options.time, spec.sequence.time, "time");
  if (spec.source && options.source == io::SourceOptions{})
    options.source = *spec.source;
  return options;
}

io::Dataset open(const std::vector<std::string>& paths, const Recipe& recipe,
                 io::OpenOptions options) {
  if (!options.convert) set_convert(options);
  return io::open(paths, with_recipe(std::move(options), recipe));
}

void set_filter(io::OpenOptions& options, std::string text) {
  options.filter_text = text;
  options.filter = [text = std::move(text)](const Schema& schema) {
    ExpressionOptions expression;
    expression.field = "filters";
    Program program = compile(text, schema, expression);
    require(program.type() == ValueType::boolean,
            "filters: must be a condition (true or false per row), got '" +
                escape_text(text) + "'");
    return program;
  };
}

ConvertOptions convert_options(const io::OpenOptions& options) {
  ConvertOptions convert;
  convert.entity = options.entity;
  convert.time = options.time;
  convert.columns = options.columns;
  convert.schema = options.schema;
  convert.source = options.source;
  convert.policies = options.policies;
  convert.limits = options.limits;
  convert.memory_budget = options.memory_budget;
  convert.threads = options.threads;
  convert.files = options.files;
  convert.poll = options.poll;
  return convert;
}

void set_convert(io::OpenOptions& options) {
  options.convert = [](const std::vector<std::string>& paths, const std::string& target,
                       const io::OpenOptions& open, bool overwrite) {
    ConvertOptions how = convert_options(open);
    how.overwrite = overwrite;
    convert(paths, target, how);
  };
}

}  // namespace lade
