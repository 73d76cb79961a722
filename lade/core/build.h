// SPDX-License-Identifier: Apache-2.0
// What this build of Lade is made of and which instruction set its kernels use.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lade {

/// "0.1.0".
std::string_view version() noexcept;

/// Name and version of each library inside, Arrow as it is loaded now.
std::vector<std::pair<std::string, std::string>> library_versions();

/// The Arrow major version this build was made for: 26.
int arrow_major() noexcept;

/// Instruction sets that this machine has and kernels are compiled for, best first:
/// "avx3", "avx2", "sse4", "ssse3", "sse2".
std::vector<std::string> instruction_sets();
/// The one in use.
std::string instruction_set();
/// Uses this one from now on (`LADE_SIMD`, `--simd`); results do not change.
/// Errors: ArgumentError naming those there are.  Threads: before any kernel runs.
void use_instruction_set(std::string_view name);

}  // namespace lade
