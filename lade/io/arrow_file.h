// SPDX-License-Identifier: Apache-2.0
// Arrow's view of an io::File: pread into Arrow's buffers, never a memory map.
#pragma once

#include <arrow/type_fwd.h>

#include <atomic>
#include <memory>

#include "lade/io/file.h"

namespace arrow::io {
class RandomAccessFile;
}

namespace lade::io {

/// A RandomAccessFile over `file`, its size fixed at open.
///
/// A read that goes beyond that size is short, as Arrow wants it; one that the file
/// cannot fill any more fails (`file.changed`). Bytes read are added to `*bytes_read`
/// if given. Threads:  ReadAt from any thread. Lifetime: keeps `file`; `bytes_read`
/// must outlive it.
std::shared_ptr<arrow::io::RandomAccessFile> arrow_file(
    std::shared_ptr<const File> file, std::atomic<Index>* bytes_read = nullptr,
    arrow::MemoryPool* pool = nullptr);

}  // namespace lade::io
