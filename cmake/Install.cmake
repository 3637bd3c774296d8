# Install rules: headers, both libraries, the command, find_package and pkg-config.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/llmp")
set(pc_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
set(generated "${PROJECT_BINARY_DIR}/package")

install(FILES
  "${PROJECT_BINARY_DIR}/libllmp.so.${LLMP_VERSION}"
  "${PROJECT_BINARY_DIR}/libllmp.so.${LLMP_SOVERSION}" # symbolic links, installed as such
  "${PROJECT_BINARY_DIR}/libllmp.so"
  "${PROJECT_BINARY_DIR}/libllmp.a"
  DESTINATION "${CMAKE_INSTALL_LIBDIR}")

file(GLOB headers CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/include/*.h" "${PROJECT_SOURCE_DIR}/include/*.hpp")
install(FILES ${headers} DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")

install(FILES
  "${PROJECT_SOURCE_DIR}/LICENSE"
  "${PROJECT_SOURCE_DIR}/LICENSE-MIT"
  "${PROJECT_SOURCE_DIR}/LICENSE-APACHE"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}")

if(LLMP_ENGINES)
  install(TARGETS llmp_libfuzzer llmp_afl
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(FILES
    "${PROJECT_SOURCE_DIR}/engines/llmp_libfuzzer.h"
    "${PROJECT_SOURCE_DIR}/engines/llmp_exchange.h"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
endif()

if(TARGET llmp_tool)
  install(PROGRAMS "${PROJECT_BINARY_DIR}/llmp" DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

# find_package(llmp). Relative to the file itself, so that an installed tree can be moved.
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/llmp-config.cmake.in" "${generated}/llmp-config.cmake"
  INSTALL_DESTINATION "${package_dir}"
  PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file("${generated}/llmp-config-version.cmake"
  VERSION "${LLMP_VERSION}" COMPATIBILITY SameMajorVersion)
install(FILES "${generated}/llmp-config.cmake" "${generated}/llmp-config-version.cmake"
  DESTINATION "${package_dir}")

# pkg-config, the same way; a folder given as an absolute path stays one.
file(RELATIVE_PATH LLMP_PC_PREFIX "/prefix/${pc_dir}" "/prefix")
string(REGEX REPLACE "/$" "" LLMP_PC_PREFIX "${LLMP_PC_PREFIX}")
foreach(kind LIBDIR INCLUDEDIR)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${kind}}")
    set(LLMP_PC_${kind} "${CMAKE_INSTALL_${kind}}")
  else()
    set(LLMP_PC_${kind} "\${prefix}/${CMAKE_INSTALL_${kind}}")
  endif()
endforeach()
list(TRANSFORM LLMP_STATIC_LIBS PREPEND "-l" OUTPUT_VARIABLE pc_libs)
string(JOIN " " LLMP_PC_STATIC_LIBS ${pc_libs})
configure_file("${PROJECT_SOURCE_DIR}/cmake/llmp.pc.in" "${generated}/llmp.pc" @ONLY)
install(FILES "${generated}/llmp.pc" DESTINATION "${pc_dir}")
if(LLMP_ENGINES)
  configure_file("${PROJECT_SOURCE_DIR}/cmake/llmp-libfuzzer.pc.in"
    "${generated}/llmp-libfuzzer.pc" @ONLY)
  install(FILES "${generated}/llmp-libfuzzer.pc" DESTINATION "${pc_dir}")
endif()
