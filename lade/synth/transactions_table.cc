// SPDX-License-Identifier: Apache-2.0
// Histories as Arrow tables.
#include <arrow/api.h>
#include <fmt/format.h>

#include <algorithm>

#include "lade/core/pool.h"
#include "lade/core/table_internal.h"
#include "lade/synth/history_internal.h"

namespace lade {
namespace {

constexpr std::string_view kSource = "transactions";
constexpr Index kTaskRows = Index{1} << 16;  // of users that one task makes, about

/// A record batch whose columns are about to be written.
struct NewRows {
  RecordBatch batch;
  TransactionColumns columns;
};

NewRows allocate(const TransactionsSpec& spec, Index rows) {
  const std::shared_ptr<arrow::Schema> schema = transactions_schema(spec);
  arrow::ArrayVector arrays;
  std::vector<std::uint8_t*> data;
  for (const auto& field : schema->fields()) {
    std::shared_ptr<arrow::Buffer> buffer =
        take(arrow::AllocateBuffer(rows * field->type()->byte_width()), kSource);
    data.push_back(buffer->mutable_data());
    arrays.push_back(arrow::MakeArray(
        arrow::ArrayData::Make(field->type(), rows, {nullptr, std::move(buffer)}, 0)));
  }
  TransactionColumns columns{
      .user_id = reinterpret_cast<std::int64_t*>(data[0]),
      .time = reinterpret_cast<std::int64_t*>(data[1]),
      .days_before_end = reinterpret_cast<std::int32_t*>(data[2]),
      .mcc = reinterpret_cast<std::int32_t*>(data[3]),
      .amount = reinterpret_cast<double*>(data[4]),
      .type = reinterpret_cast<std::int8_t*>(data[5]),
      .country = reinterpret_cast<std::int16_t*>(data[6]),
      .currency = reinterpret_cast<std::int16_t*>(data[7]),
      .extra = {}};
  for (std::size_t i = 8; i < data.size(); ++i) {
    columns.extra.push_back(reinterpret_cast<float*>(data[i]));
  }
  return {arrow::RecordBatch::Make(schema, rows, std::move(arrays)),
          std::move(columns)};
}

void check_slice(Index first_user, Index users) {
  require(
      first_user >= 0 && users >= 0 && users <= (Index{1} << 62) - first_user,
      fmt::format("transactions: a slice of users needs first_user >= 0 and users >= "
                  "0, got {} and {}",
                  first_user, users));
}

}  // namespace

std::shared_ptr<arrow::Schema> transactions_schema(const TransactionsSpec& spec) {
  const auto field = [](std::string name, std::shared_ptr<arrow::DataType> type) {
    return arrow::field(std::move(name), std::move(type), false);
  };
  arrow::FieldVector fields = {
      field("user_id", arrow::int64()),
      field("time", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
      field("days_before_end", arrow::int32()),
      field("mcc", arrow::int32()),
      field("amount", arrow::float64()),
      field("type", arrow::int8()),
      field("country", arrow::int16()),
      field("currency", arrow::int16())};
  for (Index x = 0; x < spec.extra; ++x) {
    fields.push_back(field(fmt::format("x{}", x), arrow::float32()));
  }
  return arrow::schema(std::move(fields));
}

RecordBatch transactions(const TransactionsSpec& spec, Index first_user, Index users,
                         int threads) {
  const TransactionLaws laws(spec);
  check_slice(first_user, users);
  // Tasks of whole users, and the row each begins at.
  std::vector<std::pair<Index, Index>> tasks;
  Index rows = 0;
  for (Index user = first_user; user < first_user + users; ++user) {
    if (tasks.empty() || rows - tasks.back().second >= kTaskRows) {
      tasks.emplace_back(user, rows);
    }
    rows += events_of(spec, user);
  }
  NewRows made = allocate(spec, rows);
  parallel_for(static_cast<Index>(tasks.size()), threads > 0 ? threads : usable_cpus(),
               [&](Index task) {
                 const auto t = static_cast<std::size_t>(task);
                 const Index end =
                     t + 1 < tasks.size() ? tasks[t + 1].first : first_user + users;
                 History history(laws);
                 Index row = tasks[t].second;
                 for (Index user = tasks[t].first; user < end; ++user) {
                   history.start(user);
                   const Index events = history.left();
                   history.next(events, made.columns.from(row));
                   row += events;
                 }
               });
  return made.batch;
}

RecordBatch transaction_users(const TransactionsSpec& spec, Index first_user,
                              Index users) {
  check(spec);
  check_slice(first_user, users);
  require(first_user >= spec.first_user &&
              first_user + users <= spec.first_user + spec.users,
          fmt::format("transactions: users of a split must be in {}..{}, got {}..{}",
                      spec.first_user, spec.first_user + spec.users - 1, first_user,
                      first_user + users - 1));
  arrow::Int64Builder id;
  arrow::Int64Builder events;
  arrow::StringBuilder split;
  std::vector<Index> ends = split_sizes(spec.splits, spec.users);
  for (std::size_t i = 1; i < ends.size(); ++i) ends[i] += ends[i - 1];
  const random::Permutation members(spec.users,
                                    key_of(spec.seed, kNoUser, Purpose::split));
  for (Index user = first_user; user < first_user + users; ++user) {
    check(id.Append(user), kSource);
    check(events.Append(events_of(spec, user)), kSource);
    if (ends.empty()) {
      check(split.AppendNull(), kSource);
      continue;
    }
    const Index place = members.inverse(user - spec.first_user);
    const auto part = std::upper_bound(ends.begin(), ends.end(), place) - ends.begin();
    check(split.Append(spec.splits[static_cast<std::size_t>(part)].first), kSource);
  }
  const auto schema = arrow::schema({arrow::field("user_id", arrow::int64(), false),
                                     arrow::field("events", arrow::int64(), false),
                                     arrow::field("split", arrow::utf8())});
  return arrow::RecordBatch::Make(
      schema, users,
      arrow::ArrayVector{take(id.Finish(), kSource), take(events.Finish(), kSource),
                         take(split.Finish(), kSource)});
}

struct TransactionStream::State {
  TransactionLaws laws;
  History history;
  Index user;
  Index end;

  State(const TransactionsSpec& spec, Index first_user, Index users)
      : laws(spec), history(laws), user(first_user - 1), end(first_user + users) {
    check_slice(first_user, users);
  }

  /// Rows of users that come after the one begun, as many as `next` gives.
  Index count(Index rows) const {
    Index total = history.left();
    if (total > 2 * rows) return rows;
    for (Index u = user + 1; u < end && total < rows; ++u) {
      const Index more = events_of(laws.spec, u);
      if (total + more > 2 * rows) return rows;
      total += more;
    }
    return total;
  }
};

TransactionStream::TransactionStream(const TransactionsSpec& spec, Index first_user,
                                     Index users)
    : state_(std::make_unique<State>(spec, first_user, users)) {}
TransactionStream::~TransactionStream() = default;
TransactionStream::TransactionStream(TransactionStream&&) noexcept = default;
TransactionStream& TransactionStream::operator=(TransactionStream&&) noexcept = default;

RecordBatch TransactionStream::next(Index rows) {
  require(rows >= 1, fmt::format("transactions: rows must be >= 1, got {}", rows));
  State& s = *state_;
  const Index total = s.count(rows);
  if (total == 0) return nullptr;
  NewRows made = allocate(s.laws.spec, total);
  for (Index done = 0; done < total;) {
    if (s.history.left() == 0) {
      s.history.start(++s.user);
      continue;
    }
    const Index size = std::min(total - done, s.history.left());
    s.history.next(size, made.columns.from(done));
    done += size;
  }
  return made.batch;
}

}  // namespace lade
