# Everything that ctest runs. Included by the top-level project only.

enable_language(CXX)
llmp_instrument_tests()
add_compile_definitions(LLMP_TESTDATA="${PROJECT_SOURCE_DIR}/testdata")

foreach(folder tests/c tests/fuzz)
  if(EXISTS "${PROJECT_SOURCE_DIR}/${folder}/CMakeLists.txt")
    add_subdirectory("${PROJECT_SOURCE_DIR}/${folder}")
  endif()
endforeach()

# Engines bring sanitizers of their own.
if(LLMP_INSTALL AND LLMP_ENGINES AND LLMP_TOOL AND NOT LLMP_SANITIZE)
  add_subdirectory("${PROJECT_SOURCE_DIR}/tests/engines")
endif()

# The package as a user gets it: installed into a scratch folder, and programs
# built against it with find_package, pkg-config and add_subdirectory. Once is
# enough: not in the sanitizer builds.
if(LLMP_INSTALL AND NOT LLMP_SANITIZE)
  foreach(way shared static pkg-config pkg-config-static subdirectory)
    add_test(NAME install/${way}
      COMMAND "${PROJECT_SOURCE_DIR}/scripts/check-install.sh" "${PROJECT_BINARY_DIR}" ${way})
    set_tests_properties(install/${way} PROPERTIES
      TIMEOUT 120
      RESOURCE_LOCK install
      ENVIRONMENT "CMAKE=${CMAKE_COMMAND};CC=${CMAKE_C_COMPILER};CXX=${CMAKE_CXX_COMPILER}")
  endforeach()
endif()
