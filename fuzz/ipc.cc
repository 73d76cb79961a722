// SPDX-License-Identifier: Apache-2.0
#include "lade/io/ipc.h"

#include "fuzz/targets.h"
#include "lade/core/memory.h"
#include "lade/io/file_memory.h"

namespace lade::fuzz {

/// A file or a stream.
void ipc(std::string_view bytes) {
  io::MemoryFiles files;
  files.put("/t.arrow", bytes);
  const auto pool = make_ledger_pool(std::make_shared<Ledger>(Index{256} << 20));
  for (const OnTruncated on_truncated : {OnTruncated::fail, OnTruncated::stop}) {
    const io::IpcFile file(files, "/t.arrow", small_limits(), on_truncated);
    Index rows = 0;
    for (Index b = 0; b < file.batches(); ++b)
      rows += file.read_chunk(b, {}, pool.get())->rows;
    must(rows == file.rows(), "the batches have other rows than they say");
  }
}

}  // namespace lade::fuzz
