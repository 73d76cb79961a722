// SPDX-License-Identifier: Apache-2.0
#include "lade/io/ipc.h"

#include "fuzz/targets.h"
#include "lade/core/memory.h"
#include "lade/io/file_memory.h"

namespace lade::fuzz {

/// A file if it starts as one, else a stream.
void ipc(std::string_view bytes) {
  io::MemoryFiles files;
  files.put("/t.arrow", bytes);
  const auto pool = make_ledger_pool(std::make_shared<Ledger>(Index{256} << 20));
  if (io::is_ipc_file(*files.open("/t.arrow", io::OpenMode::read))) {
    const io::IpcFile file(files, "/t.arrow", small_limits());
    for (Index b = 0; b < file.batches(); ++b) file.read_chunk(b, {}, pool.get());
    return;
  }
  io::IpcStream stream(files, "/t.arrow", small_limits(), pool.get());
  while (stream.next()) {
  }
}

}  // namespace lade::fuzz
