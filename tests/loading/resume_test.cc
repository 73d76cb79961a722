// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "lade/core/hash.h"
#include "lade/core/random.h"
#include "lade/core/trace.h"
#include "tests/loading/memory_stage.h"

namespace lade {
namespace {

using testing::bytes_of;
using testing::drain;
using testing::drain_epochs;
using testing::LoaderSpec;
using testing::make_memory_loader;

// Ordered bytes of the rest of an epoch and of the next two.
std::uint64_t to_the_end_of_two_more(Loader& loader, LoaderIterator& iterator) {
  const auto rest = drain(iterator);
  return rest * 31 + drain_epochs(loader, 2);
}

std::uint64_t resumed(const LoaderSpec& spec, const std::string& state) {
  auto loader = make_memory_loader(spec);
  loader.restore(LoaderState::from_json(state));
  auto iterator = loader.begin_epoch();
  return to_the_end_of_two_more(loader, iterator);
}

// Runs this very program once more and returns what the test below prints.
std::uint64_t resumed_in_a_fresh_process(const std::string& state) {
  setenv("LADE_RESUME_STATE", state.c_str(), 1);
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string command =
      "'" + program + "' --gtest_filter=Resume.InAFreshProcess 2>/dev/null";
  std::FILE* const pipe = popen(command.c_str(), "r");
  std::array<char, 4096> text{};
  const auto got = fread(text.data(), 1, text.size() - 1, pipe);
  pclose(pipe);
  unsetenv("LADE_RESUME_STATE");
  const std::string out(text.data(), got);
  const auto at = out.find("stream ");
  return at == std::string::npos ? 0 : std::stoull(out.substr(at + 7, 16), nullptr, 16);
}

// The far end of resumed_in_a_fresh_process; alone it has nothing to do.
TEST(Resume, InAFreshProcess) {
  const char* const state = getenv("LADE_RESUME_STATE");
  if (state == nullptr) return;
  std::printf("stream %s\n",
              hex(resumed({.workers = 1, .prefetch = 3}, state)).c_str());
}

TEST(Resume, IsExactAtEveryStepForOtherThreadsAndPrefetch) {
  for (const Index n : {23, 24}) {
    for (Index stop = 0; stop <= 6; ++stop) {
      auto loader = make_memory_loader({.samples = n});
      drain_epochs(loader, 1);
      auto iterator = loader.begin_epoch();
      for (Index i = 0; i < stop; ++i) iterator.next();
      const std::string state = loader.state().to_json();
      const auto rest = to_the_end_of_two_more(loader, iterator);
      for (const int workers : {0, 1, 3}) {
        for (const int prefetch : {0, 1, 16}) {
          const LoaderSpec spec{.samples = n, .workers = workers, .prefetch = prefetch};
          if (stop < 6) {
            EXPECT_EQ(resumed(spec, state), rest) << stop;
            continue;
          }
          // After the last step the state loads to the start of the next epoch.
          auto other = make_memory_loader(spec);
          other.restore(LoaderState::from_json(state));
          EXPECT_EQ(other.next_epoch(), 2);
          auto reference = make_memory_loader({.samples = n});
          reference.set_epoch(2);
          EXPECT_EQ(drain_epochs(other, 2), drain_epochs(reference, 2));
        }
      }
    }
  }
}

TEST(Resume, IsExactInANewProcess) {
  for (Index stop = 0; stop < 6; ++stop) {
    auto loader = make_memory_loader({});
    auto iterator = loader.begin_epoch();
    for (Index i = 0; i < stop; ++i) iterator.next();
    const std::string state = loader.state().to_json();
    EXPECT_EQ(resumed_in_a_fresh_process(state),
              to_the_end_of_two_more(loader, iterator))
        << stop;
  }
}

TEST(Resume, ChainsOfResumesLoseAndDoubleNothing) {
  auto reference = make_memory_loader({.samples = 61});
  std::vector<std::string> expected;
  for (int epoch = 0; epoch < 4; ++epoch) {
    auto iterator = reference.begin_epoch();
    while (auto batch = iterator.next()) expected.push_back(bytes_of(*batch));
  }
  for (std::uint64_t chain = 0; chain < 5; ++chain) {
    std::vector<std::string> got;
    std::string state;
    std::uint64_t digest = 0;
    for (std::uint64_t link = 0; link < 20; ++link) {
      auto loader =
          make_memory_loader({.samples = 61, .workers = static_cast<int>(link % 3)});
      if (!state.empty()) loader.restore(LoaderState::from_json(state));
      auto iterator = loader.begin_epoch();
      const auto steps = random::below(chain, link, 4);
      for (std::uint64_t i = 0; i < steps; ++i) {
        auto batch = iterator.next();
        if (!batch) break;
        got.push_back(bytes_of(*batch));
      }
      const std::string next = loader.state().to_json();
      if (steps > 0) {
        EXPECT_NE(next, state);
      }
      state = next;
      digest = loader.digest();
    }
    ASSERT_LE(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], expected[i]);
    EXPECT_NE(digest, 0U);
  }
}

TEST(Resume, TheDigestGoesOnWhereItWas) {
  for (const auto kind : {DigestKind::ids, DigestKind::content}) {
    auto whole = make_memory_loader({.digest = kind});
    drain_epochs(whole, 2);
    auto first = make_memory_loader({.digest = kind});
    auto iterator = first.begin_epoch();
    for (int i = 0; i < 3; ++i) iterator.next();
    auto second = make_memory_loader({.digest = kind});
    second.restore(first.state());
    drain_epochs(second, 2);
    EXPECT_EQ(second.digest(), whole.digest());
    EXPECT_EQ(second.state().to_json(), whole.state().to_json());
  }
}

TEST(Resume, StateIsWhatWasDeliveredNotWhatWasPrefetched) {
  for (const int prefetch : {0, 1, 16}) {
    auto loader = make_memory_loader({.prefetch = prefetch});
    auto iterator = loader.begin_epoch();
    iterator.next();
    usleep(20'000);  // workers are ahead now
    EXPECT_EQ(loader.state().position, 4);
    EXPECT_EQ(loader.state().delivered, 1);
    loader.set_epoch(9);  // too early: nothing was delivered of it
    EXPECT_EQ(loader.state().epoch, 0);
    EXPECT_EQ(iterator.next()->step(), 1);
    EXPECT_EQ(loader.state().position, 8);
  }
}

TEST(Resume, SetEpochToTheRestoredEpochKeepsThePosition) {
  auto first = make_memory_loader({});
  auto iterator = first.begin_epoch();
  for (int i = 0; i < 3; ++i) iterator.next();
  auto second = make_memory_loader({});
  second.restore(first.state());
  second.set_epoch(0);
  EXPECT_EQ(second.begin_epoch().next()->step(), 3);
}

TEST(Resume, AnotherWorldSizeGoesOnWithTheSameGlobalBatches) {
  std::vector<std::vector<Index>> expected;
  auto whole = make_memory_loader({.samples = 50, .batch_size = 12, .workers = 0});
  for (Index step = 0; step < 4; ++step) {
    const auto batch = whole.batch_at(0, step);
    expected.emplace_back(batch.sample_id().begin(), batch.sample_id().end());
  }
  std::string state;
  Index step = 0;
  for (const Index world : {1, 2, 4, 3}) {
    std::vector<Index> ids;
    std::string next;
    for (Index rank = 0; rank < world; ++rank) {
      auto loader = make_memory_loader({.samples = 50,
                                        .batch_size = 12 / world,
                                        .workers = 1,
                                        .digest = DigestKind::ids,
                                        .shard = {.rank = rank, .world_size = world}});
      if (!state.empty()) loader.restore(LoaderState::from_json(state));
      auto iterator = loader.begin_epoch();
      const auto batch = iterator.next();
      ids.insert(ids.end(), batch->sample_id().begin(), batch->sample_id().end());
      next = loader.state().to_json();
    }
    EXPECT_EQ(ids, expected[static_cast<std::size_t>(step)]);
    state = next;
    ++step;
  }
}

TEST(Resume, RefusesAnotherDatasetRecipeSeedSamplerOrBatch) {
  auto loader = make_memory_loader({});
  loader.begin_epoch().next();
  const LoaderState state = loader.state();
  const auto refusal = [&](const LoaderSpec& spec) -> std::string {
    auto other = make_memory_loader(spec);
    try {
      other.restore(state);
    } catch (const ArgumentError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(refusal({.samples = 24}).find("another dataset"), std::string::npos);
  EXPECT_NE(refusal({.width = 3}).find("another recipe"), std::string::npos);
  EXPECT_NE(refusal({.seed = 8}).find("another seed"), std::string::npos);
  EXPECT_NE(refusal({.shuffle = false}).find("another sampler"), std::string::npos);
  EXPECT_NE(refusal({.batch_size = 3}).find("global batch of 4"), std::string::npos);
  EXPECT_EQ(refusal({}), "");
}

TEST(Resume, AnotherGlobalBatchIsAcceptedOnRequestWhereItDivides) {
  auto loader = make_memory_loader({});
  auto iterator = loader.begin_epoch();
  iterator.next();
  iterator.next();
  auto halves = make_memory_loader({.batch_size = 2});
  halves.restore(loader.state(), "last", false);
  EXPECT_EQ(halves.begin_epoch().next()->step(), 4);
  auto thirds = make_memory_loader({.batch_size = 3});
  EXPECT_THROW(thirds.restore(loader.state(), "last", false), ArgumentError);
}

TEST(Resume, RefusesAStateWhoseLastBatchIsAnother) {
  for (const auto kind : {DigestKind::ids, DigestKind::content}) {
    auto loader = make_memory_loader({.digest = kind});
    loader.begin_epoch().next();
    LoaderState state = loader.state();
    state.last ^= 1;
    auto other = make_memory_loader({.digest = kind});
    EXPECT_THROW(other.restore(state), ArgumentError);
    other.restore(state, "none");
    EXPECT_EQ(other.begin_epoch().next()->step(), 1);
    EXPECT_THROW(other.restore(state, "all"), ArgumentError);
  }
}

TEST(LoaderState, RoundTripsThroughItsText) {
  auto loader = make_memory_loader({});
  loader.begin_epoch().next();
  const LoaderState state = loader.state();
  const std::string text = state.to_json();
  EXPECT_EQ(LoaderState::from_json(text).to_json(), text);
  EXPECT_LT(text.size(), 4096U);
}

TEST(LoaderState, RefusesEveryCutAndEveryFlippedBit) {
  auto loader = make_memory_loader({});
  loader.begin_epoch().next();
  const std::string text = loader.state().to_json();
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    EXPECT_THROW(LoaderState::from_json(text.substr(0, cut)), DataError) << cut;
  }
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    try {
      // Only the spelling of a number may differ: "1E2" for "1e2" and the like.
      EXPECT_EQ(LoaderState::from_json(flipped).to_json(), text) << flipped;
    } catch (const DataError&) {
    }
  }
}

TEST(LoaderState, NamesTheRuleThatIsBroken) {
  const auto rule = [](const std::string& text) -> std::string {
    try {
      LoaderState::from_json(text);
    } catch (const DataError& error) {
      return error.place().rule;
    }
    return "";
  };
  const std::string good = make_memory_loader({}).state().to_json();
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  EXPECT_EQ(rule(good), "");
  EXPECT_EQ(rule("nonsense"), "state.json");
  EXPECT_EQ(rule("[1]"), "state.json");
  EXPECT_EQ(rule(with("\"epoch\":0", "\"epoch\":0,\"epoch\":0")), "state.json");
  EXPECT_EQ(rule(with("\"epoch\":0", "\"epoch\":[0]")), "state.json");
  EXPECT_EQ(rule(std::string(100'000, '[')), "state.bytes");
  EXPECT_EQ(rule(std::string(60'000, '[')), "state.json");
  EXPECT_EQ(rule(with("\"lade_state\":1", "\"lade_state\":2")), "state.version");
  EXPECT_EQ(rule(with("\"epoch\":0", "\"epoch\":-1")), "state.value");
  EXPECT_EQ(rule(with("\"epoch\":0", "\"epoch\":18446744073709551615")), "state.value");
  EXPECT_EQ(rule(with("\"epoch\":0", "\"epoch\":0.5")), "state.value");
  EXPECT_EQ(rule(with("\"epoch\":0", "\"epoch\":1")), "state.check");
  EXPECT_EQ(rule(with("\"epoch\":0,", "")), "state.member");
}

TEST(LoaderState, CostsLessThanAMillisecond) {
  auto loader = make_memory_loader({});
  loader.begin_epoch().next();
  std::string text = loader.state().to_json();
  const auto begin = now_ns();
  for (int i = 0; i < 100; ++i) text = loader.state().to_json();
  RecordProperty("ns", static_cast<int>((now_ns() - begin) / 100));
  EXPECT_FALSE(text.empty());
}

}  // namespace
}  // namespace lade
