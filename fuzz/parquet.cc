// SPDX-License-Identifier: Apache-2.0
#include "lade/io/parquet.h"

#include "fuzz/targets.h"
#include "lade/core/memory.h"
#include "lade/io/file_memory.h"

namespace lade::fuzz {

void parquet(std::string_view bytes) {
  io::MemoryFiles files;
  files.put("/t.parquet", bytes);
  const auto pool = make_ledger_pool(std::make_shared<Ledger>(Index{256} << 20));
  const io::ParquetFile file(files, "/t.parquet", small_limits());
  for (Index g = 0; g < file.row_groups(); ++g) {
    for (const auto& name : file.schema().names()) file.statistics(g, name);
    must(file.read_chunk(g, {}, pool.get())->rows == file.row_group_rows(g),
         "a row group has other rows than it says");
  }
}

}  // namespace lade::fuzz
