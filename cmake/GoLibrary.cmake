# Builds libllmp.so and libllmp.a with Go and offers them as the imported
# targets llmp::llmp and llmp::llmp_static.
#
# scripts/build-library.sh knows how; here are only the dependencies, so that
# the library is built again when one of its sources changed, and not otherwise.

# What a program linked with the static archive needs beside it: the C library
# parts of the Go runtime. All of them are empty stubs on glibc >= 2.34.
set(LLMP_STATIC_LIBS pthread dl rt)

function(llmp_add_go_library)
  set(source "${PROJECT_SOURCE_DIR}")
  set(out "${PROJECT_BINARY_DIR}")
  set(shared "${out}/libllmp.so.${LLMP_VERSION}")
  set(static "${out}/libllmp.a")

  set(patterns "")
  foreach(folder capi include internal llmp shmem)
    foreach(kind go c h map)
      list(APPEND patterns "${source}/${folder}/*.${kind}")
    endforeach()
  endforeach()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${patterns})
  list(FILTER sources EXCLUDE REGEX "_test\\.go$")
  file(GLOB sums "${source}/go.sum")

  # The C part of the library can be instrumented; Go passes these on to cc.
  # (clang's runtimes are for programs: it links none into a library.)
  set(instrumented "")
  if(LLMP_SANITIZE AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    string(JOIN " " flags ${LLMP_SANITIZE_FLAGS})
    set(instrumented "CGO_CFLAGS=-g -O1 -fno-omit-frame-pointer ${flags}" "CGO_LDFLAGS=${flags}")
  endif()

  add_custom_command(
    OUTPUT "${shared}" "${out}/libllmp.so.${LLMP_SOVERSION}" "${out}/libllmp.so" "${static}"
    COMMAND "${CMAKE_COMMAND}" -E env "GO=${GO_EXECUTABLE}" "CC=${CMAKE_C_COMPILER}" ${instrumented}
            "${source}/scripts/build-library.sh" "${out}"
    # Go leaves a library alone that would come out the same; the build tool
    # would then think it stale for ever.
    COMMAND "${CMAKE_COMMAND}" -E touch_nocreate "${shared}" "${static}"
    DEPENDS ${sources} ${sums} "${source}/go.mod" "${source}/scripts/build-library.sh"
    WORKING_DIRECTORY "${source}"
    COMMENT "Building libllmp with Go"
    VERBATIM)
  add_custom_target(llmp_library ALL DEPENDS "${shared}" "${static}")

  add_library(llmp::llmp SHARED IMPORTED GLOBAL)
  set_target_properties(llmp::llmp PROPERTIES
    IMPORTED_LOCATION "${shared}"
    IMPORTED_SONAME "libllmp.so.${LLMP_SOVERSION}"
    INTERFACE_INCLUDE_DIRECTORIES "${source}/include")
  add_dependencies(llmp::llmp llmp_library)

  add_library(llmp::llmp_static STATIC IMPORTED GLOBAL)
  set_target_properties(llmp::llmp_static PROPERTIES
    IMPORTED_LOCATION "${static}"
    INTERFACE_INCLUDE_DIRECTORIES "${source}/include"
    INTERFACE_LINK_LIBRARIES "${LLMP_STATIC_LIBS}")
  add_dependencies(llmp::llmp_static llmp_library)
endfunction()

# The command line tool, plain Go.
function(llmp_add_go_tool)
  set(source "${PROJECT_SOURCE_DIR}")
  set(tool "${PROJECT_BINARY_DIR}/llmp")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS
    "${source}/cmd/*.go" "${source}/internal/*.go" "${source}/llmp/*.go" "${source}/shmem/*.go")
  list(FILTER sources EXCLUDE REGEX "_test\\.go$")
  add_custom_command(
    OUTPUT "${tool}"
    COMMAND "${CMAKE_COMMAND}" -E env CGO_ENABLED=0
            "${GO_EXECUTABLE}" build -trimpath "-ldflags=-s -w" -o "${tool}" ./cmd/llmp
    COMMAND "${CMAKE_COMMAND}" -E touch_nocreate "${tool}"
    DEPENDS ${sources} "${source}/go.mod"
    WORKING_DIRECTORY "${source}"
    COMMENT "Building the llmp command with Go"
    VERBATIM)
  add_custom_target(llmp_tool ALL DEPENDS "${tool}")
endfunction()
