// SPDX-License-Identifier: Apache-2.0
#include "lade/core/progress.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "lade/core/pool.h"

namespace lade {
namespace {

// What lands on stderr while `body` runs and stderr is a terminal.
template <class Body>
std::string drawn_on_terminal(Body body) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) return "no terminal";
  const int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
  const int saved = dup(STDERR_FILENO);
  dup2(terminal, STDERR_FILENO);
  body();
  dup2(saved, STDERR_FILENO);
  std::array<char, 4096> text{};
  const auto got = read(master, text.data(), text.size());
  close(saved);
  close(terminal);
  close(master);
  return std::string(text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
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
  ASSERT_NE(text, "no terminal") << "no pseudo-terminal on this machine";
  EXPECT_NE(text.find("indexing"), std::string::npos);
  EXPECT_NE(text.find("50 %"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\x1B[2K"));
}

TEST(Progress, IsSilentWhenToldSoOrElsewhere) {
  Progress::silence(true);
  const auto text = drawn_on_terminal([] {
    Progress progress("indexing", 200, 0);
    progress.add(100);
  });
  Progress::silence(false);
  ASSERT_NE(text, "no terminal") << "no pseudo-terminal on this machine";
  EXPECT_EQ(text, "");
  ::testing::internal::CaptureStderr();
  {
    Progress progress("indexing", 200, 0);
    progress.add(100);
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(Progress, DrawsNothingBeforeItsTime) {
  EXPECT_EQ(drawn_on_terminal([] {
              Progress progress("quick", -1, 3600);
              progress.add(1);
            }).find("quick"),
            std::string::npos);
}

}  // namespace
}  // namespace lade
