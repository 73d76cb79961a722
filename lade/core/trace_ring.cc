// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <string>

#include "lade/core/error.h"
#include "lade/core/trace_internal.h"

namespace lade {
namespace {

// Recorded memory may be a mapping that a reader has open: every access is one atomic.
template <class T>
void store(T& to, T value,
           std::memory_order order = std::memory_order_relaxed) noexcept {
  std::atomic_ref<T>(to).store(value, order);
}
template <class T>
T load(const T& from, std::memory_order order = std::memory_order_relaxed) noexcept {
  return std::atomic_ref<T>(const_cast<T&>(from)).load(order);
}

std::uint64_t next_state_id() noexcept {
  static std::atomic<std::uint64_t> count{0};
  return count.fetch_add(1, std::memory_order_relaxed) + 1;
}

constexpr Index kNamesBytes = kTraceNames * kTraceNameBytes;

Index ring_bytes(Index events) noexcept {
  return static_cast<Index>(sizeof(TraceRingHeader)) +
         events * static_cast<Index>(sizeof(TraceEvent));
}

// The ring this thread used last: one compare instead of a search.
struct LastRing {
  std::uint64_t state_id = 0;
  Recorder::Ring* ring = nullptr;
};
thread_local LastRing last_ring;

}  // namespace

Index trace_storage_bytes(Index threads, Index events_per_thread) noexcept {
  return static_cast<Index>(sizeof(TraceHeader)) + kNamesBytes +
         threads * ring_bytes(events_per_thread);
}

// Fields are released one by one: a reader that sees a new field also sees the number
// taken away before it. (Fences would say the same, but thread sanitizers ignore them.)
void Recorder::Ring::push(TraceEvent event) noexcept {
  constexpr auto release = std::memory_order_release;
  const std::uint64_t index = load(header->written);
  TraceEvent& slot = events[index % capacity];
  store(slot.number, std::uint32_t{0});
  store(slot.start_ns, event.start_ns, release);
  store(slot.duration_ns, event.duration_ns, release);
  store(slot.value, event.value, release);
  store(slot.name, event.name, release);
  store(slot.kind, event.kind, release);
  store(slot.depth, depth, release);
  store(slot.number, static_cast<std::uint32_t>(index + 1), release);
  store(header->written, index + 1, release);
}

void Recorder::Ring::set_current(std::int64_t start, Index value,
                                 TraceName name) noexcept {
  store(header->current_name, name);
  store(header->current_value, value);
  store(header->current_start, start, std::memory_order_release);
}

TraceSnapshot::Thread Recorder::Ring::copy() const {
  TraceSnapshot::Thread out;
  out.name = header->name;
  out.id = header->thread;
  const std::uint64_t written = load(header->written, std::memory_order_acquire);
  out.written = static_cast<Index>(written);
  const std::uint64_t first = written - std::min<std::uint64_t>(written, capacity);
  for (std::uint64_t index = first; index < written; ++index) {
    const TraceEvent& slot = events[index % capacity];
    const auto number = static_cast<std::uint32_t>(index + 1);
    if (load(slot.number, std::memory_order_acquire) != number) continue;
    constexpr auto acquire = std::memory_order_acquire;
    const TraceEvent event{load(slot.start_ns, acquire),
                           load(slot.duration_ns, acquire),
                           load(slot.value, acquire),
                           load(slot.name, acquire),
                           load(slot.kind, acquire),
                           load(slot.depth, acquire),
                           number};
    if (load(slot.number) == number) out.events.push_back(event);
  }
  return out;
}

Recorder::State::State(RecorderOptions the_options)
    : options(the_options), id(next_state_id()) {
  require(options.events_per_thread >= 1 && options.events_per_thread <= 1 << 30,
          "Recorder: events_per_thread must be in 1..2^30, got " +
              std::to_string(options.events_per_thread));
  if (!options.storage.empty()) lay_out_storage();
  intern("");  // number 0 stands for names beyond the table
  if (options.level == TraceLevel::spans) measure_self();
}

void Recorder::State::lay_out_storage() {
  const auto bytes = static_cast<Index>(options.storage.size());
  const Index events = options.events_per_thread;
  require(bytes >= trace_storage_bytes(1, events),
          "Recorder: storage must hold at least " +
              std::to_string(trace_storage_bytes(1, events)) + " bytes, got " +
              std::to_string(bytes));
  const Index before = trace_storage_bytes(0, events);
  rings_at_most = std::min<Index>((bytes - before) / ring_bytes(events), 1 << 20);
  std::memset(options.storage.data(), 0,
              static_cast<std::size_t>(trace_storage_bytes(rings_at_most, events)));
  timespec wall{};
  clock_gettime(CLOCK_REALTIME, &wall);
  TraceHeader header{};
  std::memcpy(header.magic, "LADETRC1", 8);
  header.version = 1;
  header.header_bytes = sizeof(TraceHeader);
  header.monotonic_start_ns = static_cast<std::uint64_t>(now_ns());
  header.wall_start_ns =
      static_cast<std::uint64_t>(wall.tv_sec * 1'000'000'000 + wall.tv_nsec);
  header.pid = static_cast<std::uint32_t>(getpid());
  header.rings = static_cast<std::uint32_t>(rings_at_most);
  header.events_per_ring = static_cast<std::uint32_t>(events);
  header.names_offset = sizeof(TraceHeader);
  header.rings_offset = static_cast<std::uint32_t>(before);
  std::memcpy(options.storage.data(), &header, sizeof(header));
}

TraceName Recorder::State::intern(std::string_view text) {
  text = text.substr(0, kTraceNameBytes - 1);
  if (const auto found = numbers.find(text); found != numbers.end())
    return found->second;
  if (static_cast<Index>(names.size()) >= kTraceNames) return 0;
  const auto number = static_cast<TraceName>(names.size());
  names.emplace_back(text);
  numbers.emplace(text, number);
  if (!options.storage.empty()) {
    std::memcpy(options.storage.data() + sizeof(TraceHeader) + number * kTraceNameBytes,
                text.data(), text.size());
  }
  return number;
}

Recorder::Ring* Recorder::State::ring_of_this_thread() {
  const auto thread = static_cast<std::uint64_t>(syscall(SYS_gettid));
  const std::lock_guard lock(mutex);
  for (const auto& ring : rings) {
    if (ring->header->thread == thread) return ring.get();
  }
  if (static_cast<Index>(rings.size()) >= rings_at_most) return nullptr;
  auto ring = std::make_unique<Ring>();
  ring->capacity = static_cast<std::uint32_t>(options.events_per_thread);
  std::byte* memory = nullptr;
  if (options.storage.empty()) {
    ring->memory.assign(static_cast<std::size_t>(ring_bytes(ring->capacity)) / 8, 0);
    memory = reinterpret_cast<std::byte*>(ring->memory.data());
  } else {
    memory = options.storage.data() +
             trace_storage_bytes(static_cast<Index>(rings.size()), ring->capacity);
  }
  ring->header = reinterpret_cast<TraceRingHeader*>(memory);
  ring->events = reinterpret_cast<TraceEvent*>(memory + sizeof(TraceRingHeader));
  char name[16] = {};
  pthread_getname_np(pthread_self(), name, sizeof(name));
  std::memcpy(ring->header->name, name, sizeof(name));
  store(ring->header->thread, thread);
  return rings.emplace_back(std::move(ring)).get();
}

// The price of one span, taken on a ring of its own that nobody sees.
void Recorder::State::measure_self() {
  TraceRingHeader header{};
  std::vector<TraceEvent> events(16);
  Ring ring;
  ring.header = &header;
  ring.events = events.data();
  ring.capacity = 16;
  const std::int64_t begin = now_ns();
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t start = now_ns();
    ring.set_current(start, i, 0);
    ring.push({start, now_ns() - start, i, 0, 0, 0, 0});
    ring.set_current(0, 0, 0);
  }
  self_cost_ns = (now_ns() - begin) / 1000;
}

Recorder::Ring* Recorder::ring() const noexcept {
  if (options_.level != TraceLevel::spans) return nullptr;
  try {
    State& now = state();
    if (last_ring.state_id != now.id) last_ring = {now.id, now.ring_of_this_thread()};
    return last_ring.ring;
  } catch (const std::bad_alloc&) {
    return nullptr;  // measuring never fails a run
  }
}

void Recorder::instant(TraceName name, Index value) noexcept {
  if (Ring* const mine = ring()) mine->push({now_ns(), 0, value, name, 1, 0, 0});
}

void Recorder::counter(TraceName name, Index value) noexcept {
  if (Ring* const mine = ring()) mine->push({now_ns(), 0, value, name, 2, 0, 0});
}

Span::Span(Recorder& recorder, TraceName name, Index value) noexcept
    : value_(value), name_(name) {
  ring_ = recorder.ring();
  if (ring_ == nullptr) return;
  outer_start_ns_ = ring_->header->current_start;
  outer_value_ = ring_->header->current_value;
  outer_name_ = ring_->header->current_name;
  start_ns_ = now_ns();
  ring_->set_current(start_ns_, value_, name_);
  ++ring_->depth;
}

Span::~Span() {
  if (ring_ == nullptr) return;
  --ring_->depth;
  ring_->push({start_ns_, now_ns() - start_ns_, value_, name_, 0, 0, 0});
  ring_->set_current(outer_start_ns_, outer_value_, outer_name_);
}

}  // namespace lade
