// SPDX-License-Identifier: Apache-2.0
#include "lade/core/cgroup.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace lade {
namespace {

// A file system root with the few files of a machine.
class Root {
 public:
  Root() : path_(std::filesystem::path(::testing::TempDir()) / unique()) {}
  ~Root() { std::filesystem::remove_all(path_); }
  void write(const std::string& file, const std::string& text) const {
    const auto path = path_ / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  std::string path() const { return path_.string(); }

 private:
  static std::string unique() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    return std::string("lade_root_") + info->name() + std::to_string(getpid());
  }
  std::filesystem::path path_;
};

TEST(MachineShare, TakesTheLeastOverAllAncestorsOfGroupVersionTwo) {
  const Root root;
  root.write("proc/self/cgroup", "0::/a/b\n");
  root.write("proc/meminfo", "MemTotal: 100 kB\nMemAvailable:   64 kB\n");
  root.write("sys/fs/cgroup/a/b/memory.max", "max\n");
  root.write("sys/fs/cgroup/a/memory.max", "8192\n");
  root.write("sys/fs/cgroup/a/b/cpu.max", "400000 100000\n");
  root.write("sys/fs/cgroup/a/cpu.max", "150000 100000\n");
  const auto share = machine_share(root.path());
  EXPECT_EQ(share.memory_limit, 8192);
  EXPECT_EQ(share.memory_free, 65536);
  EXPECT_DOUBLE_EQ(share.cpu_quota.value(), 1.5);
}

TEST(MachineShare, ReadsGroupVersionOne) {
  const Root root;
  root.write("proc/self/cgroup", "5:memory:/job\n4:cpu,cpuacct:/job\n");
  root.write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "1000\n");
  root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  root.write("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "50000\n");
  root.write("sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
  const auto share = machine_share(root.path());
  EXPECT_EQ(share.memory_limit, 1000);
  EXPECT_DOUBLE_EQ(share.cpu_quota.value(), 0.5);
}

TEST(MachineShare, IsEmptyWithoutFilesOrWithNonsense) {
  const Root root;
  EXPECT_FALSE(machine_share(root.path()).memory_limit.has_value());
  root.write("proc/self/cgroup", "nonsense\n:::\n0::/x\n");
  root.write("sys/fs/cgroup/x/cpu.max", "max 100000\n");
  root.write("sys/fs/cgroup/x/memory.max", "many\n");
  root.write("proc/meminfo", "MemAvailable: none\n");
  const auto share = machine_share(root.path());
  EXPECT_FALSE(share.memory_limit.has_value());
  EXPECT_FALSE(share.memory_free.has_value());
  EXPECT_FALSE(share.cpu_quota.has_value());
}

TEST(UsableCpus, RoundsTheQuotaUpAndSharesAWholeMachine) {
  EXPECT_EQ(usable_cpus(16, 16, 1.5, 1), 2);
  EXPECT_EQ(usable_cpus(16, 16, 0.5, 1), 1);
  EXPECT_EQ(usable_cpus(16, 16, std::nullopt, 4), 4);
  EXPECT_EQ(usable_cpus(8, 16, std::nullopt, 4), 8);
  EXPECT_EQ(usable_cpus(2, 2, std::nullopt, 8), 1);
}

TEST(DefaultMemoryBudget, IsAQuarterOfTheLeastSharedByRanks) {
  EXPECT_EQ(default_memory_budget({.memory_limit = Index{8} << 30,
                                   .memory_free = Index{32} << 30,
                                   .cpu_quota = {}},
                                  1),
            Index{2} << 30);
  EXPECT_EQ(
      default_memory_budget(
          {.memory_limit = {}, .memory_free = Index{8} << 30, .cpu_quota = {}}, 2),
      Index{1} << 30);
  EXPECT_EQ(default_memory_budget({}, 1), Index{4} << 30);
}

}  // namespace
}  // namespace lade
