// SPDX-License-Identifier: Apache-2.0
// Writes seeds of the formats that only Lade writes: `lade_fuzz_seeds CORPUS`.
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "lade/io/file_memory.h"
#include "lade/io/index_file.h"
#include "lade/io/manifest.h"
#include "lade/loading/loader.h"

namespace {

using namespace lade;

void put(const std::filesystem::path& corpus, const char* target,
         const std::string& bytes) {
  const auto directory = corpus / target;
  std::filesystem::create_directories(directory);
  std::ofstream(directory / "written.bin", std::ios::binary) << bytes;
}

std::string manifest_seed() {
  io::Manifest manifest;
  manifest.kind = "dataset";
  manifest.files = {{"part-00000.parquet", 100, 10, 1, 2}};
  manifest.schema.fields = {{"account", {.kind = Kind::i64}, true}};
  manifest.created_by = "lade";
  manifest.set_text("entity", "account");
  manifest.set_integer("events", 10);
  return io::manifest_text(manifest);
}

std::string index_seed() {
  io::IndexTables tables;
  tables.row_groups = {{0, 0, 0, 5, 1, 9}};
  tables.entity.kind = io::EntityColumn::Kind::integer;
  tables.entity.integers = {3, 8};
  tables.first_run = {0, 1, 2};
  tables.events = {2, 3};
  tables.first_time = {1, 4};
  tables.last_time = {5, 9};
  tables.runs = {{0, 0, 2}, {0, 2, 3}};
  tables.report.rows_seen = tables.report.rows_given = 5;
  io::MemoryFiles files;
  io::AtomicDirectory directory("/index", {.files = &files});
  io::write_index(tables, std::string(32, '0'), directory, files);
  directory.commit();
  std::string seed;
  for (const char* name : io::kIndexFiles) {
    const std::string bytes = files.contents(std::string("/index/") + name);
    const auto length = static_cast<std::uint32_t>(bytes.size());
    seed.append(reinterpret_cast<const char*>(&length), 4).append(bytes);
  }
  return seed;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return std::fputs("usage: lade_fuzz_seeds CORPUS\n", stderr), 2;
  put(arguments[1], "manifest", manifest_seed());
  put(arguments[1], "state", LoaderState{}.to_json());
  put(arguments[1], "index", index_seed());
  return 0;
}
