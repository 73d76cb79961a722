// SPDX-License-Identifier: Apache-2.0
#include <arrow/array/array_dict.h>
#include <arrow/builder.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>

#include <cstring>
#include <vector>

#include "lade/core/block_pool.h"
#include "lade/io/arrow_capture_internal.h"

namespace lade::io {
namespace {

std::shared_ptr<arrow::Array> dense(const arrow::DictionaryArray& array) {
  const auto& values = *array.dictionary();
  std::unique_ptr<arrow::ArrayBuilder> builder;
  check(arrow::MakeBuilder(block_pool(), values.type(), &builder), "writing");
  check(builder->Reserve(array.length()), "writing");
  const arrow::ArraySpan span(*values.data());
  for (Index r = 0; r < array.length(); ++r) {
    check(array.IsNull(r) ? builder->AppendNull()
                          : builder->AppendArraySlice(span, array.GetValueIndex(r), 1),
          "writing");
  }
  return take(builder->Finish(), "writing");
}

}  // namespace

std::string_view captured_footer(const std::string& tail, std::size_t magic_bytes) {
  const std::size_t end = tail.size() - magic_bytes - sizeof(std::uint32_t);
  std::uint32_t length = 0;
  std::memcpy(&length, tail.data() + end, sizeof length);
  return std::string_view(tail).substr(end - length, length);
}

std::shared_ptr<arrow::Schema> dense_schema(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    const bool coded = field->type()->id() == arrow::Type::DICTIONARY;
    fields.push_back(coded ? field->WithType(static_cast<const arrow::DictionaryType&>(
                                                 *field->type())
                                                 .value_type())
                           : field);
  }
  return arrow::schema(fields);
}

std::shared_ptr<arrow::Array> dense_array(const std::shared_ptr<arrow::Array>& array) {
  return array->type_id() == arrow::Type::DICTIONARY
             ? dense(static_cast<const arrow::DictionaryArray&>(*array))
             : array;
}

void require_columns(const RecordBatch& batch, const arrow::Schema& schema,
                     std::string_view writer) {
  const std::string name(writer);
  require(batch->num_columns() == schema.num_fields(),
          name + ": a batch must have the schema's " +
              std::to_string(schema.num_fields()) + " columns, got " +
              std::to_string(batch->num_columns()));
  const auto given = dense_schema(*batch->schema());
  for (int c = 0; c < batch->num_columns(); ++c) {
    const auto& field = schema.field(c);
    require(given->field(c)->type()->Equals(*field->type()) &&
                batch->column_name(c) == field->name(),
            name + ": column " + std::to_string(c) + " must be " + field->ToString() +
                ", got " + escape_text(batch->column_name(c)) + ": " +
                given->field(c)->type()->ToString());
  }
}

RecordBatch dense_batch(const RecordBatch& batch,
                        const std::shared_ptr<arrow::Schema>& schema,
                        std::string_view writer) {
  require_columns(batch, *schema, writer);
  arrow::ArrayVector columns;
  for (const auto& column : batch->columns()) columns.push_back(dense_array(column));
  return arrow::RecordBatch::Make(schema, batch->num_rows(), std::move(columns));
}

std::shared_ptr<const arrow::KeyValueMetadata> arrow_metadata(
    const std::vector<std::pair<std::string, std::string>>& metadata) {
  std::vector<std::string> keys;
  std::vector<std::string> values;
  for (const auto& [key, value] : metadata) {
    keys.push_back(key);
    values.push_back(value);
  }
  return keys.empty() ? nullptr
                      : arrow::key_value_metadata(std::move(keys), std::move(values));
}

RecordBatch one_batch(const std::vector<RecordBatch>& batches,
                      const std::shared_ptr<arrow::Schema>& schema) {
  if (batches.size() == 1) return batches[0];
  const auto table = take(arrow::Table::FromRecordBatches(schema, batches), "writing");
  return take(table->CombineChunksToBatch(), "writing");
}

}  // namespace lade::io
