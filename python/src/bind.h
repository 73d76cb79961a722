// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>

namespace lade::python {

namespace nb = nanobind;

void bind_errors(nb::module_& m);
void bind_core(nb::module_& m);
void bind_io(nb::module_& m);
void bind_recipe(nb::module_& m);
void bind_loading(nb::module_& m);
void bind_synth(nb::module_& m);

}  // namespace lade::python
