# Reads the version from include/llmp.h, the one place where it is typed:
# LLMP_VERSION ("0.1.0") and LLMP_SOVERSION (the ABI major: 1, the version node LLMP_1).

function(llmp_read_version header)
  file(STRINGS "${header}" lines REGEX "^#define LLMP_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
  foreach(part MAJOR MINOR PATCH)
    if(NOT "${lines}" MATCHES "LLMP_VERSION_${part} ([0-9]+)")
      message(FATAL_ERROR "llmp: ${header} does not define LLMP_VERSION_${part}.")
    endif()
    set(${part} "${CMAKE_MATCH_1}")
  endforeach()
  set(LLMP_VERSION "${MAJOR}.${MINOR}.${PATCH}" PARENT_SCOPE)
  set(LLMP_SOVERSION 1 PARENT_SCOPE)
endfunction()
