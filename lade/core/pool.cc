// SPDX-License-Identifier: Apache-2.0
#include "lade/core/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "lade/core/cgroup.h"
#include "lade/core/error.h"

namespace lade {
namespace {

// A signal meant for the program must not land on a worker.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

struct Task {
  std::int64_t priority;
  std::uint64_t number;
  std::function<void()> run;
};
// Heap order: the lowest priority number first, then first in.
struct Later {
  bool operator()(const Task& a, const Task& b) const {
    return a.priority != b.priority ? a.priority > b.priority : a.number > b.number;
  }
};

int mask_cpus(int machine) {
  for (int cpus = std::max(machine, 1024); cpus <= 1 << 20; cpus *= 2) {
    cpu_set_t* set = CPU_ALLOC(static_cast<std::size_t>(cpus));
    if (set == nullptr) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(cpus));
    const bool known = sched_getaffinity(0, bytes, set) == 0;
    const int count = known ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (known) return count;
  }
  return machine;
}

std::atomic<std::uint64_t>& generation() {
  static std::atomic<std::uint64_t> count{0};
  [[maybe_unused]] static const int registered = pthread_atfork(
      nullptr, nullptr, [] { generation().fetch_add(1, std::memory_order_relaxed); });
  return count;
}

}  // namespace

struct Pool::State {
  explicit State(Options the_options) : options(std::move(the_options)) {}

  void work(int number);
  bool inherited() const { return generation != fork_generation(); }

  Options options;
  std::uint64_t generation = fork_generation();
  std::mutex mutex;
  std::condition_variable wake;   // a task or the end
  std::condition_variable ended;  // a thread has left
  std::vector<Task> heap;
  std::uint64_t next_number = 0;
  bool stop = false;
  int running = 0;  // threads that have not left
  std::vector<std::thread> threads;
};

void Pool::State::work(int number) {
  const std::string name = (options.name + "-" + std::to_string(number)).substr(0, 15);
  pthread_setname_np(pthread_self(), name.c_str());
  if (options.nice) {
    setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 5);
  }
  std::unique_lock lock(mutex);
  while (true) {
    wake.wait(lock, [&] { return stop || !heap.empty(); });
    if (stop) break;
    std::pop_heap(heap.begin(), heap.end(), Later{});
    std::function<void()> task = std::move(heap.back().run);
    heap.pop_back();
    lock.unlock();
    [&]() noexcept { task(); }();
    task = nullptr;  // what it holds dies outside the lock
    lock.lock();
  }
  --running;
  ended.notify_all();
}

Pool::Pool(Options options) : state_(std::make_shared<State>(std::move(options))) {
  require(state_->options.threads >= 1,
          "Pool: threads must be >= 1, got " + std::to_string(state_->options.threads));
  const SignalsBlocked blocked;
  state_->threads.reserve(static_cast<std::size_t>(state_->options.threads));
  try {
    for (int i = 0; i < state_->options.threads; ++i) {
      {
        const std::lock_guard lock(state_->mutex);
        ++state_->running;
      }
      try {
        state_->threads.emplace_back([state = state_, i] { state->work(i); });
      } catch (...) {
        const std::lock_guard lock(state_->mutex);
        --state_->running;
        throw;
      }
    }
  } catch (...) {
    close(std::chrono::nanoseconds::max());
    throw;
  }
}

Pool::~Pool() {
  if (state_ != nullptr) close(std::chrono::nanoseconds::max());
}

int Pool::close(std::chrono::nanoseconds patience) noexcept {
  if (state_->inherited()) {
    // The threads are gone; their handles must be neither joined nor destroyed.
    // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): on purpose, once a fork
    [[maybe_unused]] auto* leaked = new (std::nothrow) std::shared_ptr<State>(state_);
    return 0;
  }
  clear();
  std::unique_lock lock(state_->mutex);
  if (state_->stop && state_->threads.empty()) return state_->running;  // closed before
  state_->stop = true;
  state_->wake.notify_all();
  const auto all_left = [&] { return state_->running == 0; };
  if (patience == std::chrono::nanoseconds::max()) {
    state_->ended.wait(lock, all_left);
  } else {
    state_->ended.wait_for(lock, patience, all_left);
  }
  const int left = state_->running;
  std::vector<std::thread> threads;
  threads.swap(state_->threads);
  lock.unlock();
  for (auto& thread : threads) {
    if (left == 0) {
      thread.join();
    } else {
      thread.detach();  // it owns all it touches
    }
  }
  return left;
}

void Pool::submit(std::int64_t priority, std::function<void()> task) {
  require(alive(), "Pool: its threads are gone after a fork; make a new one");
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stop) return;
    state_->heap.push_back({priority, state_->next_number, std::move(task)});
    ++state_->next_number;
    std::push_heap(state_->heap.begin(), state_->heap.end(), Later{});
  }
  state_->wake.notify_one();
}

void Pool::clear() {
  if (!alive()) return;
  std::vector<Task> dropped;  // dies after the lock
  const std::lock_guard lock(state_->mutex);
  dropped.swap(state_->heap);
}

int Pool::threads() const { return state_->options.threads; }

bool Pool::alive() const { return !state_->inherited(); }

namespace {

// What the threads of one parallel_for share.
struct Loop {
  Index count;
  const std::function<void(Index)>& body;
  std::atomic<Index> next{0};
  std::mutex mutex;
  Index failed_at;  // lowest index that threw; nothing starts above it
  std::exception_ptr error{};
  std::atomic<bool> stop{false};

  Loop(Index the_count, const std::function<void(Index)>& the_body)
      : count(the_count), body(the_body), failed_at(the_count) {}

  void run() noexcept {
    while (!stop.load(std::memory_order_relaxed)) {
      const Index i = next.fetch_add(1, std::memory_order_relaxed);
      if (i >= count) return;
      try {
        body(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        stop.store(true, std::memory_order_relaxed);
        if (i < failed_at) {
          failed_at = i;
          error = std::current_exception();
        }
      }
    }
  }
};

}  // namespace

void parallel_for(Index count, int threads, const std::function<void(Index)>& body) {
  const Index wanted = std::min<Index>(threads, count);
  if (wanted <= 1) {
    for (Index i = 0; i < count; ++i) body(i);
    return;
  }
  Loop loop(count, body);
  std::vector<std::thread> others;
  others.reserve(static_cast<std::size_t>(wanted - 1));
  const auto start_threads = [&] {
    const SignalsBlocked blocked;
    try {
      for (Index i = 1; i < wanted; ++i) others.emplace_back([&loop] { loop.run(); });
    } catch (const std::system_error&) {
      return;  // the system has no more threads: those there are do the work
    } catch (const std::bad_alloc&) {
      return;
    }
  };
  start_threads();
  loop.run();
  for (auto& thread : others) thread.join();
  if (loop.error) std::rethrow_exception(loop.error);
}

int usable_cpus() {
  const int machine = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  return usable_cpus(mask_cpus(machine), machine, machine_share().cpu_quota,
                     local_ranks());
}

std::uint64_t fork_generation() noexcept {
  return generation().load(std::memory_order_relaxed);
}

}  // namespace lade
