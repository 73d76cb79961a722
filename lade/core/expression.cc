// SPDX-License-Identifier: Apache-2.0
#include "lade/core/expression.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <utility>

#include "lade/core/error.h"
#include "lade/core/expression_internal.h"
#include "lade/core/expression_kernels.h"

namespace lade {
namespace {

constexpr Index kRun = 1'024;  // rows per instruction
constexpr std::size_t kMemoBytes = std::size_t{32} << 20;

struct MemoKey {
  Hash128 predicate;
  std::uint64_t dictionary;
  auto operator<=>(const MemoKey& other) const {
    return std::tie(predicate.high, predicate.low, dictionary) <=>
           std::tie(other.predicate.high, other.predicate.low, other.dictionary);
  }
  bool operator==(const MemoKey&) const = default;
};

/// A number register of the present run: in scratch, or a view of a column.
struct Number {
  const void* data = nullptr;
  const std::uint8_t* valid = nullptr;  // nullptr = all valid
};

}  // namespace

struct EvalScratch::State {
  std::vector<std::uint64_t> bytes;  // of registers
  std::vector<Number> numbers;
  std::vector<std::uint8_t*> masks;
  std::map<MemoKey, std::vector<std::uint8_t>> memo;
  std::size_t memo_bytes = 0;
};

EvalScratch::EvalScratch() : state_(std::make_unique<State>()) {}
EvalScratch::~EvalScratch() = default;
EvalScratch::EvalScratch(EvalScratch&&) noexcept = default;

Program::Program(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
ValueType Program::type() const { return data_->type; }
const std::vector<Index>& Program::columns() const { return data_->columns; }
const std::string& Program::key() const { return data_->key; }

bool TextPredicate::operator()(std::string_view text) const {
  if (values)
    return std::binary_search(values->begin(), values->end(), text, std::less<>());
  if (low && (low->closed ? text < low->text : text <= low->text)) return false;
  if (high && (high->closed ? text > high->text : text >= high->text)) return false;
  return true;
}

namespace {

/// Runs a program over at most kRun rows at a time.
class Machine {
 public:
  Machine(const Program::Data& program, std::span<const Column> columns,
          EvalScratch::State& state, bool single = false)
      : program_(program), columns_(columns), state_(state), single_(single) {
    constexpr std::size_t kMaskWords = kRun / 8;
    constexpr std::size_t kNumberWords = kRun + kMaskWords;
    const auto masks = static_cast<std::size_t>(program.masks);
    const auto numbers = static_cast<std::size_t>(program.numbers);
    const std::size_t words = masks * kMaskWords + numbers * kNumberWords;
    if (state.bytes.size() < words) state.bytes.resize(words);
    state.masks.resize(masks);
    state.numbers.resize(numbers);
    std::uint64_t* at = state.bytes.data();
    for (auto& mask : state.masks) {
      mask = reinterpret_cast<std::uint8_t*>(at);
      at += kMaskWords;
    }
    first_number_ = at;
  }

  void run(Index begin, Index rows, std::size_t instructions) {
    begin_ = begin;
    rows_ = rows;
    for (std::size_t i = 0; i < instructions; ++i) {
      const Instruction& instruction = program_.code[i];
      if (is_mask(instruction.op)) {
        mask(instruction, state_.masks[index(instruction.out)]);
      } else {
        number(instruction, state_.numbers[index(instruction.out)]);
      }
    }
  }

  /// Lets the result be written to the caller's memory.
  void set_mask(std::int32_t slot, std::uint8_t* out) {
    state_.masks[index(slot)] = out;
  }
  const std::uint8_t* mask_of(std::int32_t slot) const {
    return state_.masks[index(slot)];
  }
  const Number& number_of(std::int32_t slot) const {
    return state_.numbers[index(slot)];
  }

 private:
  static std::size_t index(std::int32_t i) { return static_cast<std::size_t>(i); }
  const Column& column(std::int32_t i) const { return columns_[index(i)]; }
  void* values_of(std::int32_t slot) const {
    return first_number_ + index(slot) * (kRun + kRun / 8);
  }
  std::uint8_t* validity_of(std::int32_t slot) const {
    return reinterpret_cast<std::uint8_t*>(first_number_ +
                                           index(slot) * (kRun + kRun / 8) + kRun);
  }
  void fill(std::uint8_t* out, bool value) const {
    std::memset(out, value ? 1 : 0, static_cast<std::size_t>(rows_));
  }
  void and_valid(const std::uint8_t* valid, std::uint8_t* out) const {
    if (valid != nullptr) kernels::all_of(out, valid, rows_, out);
  }
  void and_valid(const Column& of, std::uint8_t* out) const {
    if (of.validity != nullptr) kernels::and_bits(of.validity, begin_, rows_, out);
  }

  void mask(const Instruction& i, std::uint8_t* out);
  void null_mask(const Instruction& i, std::uint8_t* out) const;
  void text_mask(const Instruction& i, std::uint8_t* out);
  void compare_texts(const Instruction& i, std::uint8_t* out) const;
  void number(const Instruction& i, Number& out);
  void load(const Instruction& i, Number& out) const;
  void whole_arithmetic(const Instruction& i, Number& out) const;
  void real_arithmetic(const Instruction& i, Number& out) const;
  void round_to_single(double* values) const;
  void choose(const Instruction& i, Number& out) const;
  void calendar(const Instruction& i, Number& out) const;
  const std::uint8_t* both_valid(const Instruction& i, std::uint8_t* room) const;
  const std::vector<std::uint8_t>& memo(const Instruction& i,
                                        const Dictionary& dictionary);

  const Program::Data& program_;
  std::span<const Column> columns_;
  EvalScratch::State& state_;
  bool single_;  // reals are rounded to f32
  std::uint64_t* first_number_ = nullptr;
  Index begin_ = 0;
  Index rows_ = 0;
};

void Machine::mask(const Instruction& i, std::uint8_t* out) {
  switch (i.op) {
    case Op::constant_mask:
      return fill(out, i.low != 0);
    case Op::column_range: {
      const Column& x = column(i.column);
      LADE_DCHECK(x.kind == i.kind);
      kernels::in_range(i.kind, x.values, begin_, rows_, i.low, i.high, i.negated, out);
      return and_valid(x, out);
    }
    case Op::column_set: {
      const Column& x = column(i.column);
      LADE_DCHECK(x.kind == i.kind);
      const IntegerSet& set = program_.sets[index(i.extra)];
      kernels::in_set(i.kind, x.values, begin_, rows_, set.sorted.data(),
                      static_cast<Index>(set.sorted.size()), set.bits.data(),
                      static_cast<Index>(set.bits.size()) * 64, i.negated, out);
      return and_valid(x, out);
    }
    case Op::column_true: {
      const Column& x = column(i.column);
      const auto* values = x.as<std::uint8_t>() + begin_;
      const auto flip = static_cast<std::uint8_t>(i.negated);
      for (Index r = 0; r < rows_; ++r) {
        out[r] = static_cast<std::uint8_t>((values[r] & 1) ^ flip);
      }
      return and_valid(x, out);
    }
    case Op::column_text:
      return text_mask(i, out);
    case Op::column_null:
    case Op::register_null:
      return null_mask(i, out);
    case Op::register_range: {
      const Number& a = state_.numbers[index(i.a)];
      const Kind kind = i.type == NumberType::f64   ? Kind::f64
                        : i.type == NumberType::u64 ? Kind::u64
                                                    : Kind::i64;
      kernels::in_range(kind, a.data, 0, rows_, i.low, i.high, i.negated, out);
      return and_valid(a.valid, out);
    }
    case Op::compare:
    case Op::compare_time: {
      const Number& a = state_.numbers[index(i.a)];
      const Number& b = state_.numbers[index(i.b)];
      if (i.op == Op::compare) {
        kernels::compare(i.comparison, i.type, a.data, i.other_type, b.data, rows_,
                         i.negated, out);
      } else {
        kernels::compare_scaled(i.comparison, static_cast<const std::int64_t*>(a.data),
                                i.low, static_cast<const std::int64_t*>(b.data), i.high,
                                rows_, i.negated, out);
      }
      and_valid(a.valid, out);
      return and_valid(b.valid, out);
    }
    case Op::compare_text:
      return compare_texts(i, out);
    case Op::all_of:
      return kernels::all_of(state_.masks[index(i.a)], state_.masks[index(i.b)], rows_,
                             out);
    case Op::any_of:
      return kernels::any_of(state_.masks[index(i.a)], state_.masks[index(i.b)], rows_,
                             out);
    default:
      LADE_DCHECK(false);
  }
}

/// 1 where valid, flipped unless negated ("is not null").
void Machine::null_mask(const Instruction& i, std::uint8_t* out) const {
  fill(out, true);
  if (i.op == Op::column_null) {
    and_valid(column(i.column), out);
  } else {
    and_valid(state_.numbers[index(i.a)].valid, out);
  }
  if (i.negated) return;
  for (Index r = 0; r < rows_; ++r) out[r] = static_cast<std::uint8_t>(out[r] ^ 1);
}

const std::vector<std::uint8_t>& Machine::memo(const Instruction& i,
                                               const Dictionary& dictionary) {
  const MemoKey key{program_.text_ids[index(i.extra)], dictionary.id()};
  const auto known = state_.memo.find(key);
  if (known != state_.memo.end()) return known->second;
  const auto size = static_cast<std::size_t>(dictionary.size());
  if (state_.memo_bytes + size > kMemoBytes) {
    state_.memo.clear();
    state_.memo_bytes = 0;
  }
  const TextPredicate& predicate = program_.texts[index(i.extra)];
  std::vector<std::uint8_t> table(size);
  for (std::size_t code = 0; code < size; ++code) {
    table[code] = predicate(dictionary[static_cast<Index>(code)]) ? 1 : 0;
  }
  state_.memo_bytes += size;
  return state_.memo.emplace(key, std::move(table)).first->second;
}

void Machine::text_mask(const Instruction& i, std::uint8_t* out) {
  const Column& x = column(i.column);
  LADE_DCHECK(x.kind == Kind::text);
  if (x.dictionary == nullptr || x.dictionary->size() == 0) return fill(out, false);
  kernels::look_up(x.as<std::int32_t>() + begin_, rows_, memo(i, *x.dictionary).data(),
                   out);
  if (i.negated) {
    for (Index r = 0; r < rows_; ++r) out[r] = static_cast<std::uint8_t>(out[r] ^ 1);
  }
  and_valid(x, out);
}

void Machine::compare_texts(const Instruction& i, std::uint8_t* out) const {
  const Column& a = column(i.column);
  const Column& b = column(i.other);
  for (Index r = 0; r < rows_; ++r) {
    const Index row = begin_ + r;
    out[r] = 0;
    if (!a.valid(row) || !b.valid(row)) continue;
    const int order = (*a.dictionary)[a.as<std::int32_t>()[row]].compare(
        (*b.dictionary)[b.as<std::int32_t>()[row]]);
    const bool holds = i.comparison == Comparison::equal  ? order == 0
                       : i.comparison == Comparison::less ? order < 0
                                                          : order <= 0;
    out[r] = static_cast<std::uint8_t>(holds != i.negated);
  }
}

void Machine::number(const Instruction& i, Number& out) {
  switch (i.op) {
    case Op::load:
      return load(i, out);
    case Op::constant: {
      auto* values = static_cast<std::int64_t*>(values_of(i.out));
      std::fill_n(values, rows_, i.low);
      if (single_ && i.type == NumberType::f64) {
        round_to_single(static_cast<double*>(values_of(i.out)));
      }
      out = {values, nullptr};
      return;
    }
    case Op::to_f64: {
      const Number a = state_.numbers[index(i.a)];
      auto* values = static_cast<double*>(values_of(i.out));
      std::uint8_t* room = validity_of(i.out);
      if (a.valid != nullptr) {
        std::memmove(room, a.valid, static_cast<std::size_t>(rows_));
      }
      kernels::to_f64(i.other_type, a.data, rows_, values);
      out = {values, a.valid == nullptr ? nullptr : room};
      return;
    }
    case Op::to_i64: {
      const Number a = state_.numbers[index(i.a)];
      const auto* from = static_cast<const std::uint64_t*>(a.data);
      auto* values = static_cast<std::int64_t*>(values_of(i.out));
      std::uint8_t* valid = validity_of(i.out);
      for (Index r = 0; r < rows_; ++r) {
        const bool known = a.valid == nullptr || a.valid[r] != 0;
        const bool fits = from[r] >> 63 == 0;
        values[r] = static_cast<std::int64_t>(from[r]);
        valid[r] = static_cast<std::uint8_t>(known && fits);
      }
      out = {values, valid};
      return;
    }
    case Op::choose:
      return choose(i, out);
    case Op::hour:
    case Op::weekday:
    case Op::month:
      return calendar(i, out);
    default:
      if (i.type == NumberType::i64) return whole_arithmetic(i, out);
      return real_arithmetic(i, out);
  }
}

void Machine::load(const Instruction& i, Number& out) const {
  const Column& x = column(i.column);
  LADE_DCHECK(x.kind == i.kind);
  if (width(x.kind) == 8) {
    out.data = static_cast<const std::uint64_t*>(x.values) + begin_;
  } else {
    void* values = values_of(i.out);
    kernels::widen(x.kind, x.values, begin_, rows_, values);
    out.data = values;
  }
  out.valid = nullptr;
  if (x.validity == nullptr) return;
  std::uint8_t* valid = validity_of(i.out);
  kernels::spread_bits(x.validity, begin_, rows_, valid);
  out.valid = valid;
}

/// Validity of a result of a and b: nullptr, or in `room`.
const std::uint8_t* Machine::both_valid(const Instruction& i,
                                        std::uint8_t* room) const {
  const std::uint8_t* a = state_.numbers[index(i.a)].valid;
  const std::uint8_t* b = i.b < 0 ? nullptr : state_.numbers[index(i.b)].valid;
  if (a == nullptr) std::swap(a, b);
  if (a == nullptr) return nullptr;
  if (b == nullptr) {
    std::memmove(room, a, static_cast<std::size_t>(rows_));
  } else {
    kernels::all_of(a, b, rows_, room);
  }
  return room;
}

void Machine::whole_arithmetic(const Instruction& i, Number& out) const {
  std::uint8_t* valid = validity_of(i.out);
  if (both_valid(i, valid) == nullptr) fill(valid, true);
  const auto* a = static_cast<const std::int64_t*>(state_.numbers[index(i.a)].data);
  const auto* b =
      i.b < 0 ? a : static_cast<const std::int64_t*>(state_.numbers[index(i.b)].data);
  auto* values = static_cast<std::int64_t*>(values_of(i.out));
  kernels::arithmetic(i.op, a, b, rows_, values, valid);
  out = {values, valid};
}

void Machine::real_arithmetic(const Instruction& i, Number& out) const {
  const std::uint8_t* valid = both_valid(i, validity_of(i.out));
  const auto* a = static_cast<const double*>(state_.numbers[index(i.a)].data);
  const auto* b =
      i.b < 0 ? a : static_cast<const double*>(state_.numbers[index(i.b)].data);
  auto* values = static_cast<double*>(values_of(i.out));
  kernels::arithmetic(i.op, a, b, rows_, values);
  if (single_) round_to_single(values);
  out = {values, valid};
}

void Machine::round_to_single(double* values) const {
  for (Index r = 0; r < rows_; ++r) values[r] = static_cast<float>(values[r]);
}

void Machine::choose(const Instruction& i, Number& out) const {
  const std::uint8_t* is_true = state_.masks[index(i.a)];
  const std::uint8_t* is_false = state_.masks[index(i.b)];
  const Number x = state_.numbers[index(i.c)];
  const Number y = state_.numbers[index(i.d)];
  auto* values = static_cast<std::uint64_t*>(values_of(i.out));
  std::uint8_t* valid = validity_of(i.out);
  for (Index r = 0; r < rows_; ++r) {
    const Number& from = is_true[r] != 0 ? x : y;
    const bool known = (is_true[r] | is_false[r]) != 0;
    values[r] = static_cast<const std::uint64_t*>(from.data)[r];
    valid[r] = static_cast<std::uint8_t>(known &&
                                         (from.valid == nullptr || from.valid[r] != 0));
  }
  out = {values, valid};
}

void Machine::calendar(const Instruction& i, Number& out) const {
  const Column& x = column(i.column);
  const Zone* zone = program_.zones[index(i.extra)].get();
  const std::int64_t units = per_second(i.unit);
  auto* values = static_cast<std::int64_t*>(values_of(i.out));
  Zone::Span span{0, 0, 0};
  for (Index r = 0; r < rows_; ++r) {
    const std::int64_t second = floor_div(x.as<std::int64_t>()[begin_ + r], units);
    if (second < span.begin || second >= span.end) span = zone->at(second);
    // Seconds near the ends of 64 bits are under nulls only; they must not overflow.
    const auto local = static_cast<std::int64_t>(
        static_cast<std::uint64_t>(second) + static_cast<std::uint64_t>(span.offset));
    const std::int64_t day = floor_div(local, 86'400);
    values[r] = i.op == Op::hour      ? floor_mod(local, 86'400) / 3'600
                : i.op == Op::weekday ? floor_mod(day + 3, 7) + 1
                                      : to_date(day).month;
  }
  out = {values, nullptr};
  if (x.validity == nullptr) return;
  std::uint8_t* valid = validity_of(i.out);
  kernels::spread_bits(x.validity, begin_, rows_, valid);
  out.valid = valid;
}

}  // namespace

void select(const Program& program, std::span<const Column> columns, Index begin,
            Index rows, EvalScratch& scratch, std::uint8_t* mask) {
  const Program::Data& data = program.data();
  LADE_DCHECK(data.type == ValueType::boolean);
  Machine machine(data, columns, scratch.state());
  for (Index done = 0; done < rows; done += kRun) {
    machine.set_mask(data.result, mask + done);
    machine.run(begin + done, std::min(kRun, rows - done), data.select_code);
  }
}

namespace {

void run_all(Machine& machine, const Program::Data& data, Index begin, Index rows,
             double* value, std::uint8_t* valid) {
  LADE_DCHECK(data.type != ValueType::text);
  for (Index done = 0; done < rows; done += kRun) {
    const Index count = std::min(kRun, rows - done);
    machine.run(begin + done, count, data.code.size());
    double* values = value + done;
    std::uint8_t* valids = valid + done;
    if (data.type == ValueType::boolean) {
      const std::uint8_t* is_true = machine.mask_of(data.result);
      kernels::any_of(is_true, machine.mask_of(data.result_false), count, valids);
      for (Index r = 0; r < count; ++r) values[r] = is_true[r];
      continue;
    }
    const Number& result = machine.number_of(data.result);
    const auto* from = static_cast<const double*>(result.data);
    if (result.valid == nullptr) {
      std::copy_n(from, count, values);
      std::memset(valids, 1, static_cast<std::size_t>(count));
      continue;
    }
    for (Index r = 0; r < count; ++r) {
      values[r] = result.valid[r] != 0 ? from[r] : 0.0;
      valids[r] = result.valid[r];
    }
  }
}

}  // namespace

void compute(const Program& program, std::span<const Column> columns, Index begin,
             Index rows, EvalScratch& scratch, double* value, std::uint8_t* valid) {
  Machine machine(program.data(), columns, scratch.state());
  run_all(machine, program.data(), begin, rows, value, valid);
}

void compute_single(const Program& program, std::span<const Column> columns,
                    Index begin, Index rows, EvalScratch& scratch, double* value,
                    std::uint8_t* valid) {
  Machine machine(program.data(), columns, scratch.state(), true);
  run_all(machine, program.data(), begin, rows, value, valid);
}

}  // namespace lade
