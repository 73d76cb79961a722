// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "lade/core/sequence.h"
#include "lade/io/dataset_fork.h"

namespace lade::io {

/// Decoded row groups, shared by reference. Those nobody uses go when room is wanted:
/// first what is not expected, least recently used first, then what is expected last.
///
/// Threads: every member from any thread. Two that want the same row group load it
/// once;
///          no lock is held while loading.
/// Fork:    a child starts with an empty cache and never takes an inherited lock.
class RowGroupCache {
 public:
  explicit RowGroupCache(Index max_bytes);
  ~RowGroupCache();
  RowGroupCache(const RowGroupCache&) = delete;
  RowGroupCache& operator=(const RowGroupCache&) = delete;

  struct Loaded {
    std::shared_ptr<const Chunk> chunk;
    bool keep = true;  // false: given to this caller alone
  };
  /// The row group, from the cache or from `load`. What `load` throws reaches one
  /// caller; the others that waited try themselves.
  std::shared_ptr<const Chunk> get(Index g, const std::function<Loaded()>& load);
  bool holds(Index g) const;
  /// Will be wanted, in this order; replaces what was expected before.
  void expect(std::span<const Index> row_groups);
  /// Forgets unused row groups until at most `keep_bytes` are held.
  void trim(Index keep_bytes);
  Index bytes() const;
  Index hits() const;

 private:
  struct State;
  Index max_bytes_;
  std::unique_ptr<ForkLocal<State>> state_;
};

}  // namespace lade::io
