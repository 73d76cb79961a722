// SPDX-License-Identifier: Apache-2.0
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <array>

#include "arrays.h"
#include "lade/loading/choose_samples.h"
#include "lade/loading/loader.h"

namespace lade::python {
namespace {

nb::dlpack::dtype dlpack_type(DType type) {
  switch (type) {
    case DType::boolean:
      return nb::dtype<bool>();
    case DType::u8:
      return nb::dtype<std::uint8_t>();
    case DType::i8:
      return nb::dtype<std::int8_t>();
    case DType::i16:
      return nb::dtype<std::int16_t>();
    case DType::i32:
      return nb::dtype<std::int32_t>();
    case DType::i64:
      return nb::dtype<std::int64_t>();
    case DType::bf16:
      return nb::dtype<std::uint16_t>();  // NumPy has no bfloat16
    case DType::f16:
      return {static_cast<std::uint8_t>(nb::dlpack::dtype_code::Float), 16, 1};
    case DType::f32:
      break;
  }
  return nb::dtype<float>();
}

/// `owner` keeps the slab alive.
nb::object to_numpy(const BatchArray& array, const nb::capsule& owner) {
  std::array<std::size_t, 4> shape{};
  std::copy(array.shape.begin(), array.shape.end(), shape.begin());
  return nb::cast(nb::ndarray<nb::numpy>(array.data, array.shape.size(), shape.data(),
                                         owner, nullptr, dlpack_type(array.type)));
}

/// Waits without the interpreter's lock; wakes for signals.
std::optional<Batch> next_batch(LoaderIterator& iterator) {
  const auto interrupted = [] {
    const nb::gil_scoped_acquire acquire;
    return PyErr_CheckSignals() != 0;
  };
  std::optional<Batch> batch;
  {
    const nb::gil_scoped_release release;
    batch = iterator.next(interrupted);
  }
  if (PyErr_Occurred() != nullptr) throw nb::python_error();
  if (batch) {
    const std::string warning = iterator.take_warning();
    if (!warning.empty() &&
        PyErr_WarnEx(PyExc_RuntimeWarning, warning.c_str(), 2) != 0) {
      throw nb::python_error();
    }
  }
  return batch;
}

nb::dict stages_of(const std::vector<StageTotals>& stages) {
  const auto seconds = [](std::int64_t ns) { return static_cast<double>(ns) * 1e-9; };
  nb::dict all;
  for (const StageTotals& stage : stages) {
    nb::dict d;
    d["busy_s"] = seconds(stage.busy_ns);
    d["wait_in_s"] = seconds(stage.wait_in_ns);
    d["wait_out_s"] = seconds(stage.wait_out_ns);
    d["items"] = stage.items;
    d["bytes"] = stage.bytes_out;
    d["threads"] = stage.threads;
    all[stage.name.c_str()] = d;
  }
  return all;
}

nb::dict ledger_of(const std::vector<std::pair<std::string, Index>>& accounts) {
  nb::dict d;
  for (const auto& [account, bytes] : accounts) d[account.c_str()] = bytes;
  return d;
}

nb::list targets_of(const std::vector<TargetTally>& targets) {
  nb::list all;
  for (const TargetTally& target : targets) {
    nb::dict d;
    d["name"] = target.name;
    d["every"] = target.every;
    d["values"] = target.values;
    d["valid"] = target.valid;
    d["missing"] = target.missing;
    d["nonfinite"] = target.nonfinite;
    all.append(d);
  }
  return all;
}

nb::dict stats_of(const LoaderStats& stats) {
  nb::dict d;
  d["batches"] = stats.batches;
  d["samples"] = stats.samples;
  d["events"] = stats.events;
  d["bytes_read"] = stats.bytes_read;
  d["bytes_delivered"] = stats.bytes_delivered;
  d["fill"] = stats.fill;
  d["first_batch_s"] = stats.first_batch_s;
  d["wait_s"] = stats.wait_s;
  d["wait_p50_s"] = stats.wait_p50_s;
  d["wait_p95_s"] = stats.wait_p95_s;
  d["wait_p99_s"] = stats.wait_p99_s;
  d["stages"] = stages_of(stats.stages);
  d["ready_occupancy"] = stats.ready_occupancy;
  d["read_amplification"] = stats.read_amplification;
  d["ledger_now"] = ledger_of(stats.ledger_now);
  d["ledger_peak"] = ledger_of(stats.ledger_peak);
  d["cache_hits"] = stats.cache_hits;
  d["workers"] = stats.workers;
  d["sequences_without_sample"] = stats.sequences_without_sample;
  d["sequences_empty"] = stats.sequences_empty;
  d["lent_bytes"] = stats.lent_bytes;
  d["abandoned_threads"] = stats.abandoned_threads;
  d["nulls_filled"] = stats.counts.nulls_filled;
  d["unknown"] = stats.counts.unknown;
  d["overflow"] = stats.counts.overflow;
  d["targets"] = targets_of(stats.targets);
  d["report"] = stats.report;
  return d;
}

std::vector<std::tuple<Index, Index, Index>> where_seen(const Loader& loader,
                                                        Index sample_id, Index epoch) {
  std::vector<std::tuple<Index, Index, Index>> places;
  for (const Seen& seen : loader.where_seen(sample_id, epoch)) {
    places.emplace_back(seen.step, seen.rank, seen.row);
  }
  return places;
}

DigestKind parse_digest(const std::string& word) {
  if (word == "off") return DigestKind::off;
  if (word == "ids") return DigestKind::ids;
  require(word == "content",
          "digest: must be off, ids or content, got '" + escape_text(word) + "'");
  return DigestKind::content;
}

void bind_options(nb::module_& m) {
  nb::class_<LoaderOptions> c(m, "LoaderOptions", "Options of a Loader.");
  c.def(nb::init<>());
  c.def("shard", [](LoaderOptions& o, Index batch_size, Index rank, Index world_size,
                    bool drop_last, bool pad_last) {
    o.shard = {.batch_size = batch_size,
               .rank = rank,
               .world_size = world_size,
               .drop_last = drop_last,
               .pad_last = pad_last};
  });
  c.def_rw("seed", &LoaderOptions::seed);
  c.def_rw("num_workers", &LoaderOptions::num_workers);
  c.def_rw("prefetch_factor", &LoaderOptions::prefetch_factor);
  c.def_rw("memory_budget", &LoaderOptions::memory_budget);
  c.def("set_digest", [](LoaderOptions& o, const std::string& word) {
    o.digest = parse_digest(word);
  });
  c.def("set_timeout", [](LoaderOptions& o, double seconds) {
    o.timeout = std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
  });
  c.def("plan",
        [](LoaderOptions& o, std::vector<std::pair<std::string, std::string>> dtypes,
           Index max_length, std::vector<Index> pad_to, bool pad_to_max_length,
           Index pad_multiple, const std::string& output, bool group,
           bool share_targets) {
          o.plan = {.dtypes = std::move(dtypes),
                    .max_length = max_length,
                    .pad_to = std::move(pad_to),
                    .pad_to_max_length = pad_to_max_length,
                    .pad_multiple = pad_multiple,
                    .packed = parse_packed(output),
                    .group = group,
                    .sharing = share_targets ? Sharing::on : Sharing::off};
        });
}

void bind_choice(nb::module_& m) {
  nb::class_<SampleChoice>(m, "SampleChoice", "Which samples, in which order.")
      .def(nb::init<>())
      .def_rw("shuffle", &SampleChoice::shuffle)
      .def_rw("seed", &SampleChoice::seed)
      .def_rw("fraction", &SampleChoice::fraction)
      .def_rw("bucket_window", &SampleChoice::bucket_window)
      .def("set_slices",
           [](SampleChoice& c, Index count, Index least, Index most, bool short_ones) {
             c.slices = SampleChoice::Slices{count, least, most, short_ones};
           })
      .def("set_samples",
           [](SampleChoice& c, const IdArray& ids) { c.samples = to_vector(ids); })
      .def("set_sequences",
           [](SampleChoice& c, const IdArray& ids) { c.sequences = to_vector(ids); })
      .def("set_order",
           [](SampleChoice& c, const IdArray& ids) { c.order = to_vector(ids); });
}

void bind_batch(nb::module_& m) {
  nb::class_<Batch>(m, "Batch", "Named dense arrays in one slab.")
      .def_prop_ro("rows", &Batch::rows)
      .def_prop_ro("epoch", &Batch::epoch)
      .def_prop_ro("step", &Batch::step)
      .def_prop_ro("nbytes", &Batch::nbytes)
      .def("content_digest", &content_digest)
      .def(
          "arrays",
          [](const Batch& batch) {
            nb::list all;
            const nb::capsule owner = owner_of(batch.slab());
            for (const BatchArray& array : batch.arrays()) {
              const std::string_view type = name(array.type);
              all.append(nb::make_tuple(array.name, nb::str(type.data(), type.size()),
                                        to_numpy(array, owner)));
            }
            return all;
          },
          "(name, type, array) of each; every array keeps the whole slab alive.");
}

Loader make_loader(const io::Dataset& dataset, const Recipe& recipe,
                   const SampleChoice& choice, const LoaderOptions& options) {
  const Plan plan(recipe, dataset, options.plan);
  return Loader(dataset, recipe, choose_samples(plan, choice), options);
}

}  // namespace

void bind_loading(nb::module_& m) {
  bind_options(m);
  bind_choice(m);
  bind_batch(m);
  const nb::call_guard<nb::gil_scoped_release> unlocked;
  nb::class_<LoaderIterator>(m, "LoaderIterator", "Ordered batches of one epoch.")
      .def("next", &next_batch, "The next batch, None at the end and ever after.")
      .def_prop_ro("step", &LoaderIterator::step)
      .def("close", &LoaderIterator::close, unlocked);
  nb::class_<Loader>(m, "Loader", "dataset x recipe x sampler -> ordered batches.")
      .def("begin_epoch", &Loader::begin_epoch, unlocked)
      .def("set_epoch", &Loader::set_epoch, nb::arg("epoch"), unlocked)
      .def_prop_ro("next_epoch", &Loader::next_epoch)
      .def("steps", &Loader::steps)
      .def("batch_at", &Loader::batch_at, nb::arg("epoch"), nb::arg("step"), unlocked)
      .def("where_seen", &where_seen, nb::arg("sample_id"), nb::arg("epoch"), unlocked)
      .def("state", [](const Loader& l) { return l.state().to_json(); })
      .def(
          "restore",
          [](Loader& l, const std::string& state, const std::string& verify,
             bool strict) {
            const LoaderState parsed = LoaderState::from_json(state);
            const nb::gil_scoped_release release;
            l.restore(parsed, verify, strict);
          },
          nb::arg("state"), nb::arg("verify"), nb::arg("strict"))
      .def("digest", &Loader::digest)
      .def("stats", [](const Loader& l) { return stats_of(l.stats()); })
      .def("explain", &Loader::explain, unlocked)
      .def("warnings", &Loader::warnings)
      .def("close", &Loader::close, unlocked);
  m.def("make_loader", &make_loader, nb::arg("dataset"), nb::arg("recipe"),
        nb::arg("choice"), nb::arg("options"), unlocked);
}

}  // namespace lade::python
