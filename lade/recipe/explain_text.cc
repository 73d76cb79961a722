// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lade/recipe/explain_targets.h"

namespace lade {
namespace {

constexpr std::size_t kNamesShown = 6;

std::string names(const std::vector<std::string>& targets) {
  std::string out;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (i == kNamesShown && targets.size() > kNamesShown + 1) {
      return out + fmt::format(" and {} more", targets.size() - i);
    }
    out += (i == 0 ? "" : ", ") + escape_text(targets[i]);
  }
  return out;
}

std::string number(const std::optional<double>& ns) {
  return ns ? fmt::format("{:.2f}", *ns) : "-";
}

std::string basis(const TargetsExplained& explained) {
  if (!explained.measured) {
    return fmt::format(
        "estimated for a user of {:.0f} events, each an interval of its own; shared "
        "work is divided among its targets\n",
        explained.events_per_user);
  }
  return fmt::format(
      "measured, processor time of one thread, {} sequences of {:.1f} events on "
      "average, without "
      "reading: all targets together {} ns/event (estimated {:.2f})\n"
      "alone: the target with what it needs; added: what leaving it out saves, with "
      "the "
      "mixes that use it\n",
      explained.sample_sequences, explained.events_per_user,
      number(explained.ns_per_event), explained.estimated_ns_per_event);
}

}  // namespace

std::string to_text(const TargetsExplained& explained) {
  if (explained.targets.empty()) return "no targets\n";
  std::string text = "shared: " + explained.plan + "\n";
  for (const SharedWork& work : explained.shared) {
    text += fmt::format("  {:<11} {}: {}\n", work.kind, escape_text(work.text),
                        names(work.targets));
  }
  text += basis(explained);
  text += fmt::format("  {:<24}{:<10}{:>12}{:>12}{:>10}{:>10}{:>12}\n", "target",
                      "every", "bytes/user", "ns/event", "alone", "added", "ns/user");
  for (const TargetCost& cost : explained.targets) {
    const double ns = cost.alone_ns_per_event.value_or(cost.estimated_ns_per_event);
    text +=
        fmt::format("  {:<24}{:<10}{:>12.0f}{:>12.2f}{:>10}{:>10}{:>12.0f}\n",
                    escape_text(cost.name), cost.every, cost.bytes_per_user,
                    cost.estimated_ns_per_event, number(cost.alone_ns_per_event),
                    number(cost.added_ns_per_event), ns * explained.events_per_user);
  }
  return text;
}

}  // namespace lade
