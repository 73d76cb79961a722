// SPDX-License-Identifier: Apache-2.0
// Data too large to be grouped in memory: converted once below cache_dir.
#include <cerrno>
#include <chrono>
#include <thread>

#include "lade/io/dataset_internal.h"

namespace lade::io {
namespace {

std::string too_large(const OpenRequest& request, std::string_view what, Index bytes) {
  return "open: " + std::string(what) + " need " + std::to_string(bytes) +
         " bytes in memory, half of memory_budget is " +
         std::to_string(request.half_budget()) +
         "; give cache_dir for a copy that is " + "grouped, or convert them first: " +
         convert_command(request.paths, request.options.entity, request.options.time);
}

/// The copy holds all rows and columns: neither filter nor chosen columns change it.
Hash128 fingerprint_of_copy(const OpenRequest& request, Hash128 data) {
  OpenOptions options = request.options;
  options.filter_text.clear();
  Hasher hasher;
  hasher.field("lade.converted.1");
  hasher.field(hex(fingerprint_with_options(data, options, request.policies)));
  return hasher.digest128();
}

OpenOptions options_of_copy(const OpenRequest& request) {
  OpenOptions options = request.options;
  options.source = {};
  options.manifest = "use";
  options.schema = "exact";
  options.convert = {};  // what it made need not be made again
  return options;
}

std::string path_of_copy(const OpenRequest& request, Hash128 data) {
  return join(request.options.cache_dir,
              "dataset-" + hex(fingerprint_of_copy(request, data)));
}

/// What reading the data came to: what was dropped for the copy is in no file of it.
ReadReport report_of_copy(const Manifest& manifest, const ReadReport& copy) {
  ReadReport before = manifest.report().value_or(ReadReport{});
  before.rows_seen -= before.rows_given;
  before.rows_given = 0;
  before.add(copy);
  return before;
}

/// The copy at this path; nothing if it is absent, or damaged, which `trouble` tells.
std::optional<Dataset> find_copy(const OpenRequest& request, Hash128 data,
                                 const std::string& target, std::string& trouble) {
  if (!request.files().exists(target)) return std::nullopt;
  try {
    const auto manifest =
        read_manifest(request.files(), target, request.options.limits);
    if (!manifest)
      throw DataError({.source = target, .rule = "manifest.missing"}, "no manifest");
    const Dataset copy = io::open({target}, options_of_copy(request));
    auto state = std::make_shared<Dataset::State>(copy.state());
    // The same data, whatever the budget lets be held: a saved state fits both ways.
    state->fingerprint =
        fingerprint_with_options(data, request.options, request.policies);
    state->report = report_of_copy(*manifest, copy.report());
    state->unsupported = request.unsupported;
    state->warnings.insert(state->warnings.begin(), request.warnings.begin(),
                           request.warnings.end());
    return Dataset(std::move(state));
  } catch (const DataError& error) {
    trouble = error.what();
  }
  return std::nullopt;
}

/// False if another process is at it or has made it meanwhile.
bool make_copy(const OpenRequest& request, const std::string& target, bool overwrite) {
  OpenOptions options = request.options;
  options.columns = request.all_columns;
  try {
    make_directories(request.files(), options.cache_dir);
    options.convert(request.paths, target, options, overwrite);
    return true;
  } catch (const ArgumentError&) {
    if (overwrite || !request.files().exists(target)) throw;
  } catch (const IoError& error) {
    if (error.error_number() != EWOULDBLOCK) throw;
    if (options.poll) options.poll();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

}  // namespace

std::optional<Dataset> find_converted(const OpenRequest& request, Hash128 data) {
  std::string trouble;
  if (request.options.cache_dir.empty() || !request.options.convert)
    return std::nullopt;
  return find_copy(request, data, path_of_copy(request, data), trouble);
}

Dataset open_converted(const OpenRequest& request, Hash128 data, std::string_view what,
                       Index bytes) {
  require(request.options.convert && !request.options.cache_dir.empty(),
          too_large(request, what, bytes));
  const std::string target = path_of_copy(request, data);
  std::string trouble;
  for (bool made = false;;) {
    if (auto copy = find_copy(request, data, target, trouble)) return *copy;
    if (made) throw DataError({.source = target, .rule = "dataset.copy"}, trouble);
    made = make_copy(request, target, !trouble.empty());
  }
}

}  // namespace lade::io
