// SPDX-License-Identifier: Apache-2.0
#include "lade/core/build.h"

#include <arrow/config.h>
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "hwy/highway.h"
#include "lade/core/error.h"

namespace lade {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string dotted(int major, int minor, int patch) {
  return fmt::format("{}.{}.{}", major, minor, patch);
}

}  // namespace

std::string_view version() noexcept { return LADE_VERSION; }

int arrow_major() noexcept { return ARROW_VERSION_MAJOR; }

std::vector<std::pair<std::string, std::string>> library_versions() {
  return {
      {"arrow", arrow::GetBuildInfo().version_string},
      {"highway", dotted(HWY_MAJOR, HWY_MINOR, HWY_PATCH)},
      {"xxhash", dotted(XXH_VERSION_MAJOR, XXH_VERSION_MINOR, XXH_VERSION_RELEASE)},
      {"fmt", dotted(FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
      {"nlohmann-json", LADE_JSON_VERSION},
      {"toml++", LADE_TOML_VERSION},
      {"date", LADE_DATE_VERSION},
  };
}

std::vector<std::string> instruction_sets() {
  std::vector<std::string> names;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    names.push_back(lower(hwy::TargetName(target)));
  }
  return names;
}

std::string instruction_set() { return instruction_sets().front(); }

void use_instruction_set(std::string_view name) {
  hwy::DisableTargets(0);
  std::string have;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    const std::string known = lower(hwy::TargetName(target));
    if (known == lower(name)) {
      // In Highway a better instruction set has a lower bit.
      hwy::DisableTargets(target - 1);
      return;
    }
    have += (have.empty() ? "" : ", ") + known;
  }
  require(false,
          fmt::format("simd: must be one of {}, got '{}'", have, escape_text(name)));
}

}  // namespace lade
