// SPDX-License-Identifier: Apache-2.0
// Flags that several verbs share. They spell the Python arguments with dashes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lade/loading/choose_samples.h"
#include "lade/loading/loader.h"
#include "lade/recipe/open.h"

namespace CLI {  // NOLINT(readability-identifier-naming): not ours
class App;
}

namespace lade::cli {

/// Flags of every verb.
struct CommonFlags {
  bool json = false;
  bool quiet = false;
};
void add_common_flags(CLI::App& verb, CommonFlags& flags);  // --simd, too
void add_simd_flag(CLI::App& verb);

/// Flags of verbs that read data: of every reader, and those of `open` alone.
struct DataFlags {
  std::string entity, time, format, delimiter, quote, decimal,
      schema = "exact", manifest = "use", fingerprint = "fast", cache_dir, filters,
      memory_budget, on_bad, max_bad, on_truncated, on_disorder;
  std::vector<std::string> names, nulls, types, dates, limits, columns;
  bool no_header = false;
  int threads = 0;
};
void add_reader_flags(CLI::App& verb, DataFlags& flags);
void add_open_flags(CLI::App& verb, DataFlags& flags);  // with those of a reader

/// Flags of verbs that take RECIPE DATA... and write something: fit, apply.
struct RecipeFlags {
  CommonFlags common;
  DataFlags data;
  std::string recipe, output;
  std::vector<std::string> paths;
  bool overwrite = false;
};
void add_recipe_flags(CLI::App& verb, RecipeFlags& flags, const char* about_output);

/// Whether a path names a recipe, by its suffix.
bool is_recipe(const std::string& path);

Limits limits_of(const DataFlags& flags);
/// The reader's options: `base` with what the flags say on top.
io::SourceOptions source_of(const DataFlags& flags, io::SourceOptions base = {});
/// Options of open; with a recipe, its [source], entity and time below the flags.
/// Errors: ArgumentError naming flag, rule and value.
io::OpenOptions open_options(const DataFlags& flags, const Recipe* recipe);
/// Opens with them; says what is worth a word.
io::Dataset open_data(const std::vector<std::string>& paths, const DataFlags& flags,
                      const Recipe* recipe);

/// Flags of `load`: arguments of the loader. What is not given may come from [loader].
struct LoaderFlags {
  std::optional<Index> batch_size, seed, prefetch_factor, max_length, pad_multiple,
      rank, world_size;
  std::optional<double> sample_fraction, timeout;
  std::optional<std::string> shuffle, num_workers, pad_to, output, bucket_window;
  std::vector<std::string> dtypes;
  bool drop_last = false, pad_last = false, unshared_targets = false;
};
void add_loader_flags(CLI::App& verb, LoaderFlags& flags);

/// Flags over the recipe's [loader] over defaults.
/// Errors: ArgumentError naming the argument, the rule and the value.
struct LoaderArguments {
  LoaderOptions options;
  SampleChoice choice;
};
LoaderArguments loader_arguments(const LoaderFlags& flags, const Recipe& recipe);

}  // namespace lade::cli
