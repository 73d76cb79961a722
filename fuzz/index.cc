// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <string>

#include "fuzz/targets.h"
#include "lade/io/file_memory.h"
#include "lade/io/index_pages.h"

namespace lade::fuzz {

/// The four files one after the other, each behind its length in 4 bytes.
void index(std::string_view bytes) {
  io::MemoryFiles files;
  for (const char* name : io::kIndexFiles) {
    std::uint32_t length = 0;
    if (bytes.size() >= 4) {
      std::memcpy(&length, bytes.data(), 4);
      bytes.remove_prefix(4);
    }
    files.put(std::string("/index/") + name, bytes.substr(0, length));
    bytes.remove_prefix(std::min<std::size_t>(length, bytes.size()));
  }
  const io::PagedIndex index(files, "/index", Index{1} << 20,
                             std::make_shared<Ledger>(Index{64} << 20));
  index.load();
  for (Index s = 0; s < index.facts().sequences; ++s) index.runs(s);
}

}  // namespace lade::fuzz
