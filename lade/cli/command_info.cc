// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "lade/cli/command.h"
#include "lade/cli/flags.h"
#include "lade/core/build.h"
#include "lade/core/memory.h"
#include "lade/core/pool.h"

namespace lade::cli {
namespace {

nlohmann::ordered_json facts() {
  nlohmann::ordered_json libraries = nlohmann::ordered_json::object();
  for (const auto& [name, version] : library_versions()) libraries[name] = version;
  return {{"version", version()},
          {"libraries", libraries},
          {"pyarrow_needed", fmt::format("{}.*", arrow_major())},
          {"instruction_set", instruction_set()},
          {"instruction_sets", instruction_sets()},
          {"usable_cpus", usable_cpus()},
          {"memory_budget_bytes", default_memory_budget()}};
}

void print(const nlohmann::ordered_json& info) {
  std::string text = fmt::format("lade {}\n", info["version"].get<std::string>());
  const auto line = [&text](std::string_view name, const std::string& value) {
    text += fmt::format("  {:<18}{}\n", name, value);
  };
  for (const auto& [name, version] : info["libraries"].items()) {
    line(name, version.get<std::string>());
  }
  line("pyarrow", info["pyarrow_needed"].get<std::string>() + " (needed)");
  std::string others;
  for (const auto& name : info["instruction_sets"])
    others += " " + name.get<std::string>();
  line("instruction set",
       fmt::format("{} (available:{})", info["instruction_set"].get<std::string>(),
                   others));
  line("usable CPUs", std::to_string(info["usable_cpus"].get<Index>()));
  line("memory budget",
       fmt::format(
           "{:.1f} GiB",
           static_cast<double>(info["memory_budget_bytes"].get<Index>()) / 0x1p30));
  out(text);
}

}  // namespace

void add_info(CLI::App& app) {
  CLI::App* verb =
      app.add_subcommand("info", "Version, libraries, instruction set, machine.");
  auto json = std::make_shared<bool>(false);
  verb->add_flag("--json", *json, "One JSON object on stdout.");
  add_simd_flag(*verb);
  verb->callback([json] {
    const nlohmann::ordered_json info = facts();
    if (*json) {
      out(info.dump(2) + "\n");
    } else {
      print(info);
    }
  });
}

}  // namespace lade::cli
