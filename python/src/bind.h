// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>

#include <vector>

namespace lade::io {
struct ManifestFile;
}

namespace lade::python {

namespace nb = nanobind;

/// Paths of the files that a run wrote, as a list of str.
nb::list paths_of(const std::vector<io::ManifestFile>& files);

void bind_errors(nb::module_& m);
void bind_core(nb::module_& m);
void bind_io(nb::module_& m);
void bind_recipe(nb::module_& m);
void bind_loading(nb::module_& m);
void bind_synth(nb::module_& m);

}  // namespace lade::python
