// SPDX-License-Identifier: Apache-2.0
// Memory of Lade's as NumPy arrays, without a copy.
#pragma once

#include <nanobind/ndarray.h>

#include <memory>
#include <utility>
#include <vector>

#include "bind.h"
#include "lade/core/matrix.h"

namespace lade::python {

/// A capsule that keeps `value` alive.
template <class T>
nb::capsule owner_of(T value) {
  return nb::capsule(new T(std::move(value)),
                     [](void* p) noexcept { delete static_cast<T*>(p); });
}

/// A one-dimensional array that owns the vector.
template <class T>
nb::object vector_to_numpy(std::vector<T> values) {
  auto* kept = new std::vector<T>(std::move(values));
  const nb::capsule owner(
      kept, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  const std::size_t shape[1] = {kept->size()};
  return nb::cast(nb::ndarray<nb::numpy, T>(kept->data(), 1, shape, owner));
}

/// Ids from Python.
using IdArray = nb::ndarray<const Index, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
inline std::vector<Index> to_vector(const IdArray& ids) {
  return {ids.data(), ids.data() + ids.shape(0)};
}

}  // namespace lade::python
