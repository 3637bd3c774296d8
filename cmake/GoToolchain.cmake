# Finds a Go toolchain that can build this tree, or stops with what to do.
# Sets GO_EXECUTABLE. The version needed is the one in go.mod.

function(llmp_find_go go_mod)
  find_program(GO_EXECUTABLE go
    HINTS ENV GOROOT
    PATHS /usr/local/go /usr/lib/go
    PATH_SUFFIXES bin
    DOC "The Go toolchain that builds libllmp")
  file(STRINGS "${go_mod}" line REGEX "^go [0-9]")
  string(REGEX REPLACE "^go " "" wanted "${line}")
  if(NOT GO_EXECUTABLE)
    message(FATAL_ERROR
      "llmp: Go ${wanted} or newer is needed to build libllmp, and no `go` was found.\n"
      "Install it from https://go.dev/dl, put it on PATH, or pass -DGO_EXECUTABLE=/path/to/go.")
  endif()

  # `go env GOVERSION` run beside go.mod answers for the toolchain that would
  # build this tree, one that Go itself switches to (GOTOOLCHAIN) included.
  get_filename_component(where "${go_mod}" DIRECTORY)
  execute_process(COMMAND "${GO_EXECUTABLE}" env GOVERSION
    WORKING_DIRECTORY "${where}"
    OUTPUT_VARIABLE found ERROR_VARIABLE problem RESULT_VARIABLE status
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR
      "llmp: Go ${wanted} or newer is needed, and ${GO_EXECUTABLE} says:\n${problem}\n"
      "Install a newer Go, or pass -DGO_EXECUTABLE=/path/to/go.")
  endif()
  string(REGEX MATCH "[0-9]+\\.[0-9]+(\\.[0-9]+)?" number "${found}")
  if(number AND number VERSION_LESS wanted)
    message(FATAL_ERROR
      "llmp: Go ${wanted} or newer is needed; ${GO_EXECUTABLE} is ${number}.\n"
      "Install a newer Go, or pass -DGO_EXECUTABLE=/path/to/go.")
  endif()

  execute_process(COMMAND "${GO_EXECUTABLE}" env CGO_ENABLED
    WORKING_DIRECTORY "${where}" OUTPUT_VARIABLE cgo OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT cgo STREQUAL "1")
    message(FATAL_ERROR
      "llmp: libllmp needs cgo, and `go env CGO_ENABLED` is ${cgo}.\n"
      "Unset CGO_ENABLED in the environment and see that a C compiler is on PATH.")
  endif()
endfunction()
