// SPDX-License-Identifier: Apache-2.0
#include "lade/core/cgroup.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

namespace lade {
namespace {

std::optional<std::string> first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line)) return std::nullopt;
  return line;
}

std::optional<Index> number(std::string_view text) {
  Index value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value).ptr;
  if (end == text.data()) return std::nullopt;  // "max"
  return value;
}

template <class T>
void lower(std::optional<T>& least, std::optional<T> value) {
  if (value && (!least || *value < *least)) least = value;
}

std::optional<double> quota_of(std::optional<Index> quota,
                               std::optional<Index> period) {
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

// "/a/b" -> "/a/b", "/a", "": the group and its ancestors.
std::vector<std::string> ancestors(std::string path) {
  std::vector<std::string> out;
  while (path.size() > 1 && path.front() == '/') {
    out.push_back(path);
    path.resize(path.find_last_of('/'));
  }
  out.emplace_back();
  return out;
}

void read_v2(const std::string& base, MachineShare& share) {
  if (const auto line = first_line(base + "/memory.max")) {
    lower(share.memory_limit, number(*line));
  }
  if (const auto line = first_line(base + "/cpu.max")) {
    const auto space = line->find(' ');
    if (space != std::string::npos) {
      const std::string_view text = *line;
      lower(share.cpu_quota,
            quota_of(number(text.substr(0, space)), number(text.substr(space + 1))));
    }
  }
}

void read_v1(const std::string& controller, const std::string& base,
             MachineShare& share) {
  const auto value = [&](const char* file) -> std::optional<Index> {
    const auto line = first_line(base + file);
    return line ? number(*line) : std::nullopt;
  };
  if (controller == "memory")
    lower(share.memory_limit, value("/memory.limit_in_bytes"));
  if (controller == "cpu") {
    lower(share.cpu_quota,
          quota_of(value("/cpu.cfs_quota_us"), value("/cpu.cfs_period_us")));
  }
}

bool names(std::string_view list, std::string_view controller) {
  std::stringstream words{std::string(list)};
  for (std::string word; std::getline(words, word, ',');) {
    if (word == controller) return true;
  }
  return false;
}

// `path` begins with a slash.
std::string below(const std::string& mounts, std::string_view controller,
                  std::string_view path) {
  std::string folder = mounts;
  if (!controller.empty()) folder.append("/").append(controller);
  return folder.append(path);
}

// A line of /proc/self/cgroup: "0::/path" (v2) or "4:cpu,cpuacct:/path" (v1).
void read_group(const std::string& root, const std::string& line, MachineShare& share) {
  const auto first = line.find(':');
  const auto second = line.find(':', first == std::string::npos ? first : first + 1);
  if (second == std::string::npos) return;
  const std::string list = line.substr(first + 1, second - first - 1);
  const std::string mounts = root + "/sys/fs/cgroup";
  for (const auto& path : ancestors(line.substr(second + 1))) {
    if (list.empty()) {
      read_v2(below(mounts, "", path), share);
      continue;
    }
    for (const char* controller : {"memory", "cpu"}) {
      if (!names(list, controller)) continue;
      read_v1(controller, below(mounts, controller, path), share);
      if (list != controller) read_v1(controller, below(mounts, list, path), share);
    }
  }
}

}  // namespace

MachineShare machine_share(const std::string& root) {
  MachineShare share;
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) read_group(root, line, share);
  std::ifstream memory(root + "/proc/meminfo");
  for (std::string line; std::getline(memory, line);) {
    if (!line.starts_with("MemAvailable:")) continue;
    const auto digit = line.find_first_of("0123456789");
    if (digit == std::string::npos) break;
    const auto kib = number(std::string_view(line).substr(digit));
    if (kib) share.memory_free = *kib * 1024;
  }
  return share;
}

int usable_cpus(int mask_cpus, int machine_cpus, std::optional<double> quota,
                int local_ranks) noexcept {
  int usable = mask_cpus;
  if (quota) usable = static_cast<int>(std::min<double>(usable, std::ceil(*quota)));
  if (mask_cpus >= machine_cpus && local_ranks > 1) usable /= local_ranks;
  return std::max(1, usable);
}

Index default_memory_budget(const MachineShare& share, int local_ranks) noexcept {
  std::optional<Index> memory = share.memory_free;
  lower(memory, share.memory_limit);
  constexpr Index kMost = Index{4} << 30;
  if (!memory) return kMost / local_ranks;
  return std::clamp(*memory / 4 / local_ranks, Index{1} << 20, kMost);
}

int local_ranks() noexcept {
  const char* text = std::getenv("LOCAL_WORLD_SIZE");
  const auto value = text == nullptr ? std::nullopt : number(text);
  return value && *value > 0 && *value < 65536 ? static_cast<int>(*value) : 1;
}

}  // namespace lade
