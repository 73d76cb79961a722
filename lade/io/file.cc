// SPDX-License-Identifier: Apache-2.0
#include "lade/io/file.h"

#include <algorithm>

namespace lade::io {

std::string read_all(Files& files, const std::string& path, Index max_bytes) {
  const std::unique_ptr<File> file = files.open(path, OpenMode::read);
  if (file->bytes() > max_bytes) {
    throw DataError({.source = path,
                     .rule = "file.too_large",
                     .value = std::to_string(file->bytes())},
                    "file must have at most " + std::to_string(max_bytes) +
                        " bytes, got " + std::to_string(file->bytes()));
  }
  std::string text(static_cast<std::size_t>(file->bytes()), '\0');
  file->read_at(0, std::as_writable_bytes(std::span(text)));
  return text;
}

std::string join(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && path.back() != '/') path += '/';
  return path.append(name);
}

std::string_view file_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view directory_of(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return path.substr(0, std::max<std::size_t>(slash, 1));
}

}  // namespace lade::io
