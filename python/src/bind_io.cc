// SPDX-License-Identifier: Apache-2.0
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/variant.h>
#include <nanobind/stl/vector.h>

#include "arrays.h"
#include "arrow_border.h"
#include "lade/io/dataset.h"
#include "lade/io/manifest.h"
#include "lade/recipe/open.h"
#include "lade/recipe/split.h"
#include "lade/sampling/order.h"
#include "signals.h"

namespace lade::python {
namespace {

using io::Dataset;
using io::OpenOptions;

nb::object or_none(const std::string& text) {
  return text.empty() ? nb::none() : nb::object(nb::str(text.c_str(), text.size()));
}

nb::dict place_of(const Place& place) {
  nb::dict d;
  d["source"] = or_none(escape_text(place.source));
  d["offset"] = place.offset;
  d["row"] = place.row;
  d["column"] = or_none(escape_text(place.column));
  d["rule"] = or_none(place.rule);
  d["value"] = or_none(escape_text(place.value));
  return d;
}

nb::object entity_of(const io::Entity& entity) {
  if (const auto* number = std::get_if<std::int64_t>(&entity)) return nb::int_(*number);
  if (const auto* text = std::get_if<std::string>(&entity)) {
    return nb::str(text->c_str(), text->size());
  }
  return nb::none();
}

nb::dict sequence_info(const Dataset& dataset, Index s) {
  const io::SequenceInfo info = dataset.sequence(s);
  nb::dict d;
  d["entity"] = entity_of(info.entity);
  d["events"] = info.events;
  d["first_time"] = info.first_time;
  d["last_time"] = info.last_time;
  return d;
}

nb::object read_sequence(const Dataset& dataset, Index s,
                         const std::optional<std::vector<std::string>>& columns) {
  const std::vector<std::string> names = columns.value_or(dataset.schema().names());
  std::optional<io::DatasetReader> reader;
  io::DatasetReader::Sequence sequence;
  {
    const nb::gil_scoped_release release;
    reader = dataset.reader(names, dataset.ledger());
    sequence = reader->sequence(s);
  }
  const RecordBatch batch = export_chunk(sequence.chunk, reader->schema());
  return to_pyarrow(batch).attr("slice")(sequence.view.begin, sequence.view.rows);
}

nb::object split_units(const Dataset& dataset, std::uint64_t seed) {
  std::vector<double> units(static_cast<std::size_t>(dataset.sequences()));
  for (std::size_t s = 0; s < units.size(); ++s) {
    const io::Entity entity = dataset.sequence(static_cast<Index>(s)).entity;
    require(!std::holds_alternative<std::monostate>(entity),
            "split: the dataset has no entity to split by");
    if (const auto* number = std::get_if<std::int64_t>(&entity)) {
      units[s] = split_unit(seed, *number);
    } else {
      units[s] = split_unit(seed, std::string_view(std::get<std::string>(entity)));
    }
  }
  return vector_to_numpy(std::move(units));
}

nb::object lengths(const Dataset& dataset) {
  std::vector<Index> out(static_cast<std::size_t>(dataset.sequences()));
  for (std::size_t s = 0; s < out.size(); ++s) {
    out[s] = dataset.length(static_cast<Index>(s));
  }
  return vector_to_numpy(std::move(out));
}

void bind_policies(nb::class_<OpenOptions>& c) {
  c.def("policy", [](OpenOptions& o, const std::string& name, const std::string& word) {
    if (name == "on_bad") o.policies.on_bad = parse_on_bad(word);
    if (name == "on_truncated") o.policies.on_truncated = parse_on_truncated(word);
    if (name == "on_disorder") o.policies.on_disorder = parse_on_disorder(word);
  });
  c.def("max_bad_count", [](OpenOptions& o, Index n) {
    o.policies.max_bad = MaxBad{.count = n, .fraction = 0};
  });
  c.def("max_bad_fraction", [](OpenOptions& o, double f) {
    o.policies.max_bad = MaxBad{.count = std::nullopt, .fraction = f};
  });
}

void bind_options(nb::module_& m) {
  nb::class_<OpenOptions> c(m, "OpenOptions", "Options of open.");
  c.def(nb::init<>());
  c.def_rw("entity", &OpenOptions::entity);
  c.def_rw("time", &OpenOptions::time);
  c.def_rw("columns", &OpenOptions::columns);
  c.def_rw("layout", &OpenOptions::layout);
  c.def_rw("schema", &OpenOptions::schema);
  c.def_rw("manifest", &OpenOptions::manifest);
  c.def_rw("fingerprint", &OpenOptions::fingerprint);
  c.def_rw("cache_dir", &OpenOptions::cache_dir);
  c.def_rw("memory_budget", &OpenOptions::memory_budget);
  c.def_rw("threads", &OpenOptions::threads);
  c.def_rw("limits", &OpenOptions::limits);
  c.def("source_of", [](OpenOptions& o, const Recipe& recipe) {
    if (recipe.spec().source) o.source = *recipe.spec().source;
  });
  c.def("set_filter",
        [](OpenOptions& o, const std::string& text) { set_filter(o, text); });
  bind_policies(c);
}

void bind_limits(nb::module_& m) {
  m.def("limit_names", &limit_names, "Names of all limits.");
  m.def(
      "parse_bytes",
      [](const std::string& text, const std::string& what) {
        return parse_bytes(text, what);
      },
      nb::arg("text"), nb::arg("what"), "Bytes from \"65536\", \"64MiB\", \"2GiB\".");
  nb::class_<Limits>(m, "Limits", "Bounds on what a file may claim.")
      .def(nb::init<>())
      .def("get",
           [](const Limits& l, const std::string& name) { return get_limit(l, name); })
      .def("set", [](Limits& l, const std::string& name, Index value) {
        set_limit(l, name, value);
      });
}

void bind_report(nb::module_& m) {
  nb::class_<ReadReport>(m, "ReadReport", "What reading gave and what it did not.")
      .def_ro("rows_seen", &ReadReport::rows_seen)
      .def_ro("rows_given", &ReadReport::rows_given)
      .def_ro("rows_filtered", &ReadReport::rows_filtered)
      .def_ro("rows_out_of_order", &ReadReport::rows_out_of_order)
      .def_ro("unverified_pages", &ReadReport::unverified_pages)
      .def_ro("nulls_made", &ReadReport::nulls_made)
      .def_ro("unproven_end", &ReadReport::unproven_end)
      .def_prop_ro("dropped",
                   [](const ReadReport& r) {
                     nb::dict d;
                     for (int reason = 0; reason < kDropReasons; ++reason) {
                       if (r.dropped[reason] == 0) continue;
                       const auto word = name(static_cast<DropReason>(reason));
                       d[nb::str(word.data(), word.size())] = r.dropped[reason];
                     }
                     return d;
                   })
      .def_prop_ro("first_bad", [](const ReadReport& r) {
        nb::list places;
        for (const Place& place : r.first_bad) places.append(place_of(place));
        return places;
      });
}

}  // namespace

nb::list paths_of(const std::vector<io::ManifestFile>& files) {
  nb::list paths;
  for (const io::ManifestFile& file : files) paths.append(file.path);
  return paths;
}

void bind_io(nb::module_& m) {
  bind_limits(m);
  bind_report(m);
  bind_options(m);
  nb::class_<Dataset>(m, "Dataset",
                      "Files of events and their index. Shared, immutable.")
      .def_prop_ro(
          "schema",
          [](const Dataset& d) { return to_pyarrow(arrow_schema(d.schema())); })
      .def_prop_ro("entity", &Dataset::entity)
      .def_prop_ro("time", &Dataset::time)
      .def_prop_ro("sequences", &Dataset::sequences)
      .def_prop_ro("events", &Dataset::events)
      .def_prop_ro("row_groups", &Dataset::row_groups)
      .def_prop_ro("files", &Dataset::files)
      .def_prop_ro("unsupported",
                   [](const Dataset& d) {
                     nb::dict types;
                     for (const io::UnsupportedColumn& column : d.unsupported())
                       types[column.name.c_str()] = column.type;
                     return types;
                   })
      .def_prop_ro("warnings", &Dataset::warnings)
      .def_prop_ro("in_memory", &Dataset::in_memory)
      .def_prop_ro("fingerprint", [](const Dataset& d) { return hex(d.fingerprint()); })
      .def_prop_ro("report", &Dataset::report)
      .def("decoded_bytes", &Dataset::decoded_bytes, nb::arg("columns"))
      .def("length", &Dataset::length, nb::arg("s"))
      .def("lengths", &lengths, "Events of every sequence, i64.")
      .def("sequence_info", &sequence_info, nb::arg("s"))
      .def(
          "sequence", &read_sequence, nb::arg("s"), nb::arg("columns") = nb::none(),
          "One whole sequence as a pyarrow.RecordBatch that shares the cache's memory.")
      .def("split_units", &split_units, nb::arg("seed"),
           "The number in [0, 1) that decides the part of each entity.")
      .def(
          "time_split",
          [](const Dataset& d, const std::vector<std::string>& cuts,
             const std::string& purge) { return time_split(d, cuts, purge); },
          nb::arg("cuts"), nb::arg("purge"), "Filters of the parts by time.")
      .def(
          "filtered",
          [](const Dataset& d, const std::string& text,
             const std::optional<IdArray>& sequences) {
            return filtered(d, sequences ? to_vector(*sequences) : std::vector<Index>(),
                            text);
          },
          nb::arg("text"), nb::arg("sequences").none(),
          "The events of a dataset in memory for which a condition is true.");
  m.def(
      "same_entities",
      [](const Dataset& part, const Dataset& whole, const IdArray& sequences) {
        return vector_to_numpy(same_entities(part, whole, to_vector(sequences)));
      },
      nb::arg("part"), nb::arg("whole"), nb::arg("sequences"),
      "Numbers in `part` of the entities that have these numbers in `whole`.");
  m.def(
      "open",
      [](const std::vector<std::string>& paths, OpenOptions options) {
        options.poll = poll_signals();
        set_convert(options);
        const nb::gil_scoped_release release;
        return io::open(paths, options);
      },
      nb::arg("paths"), nb::arg("options"), "Opens files, directories and globs.");
  m.def(
      "from_table",
      [](nb::handle table, OpenOptions options) {
        const std::vector<RecordBatch> batches = import_batches(table);
        options.poll = poll_signals();
        const nb::gil_scoped_release release;
        return io::from_batches(batches, options);
      },
      nb::arg("table"), nb::arg("options"), "A dataset over Arrow data in memory.");
}

}  // namespace lade::python
