// SPDX-License-Identifier: Apache-2.0
// lade._core: the border between Python and the library. No logic here or below.
#include "bind.h"

NB_MODULE(_core, m) {
  m.doc() = "Lade's C++ library. Use `import lade`.";
  lade::python::bind_errors(m);
  lade::python::bind_core(m);
  lade::python::bind_io(m);
  lade::python::bind_recipe(m);
  lade::python::bind_loading(m);
  lade::python::bind_synth(m);
}
