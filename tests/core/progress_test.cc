// SPDX-License-Identifier: Apache-2.0
#include "lade/core/progress.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <optional>
#include <string>

#include "lade/core/pool.h"

namespace lade {
namespace {

// What lands on stderr while `body` runs and stderr is a terminal; nothing where the
// machine gives no pseudo-terminal. The kernel carries the bytes across in its own
// time: an end mark written behind them says when all have come.
template <class Body>
std::optional<std::string> drawn_on_terminal(Body body) {
  constexpr char kEnd = '\x04';
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0) return std::nullopt;
  const int terminal = grantpt(master) == 0 && unlockpt(master) == 0
                           ? open(ptsname(master), O_RDWR | O_NOCTTY)
                           : -1;
  if (terminal < 0 || isatty(terminal) != 1) {
    close(master);
    return std::nullopt;
  }
  const int saved = dup(STDERR_FILENO);
  dup2(terminal, STDERR_FILENO);
  body();
  dup2(saved, STDERR_FILENO);
  std::string text;
  if (write(terminal, &kEnd, 1) == 1) {
    std::array<char, 4096> piece{};
    while (text.find(kEnd) == std::string::npos) {
      const auto got = read(master, piece.data(), piece.size());
      if (got <= 0) break;
      text.append(piece.data(), static_cast<std::size_t>(got));
    }
  }
  close(saved);
  close(terminal);
  close(master);
  return text.substr(0, text.find(kEnd));
}

TEST(Progress, CountsFromAllThreads) {
  Progress progress("reading", 1000);
  parallel_for(10, 4, [&](Index) {
    for (int i = 0; i < 100; ++i) progress.add(1);
  });
  EXPECT_EQ(progress.done(), 1000);
}

TEST(Progress, DrawsABarOnATerminalAndClearsIt) {
  const auto text = drawn_on_terminal([] {
    Progress progress("indexing", 200, 0);
    progress.add(100);
  });
  if (!text) return;  // no pseudo-terminal on this machine
  EXPECT_NE(text->find("indexing"), std::string::npos) << *text;
  EXPECT_NE(text->find("50 %"), std::string::npos) << *text;
  EXPECT_TRUE(text->ends_with("\r\x1B[2K")) << *text;
}

TEST(Progress, IsSilentWhenToldSoOrElsewhere) {
  Progress::silence(true);
  const auto text = drawn_on_terminal([] {
    Progress progress("indexing", 200, 0);
    progress.add(100);
  });
  Progress::silence(false);
  if (!text) return;  // no pseudo-terminal on this machine
  EXPECT_EQ(*text, "");
}

TEST(Progress, IsSilentWhereThereIsNoTerminal) {
  ::testing::internal::CaptureStderr();
  {
    Progress progress("indexing", 200, 0);
    progress.add(100);
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(Progress, DrawsNothingBeforeItsTime) {
  const auto text = drawn_on_terminal([] {
    Progress progress("quick", -1, 3600);
    progress.add(1);
  });
  if (!text) return;  // no pseudo-terminal on this machine
  EXPECT_EQ(*text, "");
}

}  // namespace
}  // namespace lade
