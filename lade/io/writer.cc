// SPDX-License-Identifier: Apache-2.0
#include "lade/io/writer.h"

#include <cerrno>

#include "lade/io/writer_internal.h"

namespace lade::io {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} << 10;

[[noreturn]] void refuse_existing(const std::string& path) {
  throw ArgumentError("write: the target must not exist without overwrite, got " +
                      escape_text(path));
}

}  // namespace

void AtomicFile::State::open(const WriteOptions& options) {
  if (path == "-" || path == "/dev/stdout") return open_straight();
  sync_ns = options.sync_ns;
  target = files->resolve(path);
  if (files->exists(target)) {
    const FileStat found = files->stat(target);
    if (found.kind == FileKind::directory) throw IoError(target, EISDIR, "writing");
    if (found.kind != FileKind::regular) return open_straight();
    refuse_input(*files, path, found, options.inputs);
    if (!options.overwrite) refuse_existing(path);
    replace = true;
    mode = found.mode;
  } else {
    mode = files->default_mode();
  }
  const std::string directory(directory_of(target));
  if (durable && sync_directory) lock = std::make_unique<TargetLock>(*files, target);
  if (sync_directory) sweep_temporaries(*files, directory, options.sweep_after_s);
  file = create_temporary(*files, directory);
  temporary = file->path();
}

void AtomicFile::State::open_straight() {
  target = path;
  file = files->open(path, OpenMode::straight);
}

void AtomicFile::State::refuse_if_over() const {
  if (error) std::rethrow_exception(error);
  if (committed || !file)
    throw ArgumentError("write: nothing after commit, path " + path);
}

void AtomicFile::State::fail() noexcept {
  if (!error) error = std::current_exception();
  file.reset();
  buffer = {};
  if (!temporary.empty()) {
    try {
      files->unlink(temporary);
    } catch (const std::exception&) {  // the next writer sweeps it
    }
    temporary.clear();
  }
  lock.reset();
}

void AtomicFile::State::write(std::span<const std::byte> bytes) {
  refuse_if_over();
  try {
    hash.update(bytes);
    written += static_cast<Index>(bytes.size());
    if (buffer.size() + bytes.size() > kBufferBytes) flush();
    if (bytes.size() >= kBufferBytes) return file->write(bytes);
    buffer.insert(buffer.end(), bytes.begin(), bytes.end());
  } catch (...) {
    fail();
    throw;
  }
}

void AtomicFile::State::flush() {
  if (!buffer.empty()) file->write(buffer);
  buffer.clear();
}

void AtomicFile::State::commit() {
  refuse_if_over();
  try {
    flush();
    if (temporary.empty()) {
      file->close();
    } else {
      file->set_mode(mode);
      if (durable) timed_sync(sync_ns, [&] { file->sync(); });
      file->close();
      files->rename(temporary, target, replace);
      temporary.clear();
      if (durable && sync_directory)
        timed_sync(sync_ns,
                   [&] { files->sync_directory(std::string(directory_of(target))); });
    }
  } catch (const IoError& e) {
    const bool exists = e.error_number() == EEXIST && !replace && !temporary.empty();
    fail();
    if (exists) refuse_existing(path);  // somebody made it meanwhile
    throw;
  } catch (...) {
    fail();
    throw;
  }
  committed = true;
  file.reset();
  lock.reset();
}

AtomicFile::AtomicFile(std::string path, WriteOptions options)
    : state_(std::make_shared<State>()) {
  state_->files = options.files != nullptr ? options.files : &real_files();
  state_->path = std::move(path);
  state_->durable = options.durable;
  try {
    state_->open(options);
  } catch (...) {
    state_->fail();
    throw;
  }
}

AtomicFile::AtomicFile(std::shared_ptr<State> state) : state_(std::move(state)) {}

AtomicFile::~AtomicFile() {
  if (state_) abandon();
}

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  if (this != &other) {
    if (state_) abandon();
    state_ = std::move(other.state_);
  }
  return *this;
}

const std::string& AtomicFile::path() const { return state_->path; }
void AtomicFile::write(std::span<const std::byte> bytes) { state_->write(bytes); }
void AtomicFile::write(std::string_view text) {
  state_->write(std::as_bytes(std::span(text)));
}
Index AtomicFile::written() const { return state_->written; }
std::uint64_t AtomicFile::xxh3() const { return state_->hash.digest64(); }
bool AtomicFile::failed() const { return state_->error != nullptr; }
void AtomicFile::commit() { state_->commit(); }

void AtomicFile::abandon() {
  if (state_->committed || state_->error) return;
  try {
    throw IoError(state_->path, ECANCELED, "writing: given up");
  } catch (const IoError&) {
    state_->fail();
  }
}

void write_file(const std::string& path, std::string_view contents,
                WriteOptions options) {
  AtomicFile file(path, std::move(options));
  file.write(contents);
  file.commit();
}

std::string name_from_data(std::string_view text) {
  require(!text.empty(), "name_from_data: the name must not be empty, got \"\"");
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string name;
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       (c >= '0' && c <= '9') || c == '_' || c == '-' ||
                       (c == '.' && !name.empty());
    if (plain) {
      name += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      name += '%';
      name += kHex[byte >> 4];
      name += kHex[byte & 15];
    }
  }
  if (name.size() <= 200) return name;
  return name.substr(0, 160) + "~" + hex(xxh3_128(text));
}

}  // namespace lade::io
