// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "bind.h"

namespace lade::python {

/// For long work without the interpreter's lock: called now and then, from any thread,
/// it looks for signals about ten times a second and throws what their handlers raise
/// (KeyboardInterrupt).
std::function<void()> poll_signals();

}  // namespace lade::python
