// SPDX-License-Identifier: Apache-2.0
#include "lade/io/csv.h"

#include "fuzz/targets.h"
#include "lade/io/file_memory.h"

namespace lade::fuzz {

/// The first byte draws the policies.
void csv(std::string_view bytes) {
  const unsigned draw = bytes.empty() ? 0U : static_cast<unsigned char>(bytes[0]);
  io::MemoryFiles files;
  files.put("/t.csv", bytes.substr(bytes.empty() ? 0 : 1));
  io::CsvOptions options;
  options.files = &files;
  options.limits = small_limits();
  options.threads = 1;
  options.block_bytes = (draw & 1) != 0 ? 16 : 1 << 16;
  options.source.delimiter = (draw & 2) != 0 ? ';' : ',';
  options.policies.on_bad = static_cast<OnBad>((draw >> 2) % 3);
  options.policies.on_truncated = static_cast<OnTruncated>((draw >> 4) % 3);
  options.policies.max_bad.count = 1 << 30;
  const io::CsvTable table = io::read_csv("/t.csv", options);
  must(table.report.balanced(), "rows do not add up");
}

}  // namespace lade::fuzz
