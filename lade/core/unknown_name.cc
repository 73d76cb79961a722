// SPDX-License-Identifier: Apache-2.0
#include "lade/core/unknown_name.h"

#include "lade/core/error.h"

namespace lade {

std::string did_you_mean(std::string_view name, std::span<const std::string> known) {
  const std::string near = nearest_name(name, known);
  return near.empty() ? near : "; did you mean '" + escape_text(near) + "'?";
}

std::string unknown_name(std::string_view kind, std::string_view name,
                         std::span<const std::string> known) {
  constexpr std::size_t kMost = 8;
  std::string text = "unknown " + std::string(kind) + " '" + escape_text(name) + "'";
  const std::string near = did_you_mean(name, known);
  if (!near.empty()) return text + near;
  for (std::size_t i = 0; i < known.size() && i < kMost; ++i) {
    text += (i == 0 ? "; there are '" : ", '") + escape_text(known[i]) + "'";
  }
  return known.size() > kMost ? text + " ..." : text;
}

}  // namespace lade
