// SPDX-License-Identifier: Apache-2.0
// What the verbs share: exit codes, output, leaving early. Only this folder prints and
// exits.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): not ours
class App;
}

namespace lade::cli {

enum Exit : std::uint8_t {
  done = 0,
  negative = 1,  // judged, and the verdict is negative
  usage = 2,
  data = 3,
  io = 4,  // or memory
  bug = 70,
  interrupted = 130,
  closed_pipe = 141,
  terminated = 143
};

/// Ends the program with this code and without a word: signals, a closed pipe, a
/// verdict.
struct Leave {
  int code;
};

/// Data to stdout.  Errors: Leave{closed_pipe} if its reader is gone; IoError.
void out(std::string_view text);
/// Talk to stderr.
void say(std::string_view text);
void say_warnings(const std::vector<std::string>& warnings);  // a line each

/// From here on SIGINT and SIGTERM set a flag; what has not ended one second later, or
/// at a second signal, is ended. Files under their final names are never half-written.
void watch_signals();
/// 0, or the signal that asked to leave.
int signal_caught() noexcept;
/// Throws Leave if a signal was caught.
void leave_if_asked();

/// Each adds one verb.
void add_apply(CLI::App& app);
void add_convert(CLI::App& app);
void add_fit(CLI::App& app);
void add_info(CLI::App& app);
void add_inspect(CLI::App& app);
void add_load(CLI::App& app);
void add_synth(CLI::App& app);

}  // namespace lade::cli
