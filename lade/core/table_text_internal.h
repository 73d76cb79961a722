// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arrow/stl_allocator.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "lade/core/sequence.h"

namespace lade {

/// Gives every distinct text a code, in order of first use.
///
/// Memory:  all of it from `pool`; one copy of each distinct text, nothing per call.
/// Errors:  std::bad_alloc if the pool refuses.
/// Source:  open addressing with linear probing; the hash is seeded per process, and no
///          result depends on the order of the table.
class TextEncoder {
 public:
  explicit TextEncoder(arrow::MemoryPool* pool);
  /// Requires: fewer than 2^31 - 1 distinct texts.
  std::int32_t code(std::string_view text);
  Index size() const;
  /// Bytes of the finished dictionary.
  Index bytes() const;
  /// The texts; the encoder must not be used afterwards. Keeps the pool in use.
  std::shared_ptr<const Dictionary> finish();

 private:
  template <class T>
  using Array = std::vector<T, arrow::stl::allocator<T>>;
  struct Slot {
    std::uint32_t hash = 0;
    std::int32_t code = -1;  // -1 = free
  };
  struct Texts;
  void grow();
  std::shared_ptr<Texts> texts_;
  Array<Slot> slots_;  // a power of two
};

}  // namespace lade
