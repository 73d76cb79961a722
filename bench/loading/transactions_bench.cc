// SPDX-License-Identifier: Apache-2.0
// Batches of whole histories with 27 numbers and a category an event, from memory.
#include <arrow/record_batch.h>
#include <benchmark/benchmark.h>

#include <string>

#include "lade/loading/loader.h"
#include "lade/recipe/fit.h"
#include "lade/synth/transactions.h"

namespace lade {
namespace {

constexpr Index kUsers = 1000;
constexpr Index kBatch = 64;
constexpr Index kExtra = 25;

const io::Dataset& users() {
  static const io::Dataset data = [] {
    TransactionsSpec spec;
    spec.users = kUsers;
    spec.extra = kExtra;
    spec.seed = 7;
    io::OpenOptions options;
    options.entity = "user_id";
    options.time = "time";
    return io::from_batches({transactions(spec, 0, kUsers, 2)}, options);
  }();
  return data;
}

std::string input(const std::string& column, const std::string& more = "") {
  return "[[input]]\ncolumn = \"" + column + "\"\n" + more;
}

std::string target(const std::string& name, const std::string& aggregate,
                   const std::string& every, int look_back, const std::string& where) {
  return "[[target]]\nname = \"" + name + "\"\naggregate = \"" + aggregate +
         "\"\nevery = \"" + every + "\"\nlook_back = " + std::to_string(look_back) +
         (where.empty() ? "" : "\nwhere = \"" + where + "\"") + "\n";
}

/// mcc in (j, j + 20, ...)
std::string family(int j) {
  std::string text = "mcc in (";
  for (int code = j; code < 100; code += 20)
    text += (code == j ? "" : ", ") + std::to_string(code);
  return text + ")";
}

std::string twenty_targets() {
  return target("t1", "sum(amount)", "day", 1, family(0)) +
         target("t2", "sum(amount)", "day", 7, family(1)) +
         target("t3", "sum(amount)", "day", 30, family(2)) +
         target("t4", "mean(amount)", "day", 1, family(3)) +
         target("t5", "mean(amount)", "day", 7, family(4)) +
         target("t6", "mean(amount)", "day", 30, family(5)) +
         target("t7", "max(amount)", "day", 1, family(6)) +
         target("t8", "max(amount)", "day", 7, family(7)) +
         target("t9", "min(amount)", "day", 30, family(8)) +
         target("t10", "sum(x4)", "day", 7, "amount > 50") +
         target("t11", "max(x3)", "day", 30, family(9) + " and x0 > 0.5") +
         target("t12", "sum(x1)", "day", 1, "amount between 10 and 100") +
         target("t13", "sum(amount)", "week", 1, family(10)) +
         target("t14", "mean(x2)", "week", 7, family(11)) +
         target("t15", "max(amount)", "week", 1, "") +
         target("t16", "min(x5)", "week", 30, family(12)) +
         target("t17", "sum(x6)", "week", 7, family(13)) +
         target("t18", "sum(amount)", "month", 1, family(14)) +
         target("t19", "min(amount)", "month", 7, "amount >= 5") +
         target("t20", "mean(amount)", "month", 30, "");
}

enum Part { kColumns = 1, kLog = 2, kCodes = 4, kTarget = 8, kTwenty = 16 };

Recipe recipe(int parts) {
  std::string text = "[sequence]\nentity = \"user_id\"\ntime = \"time\"\n";
  if (parts & kLog)
    text += input("amount", "name = \"size\"\ntransform = \"log10(shift = 1)\"\n");
  if (parts & kColumns) {
    text += input("amount");
    for (Index i = 0; i < kExtra; ++i) text += input("x" + std::to_string(i));
  }
  if (parts & kCodes) text += input("mcc", "kind = \"category\"\n");
  if (parts & kTarget) text += target("t1", "sum(amount)", "day", 1, family(0));
  if (parts & kTwenty) text += twenty_targets();
  text += "[output]\nmask = true\n";
  return fit(Recipe::from_toml(text, "bench.toml"), users());
}

// One item = one user; bytes = those of the arrays.
void histories(benchmark::State& state, int parts) {
  LoaderOptions options;
  options.shard = {.batch_size = kBatch};
  options.num_workers = 0;
  options.memory_budget = Index{1} << 30;
  SequentialSampler sampler;
  sampler.samples = users().sequences();
  Loader loader(users(), recipe(parts), sampler, options);
  auto iterator = loader.begin_epoch();
  Index bytes = 0;
  for (auto _ : state) {
    auto batch = iterator.next();
    if (!batch) {
      iterator = loader.begin_epoch();
      batch = iterator.next();
    }
    bytes += batch->nbytes();
  }
  state.SetItemsProcessed(state.iterations() * kBatch);
  state.SetBytesProcessed(bytes);
}

BENCHMARK_CAPTURE(histories, columns, kColumns)->Name("loading/histories/columns");
BENCHMARK_CAPTURE(histories, log, kLog)->Name("loading/histories/log");
BENCHMARK_CAPTURE(histories, codes, kCodes)->Name("loading/histories/codes");
BENCHMARK_CAPTURE(histories, target, kTarget)->Name("loading/histories/target");
BENCHMARK_CAPTURE(histories, twenty, kTwenty)->Name("loading/histories/twenty_targets");
BENCHMARK_CAPTURE(histories, all, kColumns | kLog | kCodes | kTarget)
    ->Name("loading/histories/all");

}  // namespace
}  // namespace lade
