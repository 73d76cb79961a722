// SPDX-License-Identifier: Apache-2.0
// The index on disk: docs/formats/index.md.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "lade/io/index.h"
#include "lade/io/index_pages.h"
#include "lade/io/writer.h"

namespace lade::io {

/// Writes the four files of an index into `directory`, or `below` a directory of it;
/// its commit is the caller's. Errors: IoError.
void write_index(const IndexTables& tables, const std::string& fingerprint,
                 AtomicDirectory& directory, Files& files,
                 const std::string& below = "");

/// Opens an index of the dataset with this fingerprint: in memory if it takes at most
/// `memory_bytes`, else through pages.
/// Errors: as PagedIndex; DataError `index.fingerprint` for one of other data.
SequenceIndex open_index(const std::string& directory, const std::string& fingerprint,
                         Files& files, Index memory_bytes,
                         std::shared_ptr<Ledger> ledger);

/// Metadata of row_groups.arrow.
std::map<std::string, std::string> index_metadata(const IndexTables& tables,
                                                  const std::string& fingerprint);
/// Errors: DataError `index.metadata`.
IndexFacts parse_index_facts(const std::map<std::string, std::string>& metadata,
                             const std::string& source);

/// Errors: DataError `index.value` if sequences are not ascending or counts do not add
/// up.
void check_index(const IndexTables& tables, const std::string& source);

}  // namespace lade::io
