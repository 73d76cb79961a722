// SPDX-License-Identifier: Apache-2.0
// Shared by ipc_layout.cc (files) and ipc_stream_layout.cc (streams).
#pragma once

#include <cstdint>
#include <string>

#include "lade/io/file.h"

namespace lade::io {

/// Begins the prefix of a message, before its length; older writers leave it out.
inline constexpr std::uint32_t kContinuation = 0xFFFFFFFF;

/// Errors: DataError, always.
[[noreturn]] void refuse_message(const File& file, Index offset,
                                 const std::string& rule, const std::string& what);

/// Bytes [offset, offset + bytes) of the file, which must hold them.
std::string read_text(const File& file, Index offset, Index bytes);

}  // namespace lade::io
