# Every third-party thing Lade uses, in one place. Versions as tested: Arrow 26 (from the
# pyarrow wheel), Highway 1.0.3, xxHash 0.8.1, date 3.0.1, fmt 9.1,
# CLI11 2.1.2, nlohmann-json 3.11.2, toml++ 3.3.0, nanobind 3.1.0, GoogleTest 1.12.1,
# Google Benchmark 1.7.1, RapidCheck (Debian 12).
set(LADE_ARROW_MAJOR 26)

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(hwy CONFIG REQUIRED)
find_package(date CONFIG REQUIRED)
find_package(fmt CONFIG REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(CLI11 QUIET)
if(NOT CLI11_FOUND)
  find_path(CLI11_INCLUDE CLI/CLI.hpp REQUIRED)
endif()
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)

# In the wheel fmt comes from its headers, so that Debian's libhwy1 and libdate-tz3 (with
# tzdata) are all that a machine needs beside pyarrow.
set(LADE_FMT fmt::fmt)
if(SKBUILD)
  set(LADE_FMT fmt::fmt-header-only)
endif()

include(${CMAKE_CURRENT_LIST_DIR}/arrow.cmake)

if(LADE_DEV)
  find_package(GTest REQUIRED)
  find_package(benchmark REQUIRED)
  find_package(rapidcheck REQUIRED)
endif()
