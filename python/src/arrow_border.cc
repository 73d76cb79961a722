// SPDX-License-Identifier: Apache-2.0
#include "arrow_border.h"

#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "lade/core/table_internal.h"

namespace lade::python {
namespace {

// Names and destructors as the PyCapsule interface of Arrow prescribes.
template <class CStruct>
void destroy(PyObject* capsule, const char* name) {
  auto* data = static_cast<CStruct*>(PyCapsule_GetPointer(capsule, name));
  if (data->release != nullptr) data->release(data);
  delete data;
}

nb::object capsule_of(ArrowSchema* schema) {
  return nb::steal(PyCapsule_New(schema, "arrow_schema", [](PyObject* c) {
    destroy<ArrowSchema>(c, "arrow_schema");
  }));
}

nb::object capsule_of(ArrowArray* array) {
  return nb::steal(PyCapsule_New(array, "arrow_array", [](PyObject* c) {
    destroy<ArrowArray>(c, "arrow_array");
  }));
}

template <class CStruct>
CStruct* pointer(const nb::object& capsule, const char* name) {
  auto* data = static_cast<CStruct*>(PyCapsule_GetPointer(capsule.ptr(), name));
  if (data == nullptr) throw nb::python_error();
  return data;
}

}  // namespace

std::vector<RecordBatch> import_batches(nb::handle object) {
  std::vector<RecordBatch> batches;
  if (nb::hasattr(object, "__arrow_c_stream__")) {
    const nb::object capsule = object.attr("__arrow_c_stream__")();
    auto* stream = pointer<ArrowArrayStream>(capsule, "arrow_array_stream");
    const auto reader = take(arrow::ImportRecordBatchReader(stream), "Arrow stream");
    // Reading may run the producer's Python code, so the interpreter stays locked.
    while (auto batch = take(reader->Next(), "Arrow stream")) batches.push_back(batch);
    if (batches.empty()) {
      batches.push_back(
          take(arrow::RecordBatch::MakeEmpty(reader->schema()), "Arrow stream"));
    }
    return batches;
  }
  require(nb::hasattr(object, "__arrow_c_array__"),
          "open: a table must have __arrow_c_stream__ or __arrow_c_array__");
  const nb::tuple pair = nb::cast<nb::tuple>(object.attr("__arrow_c_array__")());
  auto* schema = pointer<ArrowSchema>(pair[0], "arrow_schema");
  auto* array = pointer<ArrowArray>(pair[1], "arrow_array");
  batches.push_back(take(arrow::ImportRecordBatch(array, schema), "Arrow array"));
  return batches;
}

nb::object to_pyarrow(const std::shared_ptr<arrow::Schema>& schema) {
  auto* out = new ArrowSchema{};
  const nb::object capsule = capsule_of(out);
  check(arrow::ExportSchema(*schema, out), "exporting a schema");
  return nb::module_::import_("pyarrow").attr("Schema").attr("_import_from_c_capsule")(
      capsule);
}

nb::object to_pyarrow(const RecordBatch& batch) {
  auto* array = new ArrowArray{};
  const nb::object array_capsule = capsule_of(array);
  auto* schema = new ArrowSchema{};
  const nb::object schema_capsule = capsule_of(schema);
  check(arrow::ExportRecordBatch(*batch, array, schema), "exporting a record batch");
  return nb::module_::import_("pyarrow")
      .attr("RecordBatch")
      .attr("_import_from_c_capsule")(schema_capsule, array_capsule);
}

nb::object to_pyarrow_table(const std::vector<RecordBatch>& batches,
                            const std::shared_ptr<arrow::Schema>& schema) {
  nb::list list;
  for (const RecordBatch& batch : batches) list.append(to_pyarrow(batch));
  return nb::module_::import_("pyarrow").attr("Table").attr("from_batches")(
      list, to_pyarrow(schema));
}

std::shared_ptr<arrow::Schema> arrow_schema(const Schema& schema) {
  arrow::FieldVector fields;
  for (const Field& field : schema.fields) {
    fields.push_back(arrow::field(field.name, to_arrow(field.type), field.nullable));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace lade::python
