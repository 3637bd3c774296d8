# LLMP_SANITIZE: sanitizers for the C and C++ code of this build: the tests, and
# the C part of libllmp. Its Go part stays uninstrumented.

set(LLMP_SANITIZE "" CACHE STRING
  "Sanitizers for the C tests: address, undefined, address,undefined or thread")
set_property(CACHE LLMP_SANITIZE PROPERTY STRINGS
  "" "address" "undefined" "address,undefined" "thread")

if(LLMP_SANITIZE)
  if(NOT LLMP_SANITIZE MATCHES "^(address|undefined|address,undefined|thread)$")
    message(FATAL_ERROR "llmp: LLMP_SANITIZE=${LLMP_SANITIZE} is not one of "
      "address, undefined, address,undefined, thread.")
  endif()
  set(LLMP_SANITIZE_FLAGS -fsanitize=${LLMP_SANITIZE})
  if(LLMP_SANITIZE MATCHES "undefined")
    # Without this UBSan prints and goes on, and the test passes.
    list(APPEND LLMP_SANITIZE_FLAGS -fno-sanitize-recover=undefined)
  endif()
  if(LLMP_SANITIZE STREQUAL "thread" AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    # gcc says that TSan does not know fences. The one in page.h orders a store
    # before a load of another word, both atomic: no data depends on it.
    list(APPEND LLMP_SANITIZE_FLAGS -Wno-tsan)
  endif()
endif()

# Instruments every target that the calling folder and those below it add from
# now on. A macro: the options belong to the caller's folder.
macro(llmp_instrument_tests)
  if(LLMP_SANITIZE)
    add_compile_options(-g -fno-omit-frame-pointer ${LLMP_SANITIZE_FLAGS})
    add_link_options(${LLMP_SANITIZE_FLAGS})
  endif()
endmacro()
