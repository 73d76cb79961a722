// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace arrow {
class MemoryPool;
}

namespace lade {

/// Where Lade's Arrow buffers come from: blocks of 128 KiB and more are mapped and
/// given back one by one (at most 8 MiB of freed ones are kept), so that the resident
/// size follows what is in use. Arrow's default pool keeps far more.
///
/// Threads:  safe from any thread, also in a fork child.
arrow::MemoryPool* block_pool();

}  // namespace lade
