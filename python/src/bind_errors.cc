// SPDX-License-Identifier: Apache-2.0
// The three exceptions of C++ as those of lade/errors.py, which pickle.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include "bind.h"
#include "lade/core/error.h"

namespace lade::python {
namespace {

nb::object class_of(const char* name) {
  return nb::module_::import_("lade.errors").attr(name);
}

template <class T>
nb::object or_none(const T& text) {
  return text.empty() ? nb::none() : nb::object(nb::str(text.data(), text.size()));
}

/// Input text may be no UTF-8: what cannot be decoded becomes a lone surrogate.
nb::object value_of(const std::string& bytes) {
  if (bytes.empty()) return nb::none();
  return nb::steal(PyUnicode_DecodeUTF8(
      bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "backslashreplace"));
}

void raise(const char* name, const nb::object& error) {
  PyErr_SetObject(class_of(name).ptr(), error.ptr());
}

void translate(const std::exception_ptr& pointer, void*) {
  try {
    std::rethrow_exception(pointer);
  } catch (const DataError& e) {
    const Place& place = e.place();
    raise("DataError",
          class_of("DataError")(e.what(), value_of(place.source), place.offset,
                                place.row, value_of(place.column), or_none(place.rule),
                                value_of(place.value)));
  } catch (const IoError& e) {
    raise("IoError", class_of("IoError")(e.error_number(), e.what(), e.path()));
  } catch (const ArgumentError& e) {
    raise("ArgumentError", class_of("ArgumentError")(e.what()));
  }
}

}  // namespace

void bind_errors(nb::module_&) { nb::register_exception_translator(translate); }

}  // namespace lade::python
