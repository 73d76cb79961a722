// SPDX-License-Identifier: Apache-2.0
// The rows of the files to convert, chunk by chunk, in input order.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lade/core/memory.h"
#include "lade/core/sequence.h"
#include "lade/io/csv.h"
#include "lade/recipe/convert.h"

namespace lade {

/// Where the rows of a chunk come from.
struct ConvertPiece {
  std::shared_ptr<const Chunk> chunk;
  std::string source;
  Index first_row = 0;  // of the file
};

/// Threads: one.
class ConvertInput {
 public:
  ConvertInput(std::vector<std::string> paths, const std::string& format,
               const ConvertOptions& options, const Policies& policies);
  ~ConvertInput();
  const Schema& schema() const;
  Index decoded_bytes() const;
  Index rows() const;  // seen by the readers
  /// A piece without a chunk at the end.
  ConvertPiece next();
  /// Of the text reader, which has judged keys itself; nothing for other formats.
  std::optional<ReadReport> report() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lade
