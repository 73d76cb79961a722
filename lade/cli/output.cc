// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <cstdio>

#include "lade/cli/command.h"
#include "lade/core/error.h"

namespace lade::cli {

void out(std::string_view text) {
  const bool whole = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (whole && std::fflush(stdout) == 0) return;
  if (errno == EPIPE) throw Leave{closed_pipe};
  throw IoError("stdout", errno, "writing " + std::to_string(text.size()) + " bytes");
}

void say(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fputc('\n', stderr);
}

void say_warnings(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) say("warning: " + warning);
}

}  // namespace lade::cli
