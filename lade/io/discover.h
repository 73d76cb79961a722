// SPDX-License-Identifier: Apache-2.0
// Which files a dataset consists of.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lade/core/limits.h"
#include "lade/io/file.h"
#include "lade/io/source.h"

namespace lade::io {

struct FoundFile {
  std::string path;
  std::string relative;  // to the root, '/' between its parts
  /// `key=value/` directories on the way from the root, values with %XX decoded.
  std::vector<std::pair<std::string, std::string>> parts;
};

struct Discovery {
  std::string root;              // directory the relative paths start at
  std::string directory;         // the one directory given, "" for anything else
  std::string format;            // csv, parquet or ipc
  std::vector<FoundFile> files;  // by relative path as bytes
};

/// Files, directories and globs (`*`, `?`, `[...]` within a name, `**` for any depth).
///
/// Below a directory: all files whose suffix is of one format (the one of
/// `source.format` if given), names starting with `_` or `.` left out. A file that is
/// named is taken whatever it is called.
///
/// Errors: IoError naming path and suffixes if there is none; for a FIFO, socket,
/// device,
///         a directory named like a data file, and a circle of links; ArgumentError if
///         formats are mixed, a file is named twice, or it must be converted first
///         (with the command); DataError `limits.max_files`, `limits.max_name_bytes`,
///         `limits.max_nesting`, `dataset.parts` if some files lack a `key=value` part.
/// `poll` is called now and then; what it throws ends it.
Discovery discover(const std::vector<std::string>& paths, const SourceOptions& source,
                   const Limits& limits, Files& files,
                   const std::function<void()>& poll = {});

/// The `key=value/` directories of a relative path, values with %XX decoded.
std::vector<std::pair<std::string, std::string>> parts_of(std::string_view relative);

/// `lade convert INPUT... TARGET` with what the dataset needs, for messages.
std::string convert_command(const std::vector<std::string>& paths,
                            const std::string& entity, const std::string& time);

}  // namespace lade::io
