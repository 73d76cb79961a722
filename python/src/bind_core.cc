// SPDX-License-Identifier: Apache-2.0
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <cstdlib>

#include "bind.h"
#include "lade/core/build.h"
#include "lade/core/error.h"
#include "lade/core/memory.h"
#include "lade/core/pool.h"
#include "lade/core/random.h"

namespace lade::python {
namespace {

std::uint64_t key(const nb::args& numbers) {
  std::uint64_t h = random::key();
  for (const nb::handle number : numbers) {
    // Signed numbers enter as two's complement, as in C++.
    h = random::extend(h, PyLong_AsUnsignedLongLongMask(number.ptr()));
    if (PyErr_Occurred() != nullptr) throw nb::python_error();
  }
  return h;
}

void require_inside(const char* what, Index at, Index n) {
  require(at >= 0 && at < n, std::string("Permutation: ") + what +
                                 " must be in 0..n-1, got " + std::to_string(at));
}

void bind_random(nb::module_& r) {
  r.def("mix64", &random::mix64, nb::arg("z"), "The 64-bit finaliser.");
  r.def("key", &key,
        "Hash of a list of numbers; signed ones enter as two's complement.");
  r.def("draw", &random::draw, nb::arg("k"), nb::arg("i"),
        "Number i of the sequence of key k.");
  r.def("below", &random::below, nb::arg("k"), nb::arg("i"), nb::arg("n"),
        "A number in 0..n-1: the high 64 bits of draw(k, i) * n.");
  r.def("unit", &random::unit, nb::arg("bits"),
        "The unit interval [0, 1) in steps of 2^-53.");
  nb::class_<random::Permutation>(
      r, "Permutation", "A pseudo-random permutation of 0..n-1 in constant memory.")
      .def(
          "__init__",
          [](random::Permutation* self, Index n, std::uint64_t k) {
            require(n >= 0, "Permutation: n must be >= 0, got " + std::to_string(n));
            new (self) random::Permutation(n, k);
          },
          nb::arg("n"), nb::arg("k"))
      .def("__len__", &random::Permutation::size)
      .def(
          "__call__",
          [](const random::Permutation& self, Index i) {
            require_inside("i", i, self.size());
            return self(i);
          },
          nb::arg("i"), "The item at position i.")
      .def(
          "inverse",
          [](const random::Permutation& self, Index x) {
            require_inside("x", x, self.size());
            return self.inverse(x);
          },
          nb::arg("x"), "The position of item x.");
}

}  // namespace

void bind_core(nb::module_& m) {
  m.attr("__version__") = std::string(version());
  m.attr("arrow_major") = arrow_major();
  m.def("library_versions", &library_versions,
        "Name and version of each library inside.");
  m.def("instruction_sets", &instruction_sets,
        "Instruction sets that this machine has and kernels are compiled for, best "
        "first.");
  m.def("instruction_set", &instruction_set, "The instruction set in use.");
  m.def("use_instruction_set", &use_instruction_set, nb::arg("name"),
        "Uses this one from now on (`LADE_SIMD`); results do not change.");
  m.def("usable_cpus", &usable_cpus,
        "Usable CPUs: the affinity mask and the cgroup quota, at least 1.");
  m.def("default_memory_budget", &default_memory_budget,
        "min(4 GiB, a quarter of min(cgroup limit, available memory) / local ranks).");
  bind_random(m);
  if (const char* name = std::getenv("LADE_SIMD"); name != nullptr && *name != '\0') {
    use_instruction_set(name);
  }
}

}  // namespace lade::python
