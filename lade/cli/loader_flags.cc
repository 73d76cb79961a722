// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <nlohmann/json.hpp>

#include "lade/cli/flags.h"

namespace lade::cli {
namespace {

using Json = nlohmann::json;

/// Values of [loader], by argument name. Those of Python alone (framework) stay
/// unasked.
class RecipeArguments {
 public:
  explicit RecipeArguments(const Recipe& recipe) : left_(recipe.spec().loader) {}

  /// The flag if it was given, else the recipe's value, else `otherwise`.
  template <class T>
  T pick(const std::string& name, const std::optional<T>& flag, T otherwise) {
    const std::optional<Json> written = take(name);
    if (flag) return *flag;
    if (!written || written->is_null()) return otherwise;
    try {
      return written->get<T>();
    } catch (const Json::exception&) {
      throw ArgumentError(
          fmt::format("[loader]: {} cannot be {}", name, written->dump()));
    }
  }

  std::optional<Json> take(const std::string& name) {
    const auto found = left_.find(name);
    if (found == left_.end()) return std::nullopt;
    Json value = Json::parse(found->second);
    left_.erase(found);
    return value;
  }

 private:
  std::map<std::string, std::string> left_;
};

Index number(std::string_view text, std::string_view flag) {
  Index value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  require(error == std::errc() && end == text.data() + text.size(),
          fmt::format("{}: must be a number, got '{}'", flag, escape_text(text)));
  return value;
}

/// A word as a flag gives it, or as [loader] may: text, number, true or a list.
std::string word_of(RecipeArguments& recipe, const std::string& name,
                    const std::optional<std::string>& flag,
                    const std::string& otherwise) {
  const std::optional<Json> written = recipe.take(name);
  if (flag) return *flag;
  if (!written || written->is_null()) return otherwise;
  if (written->is_string()) return written->get<std::string>();
  if (!written->is_array()) return written->dump();
  std::string joined;
  for (const Json& one : *written) joined += (joined.empty() ? "" : ",") + one.dump();
  return joined;
}

std::string shuffle_of(const std::string& word) {
  if (word == "true") return "global";
  return word == "false" ? "none" : word;
}

void set_padding(PlanOptions& plan, const std::string& word) {
  if (word == "longest") return;
  if (word == "max_length") {
    plan.pad_to_max_length = true;
    return;
  }
  for (std::size_t at = 0; at <= word.size();) {
    const std::size_t comma = std::min(word.find(',', at), word.size());
    plan.pad_to.push_back(number(word.substr(at, comma - at), "--pad-to"));
    at = comma + 1;
  }
}

void set_dtypes(PlanOptions& plan, const std::optional<Json>& written,
                const std::vector<std::string>& flags) {
  if (flags.empty() && written) {
    for (const auto& [array, type] : written->items()) {
      plan.dtypes.emplace_back(array, type.get<std::string>());
    }
  }
  for (const std::string& text : flags) {
    const std::size_t at = text.find('=');
    require(at != std::string::npos && at > 0,
            "--dtypes: must be ARRAY=TYPE, got '" + escape_text(text) + "'");
    plan.dtypes.emplace_back(text.substr(0, at), text.substr(at + 1));
  }
}

Index environment(const char* name, Index otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : number(value, name);
}

}  // namespace

void add_loader_flags(CLI::App& verb, LoaderFlags& flags) {
  const auto add = [&verb](const char* name, auto& value, const char* about) {
    verb.add_option(name, value, about)->group("Loader");
  };
  add("--batch-size", flags.batch_size, "Samples of a batch, per rank; 1.");
  add("--shuffle", flags.shuffle, "none or global.");
  add("--seed", flags.seed, "Of the order; 0.");
  add("--num-workers", flags.num_workers, "auto, or a number; 0 = in this thread.");
  add("--prefetch-factor", flags.prefetch_factor, "Ready batches per worker; 2.");
  add("--sample-fraction", flags.sample_fraction, "Part of the samples, in (0, 1].");
  add("--max-length", flags.max_length, "Newest events that are kept.");
  add("--output", flags.output, "padded or packed: events without padding.");
  add("--bucket-window", flags.bucket_window,
      "Samples sorted by length at once; 0 = off, auto.");
  add("--pad-to", flags.pad_to, "longest, max_length, or lengths as in 64,128,256.");
  add("--pad-multiple", flags.pad_multiple, "Lengths are rounded up to it; 1.");
  add("--rank", flags.rank, "Of this process; RANK or 0.");
  add("--world-size", flags.world_size, "Processes; WORLD_SIZE or 1.");
  add("--timeout", flags.timeout, "Seconds to wait for a batch; 0 = for ever.");
  verb.add_option("--dtypes", flags.dtypes, "ARRAY=TYPE; repeatable.")
      ->group("Loader")
      ->type_size(1)
      ->take_all();
  verb.add_flag("--no-share-targets", flags.unshared_targets,
                "Every target by itself: the same bytes, to see what sharing saves.")
      ->group("Loader");
  verb.add_flag("--drop-last", flags.drop_last, "No short batch at the end.")
      ->group("Loader");
  verb.add_flag("--pad-last", flags.pad_last, "The last batch is filled up.")
      ->group("Loader");
}

LoaderArguments loader_arguments(const LoaderFlags& flags, const Recipe& recipe) {
  RecipeArguments written(recipe);
  LoaderArguments out;
  LoaderOptions& options = out.options;
  const auto yes = [](bool flag) { return flag ? std::optional(true) : std::nullopt; };
  options.shard = {
      .batch_size = written.pick<Index>("batch_size", flags.batch_size, 1),
      .rank = written.pick<Index>("rank", flags.rank, environment("RANK", 0)),
      .world_size = written.pick<Index>("world_size", flags.world_size,
                                        environment("WORLD_SIZE", 1)),
      .drop_last = written.pick<bool>("drop_last", yes(flags.drop_last), false),
      .pad_last = written.pick<bool>("pad_last", yes(flags.pad_last), false)};
  options.seed = static_cast<std::uint64_t>(written.pick<Index>("seed", flags.seed, 0));
  const std::string workers =
      word_of(written, "num_workers", flags.num_workers, "auto");
  options.num_workers =
      workers == "auto" ? -1 : static_cast<int>(number(workers, "--num-workers"));
  require(workers == "auto" || options.num_workers >= 0,
          "--num-workers: must be auto or >= 0, got " + escape_text(workers));
  options.prefetch_factor = static_cast<int>(
      written.pick<Index>("prefetch_factor", flags.prefetch_factor, 2));
  options.timeout = std::chrono::nanoseconds(static_cast<std::int64_t>(
      written.pick<double>("timeout", flags.timeout, 0) * 1e9));
  if (const auto budget = word_of(written, "memory_budget", std::nullopt, "auto");
      budget != "auto") {
    options.memory_budget = parse_bytes(budget, "memory_budget");
  }
  options.plan.max_length = written.pick<Index>("max_length", flags.max_length, -1);
  options.plan.pad_multiple =
      written.pick<Index>("pad_multiple", flags.pad_multiple, 1);
  set_padding(options.plan, word_of(written, "pad_to", flags.pad_to, "longest"));
  options.plan.packed =
      parse_packed(word_of(written, "output", flags.output, "padded"));
  options.plan.sharing =
      written.pick<bool>("share_targets",
                         flags.unshared_targets ? std::optional(false) : std::nullopt,
                         true)
          ? Sharing::on
          : Sharing::off;
  set_dtypes(options.plan, written.take("dtypes"), flags.dtypes);
  out.choice.shuffle = shuffle_of(word_of(written, "shuffle", flags.shuffle, "none"));
  out.choice.seed = options.seed;
  const std::string window =
      word_of(written, "bucket_window", flags.bucket_window, "0");
  out.choice.bucket_window = window == "auto" ? -1 : number(window, "--bucket-window");
  require(out.choice.bucket_window >= 0 || window == "auto",
          "--bucket-window: must be auto or >= 0, got " + escape_text(window));
  out.choice.fraction =
      written.pick<double>("sample_fraction", flags.sample_fraction, 1.0);
  return out;
}

}  // namespace lade::cli
