// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "lade/core/error.h"
#include "lade/io/file.h"
#include "lade/recipe/parse.h"
#include "lade/recipe/recipe_internal.h"
#include "lade/recipe/vocabulary_file.h"

namespace lade {
namespace {

constexpr std::int64_t kFormat = 1;

std::string_view name(VocabularyOptions::Order order) {
  switch (order) {
    case VocabularyOptions::Order::sorted:
      return "sorted";
    case VocabularyOptions::Order::frequency:
      return "frequency";
    case VocabularyOptions::Order::first_seen:
      return "first_seen";
  }
  return "";
}

Json object() { return Json{Json::Object{}}; }

/// With `file`, the bytes of a file beside the recipe, the values are not inside.
Json column_json(const FittedInput& input, const std::string* file) {
  const Vocabulary& vocabulary = *input.vocabulary;
  Json counts = object();
  counts.set("null", Json{input.nulls});
  counts.set("rare", Json{input.rare});
  counts.set("unknown", Json{input.unknown});
  Json column = object();
  column.set("counts", std::move(counts));
  column.set("integers", Json{vocabulary.integers()});
  column.set("order", Json{std::string(name(vocabulary.options().order))});
  column.set("size", Json{vocabulary.size()});
  column.set("xxh3", Json{hex(vocabulary.xxh3())});
  if (file != nullptr) {
    column.set("file", Json{vocabulary_file_name(input.name)});
    column.set("file_xxh3", Json{hex(xxh3_64(*file))});
    return column;
  }
  Json::Array values;
  for (const Vocabulary::Entry& entry : vocabulary.entries()) {
    values.push_back(Json{Json::Array{Json{entry.text}, Json{entry.count}}});
  }
  column.set("values", Json{std::move(values)});
  return column;
}

/// Typed reading of a fitted recipe; whatever is not as written is damage.
class Reader {
 public:
  Reader(std::string_view source, const Limits& limits, const std::string* directory)
      : source_(source), limits_(limits), directory_(directory) {}

  Recipe read(std::string_view text) {
    Json json;
    try {
      json = parse_json(text, source_, limits_);
    } catch (const ArgumentError& error) {
      fail("json", "", "the file is damaged: " + std::string(error.what()));
    }
    if (json.as<Json::Object>() == nullptr) fail("json", "", "must be an object");
    check_format(json);
    check_sum(json, text);
    Document document{std::string(source_), false, limits_};
    document.fitted = true;
    RecipeSpec spec;
    try {
      spec = parse_recipe(member(json, "recipe"), document);
    } catch (const ArgumentError& error) {
      fail("recipe", "", error.what());
    }
    auto state = std::make_shared<Recipe::State>();
    state->spec = std::move(spec);
    const auto inputs = fitted_inputs(state->spec, member(json, "columns"));
    const std::string dataset = text_of(member(json, "dataset"), "dataset");
    const Index rows = whole_of(member(member(json, "rows"), "all"), "rows");
    return Recipe(std::move(state)).with_fitted(inputs, dataset, rows);
  }

 private:
  [[noreturn]] void fail(std::string_view rule, std::string value,
                         std::string_view what) const {
    Place place;
    place.source = std::string(source_);
    place.rule = "recipe." + std::string(rule);
    place.value = std::move(value);
    throw DataError(std::move(place), what);
  }
  const Json& member(const Json& json, std::string_view name) const {
    const Json* found = json.find(name);
    if (found == nullptr) {
      fail("recipe", std::string(name), "'" + std::string(name) + "' is missing");
    }
    return *found;
  }
  std::string text_of(const Json& json, std::string_view what) const {
    const auto* text = json.as<std::string>();
    if (text == nullptr) fail("recipe", "", std::string(what) + " must be a text");
    return *text;
  }
  Index whole_of(const Json& json, std::string_view what) const {
    const auto* whole = json.as<std::int64_t>();
    if (whole == nullptr || *whole < 0) {
      fail("recipe", "", std::string(what) + " must be a count");
    }
    return *whole;
  }

  void check_format(const Json& json) const {
    const auto* format = member(json, "format").as<std::int64_t>();
    if (format != nullptr && *format == kFormat) return;
    fail("format", "",
         "fitted by format " + write_json(member(json, "format")) +
             ", this Lade reads " + std::to_string(kFormat));
  }

  /// The text must be the very bytes that were written, up to the end of the line.
  void check_sum(const Json& json, std::string_view text) const {
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (write_json(json) != text) {
      fail("check", "", "the file is damaged: it is not as it was written");
    }
    Json bare = json;
    auto& members = std::get<Json::Object>(bare.value);
    std::string given;
    for (auto at = members.begin(); at != members.end(); ++at) {
      if (at->first != "check") continue;
      given = text_of(at->second, "check");
      members.erase(at);
      break;
    }
    if (given != hex(xxh3_64(write_json(bare)))) {
      fail("check", given, "the file is damaged: its check sum is another one");
    }
  }

  std::vector<FittedInput> fitted_inputs(const RecipeSpec& spec,
                                         const Json& columns) const {
    const auto* members = columns.as<Json::Object>();
    if (members == nullptr) fail("recipe", "", "columns must be an object");
    std::vector<FittedInput> result;
    for (const auto& [input_name, column] : *members) {
      const InputSpec* input = nullptr;
      for (const InputSpec& known : spec.inputs) {
        if (known.name == input_name && known.kind == InputSpec::Kind::category) {
          input = &known;
        }
      }
      if (input == nullptr) {
        fail("vocabulary", input_name, "there is no category input of this name");
      }
      result.push_back(fitted_input(*input, column));
    }
    return result;
  }

  FittedInput fitted_input(const InputSpec& input, const Json& column) const {
    FittedInput fitted;
    fitted.name = input.name;
    const Json& counts = member(column, "counts");
    fitted.nulls = whole_of(member(counts, "null"), "counts");
    fitted.rare = whole_of(member(counts, "rare"), "counts");
    fitted.unknown = whole_of(member(counts, "unknown"), "counts");
    const auto* integers = member(column, "integers").as<bool>();
    if (integers == nullptr) fail("recipe", "", "integers must be true or false");
    std::vector<Vocabulary::Entry> entries =
        column.find("file") != nullptr ? values_beside(input, column, *integers)
                                       : values_of(member(column, "values"), *integers);
    if (static_cast<Index>(entries.size()) !=
        whole_of(member(column, "size"), "size")) {
      fail("vocabulary", input.name, "has another size than the recipe says");
    }
    fitted.vocabulary = std::make_shared<const Vocabulary>(std::move(entries),
                                                           input.vocabulary, *integers);
    if (hex(fitted.vocabulary->xxh3()) != text_of(member(column, "xxh3"), "xxh3")) {
      fail("vocabulary", input.name, "is not the one the recipe was fitted with");
    }
    return fitted;
  }

  std::vector<Vocabulary::Entry> values_beside(const InputSpec& input,
                                               const Json& column,
                                               bool integers) const {
    const std::string name = text_of(member(column, "file"), "file");
    if (name != vocabulary_file_name(input.name)) {
      fail("vocabulary", name,
           "the file of a vocabulary must be called " +
               vocabulary_file_name(input.name));
    }
    const std::string hash = text_of(member(column, "file_xxh3"), "file_xxh3");
    std::uint64_t xxh3 = 0;
    const char* end = hash.data() + hash.size();
    if (std::from_chars(hash.data(), end, xxh3, 16).ptr != end || hash.size() != 16) {
      fail("vocabulary", hash, "file_xxh3 must be 16 hex digits");
    }
    if (directory_ == nullptr) {
      throw ArgumentError(escape_text(source_) + ": the vocabulary of '" +
                          escape_text(input.name) + "' lies in " + name +
                          " beside the recipe; read the recipe from its file");
    }
    return read_vocabulary(io::join(*directory_, name), xxh3, integers, limits_);
  }

  std::vector<Vocabulary::Entry> values_of(const Json& values, bool integers) const {
    const auto* items = values.as<Json::Array>();
    if (items == nullptr) fail("vocabulary", "", "values must be a list");
    if (static_cast<Index>(items->size()) > limits_.max_dictionary_entries) {
      fail("vocabulary", "",
           std::to_string(items->size()) + " values, max_dictionary_entries = " +
               std::to_string(limits_.max_dictionary_entries));
    }
    std::vector<Vocabulary::Entry> entries;
    for (const Json& item : *items) {
      const auto* pair = item.as<Json::Array>();
      if (pair == nullptr || pair->size() != 2) {
        fail("vocabulary", "", "a value must be a pair of text and count");
      }
      std::string text = text_of((*pair)[0], "a value");
      if (integers && !parse_whole(text)) {
        fail("vocabulary", text, "must be a whole number");
      }
      entries.push_back({std::move(text), whole_of((*pair)[1], "a count")});
    }
    return entries;
  }

  std::string_view source_;
  const Limits& limits_;
  const std::string* directory_;
};

/// The text of a fitted recipe; `files` has the bytes of vocabularies beside it.
std::string fitted_text(const Recipe::State& state, const FittedFiles& files) {
  Json columns = object();
  for (const FittedInput& input : state.fitted) {
    const std::string* file = nullptr;
    for (const auto& [name, bytes] : files.vocabularies) {
      if (name == vocabulary_file_name(input.name)) file = &bytes;
    }
    columns.set(input.name, column_json(input, file));
  }
  Json rows = object();
  rows.set("all", Json{state.rows});
  Json json = object();
  json.set("columns", std::move(columns));
  json.set("dataset", Json{state.dataset});
  json.set("format", Json{kFormat});
  json.set("recipe", recipe_json(state.spec));
  json.set("rows", std::move(rows));
  json.set("check", Json{hex(xxh3_64(write_json(json)))});
  return write_json(json);
}

}  // namespace

bool looks_fitted(std::string_view text) {
  // Canonical text starts with its first key; one that a person has formatted still has
  // the words near its ends.
  const auto start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || text[start] != '{') return false;
  return text.substr(start).starts_with("{\"check\":") ||
         (text.find("\"format\"") != std::string_view::npos &&
          text.find("\"columns\"") != std::string_view::npos);
}

std::string write_fitted(const Recipe::State& state) { return fitted_text(state, {}); }

FittedFiles write_fitted_files(const Recipe::State& state) {
  FittedFiles files;
  for (const FittedInput& input : state.fitted) {
    if (input.vocabulary->size() <= kInlineValues) continue;
    files.vocabularies.emplace_back(vocabulary_file_name(input.name),
                                    vocabulary_bytes(*input.vocabulary));
  }
  files.text = fitted_text(state, files);
  return files;
}

Recipe read_fitted(std::string_view text, std::string_view source, const Limits& limits,
                   const std::string* directory) {
  return Reader(source, limits, directory).read(text);
}

}  // namespace lade
