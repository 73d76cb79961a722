// SPDX-License-Identifier: Apache-2.0
// Datasets over files.
#include <algorithm>

#include "lade/core/pool.h"
#include "lade/io/dataset_internal.h"

namespace lade::io {

std::string too_large(const OpenRequest& request, std::string_view what, Index bytes) {
  return "open: " + std::string(what) + " need " + std::to_string(bytes) +
         " bytes in memory, half of memory_budget is " +
         std::to_string(request.half_budget()) + "; convert them first: " +
         convert_command(request.paths, request.options.entity, request.options.time);
}

Dataset open(const std::vector<std::string>& paths, const OpenOptions& options) {
  OpenRequest request;
  request.options = options;
  request.paths = paths;
  OpenOptions& own = request.options;
  require(own.layout == "auto" || own.layout == "flat",
          "open: layout must be auto or flat, got \"" + escape_text(own.layout) + "\"");
  require(own.fingerprint == "fast" || own.fingerprint == "full",
          "open: fingerprint must be fast or full, got \"" +
              escape_text(own.fingerprint) + "\"");
  require(own.entity.empty() || own.entity != own.time,
          "open: entity and time must be two columns, got \"" +
              escape_text(own.entity) + "\"");
  if (own.files == nullptr) own.files = &real_files();
  if (own.threads <= 0) own.threads = usable_cpus();
  if (own.memory_budget <= 0) own.memory_budget = default_memory_budget();
  request.ledger = std::make_shared<Ledger>(own.memory_budget);
  request.policies = resolve(own.policies, own.source.policies);
  request.found = discover(paths, own.source, own.limits, *own.files);
  require(request.found.format == "csv", "open: only text is read so far");
  return open_text(std::move(request));
}

}  // namespace lade::io
