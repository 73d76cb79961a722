# Arrow C++ as the INTERFACE target lade_arrow: the libraries inside the pyarrow wheel of
# the Python in use (default), or a system Arrow with -DLADE_SYSTEM_ARROW=ON.
option(LADE_SYSTEM_ARROW "Use find_package(Arrow) instead of the pyarrow wheel" OFF)
add_library(lade_arrow INTERFACE)

if(LADE_SYSTEM_ARROW)
  find_package(Arrow CONFIG REQUIRED)
  find_package(Parquet CONFIG REQUIRED)
  target_link_libraries(lade_arrow INTERFACE Arrow::arrow_shared Parquet::parquet_shared)
  set(LADE_ARROW_VERSION ${ARROW_VERSION})
  set(LADE_ARROW_RPATH "")
else()
  if(NOT Python_EXECUTABLE AND EXISTS ${PROJECT_SOURCE_DIR}/.venv/bin/python)
    set(Python_EXECUTABLE ${PROJECT_SOURCE_DIR}/.venv/bin/python)
  endif()
  if(LADE_PYTHON)
    find_package(Python 3.10 REQUIRED COMPONENTS Interpreter Development.Module)
  else()
    find_package(Python 3.10 REQUIRED COMPONENTS Interpreter)
  endif()
  execute_process(
    COMMAND ${Python_EXECUTABLE} -c
      "import pyarrow as p; print(p.__version__, p.get_include(), p.get_library_dirs()[0], sep=';')"
    OUTPUT_VARIABLE lade_pyarrow OUTPUT_STRIP_TRAILING_WHITESPACE
    RESULT_VARIABLE lade_pyarrow_failed)
  if(lade_pyarrow_failed)
    message(FATAL_ERROR "Lade: ${Python_EXECUTABLE} cannot import pyarrow. "
                        "Install pyarrow==${LADE_ARROW_MAJOR}.* there, or run script/bootstrap.")
  endif()
  list(GET lade_pyarrow 0 LADE_ARROW_VERSION)
  list(GET lade_pyarrow 1 lade_pyarrow_include)
  list(GET lade_pyarrow 2 lade_pyarrow_lib)
  if(NOT LADE_ARROW_VERSION MATCHES "^${LADE_ARROW_MAJOR}\\.")
    message(FATAL_ERROR "Lade: needs pyarrow ${LADE_ARROW_MAJOR}, found ${LADE_ARROW_VERSION} "
                        "in ${Python_EXECUTABLE}.")
  endif()
  target_include_directories(lade_arrow SYSTEM INTERFACE ${lade_pyarrow_include})
  foreach(name arrow parquet)
    file(GLOB found ${lade_pyarrow_lib}/lib${name}.so.${LADE_ARROW_MAJOR}*)
    list(SORT found)
    list(GET found 0 found)
    add_library(lade_lib${name} SHARED IMPORTED)
    set_target_properties(lade_lib${name} PROPERTIES IMPORTED_LOCATION ${found})
    target_link_libraries(lade_arrow INTERFACE lade_lib${name})
  endforeach()
  set(LADE_ARROW_RPATH ${lade_pyarrow_lib})
endif()
