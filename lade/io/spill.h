// SPDX-License-Identifier: Apache-2.0
// Chunks on disk for a while: written one after the other, read back in the same order.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lade/core/sequence.h"
#include "lade/io/file.h"

namespace lade::io {

/// A temporary without a name: unlinked as soon as it is open, so that the kernel frees
/// it whatever happens.
///
/// Bytes of a block: for each column u64 flags (1 = validity), values, validity, and of
/// text u64 entries, their offsets and bytes; checked by XXH3-64 when it is read.
class SpillFile {
 public:
  /// Errors: IoError.
  SpillFile(Files& files, const std::string& directory);
  ~SpillFile();
  SpillFile(SpillFile&&) noexcept;

  void write(const Chunk& chunk);
  Index blocks() const;
  /// Errors: DataError `spill.check` if the block is not what was written.
  std::shared_ptr<const Chunk> read(Index block, const Schema& schema) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lade::io
