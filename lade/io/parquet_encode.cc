// SPDX-License-Identifier: Apache-2.0
#include "lade/io/parquet_encode.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/column_writer.h>
#include <parquet/exception.h>
#include <parquet/file_writer.h>
#include <parquet/properties.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "lade/core/block_pool.h"
#include "lade/core/pool.h"
#include "lade/core/table_internal.h"
#include "lade/io/arrow_capture_internal.h"

namespace lade::io {
namespace {

/// Texts of many batches as codes, in the order in which they first come.
class TextCoder {
 public:
  TextCoder(const arrow::DataType& type, Index rows) : rows_(rows) {
    codes_ = take(arrow::AllocateBuffer(rows * 4), "writing");
    validity_ = take(arrow::AllocateEmptyBitmap(rows), "writing");
    codes_to_ = reinterpret_cast<std::int32_t*>(codes_->mutable_data());
    validity_to_ = validity_->mutable_data();
    offsets_.push_back(0);
    value_type_ = type.id() == arrow::Type::BINARY ? arrow::binary() : arrow::utf8();
  }

  /// False, and of no more use, once the texts take `most_bytes` in a dictionary page.
  bool add(const arrow::Array& array, Index most_bytes) {
    if (array.type_id() == arrow::Type::DICTIONARY) {
      return add_coded(static_cast<const arrow::DictionaryArray&>(array), most_bytes);
    }
    const auto& texts = static_cast<const arrow::BinaryArray&>(array);
    for (Index r = 0; r < texts.length(); ++r) {
      put(texts.IsNull(r) ? -1 : code(texts.GetView(r)));
      if (bytes() >= most_bytes) return false;
    }
    return true;
  }

  std::shared_ptr<arrow::DictionaryArray> finish() {
    const auto size = static_cast<Index>(offsets_.size()) - 1;
    auto values =
        arrow::ArrayData::Make(value_type_, size,
                               {nullptr, arrow::Buffer::FromVector(std::move(offsets_)),
                                arrow::Buffer::FromString(std::move(bytes_))},
                               0);
    auto data =
        arrow::ArrayData::Make(arrow::dictionary(arrow::int32(), value_type_), rows_,
                               {nulls_ > 0 ? validity_ : nullptr, codes_}, nulls_);
    data->dictionary = std::move(values);
    return std::make_shared<arrow::DictionaryArray>(data);
  }

 private:
  Index bytes() const {
    return static_cast<Index>(bytes_.size() + 4 * (offsets_.size() - 1));
  }
  bool add_coded(const arrow::DictionaryArray& array, Index most_bytes) {
    const auto& texts = static_cast<const arrow::BinaryArray&>(*array.dictionary());
    constexpr std::int32_t kUnseen = -2;
    std::vector<std::int32_t> known(static_cast<std::size_t>(texts.length()), kUnseen);
    const arrow::Array& indices = *array.indices();
    const bool nulls = array.null_count() > 0;
    const std::int32_t* const plain =
        indices.type_id() == arrow::Type::INT32
            ? static_cast<const arrow::Int32Array&>(indices).raw_values()
            : nullptr;
    for (Index r = 0; r < array.length(); ++r) {
      if (nulls && array.IsNull(r)) {
        put(-1);
        continue;
      }
      const Index at = plain != nullptr ? plain[r] : array.GetValueIndex(r);
      std::int32_t& mine = known[static_cast<std::size_t>(at)];
      if (mine == kUnseen) mine = texts.IsNull(at) ? -1 : code(texts.GetView(at));
      put(mine);
      if (bytes() >= most_bytes) return false;
    }
    return true;
  }
  std::int32_t code(std::string_view text) {
    const auto [at, fresh] =
        found_.try_emplace(text, static_cast<std::int32_t>(found_.size()));
    if (fresh) {
      bytes_ += text;
      offsets_.push_back(static_cast<std::int32_t>(bytes_.size()));
    }
    return at->second;
  }
  void put(std::int32_t code) {
    codes_to_[at_] = code < 0 ? 0 : code;
    if (code < 0) ++nulls_;
    std::uint8_t& byte = validity_to_[at_ >> 3];
    byte = static_cast<std::uint8_t>(byte | unsigned{code >= 0} << (at_ & 7));
    ++at_;
  }

  Index rows_;
  Index at_ = 0;
  Index nulls_ = 0;
  std::shared_ptr<arrow::Buffer> codes_;
  std::shared_ptr<arrow::Buffer> validity_;
  std::int32_t* codes_to_ = nullptr;
  std::uint8_t* validity_to_ = nullptr;
  std::shared_ptr<arrow::DataType> value_type_;
  std::unordered_map<std::string_view, std::int32_t> found_;  // views of the batches
  std::vector<std::int32_t> offsets_;
  std::string bytes_;
};

/// 1 where a row is valid: what Parquet calls definition levels of a flat column.
std::vector<std::int16_t> levels_of(const arrow::Array& array) {
  std::vector<std::int16_t> levels(static_cast<std::size_t>(array.length()), 1);
  if (array.null_count() == 0) return levels;
  for (Index r = 0; r < array.length(); ++r) {
    if (array.IsNull(r)) levels[static_cast<std::size_t>(r)] = 0;
  }
  return levels;
}

}  // namespace

std::shared_ptr<arrow::Array> whole_column(const std::vector<RecordBatch>& batches,
                                           const arrow::Field& field, int c,
                                           Index most_dictionary_bytes) {
  const auto id = field.type()->id();
  if (id == arrow::Type::STRING || id == arrow::Type::BINARY) {
    Index rows = 0;
    for (const RecordBatch& batch : batches) rows += batch->num_rows();
    TextCoder coder(*field.type(), rows);
    const bool small =
        std::all_of(batches.begin(), batches.end(), [&](const RecordBatch& batch) {
          return coder.add(*batch->column(c), most_dictionary_bytes);
        });
    if (small) return coder.finish();
  }
  arrow::ArrayVector parts;
  for (const RecordBatch& batch : batches) {
    parts.push_back(dense_array(batch->column(c)));
  }
  return parts.size() == 1 ? parts[0] : take(arrow::Concatenate(parts), "writing");
}

bool few_values(const arrow::Array& array, Index most) {
  const int bits = array.type()->bit_width();
  if (bits < 8 || bits > 64) return false;
  const auto bytes = static_cast<std::size_t>(bits / 8);
  const auto* values = array.data()->buffers[1]->data() +
                       static_cast<std::size_t>(array.offset()) * bytes;
  std::unordered_set<std::uint64_t> seen;
  for (Index r = 0; r < array.length(); ++r) {
    if (array.IsNull(r)) continue;
    std::uint64_t value = 0;
    std::memcpy(&value, values + static_cast<std::size_t>(r) * bytes, bytes);
    seen.insert(value);
    if (static_cast<Index>(seen.size()) > most) return false;
  }
  return true;
}

void encode_columns(parquet::RowGroupWriter& group,
                    const std::vector<std::shared_ptr<arrow::Array>>& columns,
                    const arrow::Schema& schema, int threads) {
  const auto properties = parquet::default_arrow_writer_properties();
  parallel_for(static_cast<Index>(columns.size()), threads, [&](Index c) {
    const arrow::Array& array = *columns[static_cast<std::size_t>(c)];
    const bool nullable = schema.field(static_cast<int>(c))->nullable();
    const auto levels = nullable ? levels_of(array) : std::vector<std::int16_t>();
    parquet::ArrowWriteContext context(block_pool(), properties.get());
    PARQUET_THROW_NOT_OK(group.column(static_cast<int>(c))
                             ->WriteArrow(nullable ? levels.data() : nullptr, nullptr,
                                          array.length(), array, &context, nullable));
  });
}

}  // namespace lade::io
