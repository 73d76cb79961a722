// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "lade/io/dataset_internal.h"
#include "lade/io/fingerprint.h"
#include "lade/io/text_files.h"

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
  csv.poll = options.poll;
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
  std::vector<FilePrint> prints;
  Interrupt interrupt(options.poll);
  for (const FoundFile& file : request.found.files) {
    const auto opened = request.files().open(file.path, OpenMode::read);
    prints.push_back({file.relative, opened->bytes(),
                      options.fingerprint == "full" ? hash_of_all(*opened, &interrupt)
                                                    : hash_of_ends(*opened)});
  }
  const Hash128 data = fingerprint_of_files(prints);
  if (auto copy = find_converted(request, data)) return *copy;
  TextFiles reader(request.found, csv);
  if (const Index bytes = reader.decoded_bytes(); bytes > request.half_budget())
    return open_converted(request, data, "the columns of the text", bytes);
  DecodedRows rows;
  rows.schema = reader.schema();
  std::vector<Place> places;
  for (TextFiles::Piece piece = reader.next(); piece.chunk; piece = reader.next()) {
    rows.chunks.push_back(std::move(piece.chunk));
    places.push_back(std::move(piece.place));
  }
  rows.report = reader.report();
  rows.files = reader.paths();
  rows.ledger = request.ledger;
  rows.fingerprint = data;
  rows.place = [places = std::move(places)](Index chunk, Index row) {
    Place place = places[at(chunk)];
    place.row = *place.row + row;
    return place;
  };
  return group_in_memory(std::move(rows), options);
}

}  // namespace lade::io
