// SPDX-License-Identifier: Apache-2.0
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "arrow_border.h"
#include "lade/recipe/synthesize.h"
#include "lade/synth/transactions_text.h"

namespace lade::python {
namespace {

using Spec = TransactionsSpec;

Planted planted_of(Index mcc, const std::string& count, nb::object p,
                   const std::string& amount) {
  require(mcc >= 0 && mcc <= std::numeric_limits<std::int32_t>::max(),
          "planted: mcc must be in 0..2^31-1, got " + std::to_string(mcc));
  Planted planted{.mcc = static_cast<std::int32_t>(mcc)};
  if (!count.empty()) planted.count = parse_closed_range(count, "planted: count");
  if (!p.is_none()) planted.p = nb::cast<double>(p);
  if (!amount.empty()) planted.amount = parse_amount_law(amount, "planted: amount");
  return planted;
}

void bind_spec(nb::module_& m) {
  nb::class_<Spec>(m, "TransactionsSpec", "What transactions are made of.")
      .def(nb::init<>())
      .def_rw("users", &Spec::users)
      .def_rw("first_user", &Spec::first_user)
      .def_rw("mccs", &Spec::mccs)
      .def_rw("extra", &Spec::extra)
      .def_rw("hours", &Spec::hours)
      .def_rw("splits", &Spec::splits)
      .def_rw("seed", &Spec::seed)
      .def_rw("cents", &Spec::cents)
      .def("set_events",
           [](Spec& s, const std::string& text) {
             s.events = parse_closed_range(text, "transactions: events");
           })
      .def("set_per_day",
           [](Spec& s, const std::string& text) {
             s.per_day = parse_closed_range(text, "transactions: per_day");
           })
      .def("set_amount",
           [](Spec& s, const std::string& text) {
             s.amount = parse_amount_law(text, "transactions: amount");
           })
      .def("set_end",
           [](Spec& s, const std::string& text) {
             s.end = parse_date(text, "transactions: end");
           })
      .def("set_layout",
           [](Spec& s, const std::string& text) {
             s.layout = parse_day_layout(text, "transactions: layout");
           })
      .def(
          "add_planted",
          [](Spec& s, Index mcc, const std::string& count, nb::object p,
             const std::string& amount) {
            s.planted.push_back(planted_of(mcc, count, p, amount));
          },
          nb::arg("mcc"), nb::arg("count"), nb::arg("p").none(), nb::arg("amount"))
      .def(
          "set_filler",
          [](Spec& s, Index mcc, const std::string& count, nb::object p,
             const std::string& amount) {
            s.filler = planted_of(mcc, count, p, amount);
          },
          nb::arg("mcc"), nb::arg("count"), nb::arg("p").none(), nb::arg("amount"))
      .def("to_json", [](const Spec& s) { return to_json(s); });
}

nb::dict synthesize_files(const Spec& spec, const std::string& directory,
                          Index part_users, Index row_group_rows, Index memory_budget,
                          int threads, bool overwrite, bool restart,
                          const std::string& output_format) {
  const io::TableFormat format =
      io::parse_table_format(output_format, "transactions: output_format");
  SynthesizeReport report;
  {
    const nb::gil_scoped_release release;
    report = synthesize(spec, directory,
                        {.part_users = part_users,
                         .row_group_rows = row_group_rows,
                         .format = format,
                         .memory_budget = memory_budget,
                         .threads = threads,
                         .overwrite = overwrite,
                         .restart = restart});
  }
  nb::dict d;
  d["users"] = report.users;
  d["events"] = report.events;
  d["bytes"] = report.bytes;
  d["parts_kept"] = report.parts_kept;
  d["files"] = paths_of(report.files);
  d["read"] = report.read;
  return d;
}

}  // namespace

void bind_synth(nb::module_& m) {
  bind_spec(m);
  m.def(
      "transactions",
      [](const Spec& spec, int threads) {
        RecordBatch batch;
        {
          const nb::gil_scoped_release release;
          batch = transactions(spec, spec.first_user, spec.users, threads);
        }
        return to_pyarrow_table({batch}, transactions_schema(spec));
      },
      nb::arg("spec"), nb::arg("threads"), "All rows of a specification.");
  m.def(
      "transaction_users",
      [](const Spec& spec) {
        return to_pyarrow(transaction_users(spec, spec.first_user, spec.users));
      },
      nb::arg("spec"), "user_id, events, split of every user.");
  m.def("synthesize", &synthesize_files, nb::arg("spec"), nb::arg("directory"),
        nb::arg("part_users"), nb::arg("row_group_rows"), nb::arg("memory_budget"),
        nb::arg("threads"), nb::arg("overwrite"), nb::arg("restart"),
        nb::arg("output_format"), "Made transactions as parts with a manifest.");
}

}  // namespace lade::python
