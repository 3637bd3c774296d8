# LLMP_SANITIZE: sanitizers for the C and C++ code of this build's tests.
# The Go part of libllmp stays uninstrumented; what the tests include of the C
# fast path (capi/page.h) is compiled with the tests, so it is checked.

set(LLMP_SANITIZE "" CACHE STRING
  "Sanitizers for the C tests: address, undefined, address,undefined or thread")
set_property(CACHE LLMP_SANITIZE PROPERTY STRINGS
  "" "address" "undefined" "address,undefined" "thread")

# Instruments every target that the calling folder and those below it add from
# now on. A macro: the options belong to the caller's folder.
macro(llmp_instrument_tests)
  if(LLMP_SANITIZE)
    if(NOT LLMP_SANITIZE MATCHES "^(address|undefined|address,undefined|thread)$")
      message(FATAL_ERROR "llmp: LLMP_SANITIZE=${LLMP_SANITIZE} is not one of "
        "address, undefined, address,undefined, thread.")
    endif()
    set(_llmp_sanitize -fsanitize=${LLMP_SANITIZE} -fno-omit-frame-pointer)
    if(LLMP_SANITIZE MATCHES "undefined")
      # Without this UBSan prints and goes on, and the test passes.
      list(APPEND _llmp_sanitize -fno-sanitize-recover=undefined)
    endif()
    add_compile_options(-g ${_llmp_sanitize})
    add_link_options(${_llmp_sanitize})
  endif()
endmacro()
