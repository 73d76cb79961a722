// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <set>

#include "lade/core/error.h"
#include "lade/core/expression_bounds.h"
#include "lade/core/expression_internal.h"

namespace lade {

bool is_mask(Op op) noexcept { return op <= Op::any_of; }

namespace {

using Whole = ExactNumber::Whole;

NumberType register_type(Kind kind) {
  if (kind == Kind::f32 || kind == Kind::f64) return NumberType::f64;
  return kind == Kind::u64 ? NumberType::u64 : NumberType::i64;
}

Kind kind_of(NumberType type) {
  if (type == NumberType::f64) return Kind::f64;
  return type == NumberType::u64 ? Kind::u64 : Kind::i64;
}

bool is_real(Kind kind) { return kind == Kind::f32 || kind == Kind::f64; }

}  // namespace

struct ProgramBuilder::State {
  const Schema* schema = nullptr;
  std::vector<Instruction> nodes;  // `out` unused; a, b, c, d are nodes
  std::vector<Hash128> hashes;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Node> known;
  std::vector<IntegerSet> sets;
  std::vector<TextPredicate> texts;
  std::vector<Hash128> text_ids;
  std::vector<std::shared_ptr<const Zone>> zones;

  /// The node, new or known. `extra` says what the instruction's `extra` stands for.
  Node add(Instruction i, const Hash128& extra = {}) {
    Hasher hasher;
    for (const std::int64_t part :
         {static_cast<std::int64_t>(i.op), static_cast<std::int64_t>(i.type),
          static_cast<std::int64_t>(i.other_type),
          static_cast<std::int64_t>(i.comparison), static_cast<std::int64_t>(i.negated),
          static_cast<std::int64_t>(i.kind), static_cast<std::int64_t>(i.unit),
          std::int64_t{i.column}, std::int64_t{i.other}, i.low, i.high,
          static_cast<std::int64_t>(extra.low),
          static_cast<std::int64_t>(extra.high)}) {
      hasher.field(part);
    }
    for (const std::int32_t input : {i.a, i.b, i.c, i.d}) {
      const Hash128 hash = input < 0 ? Hash128{} : hashes[at(input)];
      hasher.field(static_cast<std::int64_t>(hash.low));
      hasher.field(static_cast<std::int64_t>(hash.high));
    }
    const Hash128 hash = hasher.digest128();
    const auto [found, is_new] =
        known.try_emplace({hash.high, hash.low}, static_cast<Node>(nodes.size()));
    if (is_new) {
      nodes.push_back(i);
      hashes.push_back(hash);
    }
    return found->second;
  }
  static std::size_t at(std::int32_t i) { return static_cast<std::size_t>(i); }
  Kind kind(Index column) const {
    return schema->fields[static_cast<std::size_t>(column)].type.kind;
  }
  Instruction of_column(Op op, Index column, bool negated) const {
    Instruction i;
    i.op = op;
    i.column = static_cast<std::int32_t>(column);
    i.kind = kind(column);
    i.negated = negated;
    return i;
  }
  Node chain(Op op, std::vector<Node> masks);
  Program finish(std::span<const Node> roots, ValueType type);
};

ProgramBuilder::ProgramBuilder(const Schema& schema)
    : state_(std::make_unique<State>()) {
  state_->schema = &schema;
}
ProgramBuilder::~ProgramBuilder() = default;

ProgramBuilder::Node ProgramBuilder::always(bool value) {
  Instruction i;
  i.op = Op::constant_mask;
  i.low = value ? 1 : 0;
  return state_->add(i);
}

ProgramBuilder::Node ProgramBuilder::column_between(Index column, const Limit& low,
                                                    const Limit& high, bool negated) {
  Instruction i = state_->of_column(Op::column_range, column, negated);
  if (is_real(i.kind)) {
    const auto [from, to] = i.kind == Kind::f32 ? real_range<float>(low, high)
                                                : real_range<double>(low, high);
    i.low = std::bit_cast<std::int64_t>(from);
    i.high = std::bit_cast<std::int64_t>(to);
    return state_->add(i);
  }
  const WholeRange all = limits_of(i.kind);
  const WholeRange range = whole_range(low, high, all.low, all.high);
  if (range.low > range.high) {
    return negated ? column_null(column, true) : always(false);
  }
  if (range.low == all.low && range.high == all.high) {
    return negated ? always(false) : column_null(column, true);
  }
  i.low = static_cast<std::int64_t>(range.low);
  i.high = static_cast<std::int64_t>(range.high);
  return state_->add(i);
}

ProgramBuilder::Node ProgramBuilder::column_in(Index column,
                                               std::span<const ExactNumber> values,
                                               bool negated) {
  const Kind kind = state_->kind(column);
  if (is_real(kind)) {
    std::vector<Node> any;
    for (const ExactNumber& value : values) {
      any.push_back(
          column_between(column, Bound{value, true}, Bound{value, true}, negated));
    }
    return negated ? all_of(std::move(any)) : any_of(std::move(any));
  }
  const WholeRange all = limits_of(kind);
  std::set<Whole> kept;
  for (const ExactNumber& value : values) {
    const Limit exactly = Bound{value, true};
    const WholeRange range = whole_range(exactly, exactly, all.low, all.high);
    if (range.low == range.high) kept.insert(range.low);
  }
  if (kept.empty()) return negated ? column_null(column, true) : always(false);
  if (kept.size() == 1) {
    const Limit exactly = Bound{ExactNumber::of(*kept.begin()), true};
    return column_between(column, exactly, exactly, negated);
  }
  std::vector<std::int64_t> sorted;
  Hasher hasher;
  for (const Whole value : kept) {
    sorted.push_back(static_cast<std::int64_t>(value));
    hasher.field(sorted.back());
  }
  Instruction i = state_->of_column(Op::column_set, column, negated);
  i.extra = static_cast<std::int32_t>(state_->sets.size());
  state_->sets.push_back(make_set(std::move(sorted)));
  return state_->add(i, hasher.digest128());
}

ProgramBuilder::Node ProgramBuilder::column_text(Index column, TextPredicate predicate,
                                                 bool negated) {
  Hasher hasher;
  if (predicate.values) {
    auto& values = *predicate.values;
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    hasher.field("in");
    for (const std::string& value : values) hasher.field(value);
  }
  for (const auto& bound : {predicate.low, predicate.high}) {
    hasher.field(bound ? (bound->closed ? "closed" : "open") : "none");
    if (bound) hasher.field(bound->text);
  }
  Instruction i = state_->of_column(Op::column_text, column, negated);
  i.extra = static_cast<std::int32_t>(state_->texts.size());
  state_->texts.push_back(std::move(predicate));
  state_->text_ids.push_back(hasher.digest128());
  return state_->add(i, state_->text_ids.back());
}

ProgramBuilder::Node ProgramBuilder::column_null(Index column, bool negated) {
  return state_->add(state_->of_column(Op::column_null, column, negated));
}

ProgramBuilder::Node ProgramBuilder::column_true(Index column, bool negated) {
  return state_->add(state_->of_column(Op::column_true, column, negated));
}

ProgramBuilder::Node ProgramBuilder::between(Node number, const Limit& low,
                                             const Limit& high, bool negated) {
  const Instruction& from = state_->nodes[State::at(number)];
  if (from.op == Op::load) return column_between(from.column, low, high, negated);
  Instruction i;
  i.op = Op::register_range;
  i.type = from.type;
  i.a = number;
  i.negated = negated;
  if (i.type == NumberType::f64) {
    const auto [least, greatest] = real_range<double>(low, high);
    i.low = std::bit_cast<std::int64_t>(least);
    i.high = std::bit_cast<std::int64_t>(greatest);
    return state_->add(i);
  }
  const WholeRange all = limits_of(kind_of(i.type));
  const WholeRange range = whole_range(low, high, all.low, all.high);
  if (range.low > range.high) return negated ? is_null(number, true) : always(false);
  i.low = static_cast<std::int64_t>(range.low);
  i.high = static_cast<std::int64_t>(range.high);
  return state_->add(i);
}

ProgramBuilder::Node ProgramBuilder::is_null(Node number, bool negated) {
  const Instruction& from = state_->nodes[State::at(number)];
  if (from.op == Op::load) return column_null(from.column, negated);
  Instruction i;
  i.op = Op::register_null;
  i.a = number;
  i.negated = negated;
  return state_->add(i);
}

ProgramBuilder::Node ProgramBuilder::compare(Comparison comparison, Node a, Node b,
                                             bool negated) {
  Instruction i;
  i.op = Op::compare;
  i.comparison = comparison;
  i.type = type_of(a);
  i.other_type = type_of(b);
  i.a = a;
  i.b = b;
  i.negated = negated;
  return state_->add(i);
}

ProgramBuilder::Node ProgramBuilder::compare_times(Comparison comparison, Node a,
                                                   TimeUnit a_unit, Node b,
                                                   TimeUnit b_unit, bool negated) {
  if (a_unit == b_unit) return compare(comparison, a, b, negated);
  Instruction i;
  i.op = Op::compare_time;
  i.comparison = comparison;
  i.type = i.other_type = NumberType::i64;
  i.a = a;
  i.b = b;
  i.low = per_second(TimeUnit::ns) / per_second(a_unit);
  i.high = per_second(TimeUnit::ns) / per_second(b_unit);
  i.negated = negated;
  return state_->add(i);
}

ProgramBuilder::Node ProgramBuilder::compare_texts(Comparison comparison, Index a,
                                                   Index b, bool negated) {
  Instruction i = state_->of_column(Op::compare_text, a, negated);
  i.other = static_cast<std::int32_t>(b);
  i.comparison = comparison;
  return state_->add(i);
}

/// Sorted by hash and without repeats, so that order of writing does not matter.
ProgramBuilder::Node ProgramBuilder::State::chain(Op op, std::vector<Node> masks) {
  const auto less = [&](Node x, Node y) {
    const Hash128 &p = hashes[at(x)], &q = hashes[at(y)];
    return std::pair(p.high, p.low) < std::pair(q.high, q.low);
  };
  std::sort(masks.begin(), masks.end(), less);
  masks.erase(std::unique(masks.begin(), masks.end()), masks.end());
  Node result = masks.front();
  for (std::size_t k = 1; k < masks.size(); ++k) {
    Instruction i;
    i.op = op;
    i.a = result;
    i.b = masks[k];
    result = add(i);
  }
  return result;
}

ProgramBuilder::Node ProgramBuilder::all_of(std::vector<Node> masks) {
  return masks.empty() ? always(true) : state_->chain(Op::all_of, std::move(masks));
}
ProgramBuilder::Node ProgramBuilder::any_of(std::vector<Node> masks) {
  return masks.empty() ? always(false) : state_->chain(Op::any_of, std::move(masks));
}

ProgramBuilder::Node ProgramBuilder::column(Index column) {
  Instruction i = state_->of_column(Op::load, column, false);
  i.type = register_type(i.kind);
  return state_->add(i);
}

ProgramBuilder::Node ProgramBuilder::integer(std::int64_t value) {
  Instruction i;
  i.op = Op::constant;
  i.type = NumberType::i64;
  i.low = value;
  return state_->add(i);
}

ProgramBuilder::Node ProgramBuilder::real(double value) {
  Instruction i;
  i.op = Op::constant;
  i.type = NumberType::f64;
  i.low = std::bit_cast<std::int64_t>(value);
  return state_->add(i);
}

ProgramBuilder::Node ProgramBuilder::to_real(Node number) {
  if (type_of(number) == NumberType::f64) return number;
  const Instruction& from = state_->nodes[State::at(number)];
  if (from.op == Op::constant) return real(static_cast<double>(from.low));
  Instruction i;
  i.op = Op::to_f64;
  i.type = NumberType::f64;
  i.other_type = from.type;
  i.a = number;
  return state_->add(i);
}

ProgramBuilder::Node ProgramBuilder::arithmetic(Op op, Node a, Node b) {
  const bool real_result = op == Op::divide || type_of(a) == NumberType::f64 ||
                           type_of(b) == NumberType::f64;
  const auto whole = [&](Node node) {
    if (type_of(node) == NumberType::i64) return node;
    Instruction i;
    i.op = Op::to_i64;
    i.type = NumberType::i64;
    i.a = node;
    return state_->add(i);
  };
  Instruction i;
  i.op = op;
  i.type = i.other_type = real_result ? NumberType::f64 : NumberType::i64;
  i.a = real_result ? to_real(a) : whole(a);
  i.b = real_result ? to_real(b) : whole(b);
  return state_->add(i);
}

ProgramBuilder::Node ProgramBuilder::arithmetic(Op op, Node a) {
  if (op == Op::absolute && type_of(a) == NumberType::u64) return a;
  Instruction i;
  i.op = op;
  if (op == Op::logarithm || type_of(a) == NumberType::f64) {
    i.type = NumberType::f64;
    i.a = to_real(a);
    return state_->add(i);
  }
  i.type = NumberType::i64;
  i.a = a;
  if (type_of(a) == NumberType::u64) {
    Instruction narrow;
    narrow.op = Op::to_i64;
    narrow.type = NumberType::i64;
    narrow.a = a;
    i.a = state_->add(narrow);
  }
  return state_->add(i);
}

ProgramBuilder::Node ProgramBuilder::choose(Node is_true, Node is_false, Node a,
                                            Node b) {
  Instruction i;
  i.op = Op::choose;
  const bool same = type_of(a) == type_of(b);
  i.c = same ? a : to_real(a);
  i.d = same ? b : to_real(b);
  i.type = type_of(i.c);
  i.a = is_true;
  i.b = is_false;
  return state_->add(i);
}

ProgramBuilder::Node ProgramBuilder::calendar(Op op, Index time,
                                              std::shared_ptr<const Zone> zone) {
  Instruction i = state_->of_column(op, time, false);
  i.type = NumberType::i64;
  i.unit = state_->schema->fields[static_cast<std::size_t>(time)].type.unit;
  i.extra = static_cast<std::int32_t>(state_->zones.size());
  Hasher hasher;
  hasher.field(zone->name());
  state_->zones.push_back(std::move(zone));
  return state_->add(i, hasher.digest128());
}

NumberType ProgramBuilder::type_of(Node number) const {
  return state_->nodes[State::at(number)].type;
}

namespace {

/// Gives registers to nodes; one is free again after the last use of its value.
class Registers {
 public:
  std::int32_t take() {
    if (free_.empty()) return count_++;
    const std::int32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void give(std::int32_t slot) { free_.push_back(slot); }
  std::int32_t count() const { return count_; }

 private:
  std::vector<std::int32_t> free_;
  std::int32_t count_ = 0;
};

}  // namespace

Program ProgramBuilder::State::finish(std::span<const Node> roots, ValueType type) {
  auto data = std::make_shared<Program::Data>();
  data->type = type;
  // Inputs come right before their users, so that few registers are alive at a time.
  std::vector<Node> order;
  std::vector<char> placed(nodes.size(), 0);
  for (const Node root : roots) {
    std::vector<Node> stack = {root};
    while (!stack.empty()) {
      const Node node = stack.back();
      const std::size_t before = stack.size();
      const Instruction& i = nodes[at(node)];
      for (const std::int32_t input : {i.d, i.c, i.b, i.a}) {
        if (input >= 0 && placed[at(input)] == 0) stack.push_back(input);
      }
      if (stack.size() > before) continue;
      stack.pop_back();
      if (placed[at(node)] == 0) order.push_back(node);
      placed[at(node)] = 1;
    }
    if (root == roots.front()) data->select_code = order.size();
  }
  std::vector<std::size_t> last_use(nodes.size(), 0);
  for (std::size_t k = 0; k < order.size(); ++k) {
    const Instruction& i = nodes[at(order[k])];
    for (const std::int32_t input : {i.a, i.b, i.c, i.d}) {
      if (input >= 0) last_use[at(input)] = k;
    }
  }
  for (const Node root : roots) last_use[at(root)] = order.size();
  Registers masks, numbers;
  std::vector<std::int32_t> slot(nodes.size(), -1);
  std::set<Index> columns;
  for (std::size_t k = 0; k < order.size(); ++k) {
    const Node node = order[k];
    Instruction i = nodes[at(node)];
    for (const std::int32_t read : {i.column, i.other}) {
      if (read >= 0) columns.insert(read);
    }
    std::set<Node> ended;
    for (std::int32_t* input : {&i.a, &i.b, &i.c, &i.d}) {
      if (*input < 0) continue;
      if (last_use[at(*input)] == k) ended.insert(*input);
      *input = slot[at(*input)];
    }
    for (const Node input : ended) {
      (is_mask(nodes[at(input)].op) ? masks : numbers).give(slot[at(input)]);
    }
    i.out = slot[at(node)] = (is_mask(i.op) ? masks : numbers).take();
    data->code.push_back(i);
  }
  data->columns.assign(columns.begin(), columns.end());
  data->masks = masks.count();
  data->numbers = numbers.count();
  data->result = slot[at(roots[0])];
  if (roots.size() > 1) data->result_false = slot[at(roots[1])];
  data->key = hex(hashes[at(roots[0])]);
  data->sets = sets;
  data->texts = texts;
  data->text_ids = text_ids;
  data->zones = zones;
  return Program(std::move(data));
}

Program ProgramBuilder::finish_mask(Node is_true, Node is_false) {
  const Node roots[] = {is_true, is_false};
  return state_->finish(std::span(roots).first(is_false < 0 ? 1 : 2),
                        ValueType::boolean);
}

Program ProgramBuilder::finish_number(Node number) {
  const ValueType type =
      type_of(number) == NumberType::f64 ? ValueType::real : ValueType::integer;
  const Node roots[] = {to_real(number)};
  return state_->finish(roots, type);
}

Program ProgramBuilder::finish_text(Index column) {
  auto data = std::make_shared<Program::Data>();
  data->type = ValueType::text;
  data->columns = {column};
  data->key = "text:" + std::to_string(column);
  return Program(std::move(data));
}

}  // namespace lade
