// SPDX-License-Identifier: Apache-2.0
// The index of a dataset in files, built from them.
#pragma once

#include <string>

#include "lade/io/dataset_internal.h"
#include "lade/io/dataset_store.h"
#include "lade/io/index.h"

namespace lade::io {

/// How a request wants its files opened.
StoreOptions store_options(const OpenRequest& request);

/// Whether footers alone tell the index: no entity, no time, no filter.
bool needs_no_keys(const OpenRequest& request);

/// Reads the keys of all rows (or footers only) and finds the sequences.
/// Errors: as build_index and FileStore::read.
IndexTables index_store(const OpenRequest& request, const FileStore& store);

/// "index-" and the first 16 hex digits of a dataset's fingerprint.
std::string index_name(const std::string& fingerprint);

/// The index that `open` of a directory with this manifest would use.
struct PlannedIndex {
  std::string name;  // of its directory below `_lade/`, "" where none is stored
  std::string fingerprint;
  IndexTables tables;
};

/// Makes it from the files that the manifest lists: those that are open, or those in
/// `directory`, where they are now. Errors: as index_store and FileStore.
PlannedIndex plan_index(const FileStore& store, const Manifest& manifest,
                        const OpenOptions& options);
PlannedIndex plan_index(const std::string& directory, const Manifest& manifest,
                        const OpenOptions& options);

}  // namespace lade::io
