// SPDX-License-Identifier: Apache-2.0
// A compiled expression: typed instructions that run as loops over runs of rows. Text
// is parsed and checked by recipe/expression.h; this is what the operators see.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lade/core/calendar.h"
#include "lade/core/sequence.h"

namespace lade {

/// What an expression gives per row.
enum class ValueType : std::uint8_t { boolean, integer, real, text };

class Program;

/// Working memory of one thread; grows once, then is reused. Holds the memo tables of
/// text predicates, by (program, instruction, dictionary id).
class EvalScratch {
 public:
  EvalScratch();
  ~EvalScratch();
  EvalScratch(EvalScratch&&) noexcept;
  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// Immutable; shared by threads. Built by recipe/expression.h through ProgramBuilder
/// (expression_internal.h).
class Program {
 public:
  ValueType type() const;
  /// Positions (in the schema it was bound to) of the columns it reads, ascending.
  const std::vector<Index>& columns() const;
  /// Programs with equal keys give equal values on equal rows: shared work is found by
  /// it.
  const std::string& key() const;

  struct Data;
  explicit Program(std::shared_ptr<const Data> data);
  const Data& data() const { return *data_; }

 private:
  std::shared_ptr<const Data> data_;
};

/// mask[r] = 1 where the boolean program is true for row begin + r, else 0 (null: 0).
///
/// Shapes:   `columns` by position of the bound schema; mask [rows].
/// Requires: program.type() is boolean; the columns it reads have begin + rows rows.
/// Missing:  a null anywhere in a comparison is not selected; NaN as IEEE.
void select(const Program& program, std::span<const Column> columns, Index begin,
            Index rows, EvalScratch& scratch, std::uint8_t* mask);

/// value[r] and valid[r] of a number program; integers and booleans as f64 of their
/// value.
///
/// Missing:  a null operand makes the result null (valid 0, value 0).
void compute(const Program& program, std::span<const Column> columns, Index begin,
             Index rows, EvalScratch& scratch, double* value, std::uint8_t* valid);

/// The same in f32 arithmetic: constants and every real result are rounded to f32, and
/// given as f64. (With f32 operands this is f32 arithmetic for + - * /.)
void compute_single(const Program& program, std::span<const Column> columns,
                    Index begin, Index rows, EvalScratch& scratch, double* value,
                    std::uint8_t* valid);

}  // namespace lade
