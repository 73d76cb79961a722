// SPDX-License-Identifier: Apache-2.0
#include <arrow/record_batch.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <map>

#include "arrays.h"
#include "arrow_border.h"
#include "lade/core/unknown_name.h"
#include "lade/recipe/apply.h"
#include "lade/recipe/explain_targets.h"
#include "lade/recipe/family.h"
#include "lade/recipe/fit.h"
#include "lade/recipe/open.h"
#include "lade/recipe/picture.h"
#include "lade/recipe/unseen_values.h"
#include "signals.h"

namespace lade::python {
namespace {

nb::dict summary_of(const TargetSummary& target) {
  const bool classes = !target.classes.empty();  // they have counts and no bounds
  const auto bound = [&](double value) {
    return target.valid > 0 && !classes ? nb::object(nb::float_(value)) : nb::none();
  };
  nb::dict d;
  d["name"] = target.name;
  d["every"] = target.every;
  d["values"] = target.values;
  d["valid"] = target.valid;
  d["valid_share"] = target.valid_share();
  d["zero"] = classes ? nb::none() : nb::object(nb::int_(target.zero));
  d["zero_share"] = classes ? nb::none() : nb::object(nb::float_(target.zero_share()));
  d["missing"] = target.missing;
  d["nonfinite"] = target.nonfinite;
  d["min"] = bound(target.min);
  d["mean"] = bound(target.mean);
  d["max"] = bound(target.max);
  if (classes) d["classes"] = target.classes;
  return d;
}

nb::dict report_of(const ApplyReport& report) {
  nb::dict d;
  d["sequences"] = report.sequences;
  d["events"] = report.events;
  d["events_hidden"] = report.events_hidden;
  d["sequences_empty"] = report.sequences_empty;
  nb::list targets;
  for (const TargetSummary& target : report.targets) targets.append(summary_of(target));
  d["targets"] = targets;
  nb::list correlated;
  for (const CorrelatedTargets& pair : report.correlated) {
    nb::dict one;
    one["first"] = pair.first;
    one["second"] = pair.second;
    one["every"] = pair.every;
    one["correlation"] = pair.correlation;
    one["values"] = pair.values;
    correlated.append(one);
  }
  d["correlated"] = correlated;
  d["not_compared"] = report.not_compared;
  d["read"] = report.read;
  return d;
}

/// ({boundary set: table}, report).
nb::tuple apply_in_memory(const Recipe& recipe, const io::Dataset& dataset,
                          int threads) {
  std::map<std::string, std::vector<RecordBatch>> tables;
  std::vector<std::pair<std::string, std::shared_ptr<arrow::Schema>>> schemas;
  ApplyReport report;
  {
    const nb::gil_scoped_release release;
    schemas = apply_schemas(recipe, dataset);
    report = apply(recipe, dataset, {.threads = threads, .poll = poll_signals()},
                   [&tables](const std::string& every, const RecordBatch& batch) {
                     tables[every].push_back(batch);
                   });
  }
  nb::dict out;
  for (const auto& [every, schema] : schemas) {
    out[every.c_str()] = to_pyarrow_table(tables[every], schema);
  }
  return nb::make_tuple(out, report_of(report));
}

const FittedInput& fitted_input(const Recipe& recipe, const std::string& name) {
  std::vector<std::string> names;
  for (const FittedInput& input : recipe.fitted_inputs()) {
    if (input.name == name) return input;
    names.push_back(input.name);
  }
  throw ArgumentError("recipe: " + unknown_name("fitted input", name, names));
}

std::vector<std::string> input_names(const Recipe& recipe, InputSpec::Kind kind) {
  std::vector<std::string> names;
  for (const InputSpec& input : recipe.spec().inputs) {
    if (input.kind == kind) names.push_back(input.name);
  }
  return names;
}

void bind_parsing(nb::class_<Recipe>& c) {
  c.def_static(
      "from_toml",
      [](const std::string& text, const std::string& source, const Limits& limits) {
        return Recipe::from_toml(text, source, limits);
      },
      nb::arg("text"), nb::arg("source"), nb::arg("limits"));
  c.def_static(
      "from_json",
      [](const std::string& text, const std::string& source, const Limits& limits) {
        return Recipe::from_json(text, source, limits);
      },
      nb::arg("text"), nb::arg("source"), nb::arg("limits"));
  c.def_static(
      "from_file",
      [](const std::string& path, const Limits& limits) {
        return Recipe::from_file(path, limits);
      },
      nb::arg("path"), nb::arg("limits"));
  c.def("to_json", &Recipe::to_json, "Canonical JSON, fitted parts included.");
  c.def("save", &Recipe::save, nb::arg("path"), nb::arg("overwrite"),
        nb::call_guard<nb::gil_scoped_release>());
}

nb::dict convert_files(const std::vector<std::string>& paths, const std::string& target,
                       const io::OpenOptions& open, Index row_group_rows,
                       Index page_bytes, bool overwrite, bool dry_run,
                       bool refresh_only) {
  ConvertOptions options = convert_options(open);
  options.row_group_rows = row_group_rows;
  options.page_bytes = page_bytes;
  options.overwrite = overwrite;
  options.dry_run = dry_run;
  options.poll = poll_signals();
  ConvertReport report;
  {
    const nb::gil_scoped_release release;
    report = refresh_only ? refresh(target, options) : convert(paths, target, options);
  }
  nb::dict d;
  d["events"] = report.events;
  d["sequences"] = report.sequences;
  d["row_groups"] = report.row_groups;
  d["runs_spilled"] = report.runs_spilled;
  d["input_bytes"] = report.input_bytes;
  d["decoded_bytes"] = report.decoded_bytes;
  d["sync_s"] = report.sync_s;
  d["files"] = paths_of(report.files);
  d["read"] = report.read;
  return d;
}

/// Codes of a family from what a user counted.
std::string draw_from_counts(const std::string& spec,
                             const std::vector<std::pair<std::string, Index>>& codes,
                             bool integers) {
  std::vector<Vocabulary::Entry> entries;
  entries.reserve(codes.size());
  for (const auto& [text, count] : codes) entries.push_back({text, count});
  const Vocabulary vocabulary(std::move(entries), family_codes(), integers);
  return targets_json(target_family(family_from_json(spec), vocabulary, 0));
}

std::string draw_from_dataset(const std::string& spec, const io::Dataset& dataset,
                              const std::optional<IdArray>& sequences) {
  const std::vector<Index> chosen =
      sequences ? to_vector(*sequences) : std::vector<Index>();
  const nb::gil_scoped_release release;
  return targets_json(
      target_family(family_from_json(spec), dataset, chosen, {}, poll_signals()));
}

}  // namespace

void bind_recipe(nb::module_& m) {
  nb::class_<Recipe> c(m, "Recipe", "A checked recipe. A value; copies share.");
  bind_parsing(c);
  c.def_prop_ro("hash", [](const Recipe& r) { return hex(r.hash()); });
  c.def_prop_ro("fitted", &Recipe::fitted);
  c.def("unseen_values", &unseen_values);
  c.def_prop_ro("loader_arguments", [](const Recipe& r) { return r.spec().loader; });
  c.def_prop_ro("numbers", [](const Recipe& r) {
    return input_names(r, InputSpec::Kind::number);
  });
  c.def_prop_ro("categories", [](const Recipe& r) {
    return input_names(r, InputSpec::Kind::category);
  });
  c.def_prop_ro("targets", [](const Recipe& r) {
    std::vector<std::string> names;
    for (const TargetText& target : r.spec().targets) names.push_back(target.name);
    return names;
  });
  c.def(
      "cardinality",
      [](const Recipe& r, const std::string& name) {
        return fitted_input(r, name).vocabulary->cardinality();
      },
      nb::arg("name"), "Largest id of a fitted category + 1.");
  c.def(
      "decode",
      [](const Recipe& r, const std::string& name, std::int64_t id) {
        return fitted_input(r, name).vocabulary->decode(id);
      },
      nb::arg("name"), nb::arg("id"), "Text of an id of a fitted category.");
  c.def(
      "fit",
      [](const Recipe& r, const io::Dataset& dataset,
         const std::optional<IdArray>& sequences) {
        const std::vector<Index> chosen =
            sequences ? to_vector(*sequences) : std::vector<Index>();
        const nb::gil_scoped_release release;
        return fit(r, dataset, chosen, {}, poll_signals());
      },
      nb::arg("dataset"), nb::arg("sequences").none());
  c.def("apply", &apply_in_memory, nb::arg("dataset"), nb::arg("threads") = 0);
  c.def(
      "apply_to",
      [](const Recipe& r, const io::Dataset& dataset, const std::string& directory,
         int threads, bool overwrite, const std::string& format) {
        ApplyOptions options;
        options.threads = threads;
        options.poll = poll_signals();
        options.format = io::parse_table_format(format, "apply: output_format");
        ApplyReport report;
        {
          const nb::gil_scoped_release release;
          report = apply_to(r, dataset, directory, options, overwrite);
        }
        return report_of(report);
      },
      nb::arg("dataset"), nb::arg("directory"), nb::arg("threads"),
      nb::arg("overwrite"), nb::arg("output_format"));
  c.def(
      "explain",
      [](const Recipe& r, const std::optional<io::Dataset>& dataset) {
        const nb::gil_scoped_release release;
        return to_text(dataset ? explain_targets(r, *dataset, poll_signals())
                               : explain_targets(r));
      },
      nb::arg("dataset").none());
  c.def(
      "picture",
      [](const Recipe& r, const io::Dataset& dataset, const std::string& of,
         const std::vector<std::string>& targets, bool html) {
        return picture(r, dataset, {.of = of, .targets = targets, .html = html});
      },
      nb::arg("dataset"), nb::arg("of"), nb::arg("targets"), nb::arg("html"),
      nb::call_guard<nb::gil_scoped_release>());
  m.def(
      "default_recipe",
      [](const io::Dataset& dataset) { return default_recipe(dataset); },
      nb::arg("dataset"), nb::call_guard<nb::gil_scoped_release>(),
      "All numeric columns as `numerical`, all text columns as `categorical`.");
  m.def("target_family", &draw_from_counts, nb::arg("spec"), nb::arg("codes"),
        nb::arg("integers"), "Targets of a family as JSON, from codes and their rows.");
  m.def("target_family", &draw_from_dataset, nb::arg("spec"), nb::arg("dataset"),
        nb::arg("sequences").none(), "The same from the codes of a dataset.");
  m.def("convert", &convert_files, nb::arg("paths"), nb::arg("target"),
        nb::arg("options"), nb::arg("row_group_rows"), nb::arg("page_bytes"),
        nb::arg("overwrite"), nb::arg("dry_run"), nb::arg("refresh"),
        "Files to a dataset sorted by entity and time.");
  m.def("with_recipe", nb::overload_cast<io::OpenOptions, const Recipe&>(&with_recipe),
        nb::arg("options"), nb::arg("recipe"),
        "Options with what a recipe says filled in.");
}

}  // namespace lade::python
