// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace lade {

/// Rows, columns, counts and offsets. Signed, so differences are safe.
using Index = std::int64_t;

/// A view of a row-major matrix. Owns nothing; cheap to copy.
///
/// Row r starts at `data + r * stride`; `stride >= cols`, counted in elements.
template <class T>
struct Matrix {
  T* data = nullptr;
  Index rows = 0;
  Index cols = 0;
  Index stride = 0;

  T* row(Index r) const { return data + r * stride; }
};

}  // namespace lade
