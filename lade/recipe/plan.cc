// SPDX-License-Identifier: Apache-2.0
#include "lade/recipe/plan.h"

#include <algorithm>
#include <set>

#include "lade/core/unknown_name.h"
#include "lade/recipe/plan_internal.h"

namespace lade {
namespace {

/// Collects the columns a recipe reads, then binds its parts to them.
class Binder {
 public:
  explicit Binder(Plan::Data& data) : data_(data), spec_(data.recipe.spec()) {}

  void bind() {
    check_dataset();
    choose_columns();
    bind_inputs();
    bind_windows();
    if (!spec_.targets.empty()) bind_the_targets();
    if (!spec_.label.empty()) data_.label = position(spec_.label, "[label] column");
    make_arrays();
    apply_dtypes();
  }

 private:
  Index position(const std::string& column, std::string_view field) const {
    const Index found = data_.schema.find(column);
    if (found >= 0) return found;
    throw ArgumentError(std::string(field) + ": " +
                        unknown_name("column", column, data_.schema.names()));
  }

  void check_dataset() const {
    const auto agree = [](std::string_view field, const std::string& recipe,
                          const std::string& dataset) {
      require(recipe.empty() || recipe == dataset,
              "recipe: [sequence] " + std::string(field) + " is '" +
                  escape_text(recipe) + "', the dataset was opened with '" +
                  escape_text(dataset) + "'");
    };
    agree("entity", spec_.sequence.entity, data_.dataset.entity());
    agree("time", spec_.sequence.time, data_.dataset.time());
    std::string unfitted;
    for (const InputSpec& input : spec_.inputs) {
      if (input.kind != InputSpec::Kind::category || fitted(input.name)) continue;
      unfitted += (unfitted.empty() ? "" : ", ") + escape_text(input.name);
    }
    check_fitted_targets(spec_);
    require(unfitted.empty(),
            "recipe is not fitted: category input " + unfitted +
                " has no vocabulary; call recipe.fit(dataset) or lade fit");
  }

  std::shared_ptr<const Vocabulary> fitted(const std::string& input) const {
    for (const FittedInput& known : data_.recipe.fitted_inputs()) {
      if (known.name == input) return known.vocabulary;
    }
    return nullptr;
  }

  bool needs_time() const {
    return !spec_.targets.empty() || !spec_.sequence.until.empty();
  }

  void choose_columns() {
    const Schema& all = data_.dataset.schema();
    std::vector<Index> wanted;
    const auto want = [&](Index column) {
      if (std::find(wanted.begin(), wanted.end(), column) == wanted.end()) {
        wanted.push_back(column);
      }
    };
    if (needs_time()) {
      require(!data_.dataset.time().empty(),
              "recipe: targets, until and max_age need a time column; give [sequence] "
              "time");
      want(data_.dataset.column(data_.dataset.time(), "[sequence] time"));
    }
    for (const InputSpec& input : spec_.inputs) {
      want(data_.dataset.column(input.column,
                                "[[input]] \"" + escape_text(input.name) + "\""));
    }
    if (!spec_.label.empty()) want(data_.dataset.column(spec_.label, "[label] column"));
    if (!spec_.targets.empty()) {
      const Index time = all.find(data_.dataset.time());
      for (const Index column : bind_targets(spec_, all, time).columns) want(column);
    }
    for (const Index column : wanted) {
      data_.schema.fields.push_back(all.fields[static_cast<std::size_t>(column)]);
      data_.columns.push_back(data_.schema.fields.back().name);
    }
    if (needs_time()) data_.time = 0;
  }

  void bind_inputs() {
    for (const InputSpec& input : spec_.inputs) {
      const std::string field = "[[input]] \"" + escape_text(input.name) + "\"";
      BoundInput bound{&input, position(input.column, field), nullptr};
      const ColumnType& type =
          data_.schema.fields[static_cast<std::size_t>(bound.column)].type;
      if (input.kind == InputSpec::Kind::number) {
        // The type of a column without one row is a guess.
        require(type.kind != Kind::text || data_.dataset.report().rows_seen == 0,
                field + ": column '" + escape_text(input.column) +
                    "' holds text; give kind = \"category\" to use it as ids");
        data_.numbers.push_back(bound);
        continue;
      }
      require(type.kind == Kind::text || is_integer(type.kind) ||
                  type.kind == Kind::boolean,
              field + ": a category must be text or whole numbers, column '" +
                  escape_text(input.column) + "' is " + to_string(type));
      bound.vocabulary = fitted(input.name);
      require(bound.vocabulary->integers() == (type.kind != Kind::text),
              field + ": was fitted on " +
                  (bound.vocabulary->integers() ? "whole numbers" : "text") +
                  ", column '" + escape_text(input.column) + "' is " + to_string(type));
      data_.categories.push_back(bound);
    }
  }

  void bind_windows() {
    const io::Dataset& dataset = data_.dataset;
    data_.max_length = data_.options.max_length >= 0 ? data_.options.max_length
                                                     : spec_.sequence.max_length;
    if (spec_.sequence.window.kind == WindowRule::Kind::row &&
        dataset.entity().empty()) {
      require(spec_.targets.empty(),
              "recipe: [[target]] needs sequences; window is \"row\"");
      data_.rows_are_samples = true;
      data_.first_row.push_back(0);
      for (Index g = 0; g < dataset.row_groups(); ++g) {
        data_.first_row.push_back(data_.first_row.back() + dataset.row_group_rows(g));
      }
      return;
    }
    const SequenceSpec& sequence = spec_.sequence;
    if (!sequence.until.empty()) {
      data_.cuts = make_cuts(sequence, dataset);
    } else {
      require(sequence.max_age.empty() && sequence.until_lag.empty(),
              "recipe: [sequence] max_age and until_lag need until");
    }
    Index sequences = dataset.sequences();
    if (sequence.drop_empty) {
      for (Index s = 0; s < sequences; ++s) {
        if (data_.cut_length(s) > 0) data_.not_empty.push_back(s);
      }
      data_.sequences_dropped = sequences - static_cast<Index>(data_.not_empty.size());
      sequences = static_cast<Index>(data_.not_empty.size());
    } else if (sequence.window.kind == WindowRule::Kind::history) {
      data_.sequences_empty =
          std::count_if(data_.cuts.begin(), data_.cuts.end(),
                        [](const Cut& cut) { return cut.begin == cut.end; });
    }
    data_.windows =
        std::make_unique<const WindowMap>(sequence.window, sequences, [&](Index s) {
          return data_.cut_length(
              sequence.drop_empty ? data_.not_empty[static_cast<std::size_t>(s)] : s);
        });
  }

  void bind_the_targets() {
    require(spec_.sequence.window.kind != WindowRule::Kind::row,
            "recipe: [[target]] needs sequences; window is \"row\"");
    BoundTargets bound = bind_targets(spec_, data_.schema, data_.time);
    data_.target_order = bound.order;
    data_.targets = std::make_unique<const TargetPlan>(
        data_.schema, data_.time, std::move(bound.targets), std::move(bound.mixes),
        observed_until(spec_, data_.dataset), data_.options.sharing,
        std::move(bound.classes));
    for (const TargetPlan::Set& set : data_.targets->sets()) {
      auto& members = data_.stacked.emplace_back();
      for (const Index target : data_.target_order) {
        const bool in = data_.targets->class_at(target) == nullptr &&
                        std::find(set.targets.begin(), set.targets.end(), target) !=
                            set.targets.end();
        if (in) members.push_back(target);
      }
    }
  }

  void add(std::string name, DType type, ArraySpec::Middle middle, Index inner,
           ArraySource source, Index index = 0, Index set = 0) {
    data_.arrays.push_back({std::move(name), type, middle, set, inner, false});
    data_.bound.push_back({source, index, false});
  }

  void make_arrays() {
    using Middle = ArraySpec::Middle;
    const bool row = spec_.sequence.window.kind == WindowRule::Kind::row;
    const Middle events = row ? Middle::none : middle_of_events();
    if (!data_.numbers.empty()) {
      add("numerical", DType::f32, events, static_cast<Index>(data_.numbers.size()),
          ArraySource::numerical);
    }
    if (!data_.categories.empty()) {
      add("categorical", DType::i64, events,
          static_cast<Index>(data_.categories.size()), ArraySource::categorical);
    }
    if (!row) add("lengths", DType::i32, Middle::none, 0, ArraySource::lengths);
    if (data_.options.packed) {
      check_packed(row);
      add("offsets", DType::i32, Middle::offsets, 0, ArraySource::offsets);
    }
    add("sample_id", DType::i64, Middle::none, 0, ArraySource::sample_id);
    add("sample_mask", DType::boolean, Middle::none, 0, ArraySource::sample_mask);
    if (spec_.sequence.mask) add("mask", DType::boolean, events, 0, ArraySource::mask);
    if (spec_.sequence.padding_mask ||
        (data_.whole_history() && !data_.options.packed)) {
      add("padding_mask", DType::boolean, events, 0, ArraySource::padding_mask);
    }
    if (spec_.sequence.entity_array) add_entity();
    if (data_.options.group) {
      require(!data_.rows_are_samples, "sampler: slices need sequences");
      add("group", DType::i64, Middle::none, 0, ArraySource::group);
    }
    if (data_.label >= 0) add_label();
    if (data_.targets) add_targets();
  }

  ArraySpec::Middle middle_of_events() const {
    return data_.options.packed ? ArraySpec::Middle::packed : ArraySpec::Middle::events;
  }

  void check_packed(bool row) const {
    require(!row, "output: packed needs sequences; window is \"row\"");
    require(!spec_.sequence.mask && !spec_.sequence.padding_mask,
            "output: a packed batch has no padding; leave mask and padding_mask out of "
            "[sequence]");
  }

  void add_entity() {
    require(!data_.dataset.entity().empty() && !data_.rows_are_samples,
            "recipe: the entity array needs [sequence] entity");
    const Schema& all = data_.dataset.schema();
    const Index column = all.find(data_.dataset.entity());
    require(column >= 0 &&
                is_integer(all.fields[static_cast<std::size_t>(column)].type.kind),
            "recipe: the entity array needs whole-number entities, column '" +
                escape_text(data_.dataset.entity()) +
                "' is text; sample_id counts them");
    add("entity", DType::i64, ArraySpec::Middle::none, 0, ArraySource::entity);
  }

  void add_label() {
    const ColumnType& type =
        data_.schema.fields[static_cast<std::size_t>(data_.label)].type;
    require(is_integer(type.kind) || type.kind == Kind::boolean,
            "recipe: [label] column must hold whole numbers, '" +
                escape_text(spec_.label) + "' is " + to_string(type));
    add("label", DType::i64, ArraySpec::Middle::none, 0, ArraySource::label);
  }

  /// Middle axis of a boundary set's arrays.
  ArraySpec::Middle middle_of(const TargetPlan::Set& set) const {
    using Middle = ArraySpec::Middle;
    if (set.boundary.every == Every::sequence) return Middle::none;
    if (set.boundary.every == Every::event || spec_.align == "event")
      return middle_of_events();
    return Middle::intervals;
  }

  void add_targets() {
    const auto& sets = data_.targets->sets();
    // Arrays with a fixed shape come first: only interval arrays move in `finish`.
    for (const bool intervals : {false, true}) {
      for (Index s = 0; s < static_cast<Index>(sets.size()); ++s) {
        const auto middle = middle_of(sets[static_cast<std::size_t>(s)]);
        if ((middle == ArraySpec::Middle::intervals) == intervals) add_set(s, middle);
      }
    }
  }

  /// Labels are whole numbers and stand beside a stack of numbers.
  void add_target(Index target, Index s, ArraySpec::Middle middle) {
    const std::string& name = data_.targets->name(target);
    const Index inner = data_.whole_history() ? 1 : 0;
    if (data_.targets->class_at(target) != nullptr) {
      const Index first =
          data_.targets->size() - static_cast<Index>(data_.targets->classes().size());
      add("targets/" + name, DType::i64, middle, 0, ArraySource::target_class,
          target - first, s);
      for (const TargetPlan::Set& set : data_.targets->sets()) {
        require(!spec_.stack_targets || set.name != name,
                "recipe: stack gives an array '" + name +
                    "'; the classes of this name need another one");
      }
      data_.arrays.back().labels = true;
    } else if (!spec_.stack_targets) {
      add("targets/" + name, DType::f32, middle, inner, ArraySource::target, target, s);
    }
    if (spec_.target_valid) {
      add("target_valid/" + name, DType::boolean, middle, inner,
          ArraySource::target_valid, target, s);
    }
  }

  void add_set(Index s, ArraySpec::Middle middle) {
    const auto& sets = data_.targets->sets();
    const TargetPlan::Set& set = sets[static_cast<std::size_t>(s)];
    const std::string suffix = sets.size() > 1 ? "/" + set.name : "";
    const auto& stacked = data_.stacked[static_cast<std::size_t>(s)];
    if (spec_.stack_targets && !stacked.empty()) {
      add("targets/" + set.name, DType::f32, middle, static_cast<Index>(stacked.size()),
          ArraySource::target_stack, s, s);
    }
    for (const Index target : data_.target_order) {
      if (std::find(set.targets.begin(), set.targets.end(), target) !=
          set.targets.end()) {
        add_target(target, s, middle);
      }
    }
    add("target_mask" + suffix, DType::boolean, middle, 0, ArraySource::target_mask, s,
        s);
    if (middle != ArraySpec::Middle::intervals) return;
    add("target_position" + suffix, DType::i32, middle, 0, ArraySource::target_position,
        s, s);
    if (spec_.target_time) {
      add("target_time" + suffix, DType::i64, middle, 0, ArraySource::target_time, s,
          s);
    }
  }

  void set_type(ArraySpec& array, DType type, const std::string& what,
                bool by_inputs = false) {
    const bool category = array.name == "categorical" || array.labels;
    const bool value = array.name == "numerical" ||
                       (array.name.starts_with("targets/") && !array.labels);
    const bool id = type == DType::i32 || type == DType::i64 || type == DType::i16;
    require(value || (category && id),
            what + ": array '" + array.name + "' cannot be given as " +
                std::string(name(type)) +
                (category ? "; ids are i16, i32 or i64" : ""));
    array.type = type;
    BoundArray& bound =
        data_.bound[static_cast<std::size_t>(&array - data_.arrays.data())];
    bound.typed_by_inputs = by_inputs;
  }

  void apply_dtypes() {
    for (const auto& [kind, array] : {std::pair{InputSpec::Kind::number, "numerical"},
                                      {InputSpec::Kind::category, "categorical"}}) {
      std::set<std::string> words;
      for (const InputSpec& input : spec_.inputs) {
        if (input.kind == kind) words.insert(input.dtype);
      }
      if (words.empty() || words == std::set<std::string>{""}) continue;
      require(words.size() == 1, "recipe: all inputs of '" + std::string(array) +
                                     "' lie in one array and need the same dtype");
      set_type(find(array), parse_dtype(*words.begin(), "recipe: dtype"),
               "recipe: dtype", true);
    }
    for (const auto& [array, word] : data_.options.dtypes) {
      const std::string what = "dtypes: '" + escape_text(array) + "'";
      const DType type = parse_dtype(word, what);
      if (array == "targets") {
        for (ArraySpec& spec : data_.arrays) {
          if (spec.name.starts_with("targets/") && !spec.labels) {
            set_type(spec, type, what);
          }
        }
      } else {
        set_type(find(array), type, what);
      }
    }
  }

  ArraySpec& find(std::string_view array) {
    std::vector<std::string> names;
    for (ArraySpec& spec : data_.arrays) {
      if (spec.name == array) return spec;
      names.push_back(spec.name);
    }
    throw ArgumentError("dtypes: " + unknown_name("array", array, names));
  }

  Plan::Data& data_;
  const RecipeSpec& spec_;
};

void check_options(const PlanOptions& options) {
  require(options.pad_multiple >= 1,
          "pad_multiple: must be >= 1, got " + std::to_string(options.pad_multiple));
  for (std::size_t i = 0; i < options.pad_to.size(); ++i) {
    require(
        options.pad_to[i] >= 1 && (i == 0 || options.pad_to[i - 1] < options.pad_to[i]),
        "pad_to: lengths must ascend from 1, got " + std::to_string(options.pad_to[i]) +
            " at position " + std::to_string(i));
  }
  require(!options.packed || (options.pad_multiple == 1 && options.pad_to.empty() &&
                              !options.pad_to_max_length),
          "output: a packed batch has no padding; leave pad_to and pad_multiple out");
}

}  // namespace

bool parse_packed(std::string_view output) {
  require(output == "padded" || output == "packed",
          "output: must be padded or packed, got '" + escape_text(output) + "'");
  return output == "packed";
}

void BuildCounts::add(const BuildCounts& other) {
  samples += other.samples;
  events += other.events;
  nulls_filled += other.nulls_filled;
  unknown += other.unknown;
  overflow += other.overflow;
  targets.add(other.targets);
}

Plan::Plan(const Recipe& recipe, const io::Dataset& dataset, PlanOptions options) {
  check_options(options);
  auto data = std::make_shared<Data>(recipe, dataset, std::move(options));
  Binder(*data).bind();
  if (dataset.in_memory()) data->resident.emplace(dataset, data->columns);
  data_ = data;
  const Index longest = data->options.pad_to.empty() ? 0 : data->options.pad_to.back();
  for (Index id = 0; longest > 0 && id < samples(); ++id) {
    const Index length = events(id);
    require(length <= longest,
            "pad_to: sample " + std::to_string(id) + " has " + std::to_string(length) +
                " events, the last length is " + std::to_string(longest));
  }
}

const std::vector<std::string>& Plan::columns() const { return data_->columns; }
const std::vector<ArraySpec>& Plan::arrays() const { return data_->arrays; }

Index Plan::samples() const {
  return data_->rows_are_samples ? data_->first_row.back() : data_->windows->samples();
}

Index Plan::sequences_empty() const { return data_->sequences_empty; }
Index Plan::sequences_without_sample() const {
  return data_->rows_are_samples
             ? 0
             : data_->sequences_dropped + data_->windows->sequences_without_sample();
}

const TargetPlan* Plan::targets() const { return data_->targets.get(); }

std::vector<TargetTally> Plan::tally(const TargetCounts& counts) const {
  std::vector<TargetTally> tallies;
  for (const Index target : data_->target_order) {
    TargetTally& tally = tallies.emplace_back();
    tally.name = data_->targets->name(target);
    for (const TargetPlan::Set& set : data_->targets->sets()) {
      const auto& of_set = set.targets;
      if (std::find(of_set.begin(), of_set.end(), target) != of_set.end()) {
        tally.every = set.name;
      }
    }
    const auto t = static_cast<std::size_t>(target);
    if (t >= counts.values.size()) continue;  // nothing was built
    tally.values = counts.values[t];
    tally.valid = counts.values[t] - counts.invalid[t];
    tally.missing = counts.missing[t];
    tally.nonfinite = counts.nonfinite[t];
  }
  return tallies;
}

Hash128 Plan::hash() const {
  Hasher hasher;
  hasher.field(hex(data_->recipe.hash()));
  hasher.field(data_->max_length);
  for (const ArraySpec& array : data_->arrays) {
    hasher.field(array.name);
    hasher.field(name(array.type));
  }
  hasher.field(data_->options.pad_multiple);
  hasher.field(data_->options.pad_to_max_length ? 1 : 0);
  for (const Index length : data_->options.pad_to) hasher.field(length);
  if (data_->options.packed) hasher.field("packed");
  return hasher.digest128();
}

namespace {

std::string_view axes(ArraySpec::Middle middle) {
  switch (middle) {
    case ArraySpec::Middle::events:
      return "B, S";
    case ArraySpec::Middle::intervals:
      return "B, T";
    case ArraySpec::Middle::packed:
      return "E";
    case ArraySpec::Middle::offsets:
      return "B + 1";
    case ArraySpec::Middle::none:
      break;
  }
  return "B";
}

}  // namespace

std::string Plan::describe() const {
  std::string text = "columns read:";
  for (const std::string& column : data_->columns) text += " " + escape_text(column);
  text += "\narrays:\n";
  for (const ArraySpec& array : data_->arrays) {
    text += "  " + escape_text(array.name) + "  " + std::string(name(array.type)) +
            " [" + std::string(axes(array.middle));
    if (array.inner > 0) text += ", " + std::to_string(array.inner);
    text += "]\n";
  }
  if (data_->targets) text += "targets: " + data_->targets->describe() + "\n";
  return text;
}

}  // namespace lade
