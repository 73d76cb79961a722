// SPDX-License-Identifier: Apache-2.0
// What the operating system lets this process have: memory and processors.
#pragma once

#include <optional>
#include <string>

#include "lade/core/matrix.h"

namespace lade {

struct MachineShare {
  std::optional<Index>
      memory_limit;  // bytes; the least over the group and its ancestors
  std::optional<Index> memory_free;  // bytes available on the machine
  std::optional<double> cpu_quota;   // processors; the least over all ancestors
};

/// Reads control groups (v2 and v1) and the memory of the machine below `root`.
///
/// What is absent or unreadable stays empty; nothing is thrown.
MachineShare machine_share(const std::string& root = "/");

/// Usable processors: min of mask and quota (rounded up), divided by `local_ranks` when
/// the mask is the whole machine; at least 1.
int usable_cpus(int mask_cpus, int machine_cpus, std::optional<double> quota,
                int local_ranks) noexcept;

/// min(4 GiB, a quarter of min(limit, free) / local_ranks), at least 1 MiB.
Index default_memory_budget(const MachineShare& share, int local_ranks) noexcept;

/// LOCAL_WORLD_SIZE, 1 if it is unset or no positive number.
int local_ranks() noexcept;

}  // namespace lade
