// SPDX-License-Identifier: Apache-2.0
// lade <verb>: parses, calls, and turns errors into exit codes.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <new>

#include "lade/cli/command.h"
#include "lade/core/build.h"
#include "lade/core/error.h"
#include "lade/core/unknown_name.h"

namespace lade::cli {
namespace {

std::vector<std::string> verbs_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb :
       app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(verb->get_name());
  }
  return names;
}

std::vector<std::string> flags_of(const CLI::App& verb) {
  std::vector<std::string> names;
  for (const CLI::Option* option : verb.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

int fail_usage(const std::string& message, std::string_view word,
               const std::vector<std::string>& known) {
  say("error: " + message + did_you_mean(word, known));
  return usage;
}

/// Says what is wrong with the command line; help and version are no errors.
int explain(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);
  const CLI::App* last = &app;
  std::string words = "lade";  // the verb, and what of it
  while (!last->get_subcommands().empty()) {
    last = last->get_subcommands().front();
    words += " " + last->get_name();
  }
  const CLI::App& verb = *last;
  for (const std::string& word : verb.remaining(true)) {
    if (word.starts_with("-")) {
      const std::string flag = word.substr(0, word.find('='));
      return fail_usage(fmt::format("{}: unknown flag '{}'", words, escape_text(flag)),
                        flag, flags_of(verb));
    }
  }
  return fail_usage(fmt::format("{}: {}", words, error.what()), "", {});
}

int run(int argc, char** argv) {
  CLI::App app("Turns recorded events into training batches.", "lade");
  app.set_version_flag("--version", "lade " + std::string(version()));
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  for (const auto add :
       {add_synth, add_convert, add_inspect, add_fit, add_apply, add_load, add_info})
    add(app);
  if (argc == 1) {
    out(app.help());
    return usage;
  }
  const std::string first = argv[1];
  const std::vector<std::string> verbs = verbs_of(app);
  if (!first.starts_with("-") &&
      std::find(verbs.begin(), verbs.end(), first) == verbs.end()) {
    return fail_usage("unknown verb '" + escape_text(first) + "'", first, verbs);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return explain(app, error);
  }
  return done;  // also when a signal came too late to stop anything
}

int guarded(int argc, char** argv) {
  try {
    if (const char* name = std::getenv("LADE_SIMD"); name != nullptr && *name != '\0') {
      use_instruction_set(name);
    }
    watch_signals();
    return run(argc, argv);
  } catch (const Leave& leave) {
    return leave.code;
  } catch (const ArgumentError& error) {
    say(fmt::format("error: {}", error.what()));
    return usage;
  } catch (const DataError& error) {
    say(fmt::format("error: {}", error.what()));
    return data;
  } catch (const IoError& error) {
    say(fmt::format("error: {}", error.what()));
    return io;
  } catch (const std::bad_alloc&) {
    say("error: out of memory");
    return io;
  } catch (const std::exception& error) {
    say(fmt::format("internal error: {}", error.what()));
    return bug;
  }
}

}  // namespace
}  // namespace lade::cli

int main(int argc, char** argv) { return lade::cli::guarded(argc, argv); }
