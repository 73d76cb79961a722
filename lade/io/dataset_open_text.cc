// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "lade/io/csv.h"
#include "lade/io/dataset_internal.h"
#include "lade/io/fingerprint.h"

namespace lade::io {

namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

}  // namespace

Dataset open_text(OpenRequest request) {
  const OpenOptions& options = request.options;
  CsvOptions csv;
  csv.source = options.source;
  csv.source.format = "csv";
  csv.policies = request.policies;
  csv.limits = options.limits;
  csv.threads = options.threads;
  csv.ledger = request.ledger;
  csv.keep_bytes = request.half_budget();
  csv.block_bytes =
      std::clamp(request.ledger->budget() / 64, Index{64} << 10, Index{1} << 20);
  csv.files = options.files;
  for (const auto& key : {options.entity, options.time}) {
    if (!key.empty()) csv.keys.push_back(key);
  }
  if (options.columns && !options.filter) {  // a filter may look at any column
    csv.columns = *options.columns;
    for (const auto& key : csv.keys) {
      if (std::find(csv.columns.begin(), csv.columns.end(), key) == csv.columns.end()) {
        csv.columns.push_back(key);
      }
    }
  }
  std::vector<std::string> paths;
  std::vector<FilePrint> prints;
  for (const FoundFile& file : request.found.files) {
    require(file.parts.empty(),
            "open: key=value directories of text files are not read");
    paths.push_back(file.path);
    const auto opened = request.files().open(file.path, OpenMode::read);
    prints.push_back(
        {file.relative, opened->bytes(),
         options.fingerprint == "full" ? hash_of_all(*opened) : hash_of_ends(*opened)});
  }
  CsvReader reader(paths, csv);
  require(reader.decoded_bytes() <= request.half_budget(),
          too_large(request, "the columns of the text", reader.decoded_bytes()));
  DecodedRows rows;
  rows.schema = reader.schema();
  while (auto chunk = reader.next()) rows.chunks.push_back(std::move(chunk));
  rows.report = reader.report();
  rows.files = paths;
  rows.ledger = request.ledger;
  rows.fingerprint = fingerprint_of_files(prints);
  std::vector<Index> first_row;
  Index count = 0;
  for (const auto& chunk : rows.chunks) {
    first_row.push_back(count);
    count += chunk->rows;
  }
  rows.place = [source = paths.size() == 1 ? paths[0] : request.found.root, first_row](
                   Index chunk, Index row) {
    Place place;
    place.source = source;
    place.row = first_row[at(chunk)] + row;
    return place;
  };
  return group_in_memory(std::move(rows), options);
}

}  // namespace lade::io
