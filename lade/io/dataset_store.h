// SPDX-License-Identifier: Apache-2.0
// The open files of a dataset as one list of row groups.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "lade/core/limits.h"
#include "lade/core/sequence.h"
#include "lade/io/file.h"
#include "lade/io/index.h"

namespace lade::io {

/// Threads: every const member from any thread.
class FileStore {
 public:
  virtual ~FileStore() = default;
};

}  // namespace lade::io
