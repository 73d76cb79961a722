// SPDX-License-Identifier: Apache-2.0
#include "lade/core/progress.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <utility>

#include "lade/core/error.h"
#include "lade/core/trace.h"

namespace lade {
namespace {

constexpr std::int64_t kRedrawNs = 100'000'000;
constexpr int kBarWidth = 30;

// One switch for the whole process, because a terminal belongs to the process.
std::atomic<bool>& silenced() noexcept {
  static std::atomic<bool> value{false};
  return value;
}

// "1234567" -> "1.2 M"
std::string short_count(Index count) {
  constexpr std::array<const char*, 5> kUnits{"", " k", " M", " G", " T"};
  auto value = static_cast<double>(count);
  std::size_t unit = 0;
  for (; value >= 10'000 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f%s" : "%.1f%s", value,
                kUnits[unit]);
  return text.data();
}

}  // namespace

struct Progress::State {
  std::string label;
  Index total;
  std::int64_t first_ns;  // nothing is drawn before
  bool terminal;
  std::atomic<Index> done{0};
  std::atomic<std::int64_t> next_ns;  // of the next drawing
  std::mutex mutex{};
  bool drawn = false;

  State(const std::string& the_label, Index the_total, double after_s)
      : label(escape_text(the_label)),
        total(the_total),
        first_ns(now_ns() + static_cast<std::int64_t>(after_s * 1e9)),
        terminal(isatty(STDERR_FILENO) == 1),
        next_ns(first_ns) {}

  void draw() noexcept;
  void clear() noexcept;
};

void Progress::State::draw() noexcept {
  const std::unique_lock lock(mutex, std::try_to_lock);
  if (!lock.owns_lock()) return;  // another thread draws
  const Index now = done.load(std::memory_order_relaxed);
  try {
    std::string line = "\r\x1B[2K" + label + " ";
    if (total > 0) {
      const Index part = std::clamp<Index>(now * kBarWidth / total, 0, kBarWidth);
      line += "[" + std::string(static_cast<std::size_t>(part), '=') +
              std::string(static_cast<std::size_t>(kBarWidth - part), ' ') + "] " +
              std::to_string(std::min<Index>(100, now * 100 / total)) + " % ";
    }
    line += short_count(now);
    if (total > 0) line += " of " + short_count(total);
    std::fwrite(line.data(), 1, line.size(), stderr);
    std::fflush(stderr);
    drawn = true;
  } catch (const std::bad_alloc&) {
    drawn = true;  // a bar is not worth failing for; what there is of it gets cleared
  }
}

void Progress::State::clear() noexcept {
  const std::lock_guard lock(mutex);
  if (!drawn) return;
  std::fputs("\r\x1B[2K", stderr);
  std::fflush(stderr);
  drawn = false;
}

Progress::Progress(std::string label, Index total, double after_s)
    : state_(std::make_unique<State>(std::move(label), total, after_s)) {}

Progress::~Progress() { state_->clear(); }

void Progress::add(Index done) noexcept {
  state_->done.fetch_add(done, std::memory_order_relaxed);
  if (!state_->terminal || silenced().load(std::memory_order_relaxed)) return;
  const std::int64_t now = now_ns();
  std::int64_t next = state_->next_ns.load(std::memory_order_relaxed);
  if (now < next) return;
  if (state_->next_ns.compare_exchange_strong(next, now + kRedrawNs)) state_->draw();
}

Index Progress::done() const noexcept {
  return state_->done.load(std::memory_order_relaxed);
}

void Progress::silence(bool silent) noexcept { silenced().store(silent); }

}  // namespace lade
