// SPDX-License-Identifier: Apache-2.0
// The rows of the files to convert, chunk by chunk, in input order.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lade/core/memory.h"
#include "lade/core/sequence.h"
#include "lade/io/discover.h"
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
  /// Footers, heads of messages and text are read once: what does not fit together is
  /// refused.
  ConvertInput(const io::Discovery& found, const ConvertOptions& options,
               const Policies& policies);
  ~ConvertInput();
  const Schema& schema() const;
  Index decoded_bytes() const;
  Index rows() const;  // seen by the readers
  /// A piece without a chunk at the end.
  ConvertPiece next();
  bool is_text() const;
  /// Whether the reader has judged the keys itself.
  bool keys_judged() const;
  /// Of the reader, complete at the end: of text all rows, else of rows that are not
  /// among those given.
  ReadReport report() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lade
