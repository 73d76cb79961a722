// SPDX-License-Identifier: Apache-2.0
// Exceptions of ours through Arrow's Status and back, type and text kept.
#pragma once

#include <arrow/status.h>

#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "lade/core/table.h"

namespace lade::io {

class CarriedException final : public arrow::StatusDetail {
 public:
  // NOLINTNEXTLINE(bugprone-throw-keyword-missing): kept, to be thrown by rethrow()
  explicit CarriedException(std::exception_ptr error) : error_(std::move(error)) {}
  const char* type_id() const override { return kTypeId; }
  std::string ToString() const override { return "an exception of lade"; }
  [[noreturn]] void rethrow() const { std::rethrow_exception(error_); }
  static constexpr const char* kTypeId = "lade::io::CarriedException";

 private:
  std::exception_ptr error_;
};

/// A status that carries the exception now being handled.
inline arrow::Status carry_exception() {
  return arrow::Status::IOError("lade").WithDetail(
      std::make_shared<CarriedException>(std::current_exception()));
}

/// Throws the carried exception if there is one, else what `lade::check` throws.
inline void check_carried(const arrow::Status& status, std::string_view source) {
  const auto& detail = status.detail();
  if (detail != nullptr &&
      std::string_view(detail->type_id()) == CarriedException::kTypeId) {
    static_cast<const CarriedException&>(*detail).rethrow();
  }
  check(status, source);
}

}  // namespace lade::io
